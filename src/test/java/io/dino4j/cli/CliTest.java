package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.examples.cli.Main;
import io.dino4j.train.RunDirectory;
import io.dino4j.zoo.weights.SafetensorsWriter;
import io.dino4j.zoo.weights.TensorFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import picocli.CommandLine;

/** What the command line does with good and bad input: exit codes, messages, and what is left behind. */
final class CliTest {
    @TempDir
    private static Path shared;

    private static Path config;
    private static Path labelled;
    private static Path finished;

    @TempDir
    private Path dir;

    private Path out;

    @BeforeAll
    static void aFinishedRun() throws IOException {
        config = TinyRun.config(shared);
        labelled = TinyRun.classes(shared.resolve("labelled"), 9, 0);
        finished = shared.resolve("finished");
        Outcome.of("pretrain", "--config", config, "--images", labelled, "--out", finished)
                .succeeded();
    }

    @BeforeEach
    void nameAFolder() {
        out = dir.resolve("run");
    }

    /** A run over the tiny configuration. */
    private Outcome pretrain(Path images, Object... more) {
        List<Object> args = new ArrayList<>(List.of("pretrain", "--config", config, "--images", images, "--out", out));
        args.addAll(Arrays.asList(more));
        return Outcome.of(args.toArray());
    }

    @Test
    void aPlanSaysWhatARunNeeds() throws IOException {
        Outcome plan = Outcome.of("plan", "--config", config, "--images", labelled, "--json");
        JsonNode json = new ObjectMapper().readTree(plan.succeeded().out());
        assertTrue(json.get("fits").asBoolean());
        long sum = 0;
        for (JsonNode bytes : json.at("/phases/0/memory_bytes")) {
            sum += bytes.asLong();
        }
        assertEquals(json.get("memory_bytes").asLong(), sum);
        assertTrue(json.at("/phases/0/gflop_per_step").asDouble() > 0);
        assertTrue(json.at("/phases/0/seconds_per_step").asDouble() > 0);
        assertTrue(json.get("hours").asDouble() > 0);
    }

    @Test
    void aPlanThatDoesNotFitSaysWhatWouldHelp() {
        Outcome plan = Outcome.of("plan", "--preset", "vitl14", "--batch", 2000);
        assertEquals(1, plan.exit());
        for (String part : List.of(
                "does not fit",
                "train.recompute_blocks=true",
                "train.batch_size_per_gpu=1000 train.accumulation_steps=2",
                "train.precision=bf16")) {
            assertTrue(plan.out().contains(part), plan.out());
        }
    }

    @Test
    void aMissingFolderIsNamed() {
        pretrain(dir.resolve("nowhere")).failed(2, dir.resolve("nowhere").toString(), "no such folder");
        assertFalse(Files.exists(out), "nothing is left behind");
    }

    @Test
    void aPageWhosePortIsTakenIsToldBeforeAnythingIsWritten() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = String.valueOf(taken.getLocalPort());
            pretrain(labelled, "--serve=" + port).failed(2, "port " + port, "name another one, or 0");
            Outcome.of("watch", finished, "--port=" + port).failed(2, "port " + port, "name another one, or 0");
        }
        assertFalse(Files.exists(out), "nothing is left behind");
        Outcome.of("watch", out).failed(2, out.toString(), "holds no run");
    }

    @Test
    void aFolderWithoutImagesIsNamed() throws IOException {
        Path empty = Files.createDirectories(dir.resolve("empty"));
        Files.writeString(empty.resolve("notes.txt"), "no picture");
        pretrain(empty).failed(2, empty.toString(), "no images found", ".png");
        assertFalse(Files.exists(out), "nothing is left behind");
    }

    @Test
    void aFileIsNoFolder() throws IOException {
        Path file = Files.writeString(dir.resolve("photo.png"), "no picture");
        pretrain(file).failed(2, file.toString(), "expected a folder");
        assertFalse(Files.exists(out), "nothing is left behind");
    }

    @Test
    void unreadableFilesAreSkippedAndCounted() throws IOException {
        Path images = TinyRun.pictures(dir.resolve("images"), 14);
        byte[] whole = Files.readAllBytes(images.resolve("picture-000.png"));
        Files.write(images.resolve("cut.png"), Arrays.copyOf(whole, whole.length / 2));
        Files.writeString(images.resolve("text.jpg"), "no picture");
        Outcome outcome = pretrain(images).succeeded(); // 8 steps of 8 pass over the 16 files four times
        assertTrue(outcome.err().contains("unreadable files left out: 2"), outcome.err());
        for (String name : List.of("cut.png", "text.jpg")) {
            long lines = outcome.err()
                    .lines()
                    .filter(l -> l.startsWith("skipped ") && l.contains(name))
                    .count();
            assertEquals(1, lines, name + " is told of once: " + outcome.err());
        }
    }

    @Test
    void aFolderOfUnreadableFilesIsNoCrash() throws IOException {
        Path images = Files.createDirectories(dir.resolve("images"));
        for (int i = 0; i < TinyRun.BATCH; i++) {
            Files.writeString(images.resolve(i + ".png"), "no picture");
        }
        pretrain(images).failed(1, "none of the 8 images can be read", ".png");
    }

    @Test
    void aBatchLargerThanTheSetNamesTheKey() throws IOException {
        Path images = TinyRun.pictures(dir.resolve("images"), 5);
        pretrain(images).failed(2, "train.batch_size_per_gpu is 8", "5 images", "5 or less");
        assertFalse(Files.exists(out), "nothing is left behind");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "optim.bse_lr=1          | optim.bse_lr      | optim.base_lr",
                "optim.epochs=many       | optim.epochs      | 'many'",
                "crops.local_crops_size=15 | crops.local_crops_size is 15 | a multiple of student.patch_size (8)",
                "optim.epochs            | 'optim.epochs'    | key=value",
            })
    void aWrongSettingNamesTheKeyAndWhatIsRight(String setting, String key, String right) {
        pretrain(labelled, "--set", setting).failed(2, "command line", key, right);
        assertFalse(Files.exists(out), "nothing is left behind");
    }

    @Test
    void anUnknownKeyOfAFileNamesTheFileTheKeyAndTheNearest() throws IOException {
        Path mine = Files.writeString(dir.resolve("mine.yaml"), "student:\n  drop_pth_rate: 0.1\n");
        Outcome.of("pretrain", "--config", mine, "--images", labelled, "--out", out)
                .failed(2, mine.toString(), "student.drop_pth_rate", "student.drop_path_rate");
        assertFalse(Files.exists(out), "nothing is left behind");
    }

    @Test
    void whatIsNoYamlOrIsMissingIsNamed() throws IOException {
        Path mine = Files.writeString(dir.resolve("mine.yaml"), "student: [\n");
        Outcome.of("pretrain", "--config", mine, "--out", out).failed(2, mine.toString(), "not YAML");
        Path none = dir.resolve("none.yaml");
        Outcome.of("pretrain", "--config", none, "--out", out).failed(2, none.toString(), "no such file");
    }

    @Test
    void anUnknownPresetListsThePresets() {
        Outcome.of("pretrain", "--preset", "huge", "--out", out).failed(2, "'huge'", "nano", "vitg14");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pretrain --epochs many       | --epochs",
                "pretrain --ephocs 3          | --ephocs",
                "pretrain --kernels abacus    | abacus",
                "pretrain --resume            | --out",
                "evaluate knn --weights a --train a | --val",
                "evaluate knn --train a       | --weights",
                "pretran                      | pretran",
                "evaluate                     | subcommand",
            })
    void wrongUsageIsExitCode2(String line, String named) {
        Outcome.of((Object[]) line.split(" ")).failed(2, named);
    }

    @Test
    void aSecondRunDoesNotTouchTheFirst() throws IOException {
        String metrics = Files.readString(finished.resolve("metrics.jsonl"));
        Outcome.of("pretrain", "--config", config, "--images", labelled, "--out", finished)
                .failed(2, finished.toString(), "--resume");
        assertEquals(metrics, Files.readString(finished.resolve("metrics.jsonl")));
    }

    @Test
    void aForeignFolderIsLeftAlone() throws IOException {
        Files.writeString(Files.createDirectories(out).resolve("thesis.txt"), "years of work");
        pretrain(labelled).failed(2, out.toString(), "not empty");
        pretrain(labelled, "--resume").failed(2, out.toString(), "not empty");
        assertEquals(List.of("thesis.txt"), names(out));
    }

    @Test
    void anOutThatIsAFileIsNamed() throws IOException {
        Files.writeString(out, "a file");
        pretrain(labelled).failed(2, out.toString(), "is a file");
    }

    @Test
    void aFolderInUseIsRefused() throws IOException {
        try (RunDirectory held = RunDirectory.open(out, false)) {
            pretrain(labelled).failed(1, "another process is writing to " + held.path());
        }
        assertFalse(Files.exists(out), "no run had begun, so nothing is left behind");
    }

    @Test
    void anotherConfigurationIsNotMixedIn() {
        Outcome.of("pretrain", "--out", finished, "--resume", "--set", "student.depth=3")
                .failed(1, finished.toString(), "another configuration");
    }

    @Test
    void moreEpochsGoOnWhereTheRunEnded() throws IOException {
        Path images = TinyRun.pictures(dir.resolve("images"), 16);
        pretrain(images).succeeded();
        assertEquals(2 * TinyRun.EPOCH, new RunFiles(out).numbers().size());
        Outcome longer =
                Outcome.of("pretrain", "--out", out, "--epochs", 3, "--resume").succeeded();
        assertTrue(longer.err().contains("going on from step 8 of 12"), longer.err());
        assertEquals(3 * TinyRun.EPOCH, new RunFiles(out).numbers().size());
        assertEquals(3 * TinyRun.EPOCH, new RunFiles(out).newestCheckpoint());
        Outcome.of("pretrain", "--out", out, "--epochs", 1, "--resume").failed(2, "optim.epochs is 1", "12 already");
    }

    @Test
    void aRunLeavesWhatTheIssuePromises() throws IOException {
        String report = Files.readString(finished.resolve("report.html"));
        for (String part :
                List.of("Raw pixels", "Untrained network", "Trained network", "data:image/png", "ibot_loss")) {
            assertTrue(report.contains(part), part + " is missing from the report");
        }
        JsonNode first = new ObjectMapper()
                .readTree(Files.readAllLines(finished.resolve("metrics.jsonl")).get(0));
        for (String key : List.of(
                "step",
                "dino_local_crops_loss",
                "dino_global_crops_loss",
                "koleo_loss",
                "ibot_loss",
                "loss",
                "lr",
                "weight_decay",
                "momentum",
                "teacher_temp",
                "grad_norm_backbone",
                "images_per_second")) {
            assertTrue(first.path(key).isNumber(), key + " is missing from " + first);
        }
    }

    @Test
    void aRunStartsFromAnotherOrFromABareBackbone() throws IOException {
        Outcome warm = pretrain(labelled, "--epochs", 1, "--init", finished).succeeded();
        assertTrue(warm.err().contains("loaded backbone, dino_head, ibot_head"), warm.err());
        Path bare = dir.resolve("backbone.safetensors");
        Map<String, INDArray> backbone = new LinkedHashMap<>();
        try (TensorFile file = TensorFile.open(RunDirectory.weights(finished))) {
            file.tensors().keySet().stream()
                    .filter(n -> n.startsWith("backbone."))
                    .forEach(n -> backbone.put(n.substring("backbone.".length()), file.read(n)));
        }
        SafetensorsWriter.write(bare, backbone, Map.of());
        out = dir.resolve("bare");
        Outcome cold = pretrain(labelled, "--init", bare, "--set", "crops.global_crops_size=40")
                .succeeded();
        for (String line : List.of(
                "backbone.safetensors has no heads: in the first 1 steps only fresh heads learn (--freeze-steps)",
                "loaded backbone; fresh dino_head, ibot_head",
                "position embedding resampled from 4 x 4 to 5 x 5 patches")) {
            assertTrue(cold.err().contains(line), cold.err());
        }
        String recorded = Files.readString(out.resolve("config.yaml"));
        assertTrue(recorded.contains("freeze_backbone_steps: 1") && recorded.contains(bare.toString()), recorded);
    }

    /** Before any process is started. */
    @Test
    void aClusterNamesWhatIsWrong() {
        List<Object> cluster = List.of("--cluster", "local:1x2", "--out", out);
        failsOn(cluster, "'train.no_such'; did you mean", "--set", "train.no_such=1");
        failsOn(cluster, "no such folder", "--images", dir.resolve("nowhere"));
        failsOn(cluster, "leave --devices", "--devices", 2);
        assertFalse(Files.exists(out), "nothing is left behind");
    }

    private static void failsOn(List<Object> options, String part, Object... more) {
        List<Object> args = new ArrayList<>(List.of("pretrain"));
        args.addAll(options);
        args.addAll(List.of(more));
        Outcome.of(args.toArray()).failed(2, part);
    }

    @Test
    void weightsThatAreNoneAreNamed() throws IOException {
        Path none = dir.resolve("none.pth");
        pretrain(labelled, "--init", none).failed(2, none.toString(), "no such file");
        Path text = Files.writeString(dir.resolve("notes.txt"), "no weights at all");
        pretrain(labelled, "--init", text).failed(2, text.toString(), "neither a .safetensors file nor a PyTorch");
        pretrain(labelled, "--init", finished, "--set", "student.depth=3")
                .failed(2, "holds a ViT of width 32 with 2 blocks", "wanted is a ViT of width 32 with 3 blocks");
        assertFalse(Files.exists(out), "nothing is left behind");
    }

    @Test
    void aStudentIsDistilledEvaluatedAndGoneOnWith() throws IOException {
        Object[] sizes = {"--config", config, "--images", labelled, "--epochs", 1, "--set", "student.embed_dim=16"};
        List<Object> distill = new ArrayList<>(List.of("distill", "--teacher", finished, "--out", out));
        distill.addAll(Arrays.asList(sizes));
        Outcome.of(distill.toArray()).succeeded();
        Outcome.of("distill", "--out", out, "--epochs", 2, "--resume").succeeded();
        assertEquals(2 * TinyRun.EPOCH, new RunFiles(out).numbers().size());
        Path val = TinyRun.classes(dir.resolve("val"), 4, 1);
        Outcome.of("evaluate", "knn", "--weights", out, "--train", labelled, "--val", val)
                .succeeded();
        List<Object> next = new ArrayList<>(List.of("pretrain", "--init", out, "--out", dir.resolve("next")));
        next.addAll(Arrays.asList(sizes));
        Outcome warm = Outcome.of(next.toArray()).succeeded();
        assertTrue(warm.err().contains("a ViT of width 16 with 2 blocks"), warm.err());
    }

    @Test
    void distillNamesWhatIsWrong() {
        Path none = dir.resolve("none.pth");
        Outcome.of("distill", "--out", out).failed(2, "--teacher");
        Outcome.of("distill", "--teacher", none, "--out", out).failed(2, none.toString(), "no such file");
        Outcome.of("distill", "--teacher", finished, "--out", out).failed(2, "patches of 8 pixels");
        Outcome.of("distill", "--out", finished, "--resume").failed(2, "distils nothing");
        assertFalse(Files.exists(out), "nothing is left behind");
    }

    @Test
    void twoPhasesAreOneRun() throws IOException {
        String phases = "phases=[{name: large, optim: {epochs: 1}, crops: {global_crops_size: 48}}]";
        Outcome outcome = pretrain(labelled, "--set", phases).succeeded();
        assertTrue(outcome.err().contains("12 steps of 8"), outcome.err());
        assertTrue(outcome.err().contains("large begins"), outcome.err());
        assertEquals(3 * TinyRun.EPOCH, new RunFiles(out).numbers().size());
        Path val = TinyRun.classes(dir.resolve("val"), 4, 1);
        String text = Outcome.of("evaluate", "knn", "--weights", out, "--train", labelled, "--val", val)
                .succeeded()
                .out();
        assertTrue(text.startsWith("teacher after 12 steps"), text);
    }

    @Test
    void knnOfAFinishedRunPrintsAccuracies() throws IOException {
        Path val = TinyRun.classes(dir.resolve("val"), 4, 1);
        Object[] args = {"evaluate", "knn", "--weights", finished, "--train", labelled, "--val", val};
        String text = Outcome.of(args).succeeded().out();
        assertTrue(
                text.matches("(?s)teacher after 8 steps\\R(k = \\d+ +accuracy +[\\d.]+% +raw pixels +[\\d.]+%\\R){2}"),
                text);
        Object[] json = Arrays.copyOf(args, args.length + 1);
        json[args.length] = "--json";
        JsonNode result =
                new ObjectMapper().readTree(Outcome.of(json).succeeded().out());
        assertEquals(8, result.path("step").asInt());
        for (String of : List.of("knn", "raw_pixels")) {
            double accuracy = result.path(of).path("20").asDouble(-1);
            assertTrue(accuracy >= 0 && accuracy <= 1, result.toString());
        }
    }

    @Test
    void evaluationNamesWhatIsMissing() throws IOException {
        Outcome.of("evaluate", "knn", "--weights", dir, "--train", labelled, "--val", labelled)
                .failed(2, dir.toString(), "is a folder without weights");
        Path flat = TinyRun.pictures(dir.resolve("flat"), 2);
        Outcome.of("evaluate", "knn", "--weights", finished, "--train", flat, "--val", labelled)
                .failed(2, flat.toString(), "one folder for each class");
        Path other = dir.resolve("other");
        Files.createDirectories(other.resolve("a"));
        Files.createDirectories(other.resolve("b"));
        Files.copy(flat.resolve("picture-000.png"), other.resolve("a/x.png"));
        Files.copy(flat.resolve("picture-001.png"), other.resolve("b/y.png"));
        Outcome.of("evaluate", "knn", "--weights", finished, "--train", labelled, "--val", other)
                .failed(2, "class folders differ", "[a, b]");
    }

    @Test
    void aStrayImageBesideTheClassFoldersIsNoClass() throws IOException {
        Path val = TinyRun.classes(dir.resolve("val"), 4, 1);
        Path some = TinyRun.pictures(dir.resolve("some"), 1);
        Files.copy(some.resolve("picture-000.png"), val.resolve("stray.png"));
        Outcome.of("evaluate", "knn", "--weights", finished, "--train", labelled, "--val", val)
                .succeeded();
    }

    @Test
    void aRunThatGoesWrongSaysWhatAndHowToGoOn() {
        pretrain(labelled, "--set", "optim.base_lr=1e38", "--set", "optim.clip_grad=0")
                .failed(1, "step ", " is ", "the run has stopped", "--resume", "optim.base_lr", "troubleshooting.md");
        Outcome again = Outcome.of(
                        "pretrain",
                        "--out",
                        out,
                        "--resume",
                        "--set",
                        "sentinel.action=rollback",
                        "--set",
                        "sentinel.rollback_lr_factor=1e-40")
                .succeeded();
        assertTrue(again.err().contains("going back to step"), again.err());
    }

    static Stream<CommandLine> commands() {
        return all(Main.commandLine());
    }

    private static Stream<CommandLine> all(CommandLine command) {
        Stream<CommandLine> below = command.getSubcommands().values().stream()
                .filter(c -> !c.getCommandName().equals("help"))
                .flatMap(CliTest::all);
        return Stream.concat(Stream.of(command), below);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpShowsAnExample(CommandLine command) {
        List<Object> args = new ArrayList<>(List.of(command.getCommandSpec()
                .qualifiedName(" ")
                .replaceFirst("^dino4j ?", "")
                .split(" ")));
        args.removeIf(a -> a.toString().isEmpty());
        args.add("--help");
        String help = Outcome.of(args.toArray()).succeeded().out();
        assertTrue(help.contains("Example") && help.contains("  ./dino4j "), help);
    }

    @Test
    void infoTellsTheKernels() throws IOException {
        String text = Outcome.of("info").succeeded().out();
        assertTrue(text.lines().anyMatch(l -> l.matches("kernels +(onednn|portable)")), text);
        JsonNode json = new ObjectMapper()
                .readTree(Outcome.of("info", "--json").succeeded().out());
        assertTrue(json.path("java").isTextual(), json.toString());
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }
}
