package io.dino4j.zoo.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A model in ONNX Runtime, on one thread. */
final class OnnxSession implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;

    OnnxSession(Path model) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            session = environment.createSession(model.toString(), options);
        }
    }

    OrtSession session() {
        return session;
    }

    /** All outputs by name, of normalised images {@code [B, 3, H, W]}. */
    Map<String, INDArray> run(INDArray images) throws OrtException {
        FloatBuffer data = FloatBuffer.wrap(images.dup('c').data().asFloat());
        try (OnnxTensor input = OnnxTensor.createTensor(environment, data, images.shape())) {
            return run(input);
        }
    }

    /** All outputs by name, of 8-bit images {@code [B, H, W, 3]}. */
    Map<String, INDArray> run(byte[] images, long... shape) throws OrtException {
        ByteBuffer data = ByteBuffer.wrap(images);
        try (OnnxTensor input = OnnxTensor.createTensor(environment, data, shape, OnnxJavaType.UINT8)) {
            return run(input);
        }
    }

    private Map<String, INDArray> run(OnnxTensor input) throws OrtException {
        Map<String, INDArray> outputs = new LinkedHashMap<>();
        try (OrtSession.Result result = session.run(Map.of("images", input))) {
            for (Map.Entry<String, OnnxValue> e : result) {
                OnnxTensor tensor = (OnnxTensor) e.getValue();
                float[] values = new float[tensor.getFloatBuffer().remaining()];
                tensor.getFloatBuffer().get(values);
                outputs.put(
                        e.getKey(),
                        Nd4j.createFromArray(values).reshape(tensor.getInfo().getShape()));
            }
        }
        return outputs;
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}
