package io.dino4j.zoo.weights;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The Python names a checkpoint of tensors refers to, and what is done here in their place. The list is closed: a name that
 * is not on it is refused when it is read, so that no file decides what runs.
 */
enum TorchGlobal {
    ORDERED_DICT("collections", "OrderedDict") {
        @Override
        Object call(List<?> args) {
            require(args.isEmpty(), "an OrderedDict made of arguments");
            return new LinkedHashMap<>();
        }
    },
    REBUILD_TENSOR("torch._utils", "_rebuild_tensor_v2") {
        @Override
        Object call(List<?> args) { // storage, offset, sizes, strides, requires_grad, hooks, and since 1.12 metadata
            require(args.size() == 6 || args.size() == 7, "a tensor of %d arguments".formatted(args.size()));
            require(
                    args.get(0) instanceof TorchTensor.Storage && args.get(1) instanceof Long,
                    "a tensor without storage and offset");
            require(
                    args.size() == 6 || args.get(6) instanceof Map<?, ?> m && m.isEmpty() || args.get(6) == Plain.NONE,
                    "a tensor with conjugate or negative bit");
            return new TorchTensor(
                    (TorchTensor.Storage) args.get(0), (Long) args.get(1), longs(args.get(2)), longs(args.get(3)));
        }
    },
    REBUILD_PARAMETER("torch._utils", "_rebuild_parameter") {
        @Override
        Object call(List<?> args) { // tensor, requires_grad, hooks
            require(args.size() == 3 && args.get(0) instanceof TorchTensor, "a Parameter that is no tensor");
            return args.get(0);
        }
    },
    FLOAT("FloatStorage", DataType.FLOAT),
    DOUBLE("DoubleStorage", DataType.DOUBLE),
    HALF("HalfStorage", DataType.FLOAT16),
    BFLOAT16("BFloat16Storage", DataType.BFLOAT16),
    LONG("LongStorage", DataType.INT64),
    INT("IntStorage", DataType.INT32),
    BYTE("ByteStorage", DataType.UINT8),
    BOOL("BoolStorage", DataType.BOOL);

    /** Python values of which only the kind matters. */
    enum Plain {
        NONE,
        LIST,
        LARGE_NUMBER
    }

    /**
     * A Python tuple. Not a record: comparing or hashing nested tuples could take forever.
     */
    static final class Tuple {
        private final List<Object> values;

        Tuple(List<Object> values) {
            this.values = List.copyOf(values);
        }

        List<Object> values() {
            return values;
        }
    }

    private final String module;
    private final String symbol;
    private final Optional<DataType> type;

    TorchGlobal(String module, String symbol) {
        this.module = module;
        this.symbol = symbol;
        this.type = Optional.empty();
    }

    TorchGlobal(String symbol, DataType type) {
        this.module = "torch";
        this.symbol = symbol;
        this.type = Optional.of(type);
    }

    /** The one of this name, if there is one. */
    static Optional<TorchGlobal> named(String module, String symbol) {
        return Arrays.stream(values())
                .filter(g -> g.symbol.equals(symbol))
                .filter(g -> g.module.equals(module) || g.type.isPresent() && module.equals("torch.storage"))
                .findFirst();
    }

    /** The element type, if this is a storage class. */
    Optional<DataType> type() {
        return type;
    }

    /**
     * What the Python function would have made.
     *
     * @throws IllegalArgumentException if a checkpoint of tensors does not do this
     */
    Object call(List<?> args) {
        throw new IllegalArgumentException("a call of " + this);
    }

    private static void require(boolean known, String what) {
        if (!known) {
            throw new IllegalArgumentException(what);
        }
    }

    private static long[] longs(Object value) {
        require(
                value instanceof Tuple t && t.values().stream().allMatch(Long.class::isInstance),
                "sizes or strides that are not whole numbers");
        require( // before they are kept: a tuple costs nothing to name again
                ((Tuple) value).values().size() <= TorchTensor.HIGHEST_RANK,
                "a tensor of more than %d dimensions".formatted(TorchTensor.HIGHEST_RANK));
        return ((Tuple) value).values().stream().mapToLong(v -> (Long) v).toArray();
    }

    @Override
    public String toString() {
        return module + "." + symbol;
    }
}
