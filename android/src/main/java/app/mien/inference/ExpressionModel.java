package app.mien.inference;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An open model file. Knows nothing of Android, so that the desktop's ONNX Runtime, which has the same API, tests it.
 * One call at a time.
 */
public final class ExpressionModel implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    /** Of a face, in pixels. */
    public final int size;
    private final boolean oneByOne;
    /** What is asked of the file: features, which some files give too, are of no use to the page. */
    private final Set<String> wanted = new LinkedHashSet<>(Arrays.asList("probabilities", "map", "novelty"));

    /**
     * @param file the ONNX file's bytes
     * @param threads how many cores a call may use
     * @throws OrtException for a file that cannot be read as a model
     * @throws IllegalArgumentException for a file without this project's metadata
     */
    public ExpressionModel(byte[] file, int threads) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            // Idle workers must not burn the battery between two frames.
            options.addConfigEntry("session.intra_op.allow_spinning", "0");
            session = environment.createSession(file, options);
        }
        Map<String, String> properties = session.getMetadata().getCustomMetadata();
        String stated = properties.get("input_size");
        if (stated == null || !session.getOutputNames().contains("probabilities")) {
            session.close();
            throw new IllegalArgumentException("not a model file of this project");
        }
        wanted.retainAll(session.getOutputNames());
        size = Integer.parseInt(stated);
        // Dynamic int8 takes its scales from all the faces of a call: alone, a neighbour never changes a result.
        oneByOne = "int8".equals(properties.get("precision"));
    }

    /**
     * @param faces grey, count * size * size bytes, row by row
     * @throws IllegalArgumentException where the bytes are no whole number of faces, or none
     */
    public Outputs run(byte[] faces) throws OrtException {
        int area = size * size;
        int count = faces.length / area;
        if (count == 0 || faces.length % area != 0) {
            throw new IllegalArgumentException("expected faces of " + area + " bytes, not " + faces.length + " bytes");
        }
        if (!oneByOne || count == 1) return call(faces, 0, count);
        List<Outputs> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) parts.add(call(faces, i, 1));
        return Outputs.joined(parts);
    }

    private Outputs call(byte[] faces, int first, int count) throws OrtException {
        int area = size * size;
        ByteBuffer input = ByteBuffer.allocateDirect(count * area).order(ByteOrder.nativeOrder());
        input.put(faces, first * area, count * area);
        // As a Buffer: older phones have the method there only.
        ((Buffer) input).flip();
        long[] shape = {count, size, size};
        try (OnnxTensor tensor = OnnxTensor.createTensor(environment, input, shape, OnnxJavaType.UINT8);
                OrtSession.Result result = session.run(Collections.singletonMap("face", tensor), wanted)) {
            OnnxTensor map = output(result, "map");
            long[] places = map == null ? new long[] {0, 0, 0, 0} : map.getInfo().getShape();
            OnnxTensor probabilities = output(result, "probabilities");
            return new Outputs(
                    count,
                    (int) probabilities.getInfo().getShape()[1],
                    (int) places[2],
                    (int) places[3],
                    numbers(probabilities),
                    numbers(map),
                    numbers(output(result, "novelty")));
        }
    }

    private static OnnxTensor output(OrtSession.Result result, String name) {
        Optional<OnnxValue> value = result.get(name);
        return value.isPresent() ? (OnnxTensor) value.get() : null;
    }

    private static float[] numbers(OnnxTensor tensor) {
        if (tensor == null) return new float[0];
        FloatBuffer buffer = tensor.getFloatBuffer();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}
