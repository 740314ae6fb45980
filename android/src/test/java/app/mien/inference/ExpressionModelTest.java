package app.mien.inference;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import org.junit.Test;

/** The golden faces through the desktop's runtime, whose API is the phone's; and messages that a page should not send. */
public class ExpressionModelTest {
    private static final Path ROOT = Path.of("..");
    private static final Messages.Files FOLDER = name -> Files.readAllBytes(ROOT.resolve("models").resolve(name));
    /** float32 is Python's to a thousandth. int8 kernels differ from one release of ONNX Runtime to the next. */
    private static final Map<String, Float> TOLERANCE = Map.of("float32", 1e-3f, "int8", 0.05f);
    /** Of the gate's scores, as parts of one more than them. */
    private static final Map<String, Float> NOVELTY_TOLERANCE = Map.of("float32", 1e-3f, "int8", 0.05f);

    private static JsonObject cases() throws Exception {
        return JsonParser.parseString(Files.readString(ROOT.resolve("web/tests/golden/cases.json"))).getAsJsonObject();
    }

    private static byte[] face(JsonElement text) {
        return Base64.getDecoder().decode(text.getAsString());
    }

    private static float[] numbers(JsonElement element) {
        JsonArray array = element.getAsJsonArray();
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) values[i] = array.get(i).getAsFloat();
        return values;
    }

    private static String address(String what, String file) {
        return "native/" + Messages.VERSION + "/" + what + "/" + file;
    }

    private static String text(byte[] faces) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(faces);
    }

    @Test
    public void everyModelSaysWhatPythonSays() throws Exception {
        JsonArray portraits = cases().getAsJsonArray("portraits");
        for (Map.Entry<String, JsonElement> said : cases().getAsJsonObject("models").entrySet()) {
            JsonObject python = said.getValue().getAsJsonObject();
            float tolerance = TOLERANCE.get(python.get("precision").getAsString());
            try (ExpressionModel model = new ExpressionModel(FOLDER.read(said.getKey()), 1)) {
                float largest = 0;
                for (int i = 0; i < portraits.size(); i++) {
                    Outputs outputs = model.run(face(portraits.get(i)));
                    float[] expected = numbers(python.getAsJsonArray("probabilities").get(i));
                    assertArrayEquals(said.getKey(), expected, outputs.probabilities(), tolerance);
                    for (int k = 0; k < expected.length; k++) {
                        largest = Math.max(largest, Math.abs(expected[k] - outputs.probabilities()[k]));
                    }
                    if (!python.get("novelty").isJsonNull()) {
                        float[] scores = numbers(python.getAsJsonArray("novelty").get(i));
                        float part = NOVELTY_TOLERANCE.get(python.get("precision").getAsString());
                        for (int k = 0; k < scores.length; k++) {
                            assertEquals(scores[k], outputs.novelty()[k], part * (1 + Math.abs(scores[k])));
                        }
                    }
                    assertEquals(outputs.classes() * outputs.rows() * outputs.columns(), outputs.map().length);
                }
                System.out.printf("%s: at most %.6f from Python%n", said.getKey(), largest);
            }
        }
    }

    /** As many faces as a request may hold. */
    private static byte[] manyFaces() throws Exception {
        JsonArray portraits = cases().getAsJsonArray("portraits");
        ByteArrayOutputStream faces = new ByteArrayOutputStream();
        for (int i = 0; i < Messages.MOST_FACES; i++) faces.write(face(portraits.get(i % portraits.size())));
        return faces.toByteArray();
    }

    private static float[] part(float[] all, int count, int place) {
        int length = all.length / count;
        return Arrays.copyOfRange(all, place * length, (place + 1) * length);
    }

    @Test
    public void everyGateHasPythonsWordOnFacesAndOnWhatIsNone() throws Exception {
        byte[] crops;
        try (java.io.InputStream in = Files.newInputStream(ROOT.resolve("web/tests/golden/gate.u8.gz"))) {
            crops = new java.util.zip.GZIPInputStream(in).readAllBytes();
        }
        double found = cases().get("found").getAsDouble();
        for (Map.Entry<String, JsonElement> said : cases().getAsJsonObject("verdicts").entrySet()) {
            byte[] file = FOLDER.read(said.getKey());
            Gate gate = new Gate(property(file, "novelty_gate"));
            try (ExpressionModel model = new ExpressionModel(file, 1)) {
                int area = model.size * model.size;
                for (int i = 0; i * area < crops.length; i++) {
                    float[] scores = model.run(Arrays.copyOfRange(crops, i * area, (i + 1) * area)).novelty();
                    JsonArray words = said.getValue().getAsJsonArray().get(i).getAsJsonArray();
                    for (int k = 0; k < 2; k++) {
                        if (words.get(k).isJsonNull()) continue;
                        String message = said.getKey() + ", crop " + i;
                        assertEquals(message, words.get(k).getAsString(), gate.word(scores, k == 0 ? null : found));
                    }
                }
            }
        }
    }

    private static String property(byte[] file, String name) throws Exception {
        ai.onnxruntime.OrtEnvironment environment = ai.onnxruntime.OrtEnvironment.getEnvironment();
        try (ai.onnxruntime.OrtSession session = environment.createSession(file)) {
            return session.getMetadata().getCustomMetadata().get(name);
        }
    }

    @Test
    public void facesOfOneCallDoNotChangeEachOther() throws Exception {
        byte[] faces = manyFaces();
        for (String file : cases().getAsJsonObject("models").keySet()) {
            try (ExpressionModel model = new ExpressionModel(FOLDER.read(file), 1)) {
                Outputs together = model.run(faces);
                int count = together.count();
                assertEquals(Messages.MOST_FACES, count);
                int area = model.size * model.size;
                for (int i = 0; i < count; i++) {
                    Outputs alone = model.run(Arrays.copyOfRange(faces, i * area, (i + 1) * area));
                    assertArrayEquals(file, alone.probabilities(), part(together.probabilities(), count, i), 1e-5f);
                    assertArrayEquals(file, alone.map(), part(together.map(), count, i), 1e-3f);
                    assertArrayEquals(file, alone.novelty(), part(together.novelty(), count, i), 1e-3f);
                }
            }
        }
    }

    @Test
    public void aRequestIsAnsweredForAllItsFaces() throws Exception {
        for (String file : cases().getAsJsonObject("models").keySet()) {
            Messages messages = new Messages(FOLDER, 1);
            messages.answer(address("open", file), null);
            Messages.Answer answer = messages.answer(address("run", file), text(manyFaces()));
            assertEquals(200, answer.status());
            try (ExpressionModel model = new ExpressionModel(FOLDER.read(file), 1)) {
                assertArrayEquals(Messages.encode(model.run(manyFaces())), answer.body());
            }
            assertEquals(Messages.MOST_FACES, ByteBuffer.wrap(answer.body()).order(ByteOrder.LITTLE_ENDIAN).getInt());
            messages.answer(address("close", file), null);
        }
    }

    @Test
    public void bytesThatAreNoModelAreRefused() {
        assertThrows(ai.onnxruntime.OrtException.class, () -> new ExpressionModel(new byte[] {1, 2, 3}, 1));
        assertThrows(IllegalArgumentException.class, () -> new ExpressionModel(FOLDER.read("blazeface_near.onnx"), 1));
    }

    @Test
    public void anAnswerHoldsTheNumbersInTheOrderThatIsSaid() throws Exception {
        String file = cases().getAsJsonObject("models").keySet().iterator().next();
        byte[] face = face(cases().getAsJsonArray("portraits").get(0));
        Messages messages = new Messages(FOLDER, 1);
        assertEquals(200, messages.answer(address("open", file), null).status());
        Messages.Answer answer = messages.answer(address("run", file), text(face));
        assertEquals(200, answer.status());
        ByteBuffer bytes = ByteBuffer.wrap(answer.body()).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(1, bytes.getInt());
        float[] probabilities = new float[bytes.getInt()];
        int length = bytes.getInt() * bytes.getInt() * probabilities.length;
        assertEquals(length, bytes.getInt());
        int novelty = bytes.getInt();
        assertEquals(4 * (6 + probabilities.length + length + novelty), answer.body().length);
        bytes.asFloatBuffer().get(probabilities);
        try (ExpressionModel model = new ExpressionModel(FOLDER.read(file), 1)) {
            assertArrayEquals(model.run(face).probabilities(), probabilities, 1e-6f);
        }
        assertEquals(200, messages.answer(address("close", file), null).status());
        assertEquals(409, messages.answer(address("run", file), text(face)).status());
    }

    @Test
    public void wrongMessagesAreRefusedAndTheNextRightOneIsAnswered() throws Exception {
        String file = cases().getAsJsonObject("models").keySet().iterator().next();
        byte[] face = face(cases().getAsJsonArray("portraits").get(0));
        Messages messages = new Messages(FOLDER, 1);
        assertEquals(409, messages.answer(address("run", file), text(face)).status());
        messages.answer(address("open", file), null);
        assertEquals(413, messages.answer(address("run", file), text(new byte[9 * face.length])).status());
        assertEquals(400, messages.answer(address("run", file), text(new byte[face.length - 1])).status());
        assertEquals(400, messages.answer(address("run", file), "").status());
        assertEquals(400, messages.answer(address("run", file), "no Base64!").status());
        assertEquals(400, messages.answer(address("run", file), null).status());
        assertEquals(426, messages.answer("native/1/run/" + file, text(face)).status());
        assertEquals(400, messages.answer(address("erase", file), null).status());
        for (String name : new String[] {"../hashes.json", "..%2Fx.onnx", "a/b.onnx", "x.onnx/", "", "Ünknown.onnx"}) {
            assertEquals(name, 400, messages.answer(address("open", name), null).status());
        }
        assertEquals(500, messages.answer(address("open", "missing.onnx"), null).status());
        assertEquals(200, messages.answer(address("run", file), text(face)).status());
    }
}
