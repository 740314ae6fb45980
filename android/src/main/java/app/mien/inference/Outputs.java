package app.mien.inference;

import java.util.List;
import java.util.function.Function;

/**
 * What a model says of {@code count} faces; the arrays are row by row, face by face.
 *
 * @param probabilities [count, classes], each face's summing to 1
 * @param map [count, classes, rows, columns], each class's score at each place; empty where the model has none
 * @param novelty [count, scores], higher is stranger; empty where the file has no gate
 */
public record Outputs(
        int count, int classes, int rows, int columns,
        float[] probabilities, float[] map, float[] novelty) {

    /** Those of one face each, of the same model, after one another. */
    static Outputs joined(List<Outputs> faces) {
        Outputs first = faces.get(0);
        return new Outputs(
                faces.size(), first.classes, first.rows, first.columns,
                joined(faces, Outputs::probabilities), joined(faces, Outputs::map), joined(faces, Outputs::novelty));
    }

    private static float[] joined(List<Outputs> faces, Function<Outputs, float[]> numbers) {
        int length = numbers.apply(faces.get(0)).length;
        float[] all = new float[faces.size() * length];
        for (int i = 0; i < faces.size(); i++) System.arraycopy(numbers.apply(faces.get(i)), 0, all, i * length, length);
        return all;
    }
}
