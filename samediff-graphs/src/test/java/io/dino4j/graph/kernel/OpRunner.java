package io.dino4j.graph.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.graph.op.GraphOp;
import io.dino4j.graph.op.GraphOp.Alias;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs single ops on a provider without a session: allocates the outputs, makes the kernel, runs it. As in a compiled graph, arrays
 * lie at an offset in larger blocks; here the rest of the block is a guard that must come out unchanged. Outputs start as NaN, and so
 * does an input of which the op says that only its shape matters.
 *
 * @param provider what computes
 * @param type FLOAT or DOUBLE: inputs of real type are converted to it
 * @param collective the workers
 */
public record OpRunner(KernelProvider provider, DataType type, Collective collective) {
    private static final int GUARD = 64;
    private static final int GUARD_VALUE = 12288; // BFLOAT16 holds it too

    /** A single worker. */
    public OpRunner(KernelProvider provider, DataType type) {
        this(provider, type, Collective.ALONE);
    }

    /** The op with attributes as SameDiff's deserialisation would give it. */
    public static <T extends GraphOp> T op(T op, long[] integers, double... reals) {
        op.addIArgument(integers);
        op.addTArgument(reals);
        return op;
    }

    /** All outputs for these inputs. */
    public List<INDArray> run(GraphOp op, INDArray... inputs) {
        return run(op, List.of(inputs));
    }

    /** All outputs for these inputs. */
    public List<INDArray> run(GraphOp op, List<INDArray> inputs) {
        try (Bound bound = bind(op, inputs, -1)
                .orElseThrow(() -> new AssertionError(provider.name() + " has no kernel for " + op.opName()))) {
            bound.run();
            bound.checkGuards();
            return bound.copyOfOutputs();
        }
    }

    /**
     * A kernel on copies of these inputs; empty if the provider has none.
     *
     * @param only the only output that somebody reads; -1 for all
     */
    public Optional<Bound> bind(GraphOp op, List<INDArray> inputs, int only) {
        return bindAsTheyAre(
                op,
                inputs.stream()
                        .map(x -> x.dataType().isFPType() ? x.castTo(type) : x)
                        .toList(),
                only);
    }

    /** As {@link #bind}, with inputs of the types that they have. */
    Optional<Bound> bindAsTheyAre(GraphOp op, List<INDArray> inputs, int only) {
        List<INDArray> in = inputs.stream().map(OpRunner::guarded).collect(Collectors.toList());
        for (int i = 0; i < in.size(); i++) {
            if (!op.readsInput(i)) {
                in.get(i).assign(Double.NaN); // only its shape may matter
            }
        }
        List<INDArray> before = in.stream().map(x -> x.dup('c')).toList();
        long[][] shapes = op.outputShapes(in.stream().map(INDArray::shape).toArray(long[][]::new));
        List<DataType> types = in.stream().map(INDArray::dataType).collect(Collectors.toList());
        INDArray[] all = new INDArray[shapes.length];
        INDArray[] bound = new INDArray[shapes.length];
        for (int i = 0; i < shapes.length; i++) {
            Alias alias = op.alias(i);
            if (alias != null) {
                all[i] = aliased(in.get(alias.input()), alias.row(), shapes[i]);
            } else if (only < 0 || only == i) {
                DataType t = op.outputType(i, types);
                all[i] = guarded(shapes[i], t);
                all[i].assign(t.isIntType() ? Integer.MIN_VALUE : Double.NaN);
                bound[i] = all[i];
            }
        }
        KernelContext context = new KernelContext(collective, new Scratch());
        return provider.kernel(new OpCall(op, in, bound, context))
                .map(kernel -> new Bound(op, kernel, in, all, before));
    }

    private static INDArray aliased(INDArray x, long row, long[] shape) {
        long offset = x.offset() + row * (x.length() / x.size(0));
        return Nd4j.create(x.data(), shape, Nd4j.getStrides(shape, 'c'), offset, 'c');
    }

    private static INDArray guarded(INDArray x) {
        INDArray copy = guarded(x.shape(), x.dataType());
        copy.assign(x);
        return copy;
    }

    private static INDArray guarded(long[] shape, DataType type) {
        long length = 1;
        for (long s : shape) {
            length *= s;
        }
        INDArray block = Nd4j.valueArrayOf(new long[] {GUARD + length + GUARD}, GUARD_VALUE, type);
        return Nd4j.create(block.data(), shape, Nd4j.getStrides(shape, 'c'), GUARD, 'c');
    }

    /** A kernel and its arrays; an output that is not computed is null. */
    public record Bound(GraphOp op, Kernel kernel, List<INDArray> inputs, INDArray[] outputs, List<INDArray> before)
            implements AutoCloseable {
        /** Computes the outputs from what {@link #inputs} hold now. */
        public void run() {
            kernel.run();
        }

        List<INDArray> copyOfOutputs() {
            List<INDArray> copies = new ArrayList<>();
            for (INDArray o : outputs) {
                copies.add(o == null ? null : o.dup('c'));
            }
            return copies;
        }

        /** Nothing but outputs was written. */
        void checkGuards() {
            for (int i = 0; i < inputs.size(); i++) {
                assertArrayEquals(values(before.get(i)), values(inputs.get(i)), op.opName() + " wrote its input " + i);
                checkGuard(inputs.get(i), "input " + i);
            }
            for (int i = 0; i < outputs.length; i++) {
                if (outputs[i] != null && op.alias(i) == null) {
                    checkGuard(outputs[i], "output " + i);
                }
            }
        }

        private static double[] values(INDArray x) {
            return x.castTo(DataType.DOUBLE).dup('c').reshape(x.length()).toDoubleVector();
        }

        private void checkGuard(INDArray x, String name) {
            // from 1: an offset of 0 would not mean the start of the block but that of the view
            for (long from : new long[] {1, GUARD + x.length()}) {
                INDArray guard = Nd4j.create(x.data(), new long[] {GUARD - 1}, new long[] {1}, from, 'c');
                assertTrue(
                        guard.minNumber().doubleValue() == GUARD_VALUE
                                && guard.maxNumber().doubleValue() == GUARD_VALUE,
                        op.opName() + " wrote beyond the bounds of " + name);
            }
        }

        @Override
        public void close() {
            kernel.close();
        }
    }
}
