package io.dino4j.examples.cli;

import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.retrieval.RetrievalProtocol;
import io.dino4j.train.eval.retrieval.RetrievalSet;
import io.dino4j.zoo.FeatureKind.Pooling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code --retrieval}: images of places, for {@code evaluate all}. */
final class RetrievalOptions implements ProtocolOptions {
    /** What a folder of images of places holds. */
    static final String LAYOUT =
            "Folder with labels.csv (image,landmark,role), or with gnd_*.pkl or gnd_*.json of revisited Oxford or Paris and jpg/.";

    @Option(names = "--retrieval", paramLabel = "DIR", description = "Instance retrieval. " + LAYOUT)
    private Path folder;

    @Override
    public String dataOption() {
        return "--retrieval";
    }

    @Override
    public List<Protocol> protocols() throws IOException {
        return folder == null
                ? List.of()
                : List.of(new RetrievalProtocol(RetrievalSet.open(folder, false), Pooling.CLS));
    }
}
