package io.dino4j.graph.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Puts the token sequences together: masked patches are replaced by the mask token, the cls token goes in front, positions are
 * added, registers (which have no position) are put between cls and patches.
 *
 * <p>For groups {@code g} of images of equal size: {@code B_g} images of {@code n_g} patches. Inputs, in order: patches
 * {@code [sum B_g n_g, D]}; cls {@code [1, 1, D]}; mask token {@code [1, D]}; if there are any, registers {@code [1, R, D]};
 * for every group positions {@code [1 + n_g, D]}; for every masked group, in order, a mask {@code [B_g, n_g]} of 0 and 1, of a
 * real type. Output: {@code [sum B_g (1 + R + n_g), D]}. Attributes: {@code R}, then {@code (B_g, n_g, masked)}
 * for every group; the last {@code B_g} may be -1: as many as the rows allow.
 */
public final class EmbedTokens extends GraphOp {
    /** For SameDiff. */
    public EmbedTokens() {}

    /**
     * Adds the op to {@code sd}.
     *
     * @param registers null if there are none
     * @param masks one for each group that is masked, in order
     */
    public EmbedTokens(
            SameDiff sd,
            SDVariable patches,
            SDVariable cls,
            SDVariable maskToken,
            SDVariable registers,
            int numRegisters,
            List<SDVariable> positions,
            List<SDVariable> masks,
            List<Group> groups) {
        super(sd, inputs(patches, cls, maskToken, registers, positions, masks));
        addIArgument(numRegisters);
        groups.forEach(g -> addIArgument(g.images(), g.patches(), g.masked() ? 1 : 0));
    }

    private static List<SDVariable> inputs(
            SDVariable patches,
            SDVariable cls,
            SDVariable maskToken,
            SDVariable registers,
            List<SDVariable> positions,
            List<SDVariable> masks) {
        List<SDVariable> in = new ArrayList<>(List.of(patches, cls, maskToken));
        if (registers != null) {
            in.add(registers);
        }
        in.addAll(positions);
        in.addAll(masks);
        return in;
    }

    /**
     * Images of equal size that follow one another.
     *
     * @param images how many; -1 in the last group of a graph for "the rest"
     * @param patches patches in each
     * @param masked true if a mask is given
     */
    public record Group(int images, int patches, boolean masked) {}

    /** Number of register tokens. */
    public int numRegisters() {
        return (int) attribute(0);
    }

    /** The groups, with the last number of images worked out for {@code rows} patches. */
    public List<Group> groups(long rows) {
        return groups(iArgs(), rows);
    }

    static List<Group> groups(long[] attributes, long rows) {
        Group[] groups = new Group[attributes.length / 3];
        long left = rows;
        for (int g = 0; g < groups.length; g++) {
            long images = attributes[1 + 3 * g];
            int patches = (int) attributes[2 + 3 * g];
            if (images < 0) {
                images = left / patches;
            }
            groups[g] = new Group((int) images, patches, attributes[3 + 3 * g] == 1);
            left -= images * patches;
        }
        if (left != 0) {
            throw new IllegalArgumentException(
                    "embed_tokens: %d patches do not split into %s".formatted(rows, Arrays.toString(groups)));
        }
        return List.of(groups);
    }

    @Override
    public long[][] outputShapes(long[][] in) {
        List<Group> groups = groups(in[0][0]);
        long rows = 0;
        int at = numRegisters() > 0 ? 4 : 3;
        for (Group g : groups) {
            check(in[at][0] == 1 + g.patches(), "positions [1 + " + g.patches() + ", D]", in[at]);
            at++;
            rows += (long) g.images() * (1 + numRegisters() + g.patches());
        }
        for (Group g : groups) {
            if (g.masked()) {
                check(
                        in[at][0] == g.images() && in[at][1] == g.patches(),
                        "a mask [%d, %d]".formatted(g.images(), g.patches()),
                        in[at]);
                at++;
            }
        }
        return new long[][] {{rows, in[0][1]}};
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> grads) {
        List<SDVariable> in = new ArrayList<>(Arrays.asList(args()));
        in.add(grads.get(0));
        // masks are data, and come last: no gradient reaches them
        return Arrays.asList(new Grad(sameDiff, in, iArgs()).outputVariables());
    }

    /**
     * Gradient. Inputs: those of the forward op and {@code dOut}; outputs: {@code dPatches, dCls, dMaskToken, [dRegisters]} and
     * {@code dPositions} of every group. Attributes as forward.
     */
    public static final class Grad extends GraphOp {
        /** For SameDiff. */
        public Grad() {}

        Grad(SameDiff sd, List<SDVariable> in, long[] attributes) {
            super(sd, in);
            addIArgument(attributes);
        }

        /** Number of register tokens. */
        public int numRegisters() {
            return (int) attribute(0);
        }

        /** The groups, with the last number of images worked out for {@code rows} patches. */
        public List<Group> groups(long rows) {
            return EmbedTokens.groups(iArgs(), rows);
        }

        @Override
        public boolean readsInput(int i) {
            return i >= getNumOutputs();
        }

        @Override
        public int getNumOutputs() {
            return 3 + (numRegisters() > 0 ? 1 : 0) + (numIArguments() - 1) / 3;
        }

        @Override
        public DataType outputType(int i, List<DataType> in) {
            return in.get(i);
        }

        @Override
        public long[][] outputShapes(long[][] in) {
            return Arrays.copyOf(in, getNumOutputs());
        }
    }
}
