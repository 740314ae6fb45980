package app.mien.inference;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

/** The gate as Python and the page have it, over the scores that the phone's engine gives: they must lead to one word. */
final class Gate {
    private static final double SUREST = 0.999;
    private final JsonObject numbers;

    Gate(String text) {
        numbers = JsonParser.parseString(text).getAsJsonObject();
    }

    private double of(String name) {
        return numbers.get(name).getAsDouble();
    }

    /** found: the detector's score; null for a face that came cut. */
    String word(float[] scores, Double found) {
        for (float score : scores) if (!Float.isFinite(score)) return "far";
        boolean covered = scores[2] > of("covered");
        if (scores[1] > of("far") && !(covered && found != null)) return "far";
        if (covered) return "covered";
        if (found == null) return scores[1] > of("cut") ? "near" : "known";
        double sure = Math.min(Math.max(found, 1 - SUREST), SUREST);
        double doubt = of("doubt_offset") - of("doubt_scale") * Math.log(sure / (1 - sure));
        return scores[1] + doubt > of("found") ? "near" : "known";
    }
}
