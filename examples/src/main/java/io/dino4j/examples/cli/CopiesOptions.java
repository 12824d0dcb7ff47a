package io.dino4j.examples.cli;

import io.dino4j.data.source.ImageSource;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.retrieval.CopiesProtocol;
import io.dino4j.train.eval.retrieval.CopySet;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** {@code --copies} and {@code --references}: altered copies, for {@code evaluate all}. */
final class CopiesOptions implements ProtocolOptions {
    /** What a folder of copies holds. */
    static final String LAYOUT = "Folder with ground_truth.csv (copy,original,transform), copies/ and originals/.";

    /** What {@code --references} does. */
    static final String REFERENCES =
            "Search these images, among them the originals by the same file names, instead of originals/.";

    @Option(names = "--copies", paramLabel = "DIR", description = "Copy detection. " + LAYOUT)
    private Path folder;

    @Option(
            names = "--references",
            paramLabel = "PATH",
            description = "For --copies: search these images instead of originals/.")
    private Path references;

    @Override
    public String dataOption() {
        return "--copies";
    }

    @Override
    public List<Protocol> protocols() throws IOException {
        if (folder == null && references != null) {
            throw new IllegalArgumentException("--references are searched for --copies, which is missing");
        }
        return folder == null
                ? List.of()
                : List.of(new CopiesProtocol(open(folder, references), Pooling.CLS, Optional.empty()));
    }

    /** Opens copies, with references of their own or others. */
    static CopySet open(Path folder, Path references) throws IOException {
        Optional<ImageSource> others = references == null ? Optional.empty() : Optional.of(Images.open(references));
        return CopySet.open(folder, others);
    }
}
