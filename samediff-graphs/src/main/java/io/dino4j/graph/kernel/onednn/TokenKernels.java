package io.dino4j.graph.kernel.onednn;

import io.dino4j.graph.kernel.PositionResampling;
import io.dino4j.graph.op.EmbedTokens;
import io.dino4j.graph.op.Patchify;
import io.dino4j.graph.op.PositionEmbedding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** From pixels to token sequences. */
final class TokenKernels {
    private TokenKernels() {}

    static void patchify(Program p) {
        Patchify op = (Patchify) p.call().op();
        Primitives does = new Primitives(p);
        Tensor out = p.out(0);
        long row = 0;
        for (INDArray images : p.call().inputs()) {
            Tensor patches = patches(out, row, images, op.patchSize());
            does.reorder(pixels(images, op.patchSize()), patches);
            row += rows(images, op.patchSize());
        }
    }

    static void patchifyGradient(Program p) {
        Patchify.Grad op = (Patchify.Grad) p.call().op();
        Primitives does = new Primitives(p);
        Tensor dOut = Tensor.matrix(p.call().lastIn(), p.call().lastIn().size(0));
        long row = 0;
        for (int i = 0; i < p.call().inputs().size() - 1; i++) {
            INDArray images = p.call().in(i);
            if (p.call().out(i) != null) {
                does.reorder(
                        patches(dOut, row, images, op.patchSize()),
                        pixels(p.call().out(i), op.patchSize()));
            }
            row += rows(images, op.patchSize());
        }
    }

    private static long rows(INDArray images, long p) {
        return images.size(0) * (images.size(2) / p) * (images.size(3) / p);
    }

    /** Images {@code [B, C, H, W]} as {@code [B, C, H/p, p, W/p, p]}. */
    private static Tensor pixels(INDArray images, long p) {
        return Tensor.dense(
                Place.of(images), 0, images.size(0), images.size(1), images.size(2) / p, p, images.size(3) / p, p);
    }

    /** The rows of a batch in the matrix of patches, in the order of {@link #pixels}. */
    private static Tensor patches(Tensor matrix, long row, INDArray images, long p) {
        long b = images.size(0);
        long c = images.size(1);
        long h = images.size(2) / p;
        long w = images.size(3) / p;
        long width = c * p * p;
        return matrix.view(
                row * width, new long[] {b, c, h, p, w, p}, new long[] {h * w * width, p * p, w * width, p, width, 1});
    }

    static void position(Program p) {
        PositionEmbedding op = (PositionEmbedding) p.call().op();
        INDArray trained = p.call().in(0);
        Tensor in = Tensor.matrix(trained, trained.size(1));
        PositionEmbedding.Resize resize = op.resize(trained.size(1));
        Primitives does = new Primitives(p);
        if (resize.isIdentity()) {
            does.reorder(in, p.out(0));
        } else {
            does.matmul(bicubic(resize), in, p.out(0), PostOps.none());
        }
    }

    static void positionGradient(Program p) {
        PositionEmbedding.Grad op = (PositionEmbedding.Grad) p.call().op();
        INDArray trained = p.call().in(0);
        PositionEmbedding.Resize resize = op.resize(trained.size(1));
        Tensor out = Tensor.matrix(p.call().out(0), trained.size(1));
        Primitives does = new Primitives(p);
        if (resize.isIdentity()) {
            does.reorder(p.in(1), out);
        } else {
            does.matmul(bicubic(resize).transposed(), p.in(1), out, PostOps.none());
        }
    }

    /** The interpolation as a matrix {@code [1 + h w, 1 + M M]}. */
    private static Tensor bicubic(PositionEmbedding.Resize resize) {
        INDArray matrix = PositionResampling.matrix(resize, DataType.FLOAT);
        return Tensor.matrix(matrix, matrix.size(0));
    }

    /** The parts of an {@link EmbedTokens} or its gradient that do not depend on the direction. */
    private static final class Sequences {
        final int width;
        final int registers;
        final List<EmbedTokens.Group> groups;
        final int positionsAt;
        final List<Floats> masks = new ArrayList<>();

        Sequences(Program p, int registers, List<EmbedTokens.Group> groups) {
            this.width = (int) p.in(0).columns();
            this.registers = registers;
            this.groups = groups;
            positionsAt = registers > 0 ? 4 : 3;
            int at = positionsAt + groups.size();
            for (EmbedTokens.Group g : groups) {
                masks.add(g.masked() ? Floats.of(p.in(at++)) : null);
            }
        }
    }

    static void embed(Program p) {
        EmbedTokens op = (EmbedTokens) p.call().op();
        Sequences s = new Sequences(p, op.numRegisters(), op.groups(p.in(0).rows()));
        Floats patches = Floats.of(p.in(0));
        Floats cls = Floats.of(p.in(1).reshape(1, s.width));
        Floats maskToken = Floats.of(p.in(2));
        Floats registers = s.registers > 0 ? Floats.of(p.in(3).reshape(s.registers, s.width)) : null;
        List<Floats> positions = new ArrayList<>();
        for (int g = 0; g < s.groups.size(); g++) {
            positions.add(Floats.of(p.in(s.positionsAt + g)));
        }
        Floats out = Floats.of(p.out(0));
        int d = s.width;
        float[] token = new float[d];
        float[] position = new float[d];
        float[] masked = new float[d];
        p.then(() -> {
            maskToken.get(0, 0, masked, 0, d);
            long from = 0;
            long to = 0;
            for (int g = 0; g < s.groups.size(); g++) {
                EmbedTokens.Group group = s.groups.get(g);
                Floats at = positions.get(g);
                for (int image = 0; image < group.images(); image++) {
                    cls.get(0, 0, token, 0, d);
                    at.get(0, 0, position, 0, d);
                    add(token, position);
                    out.put(to++, 0, token, 0, d);
                    for (int r = 0; r < s.registers; r++) {
                        registers.get(r, 0, token, 0, d);
                        out.put(to++, 0, token, 0, d);
                    }
                    for (int i = 0; i < group.patches(); i++) {
                        patches.get(from++, 0, token, 0, d);
                        if (s.masks.get(g) != null) {
                            blend(token, masked, s.masks.get(g).get(image, i));
                        }
                        at.get(1 + i, 0, position, 0, d);
                        add(token, position);
                        out.put(to++, 0, token, 0, d);
                    }
                }
            }
        });
    }

    private static void add(float[] sum, float[] x) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += x[i];
        }
    }

    private static void addScaled(float[] sum, float[] x, float factor) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += factor * x[i];
        }
    }

    private static void blend(float[] token, float[] other, float share) {
        if (share != 0) {
            for (int i = 0; i < token.length; i++) {
                token[i] += share * (other[i] - token[i]);
            }
        }
    }

    static void embedGradient(Program p) {
        EmbedTokens.Grad op = (EmbedTokens.Grad) p.call().op();
        Sequences s = new Sequences(p, op.numRegisters(), op.groups(p.in(0).rows()));
        int d = s.width;
        INDArray last = p.call().lastIn();
        Floats dOut = Floats.of(Tensor.matrix(last, last.size(0)));
        Floats dPatches = open(p.out(0));
        Floats dCls = open(p.out(1) == null ? null : p.out(1).reshape(1, d));
        Floats dMask = open(p.out(2));
        Floats dRegisters =
                s.registers == 0 || p.out(3) == null ? null : open(p.out(3).reshape(s.registers, d));
        List<Floats> dPositions = new ArrayList<>();
        int most = 0;
        for (int g = 0; g < s.groups.size(); g++) {
            dPositions.add(open(p.out(s.positionsAt + g)));
            most = Math.max(most, s.groups.get(g).patches());
        }
        float[] token = new float[d];
        float[] cls = new float[d];
        float[] mask = new float[d];
        float[][] registers = new float[s.registers][d];
        float[][] positions = new float[1 + most][d];
        p.then(() -> {
            long from = 0;
            long to = 0;
            Arrays.fill(cls, 0);
            Arrays.fill(mask, 0);
            for (float[] r : registers) {
                Arrays.fill(r, 0);
            }
            for (int g = 0; g < s.groups.size(); g++) {
                EmbedTokens.Group group = s.groups.get(g);
                for (float[] r : positions) {
                    Arrays.fill(r, 0);
                }
                for (int image = 0; image < group.images(); image++) {
                    dOut.get(from++, 0, token, 0, d);
                    add(cls, token);
                    add(positions[0], token);
                    for (int r = 0; r < s.registers; r++) {
                        dOut.get(from++, 0, token, 0, d);
                        add(registers[r], token);
                    }
                    for (int i = 0; i < group.patches(); i++) {
                        dOut.get(from++, 0, token, 0, d);
                        add(positions[1 + i], token);
                        float share =
                                s.masks.get(g) == null ? 0 : s.masks.get(g).get(image, i);
                        if (share != 0) {
                            addScaled(mask, token, share);
                            for (int c = 0; c < d; c++) {
                                token[c] *= 1 - share;
                            }
                        }
                        if (dPatches != null) {
                            dPatches.put(to++, 0, token, 0, d);
                        }
                    }
                }
                for (int i = 0; dPositions.get(g) != null && i <= group.patches(); i++) {
                    dPositions.get(g).put(i, 0, positions[i], 0, d);
                }
            }
            putIf(dCls, 0, cls);
            putIf(dMask, 0, mask);
            for (int r = 0; r < s.registers; r++) {
                putIf(dRegisters, r, registers[r]);
            }
        });
    }

    private static Floats open(Tensor t) {
        return t == null ? null : Floats.of(t);
    }

    private static void putIf(Floats to, int row, float[] values) {
        if (to != null) {
            to.put(row, 0, values, 0, values.length);
        }
    }
}
