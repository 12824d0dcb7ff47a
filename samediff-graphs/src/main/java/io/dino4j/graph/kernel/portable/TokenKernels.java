package io.dino4j.graph.kernel.portable;

import static io.dino4j.graph.kernel.portable.Algebra.as;
import static io.dino4j.graph.kernel.portable.Algebra.row;
import static io.dino4j.graph.kernel.portable.Algebra.rows;

import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.op.EmbedTokens;
import io.dino4j.graph.op.EmbedTokens.Group;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Token sequences: cls, registers, patches. */
final class TokenKernels {
    private TokenKernels() {}

    static Kernel embed(OpCall c) {
        EmbedTokens op = (EmbedTokens) c.op();
        return () -> {
            Inputs in = new Inputs(c, op.numRegisters());
            for (Place g : in.places(op.groups(c.in(0).size(0)))) {
                INDArray out = g.tokens(c.out(0));
                INDArray patches = g.patches(c.in(0));
                if (g.mask() != null) {
                    // the masked patches leave no trace, whatever they hold
                    INDArray masked = g.mask().mul(in.maskToken());
                    patches = patches.mul(g.mask().rsub(1)).addi(masked);
                }
                INDArray cls = in.cls().add(rows(g.positions(), 0, 1));
                g.part(out, 0, 1).assign(repeated(cls, g.images()));
                if (in.registers() != null) {
                    g.part(out, 1, op.numRegisters()).assign(repeated(in.registers(), g.images()));
                }
                INDArray positions = rows(g.positions(), 1, g.count());
                INDArray shifted = patches.add(as(positions, 1, g.count(), positions.size(1)));
                g.part(out, 1 + op.numRegisters(), g.count()).assign(shifted);
            }
        };
    }

    /** {@code x [n, D]} for every one of {@code images} images, {@code [B, n, D]}. */
    private static INDArray repeated(INDArray x, long images) {
        INDArray zeros = Nd4j.zeros(x.dataType(), images, x.size(0), x.size(1));
        return zeros.addi(x.reshape('c', 1, x.size(0), x.size(1)));
    }

    static Kernel embedGrad(OpCall c) {
        EmbedTokens.Grad op = (EmbedTokens.Grad) c.op();
        int registers = op.numRegisters();
        return () -> {
            Inputs in = new Inputs(c, registers);
            INDArray dCls = Nd4j.zerosLike(in.cls());
            INDArray dMaskToken = Nd4j.zerosLike(in.maskToken());
            INDArray dRegisters = registers > 0 ? Nd4j.zerosLike(in.registers()) : null;
            int out = registers > 0 ? 4 : 3;
            for (Place g : in.places(op.groups(c.in(0).size(0)))) {
                INDArray dTokens = g.tokens(c.lastIn());
                INDArray ofCls = g.part(dTokens, 0, 1).dup('c').sum(0); // [1, D]
                INDArray dPatches = g.part(dTokens, 1 + registers, g.count()).dup('c');
                dCls.addi(ofCls);
                if (registers > 0) {
                    dRegisters.addi(g.part(dTokens, 1, registers).dup('c').sum(0));
                }
                if (c.out(out) != null) {
                    rows(c.out(out), 0, 1).assign(ofCls);
                    rows(c.out(out), 1, g.count()).assign(dPatches.sum(0));
                }
                out++;
                if (g.mask() != null) {
                    dMaskToken.addi(dPatches.mul(g.mask()).sum(0, 1).reshape(1, dMaskToken.size(1)));
                    dPatches = dPatches.mul(g.mask().rsub(1));
                }
                if (c.out(0) != null) {
                    g.patches(c.out(0)).assign(dPatches);
                }
            }
            write(c.out(1), dCls);
            write(c.out(2), dMaskToken);
            write(registers > 0 ? c.out(3) : null, dRegisters);
        };
    }

    private static void write(INDArray out, INDArray value) {
        if (out != null) {
            row(out).assign(row(value));
        }
    }

    /** The inputs by name. */
    private record Inputs(OpCall call, int numRegisters) {
        INDArray cls() {
            return row(call.in(1));
        }

        INDArray maskToken() {
            return row(call.in(2));
        }

        /** {@code [R, D]}, or null. */
        INDArray registers() {
            return numRegisters > 0 ? as(call.in(3), numRegisters, call.in(0).size(1)) : null;
        }

        /** The groups with their positions and masks. */
        List<Place> places(List<Group> groups) {
            List<Place> places = new ArrayList<>();
            int positions = numRegisters > 0 ? 4 : 3;
            int mask = positions + groups.size();
            long patch = 0;
            long token = 0;
            for (Group g : groups) {
                long length = 1L + numRegisters + g.patches();
                INDArray m = g.masked() ? as(call.in(mask++), g.images(), g.patches(), 1) : null;
                INDArray p = call.in(positions++);
                if (g.images() > 0) {
                    places.add(new Place(g.images(), g.patches(), length, patch, token, p, m));
                }
                patch += (long) g.images() * g.patches();
                token += g.images() * length;
            }
            return places;
        }
    }

    /**
     * Where a group lies.
     *
     * @param count patches in an image
     * @param length tokens in an image
     * @param mask {@code [B, n, 1]}, or null
     */
    private record Place(
            long images, long count, long length, long firstPatch, long firstToken, INDArray positions, INDArray mask) {
        /** A view {@code [B, n, D]} of all patches. */
        INDArray patches(INDArray all) {
            return as(rows(all, firstPatch, images * count), images, count, all.size(1));
        }

        /** A view {@code [B, 1 + R + n, D]} of all tokens. */
        INDArray tokens(INDArray all) {
            return as(rows(all, firstToken, images * length), images, length, all.size(1));
        }

        /** A view {@code [B, count, D]} of the tokens from {@code from} on in each image. */
        INDArray part(INDArray tokens, long from, long count) {
            long d = tokens.size(2);
            long[] shape = {images, count, d};
            long[] stride = {length * d, d, 1};
            return Nd4j.create(tokens.data(), shape, stride, tokens.offset() + from * d, 'c');
        }
    }
}
