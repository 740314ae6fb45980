package app.mien.inference;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What the page and the native engine say to each other; web/src/engine/native.ts is the other end.
 *
 * <p>The page's worker asks by GET for {@code native/VERSION/open|run|close/MODEL}; a run's faces stand in the header
 * {@code Mien-Faces}, in URL-safe Base64 without padding. An answer to a run is little-endian: six int32 (count,
 * classes, rows, columns, and the lengths of map and novelty), then float32 probabilities, map, novelty. A request is the
 * one way from a worker to Java that carries bytes both ways without the page's thread.
 */
public final class Messages {
    public static final int VERSION = 2;
    public static final String PREFIX = "native/";
    public static final String FACES = "Mien-Faces";
    /** Faces a request, at most; for more the page asks several times (TOGETHER in native.ts). */
    public static final int MOST_FACES = 8;

    private static final Pattern MODEL = Pattern.compile("[a-z0-9_]{1,64}\\.onnx");
    private static final int HEAD = 6;

    /** Where model files come from: the APK's assets, or a folder. */
    public interface Files {
        /** The bytes of a model file by its name, such as "vit_tiny.onnx"; any exception where there is none. */
        byte[] read(String name) throws Exception;
    }

    /** An answer with its HTTP status; the body of one that is no 200 is a word on why. */
    public record Answer(int status, byte[] body) {
        static Answer refused(int status, String why) {
            return new Answer(status, why.getBytes(StandardCharsets.UTF_8));
        }
    }

    private final Files files;
    private final int threads;
    private final Map<String, ExpressionModel> open = new HashMap<>();

    public Messages(Files files, int threads) {
        this.files = files;
        this.threads = threads;
    }

    /**
     * Answers a request; never throws, so that the page always learns that it has to go on by itself.
     *
     * @param path the address within the origin, from "native/" on
     * @param faces the header's value, or null
     */
    public synchronized Answer answer(String path, String faces) {
        String[] parts = path.split("/", -1);
        if (parts.length != 4 || !PREFIX.equals(parts[0] + "/")) return Answer.refused(400, "malformed");
        if (!parts[1].equals(Integer.toString(VERSION))) return Answer.refused(426, "speaks version " + VERSION);
        String name = parts[3];
        if (!MODEL.matcher(name).matches()) return Answer.refused(400, "no model's name");
        try {
            return switch (parts[2]) {
                case "open" -> openModel(name);
                case "run" -> run(name, faces);
                case "close" -> closeModel(name);
                default -> Answer.refused(400, "unknown request");
            };
        } catch (Exception | LinkageError error) {
            // Without the native library the class does not load: an Error, and no reason to end the app.
            return Answer.refused(500, String.valueOf(error));
        }
    }

    private Answer openModel(String name) throws Exception {
        if (!open.containsKey(name)) open.put(name, new ExpressionModel(files.read(name), threads));
        return new Answer(200, new byte[0]);
    }

    private Answer closeModel(String name) throws Exception {
        ExpressionModel model = open.remove(name);
        if (model != null) model.close();
        return new Answer(200, new byte[0]);
    }

    private Answer run(String name, String faces) throws Exception {
        ExpressionModel model = open.get(name);
        if (model == null) return Answer.refused(409, "not open");
        if (faces == null) return Answer.refused(400, "no faces");
        int area = model.size * model.size;
        // Before anything is decoded: a longer text is no text of this page.
        if (faces.length() > (MOST_FACES * area * 4 + 2) / 3) return Answer.refused(413, "too many faces");
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(faces);
        } catch (IllegalArgumentException error) {
            return Answer.refused(400, "not Base64");
        }
        if (bytes.length == 0 || bytes.length % area != 0) return Answer.refused(400, "no whole faces");
        return new Answer(200, encode(model.run(bytes)));
    }

    static byte[] encode(Outputs outputs) {
        float[][] blocks = {outputs.probabilities(), outputs.map(), outputs.novelty()};
        int numbers = HEAD;
        for (float[] block : blocks) numbers += block.length;
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(outputs.count()).putInt(outputs.classes()).putInt(outputs.rows()).putInt(outputs.columns());
        for (int i = 1; i < blocks.length; i++) bytes.putInt(blocks[i].length);
        for (float[] block : blocks) {
            bytes.asFloatBuffer().put(block);
            ((Buffer) bytes).position(bytes.position() + 4 * block.length);
        }
        return bytes.array();
    }
}
