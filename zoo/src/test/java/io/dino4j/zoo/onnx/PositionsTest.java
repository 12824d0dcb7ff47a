package io.dino4j.zoo.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.dino4j.data.Progress;
import io.dino4j.graph.kernel.PositionResampling;
import io.dino4j.graph.op.PositionEmbedding.Resize;
import io.dino4j.graph.vit.Ffn;
import io.dino4j.graph.vit.VitConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import onnx.Onnx.ModelProto;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The resampling of positions in the graph, alone. */
final class PositionsTest {
    private static final VitConfig PLAIN = new VitConfig(518, 14, 1, 1, 1, 4, Ffn.MLP, 0, 1, 0.1, false);

    @TempDir
    private Path dir;

    /** The resampling matrices are worked out in float32: every size up to 2000 pixels of the released models. */
    @ParameterizedTest
    @MethodSource("resamplings")
    void positionsAreThoseOfTheDefinition(VitConfig flat) throws Exception {
        float[] trained =
                Samples.normal(new SplittableRandom(7), 1, 1 + 37 * 37).data().asFloat();
        GraphBuilder graph = new GraphBuilder();
        graph.input(new OnnxModel.Port("images", "float32", List.of("h", "w"), ""));
        String shape = graph.node("Shape", "shape", "images");
        String h = graph.node("Gather", "rows", List.of(shape, graph.integer(0)), GraphBuilder.attribute("axis", 0L));
        String w =
                graph.node("Gather", "columns", List.of(shape, graph.integer(1)), GraphBuilder.attribute("axis", 0L));
        String result = new Positions(graph, flat, () -> trained).dynamic(h, w);
        graph.output(new OnnxModel.Port(result, "float32", List.of("1", "n", "1"), ""));
        graph.graph().setName("positions");
        ModelProto.Builder frame = ModelProto.newBuilder().setIrVersion(8);
        frame.addOpsetImportBuilder().setVersion(OnnxModel.OPSET);
        Path file = dir.resolve("positions.onnx");
        new ModelWriter(graph, frame.build(), Progress.SILENT).writeInside(file);

        INDArray grid = Nd4j.createFromArray(trained).castTo(DataType.DOUBLE);
        grid = grid.get(NDArrayIndex.interval(1, grid.length())).dup().reshape(37, 37);
        try (OnnxSession session = new OnnxSession(file)) {
            for (int n = 1; n <= 2000 / 14; n++) {
                int other = 1 + 37 * n % 61;
                Resize resize = new Resize(37, n, other, flat.interpolateAntialias(), flat.interpolateOffset());
                INDArray down = Nd4j.createFromArray(PositionResampling.down(resize));
                INDArray across = Nd4j.createFromArray(PositionResampling.across(resize));
                INDArray expected = down.mmul(grid).mmul(across.transpose()).dup('c');
                INDArray actual =
                        session.run(Nd4j.zeros(DataType.FLOAT, n, other)).get(result);
                Samples.assertClose(
                        expected.reshape(1, (long) n * other, 1), actual, Samples.FORWARD, resize.toString());
            }
            INDArray same = session.run(Nd4j.zeros(DataType.FLOAT, 37, 37)).get(result);
            assertArrayEquals(
                    Arrays.copyOfRange(trained, 1, trained.length), same.data().asFloat(), 0f);
        }
    }

    static Stream<VitConfig> resamplings() {
        return Stream.of(PLAIN, PLAIN.withRegisters(4));
    }
}
