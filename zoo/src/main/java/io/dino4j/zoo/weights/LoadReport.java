package io.dino4j.zoo.weights;

import io.dino4j.graph.op.PositionEmbedding.Resize;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What came of loading {@link PretrainedWeights}, so that nothing happens in silence.
 *
 * @param file where from
 * @param scheme the names that the file uses
 * @param backbone what the file holds
 * @param loaded parts that were loaded, such as {@code backbone}
 * @param fresh parts of the network that the file lacks: they are as they were
 * @param unused parts of the file that the network lacks
 * @param zeros parameters of the backbone that files of this scheme do not have, official names: they are 0
 * @param beside tensors of the same model that belong to no DINOv2 network, such as a classifier's
 * @param ignored number of tensors of the file that belong to other networks, or to none
 * @param resized how the position embedding was resampled; empty if it was not
 */
public record LoadReport(
        Path file,
        NamingScheme scheme,
        BackboneShape backbone,
        List<String> loaded,
        List<String> fresh,
        List<String> unused,
        List<String> zeros,
        List<String> beside,
        int ignored,
        Optional<Resize> resized) {
    /** The report in lines for people. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("%s: %s; loaded %s%s%s%s%s%s%s"
                .formatted(
                        file,
                        backbone,
                        String.join(", ", loaded),
                        scheme == NamingScheme.OFFICIAL ? "" : " from %s names".formatted(scheme.title()),
                        listed("; zeros for what these files lack: ", zeros),
                        listed("; fresh ", fresh),
                        listed("; not used ", unused),
                        listed("; beside the backbone, left out: ", beside),
                        ignored == 0 ? "" : "; %d tensors beside the network left out".formatted(ignored)));
        resized.ifPresent(r -> lines.add("position embedding resampled from %d x %d to %d x %d patches (offset %s, %s)"
                .formatted(
                        r.side(),
                        r.side(),
                        r.height(),
                        r.width(),
                        r.offset(),
                        r.antialias() ? "antialiased" : "not antialiased")));
        return lines;
    }

    private static String listed(String what, List<String> names) {
        return names.isEmpty() ? "" : what + WeightsException.oneLine(String.join(", ", names));
    }
}
