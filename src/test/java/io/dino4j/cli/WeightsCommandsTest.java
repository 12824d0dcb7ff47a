package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.zoo.weights.NamingScheme;
import io.dino4j.zoo.weights.NetworkRole;
import io.dino4j.zoo.weights.PretrainedWeights;
import io.dino4j.zoo.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** {@code convert} and {@code inspect}, and the commands that take any weights, on a run of this machine. */
final class WeightsCommandsTest {
    @TempDir
    private static Path shared;

    private static Path labelled;
    private static Path run;

    @TempDir
    private Path dir;

    @BeforeAll
    static void aFinishedRun() throws IOException {
        labelled = TinyRun.classes(shared.resolve("labelled"), 9, 0);
        run = shared.resolve("run");
        Outcome.of("pretrain", "--config", TinyRun.config(shared), "--images", labelled, "--out", run)
                .succeeded();
    }

    private static INDArray norm(Path path, NetworkRole role) {
        try (PretrainedWeights weights = PretrainedWeights.open(path, role)) {
            return weights.parameters(weights.backbone(OptionalInt.empty()))
                    .get("blocks.1.attn.qkv.weight")
                    .dup();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRunIsConvertedAndReadAgain(NamingScheme scheme) throws IOException {
        Path out = dir.resolve("new/model.safetensors");
        Outcome done = Outcome.of("convert", "--weights", run, "--out", out, "--names", scheme.option())
                .succeeded();
        assertTrue(
                done.out().startsWith(out + ": ViT/8 of width 32 with 2 blocks, 0.0 million parameters, "), done.out());
        assertEquals(norm(run, NetworkRole.TEACHER), norm(out, NetworkRole.TEACHER));
        assertEquals(scheme == NamingScheme.HUGGING_FACE, Files.exists(dir.resolve("new/config.json")));
        JsonNode json = new ObjectMapper()
                .readTree(Outcome.of("inspect", out, "--json").succeeded().out());
        assertEquals(scheme.option(), json.get("names").asText());
        assertEquals(2, json.at("/backbone/heads").asInt());
        assertEquals("float32", json.get("dtype").asText());
        Path student = dir.resolve("student.safetensors");
        Outcome.of("convert", "--weights", run, "--out", student, "--student").succeeded();
        assertEquals(norm(run, NetworkRole.STUDENT), norm(student, NetworkRole.STUDENT));
        assertFalse(norm(run, NetworkRole.STUDENT).equals(norm(run, NetworkRole.TEACHER)));
    }

    @Test
    void convertedWeightsAreEvaluatedAndStartedFrom() throws IOException {
        Path out = dir.resolve("hub/model.safetensors");
        Outcome.of("convert", "--weights", run, "--out", out, "--names", "hf").succeeded();
        Path val = TinyRun.classes(dir.resolve("val"), 4, 1);
        Object[] rest = {"--train", labelled, "--val", val, "--json"};
        JsonNode want = knn(run, rest);
        assertEquals(want.get("knn"), knn(out.getParent(), rest).get("knn"), "the same network at the same size");
        assertEquals(want.get("knn"), knn(out, rest).get("knn"));
        Outcome warm = Outcome.of(
                        "pretrain",
                        "--config",
                        TinyRun.config(dir),
                        "--images",
                        labelled,
                        "--epochs",
                        1,
                        "--init",
                        out.getParent(),
                        "--out",
                        dir.resolve("next"))
                .succeeded();
        assertTrue(warm.err().contains("loaded backbone from Hugging Face names"), warm.err());
    }

    private static JsonNode knn(Path weights, Object... rest) throws IOException {
        Object[] args = Stream.concat(Stream.of("evaluate", "knn", "--weights", weights), Stream.of(rest))
                .toArray();
        return new ObjectMapper().readTree(Outcome.of(args).succeeded().out());
    }

    @Test
    void wrongUseIsNamedAndLeavesNothing() throws IOException {
        Path out = dir.resolve("sub/model.safetensors");
        Path none = dir.resolve("none.pth");
        convert(none, out).failed(2, none.toString(), "no such file");
        convert(dir, out).failed(2, dir.toString(), "is a folder without weights");
        Path text = Files.writeString(dir.resolve("notes.txt"), "no weights at all");
        convert(text, out).failed(2, text.toString(), "neither a .safetensors file nor a PyTorch checkpoint");
        convert(run, dir.resolve("model.pth")).failed(2, "model.pth: name a file that ends in .safetensors");
        convert(run, out, "--names", "keras").failed(2, "--names must be one of official, hf, timm, got 'keras'");
        convert(run, out, "--dtype", "int8").failed(2, "--dtype must be one of float32, float16, bfloat16");
        convert(run, out, "--names", "hf", "--with-heads").failed(2, "none for projection heads");
        convert(run, out, "--heads", 4).failed(2, "has 2 attention heads by its own account, not 4");
        convert(run, out, "--heads", 0).failed(2, "--heads must be 1 or more");
        assertFalse(Files.exists(out.getParent()));
        try (Stream<Path> files = Files.list(dir)) {
            assertEquals(1, files.count(), "the text alone");
        }
    }

    private static Outcome convert(Path from, Path to, Object... more) {
        return Outcome.of(Stream.concat(Stream.of("convert", "--weights", from, "--out", to), Stream.of(more))
                .toArray());
    }

    @Test
    void nothingIsReplacedUnasked() throws IOException {
        Path out = dir.resolve("model.safetensors");
        Path config = dir.resolve("config.json");
        Files.writeString(config, "mine");
        convert(run, out, "--names", "hf").failed(2, config.toString(), "exists already; add --force");
        assertFalse(Files.exists(out));
        convert(run, out).succeeded();
        convert(run, out).failed(2, out.toString(), "exists already; add --force");
        convert(out, out, "--force").failed(2, "--out is the file that is read");
        convert(run, out, "--names", "hf", "--dtype", "float16", "--force").succeeded();
        assertTrue(Files.readString(config).contains("\"torch_dtype\" : \"float16\""));
    }

    @Test
    void inspectShowsWhatAFileHolds() throws IOException {
        String text = Outcome.of("inspect", run, "--tensors").succeeded().out();
        for (String part : new String[] {
            "teacher.safetensors, safetensors",
            "ViT/8 of width 32 with 2 blocks",
            "heads      2",
            "dino_head  32 prototypes",
            "ibot_head  24 prototypes",
            "metadata   dino4j.backbone = {",
            "backbone.blocks.1.attn.qkv.weight"
        }) {
            assertTrue(text.contains(part), text);
        }
        Path other = dir.resolve("other.safetensors");
        SafetensorsWriter.write(other, Map.of("a\u001b[31m", Nd4j.zeros(DataType.INT64, 2, 3)), Map.of("note", "x\ny"));
        text = Outcome.of("inspect", other, "--tensors").succeeded().out();
        assertTrue(text.contains("no DINOv2 backbone that can be used") && text.contains("x?y"), text);
        assertTrue(text.matches("(?s).*a\\?\\[31m +int64 +\\[2, 3] +48\\R"), text);
        Path cut = Files.write(dir.resolve("cut.safetensors"), new byte[] {9, 0, 0, 0, 0, 0, 0, 0, '{'});
        Outcome.of("inspect", cut).failed(2, cut.toString(), "announces a header of 9 bytes in a file of 9");
    }
}
