package io.dino4j.examples.cli;

import io.dino4j.data.source.ImageSource;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.classify.FewShotProtocol;
import io.dino4j.train.eval.classify.KnnProtocol;
import io.dino4j.train.eval.classify.LabelledSplit;
import io.dino4j.train.eval.classify.LinearProtocol;
import io.dino4j.train.eval.classify.LogisticProtocol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** {@code --train} and {@code --val}: labelled images. */
final class ClassificationOptions implements ProtocolOptions {
    private static final int USUAL_DRAWS = 10;

    /** For the footers of commands. */
    static final String LAYOUT =
            "Both folders hold one folder for each class. Images enter a run's network at the size of its global crops, that of";

    @Option(names = "--train", paramLabel = "PATH", description = "Labelled images to learn from or look among.")
    private Path train;

    @Option(names = "--val", paramLabel = "PATH", description = "Labelled images to classify.")
    private Path val;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Instead of --train and --val: a folder with train and val, or train and test, in it.")
    private Path data;

    /** The images, if they are given. */
    Optional<LabelledSplit> split() throws IOException {
        if (data != null && (train != null || val != null)) {
            throw new IllegalArgumentException("give either --data or --train and --val, not both");
        }
        if (data == null && train == null && val == null) {
            return Optional.empty();
        }
        Path known = data == null ? train : data.resolve("train");
        Path asked = data == null ? val : held(data);
        if (known == null || asked == null) {
            throw new IllegalArgumentException(
                    "--train and --val go together: %s is missing".formatted(known == null ? "--train" : "--val"));
        }
        return Optional.of(new LabelledSplit(classes(known), classes(asked)));
    }

    private static Path held(Path data) {
        Path val = data.resolve("val");
        return Files.isDirectory(val) ? val : data.resolve("test");
    }

    /** The images, which must be given. */
    LabelledSplit require() throws IOException {
        return split().orElseThrow(() -> new IllegalArgumentException(
                "labelled images are missing: give --train and --val, or --data with both in it"));
    }

    @Override
    public String dataOption() {
        return "--data (or --train and --val)";
    }

    /** The linear heads come first: of their features those of the others are a part. */
    @Override
    public List<Protocol> protocols() throws IOException {
        return split().map(s -> List.<Protocol>of(
                        new LinearProtocol(s, LinearProtocol.USUAL_BATCH, LinearProtocol.USUAL_STEPS, 0, 0),
                        new KnnProtocol(s),
                        new LogisticProtocol(s, 0),
                        new FewShotProtocol(s, FewShotProtocol.USUAL_SHOTS, USUAL_DRAWS, 0)))
                .orElse(List.of());
    }

    private static ImageSource classes(Path folder) throws IOException {
        ImageSource source = Images.open(folder);
        if (source.classes().size() < 2) {
            throw new IllegalArgumentException(
                    "%s has no classes: k-NN needs one folder for each class, or labels in tar or Parquet files or a manifest"
                            .formatted(folder));
        }
        return source;
    }
}
