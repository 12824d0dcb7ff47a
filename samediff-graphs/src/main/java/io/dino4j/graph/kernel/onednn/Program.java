package io.dino4j.graph.kernel.onednn;

import static io.dino4j.graph.kernel.onednn.Dnnl.check;
import static org.bytedeco.dnnl.global.dnnl.*;

import io.dino4j.graph.kernel.KeptWeights;
import io.dino4j.graph.kernel.Kernel;
import io.dino4j.graph.kernel.OpCall;
import io.dino4j.graph.kernel.Scratch;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The kernel of one op: steps that run in order, each an execution of a oneDNN primitive or a Java loop. It is put
 * together step by step ({@link Primitives} has the words), then {@link #ready}; equal primitives are made once and
 * executed with different addresses.
 */
final class Program implements Kernel {
    private static final int ALIGN = 64;

    /** Frees the native objects of programs that nobody closed: a session of SameDiff is dropped with its plans without a word. */
    private static final Cleaner CLEANER = Cleaner.create();

    private final OpCall call;
    private final MixedProducts mixedProducts;
    private final Native natives = new Native();
    private final Cleaner.Cleanable cleanable = CLEANER.register(this, natives::close);
    private List<Runnable> steps = new ArrayList<>();
    private final List<Bound> memories = new ArrayList<>();
    private final Map<String, Primitive> primitives = new HashMap<>();
    private final Place scratch = new ScratchPlace();
    private long scratchBytes;
    private long scratchpadBytes;
    private long scratchAddress;
    private Runnable[] program;

    Program(OpCall call) {
        this(call, MixedProducts.ofThisMachine());
    }

    Program(OpCall call, MixedProducts mixedProducts) {
        this.call = call;
        this.mixedProducts = mixedProducts;
    }

    /** A primitive and the working memory it asks for, which all executions share. */
    private record Primitive(dnnl_primitive primitive, dnnl_memory scratchpad) {}

    /** An argument of a primitive. */
    record Argument(int index, Tensor tensor) {}

    /** A memory object that gets its address when the program first runs. */
    private record Bound(dnnl_memory memory, Place place, long byteOffset) {}

    /** Makes the descriptor of a primitive. */
    @FunctionalInterface
    interface Descriptor {
        /** Fills {@code pd} and returns oneDNN's status. */
        int create(Native natives, dnnl_primitive_desc pd, dnnl_primitive_attr attr);
    }

    Native natives() {
        return natives;
    }

    OpCall call() {
        return call;
    }

    /** How matrices of bfloat16 are multiplied. */
    MixedProducts mixedProducts() {
        return mixedProducts;
    }

    /** Input {@code i} as a matrix: rows by all else; a vector or scalar is one row. */
    Tensor in(int i) {
        return matrix(call.in(i));
    }

    /** Output {@code i} as a matrix like {@link #in}; null if it is not wanted. */
    Tensor out(int i) {
        return i >= call.outputs().length || call.out(i) == null ? null : matrix(call.out(i));
    }

    /** Output {@code i}, or scratch memory of its size where nobody wants it. */
    Tensor outOrScratch(int i, long rows, long columns) {
        return outOrScratch(i, dnnl_f32, rows, columns);
    }

    /** Output {@code i}, or scratch memory of its size and type where nobody wants it. */
    Tensor outOrScratch(int i, int type, long rows, long columns) {
        Tensor out = out(i);
        return out == null ? scratchOf(type, rows, columns) : out;
    }

    private static Tensor matrix(INDArray a) {
        return Tensor.matrix(a, a.rank() < 2 ? 1 : a.size(0));
    }

    /** Contiguous working memory of floats for the time of one run. */
    Tensor scratch(long... dims) {
        return scratchOf(dnnl_f32, dims);
    }

    /** Contiguous working memory of a type for the time of one run. */
    Tensor scratchOf(int type, long... dims) {
        Tensor t = Tensor.dense(scratch, scratchBytes / Tensor.bytes(type), type, dims);
        scratchBytes += roundUp(t.length() * Tensor.bytes(type));
        return t;
    }

    /** True if the tensor is an input that only changes when its owner says so. */
    boolean isKept(Tensor t) {
        return call.inputs().stream()
                .anyMatch(a -> call.context().weights().contains(a) && t.place().isOf(a));
    }

    /** Contiguous memory of a type that keeps its content from run to run. */
    Tensor kept(int type, long elements) {
        long floats = (elements * Tensor.bytes(type) + Float.BYTES - 1) / Float.BYTES;
        Place place = Place.of(call.context().weights().allocate(floats));
        return Tensor.dense(place, 0, type, new long[] {elements});
    }

    /** Adds the steps that {@code body} adds, to be done only in runs before which weights have changed. */
    Program whenWeightsChange(Runnable body) {
        return then(new OncePerVersion(call.context().weights(), stepsOf(body)));
    }

    /** Adds the steps that {@code body} adds, to be done only if a condition holds by then. */
    Program when(BooleanSupplier condition, Runnable body) {
        Runnable[] some = stepsOf(body);
        return then(() -> {
            if (condition.getAsBoolean()) {
                for (Runnable step : some) {
                    step.run();
                }
            }
        });
    }

    private Runnable[] stepsOf(Runnable body) {
        List<Runnable> all = steps;
        steps = new ArrayList<>();
        body.run();
        Runnable[] some = steps.toArray(Runnable[]::new);
        steps = all;
        return some;
    }

    private static long roundUp(long bytes) {
        return (bytes + ALIGN - 1) / ALIGN * ALIGN;
    }

    /** Adds a Java step. */
    Program then(Runnable step) {
        steps.add(step);
        return this;
    }

    /** Adds a Java loop over rows, on several threads if they are large; see {@link RowLoop}. */
    Program rows(long rows, long width, Supplier<RowLoop.RowStep> step) {
        return rows(0, rows, RowLoop.bodies(rows, width, step));
    }

    /** Adds a Java loop over a range of rows. */
    Program rows(long first, long rows, RowLoop.RowStep[] bodies) {
        return then(new RowLoop(first, rows, bodies));
    }

    /**
     * Adds an execution.
     *
     * @param what names the primitive; with the layouts of arguments and post-ops it says all about it
     */
    Program execute(String what, Descriptor descriptor, PostOps postOps, List<Argument> arguments) {
        List<Argument> all = new ArrayList<>(arguments);
        StringBuilder key = new StringBuilder(what);
        arguments.forEach(a -> key.append(a.index()).append(a.tensor().layout()));
        for (int i = 0; i < postOps.list().size(); i++) {
            PostOps.PostOp op = postOps.list().get(i);
            key.append(op.layout());
            if (op.operand() != null) {
                all.add(new Argument(Dnnl.postOpArgument(i), op.operand()));
            }
        }
        Primitive primitive =
                primitives.computeIfAbsent(key.toString(), k -> make(what, descriptor, natives.attributes(postOps)));
        int n = all.size() + (primitive.scratchpad() == null ? 0 : 1);
        dnnl_exec_arg_t list = new dnnl_exec_arg_t(n);
        for (int i = 0; i < all.size(); i++) {
            Tensor t = all.get(i).tensor();
            dnnl_memory m = natives.memory(t);
            memories.add(new Bound(m, t.place(), t.byteOffset()));
            list.position(i).arg(all.get(i).index()).memory(m);
        }
        if (primitive.scratchpad() != null) {
            list.position(all.size()).arg(DNNL_ARG_SCRATCHPAD).memory(primitive.scratchpad());
        }
        list.position(0);
        steps.add(new Execution(what, primitive.primitive(), n, list));
        return this;
    }

    private Primitive make(String what, Descriptor descriptor, dnnl_primitive_attr attr) {
        dnnl_primitive_desc pd = new dnnl_primitive_desc();
        check(descriptor.create(natives, pd, attr), "describing " + what);
        dnnl_primitive primitive = natives.primitive(pd, what);
        dnnl_memory_desc wanted = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
        long bytes = wanted == null || wanted.isNull() ? 0 : dnnl_memory_desc_get_size(wanted);
        dnnl_memory scratchpad = null;
        if (bytes > 0) {
            scratchpadBytes = Math.max(scratchpadBytes, bytes);
            scratchpad = new dnnl_memory();
            check(dnnl_memory_create(scratchpad, wanted, Dnnl.engine(), null), "making a scratchpad");
            dnnl_memory owned = scratchpad;
            natives.onClose(() -> dnnl_memory_destroy(owned));
            memories.add(new Bound(scratchpad, scratch, -1));
        }
        dnnl_primitive_desc_destroy(pd);
        return new Primitive(primitive, scratchpad);
    }

    /** Ends the construction: asks for the scratch memory. */
    Program ready() {
        call.context().scratch().reserve(scratchBytes + scratchpadBytes + ALIGN);
        program = steps.toArray(Runnable[]::new);
        return this;
    }

    @Override
    public void run() {
        if (scratchAddress == 0) {
            bind();
        }
        try {
            for (Runnable step : program) {
                step.run();
            }
        } finally {
            // a step holds native objects by themselves: they must not be freed under it
            Reference.reachabilityFence(this);
        }
    }

    /** Nanoseconds of the fastest of several runs. */
    long leastNanos(int runs) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < runs; i++) {
            long start = System.nanoTime();
            run();
            least = Math.min(least, System.nanoTime() - start);
        }
        return least;
    }

    /** Tells all memory objects where they are. */
    private void bind() {
        Scratch block = call.context().scratch();
        scratchAddress = roundUp(block.block().data().addressPointer().address());
        for (Bound b : memories) {
            // a scratchpad lies behind what the program itself asked for
            long offset = b.byteOffset() < 0 ? scratchBytes : b.byteOffset();
            check(
                    dnnl_memory_set_data_handle(b.memory(), Dnnl.at(b.place().address() + offset)),
                    "binding a memory object");
        }
        // the list stays: it holds the arrays, such as constants of a kernel, that oneDNN now knows by address only
    }

    @Override
    public void close() {
        cleanable.clean();
        program = new Runnable[] {
            () -> {
                throw new IllegalStateException("the kernel of " + call.op().opName() + " is closed");
            }
        };
    }

    /** One execution of a primitive with fixed arguments. */
    private record Execution(String what, dnnl_primitive primitive, int count, dnnl_exec_arg_t arguments)
            implements Runnable {
        @Override
        public void run() {
            check(dnnl_primitive_execute(primitive, Dnnl.stream(), count, arguments), what);
        }
    }

    /** Steps that depend on weights alone. */
    private static final class OncePerVersion implements Runnable {
        private final KeptWeights weights;
        private final Runnable[] steps;
        private long done;

        OncePerVersion(KeptWeights weights, Runnable[] steps) {
            this.weights = weights;
            this.steps = steps;
        }

        @Override
        public void run() {
            // read first: a change that comes while the steps run makes them run again
            long now = weights.version();
            if (now != done) {
                for (Runnable step : steps) {
                    step.run();
                }
                done = now;
            }
        }
    }

    /** The program's part of the graph's scratch memory. */
    private final class ScratchPlace implements Place {
        @Override
        public long address() {
            if (scratchAddress == 0) {
                throw new IllegalStateException("scratch memory has no address before the first run");
            }
            return scratchAddress;
        }
    }
}
