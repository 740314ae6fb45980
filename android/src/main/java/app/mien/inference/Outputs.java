package app.mien.inference;

/**
 * What a model says of {@code count} faces; the arrays are row by row, face by face.
 *
 * @param probabilities [count, classes], each face's summing to 1
 * @param map [count, classes, rows, columns], each class's score at each place; empty where the model has none
 * @param novelty [count, scores], higher is stranger; empty where the file has no gate
 */
public record Outputs(
        int count, int classes, int rows, int columns,
        float[] probabilities, float[] map, float[] novelty) {}
