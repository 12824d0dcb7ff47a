package io.dino4j.graph.ssl;

import io.dino4j.graph.head.ProjectionHead;
import io.dino4j.graph.op.SplitRows;
import java.util.Arrays;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** The heads of one network: shared between cls and patch tokens, which then go through in one pass, or separate. */
final class Heads {
    private final SameDiff sd;
    private final ProjectionHead dino;
    private final ProjectionHead ibot;

    Heads(SameDiff sd, Network network, DataType type) {
        this.sd = sd;
        this.dino = new ProjectionHead(sd, network.dinoHead(), SslConfig.DINO_HEAD, type);
        this.ibot = network.ibotHead()
                .map(h -> new ProjectionHead(sd, h, SslConfig.IBOT_HEAD, type))
                .orElse(dino);
    }

    /**
     * Logits of ranges of rows, of which the last holds patch tokens.
     *
     * @param rows {@code [R, D]}
     * @param counts rows in each range; at least two
     */
    SDVariable[] logits(SDVariable rows, long... counts) {
        if (dino == ibot) {
            return new SplitRows(sd, dino.forward(rows), counts).outputVariables();
        }
        int n = counts.length;
        long patches = counts[n - 1];
        long cls = Arrays.stream(counts).sum() - patches;
        SDVariable[] kinds = new SplitRows(sd, rows, cls, patches).outputVariables();
        SDVariable clsLogits = dino.forward(kinds[0]);
        SDVariable[] out = n == 2
                ? new SDVariable[] {clsLogits}
                : new SplitRows(sd, clsLogits, Arrays.copyOf(counts, n - 1)).outputVariables();
        out = Arrays.copyOf(out, n);
        out[n - 1] = ibot.forward(kinds[1]);
        return out;
    }
}
