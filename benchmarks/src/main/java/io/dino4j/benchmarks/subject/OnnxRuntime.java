package io.dino4j.benchmarks.subject;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.Map;

/** The backbone as an ONNX file, run by ONNX Runtime on its processor kernels: images to tokens. */
final class OnnxRuntime implements Subject {
    private static final String IMAGES = "images";

    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final OnnxTensor images;

    OnnxRuntime(Arguments a) {
        int batch = a.number("batch");
        int size = a.number("size");
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(a.number("threads"));
            options.setInterOpNumThreads(1);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            session = environment.createSession(a.text("model"), options);
            images = OnnxTensor.createTensor(
                    environment, FloatBuffer.wrap(Noise.images(0, batch, size)), new long[] {batch, 3, size, size});
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime cannot load the model: " + e.getMessage(), e);
        }
    }

    @Override
    public void run() {
        try (OrtSession.Result result = session.run(Map.of(IMAGES, images))) {
            result.size();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void results(Results to) {
        try (OrtSession.Result result = session.run(Map.of(IMAGES, images))) {
            FloatBuffer tokens = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] values = new float[tokens.remaining()];
            tokens.get(values);
            to.put(Backbone.TOKENS, values);
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Map<String, Object> facts() {
        return Map.of("version", "ONNX Runtime " + environment.getVersion());
    }

    @Override
    public void close() {
        images.close();
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
