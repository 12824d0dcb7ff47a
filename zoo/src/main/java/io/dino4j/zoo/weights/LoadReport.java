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
 * @param backbone what the file holds
 * @param loaded parts that were loaded, such as {@code backbone}
 * @param fresh parts of the network that the file lacks: they are as they were
 * @param unused parts of the file that the network lacks
 * @param ignored tensors of the file that belong to other networks, or to none
 * @param resized how the position embedding was resampled; empty if it was not
 */
public record LoadReport(
        Path file,
        BackboneShape backbone,
        List<String> loaded,
        List<String> fresh,
        List<String> unused,
        int ignored,
        Optional<Resize> resized) {
    /** The report in lines for people. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("%s: %s; loaded %s%s%s%s"
                .formatted(
                        file,
                        backbone,
                        String.join(", ", loaded),
                        fresh.isEmpty() ? "" : "; fresh " + String.join(", ", fresh),
                        unused.isEmpty() ? "" : "; not used " + String.join(", ", unused),
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
}
