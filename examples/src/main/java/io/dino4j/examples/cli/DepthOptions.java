package io.dino4j.examples.cli;

import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.dense.DepthBins;
import io.dino4j.train.eval.dense.DepthProtocol;
import io.dino4j.train.eval.dense.DepthSet;
import io.dino4j.train.eval.dense.DepthTraining;
import io.dino4j.train.eval.dense.DepthVariant;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code --depth}: photos and their depth. */
final class DepthOptions implements ProtocolOptions {
    @Option(
            names = "--depth",
            paramLabel = "DIR",
            description =
                    "Photos and depth: train/rgb, train/depth, val/rgb, val/depth; 16-bit PNG in millimetres, 0 for none.")
    private Path data;

    @Option(
            names = "--depth-also",
            paramLabel = "DIR",
            description = "Another place to try the same head on: rgb, depth. May be given several times.")
    private List<Path> others = List.of();

    @Option(
            names = "--max-depth",
            paramLabel = "M",
            defaultValue = "10",
            description = "Last of 256 bins, in metres; what is farther does not count. Default ${DEFAULT-VALUE}.")
    private double most;

    @Option(
            names = "--depth-heads",
            split = ",",
            paramLabel = "NAME",
            description = "linear, four_layers, or both with a comma; default both.")
    private List<DepthVariant> variants;

    private final DenseOptions dense;

    /**
     * Depth that is trained as these say.
     *
     * @param dense a mixin of the same command
     */
    DepthOptions(DenseOptions dense) {
        this.dense = dense;
    }

    @Override
    public String dataOption() {
        return "--depth";
    }

    @Override
    public List<Protocol> protocols() {
        if (data == null) {
            return List.of();
        }
        DepthSet train = DepthSet.open(data.resolve("train"));
        List<DepthSet> tests = new ArrayList<>(List.of(DepthSet.open(data.resolve("val"))));
        others.forEach(o -> tests.add(DepthSet.open(o)));
        DepthTraining training = new DepthTraining(train, DepthBins.upTo(most), dense.settings(train.files()));
        List<DepthVariant> wanted = variants == null ? Arrays.asList(DepthVariant.values()) : variants;
        List<Protocol> protocols = new ArrayList<>();
        for (DepthSet test : tests) {
            wanted.stream().distinct().forEach(v -> protocols.add(new DepthProtocol(training, test, v)));
        }
        return protocols;
    }
}
