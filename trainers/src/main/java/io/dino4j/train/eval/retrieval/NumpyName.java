package io.dino4j.train.eval.retrieval;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The Python names that arrays of numbers refer to, and what is done here in their place. The list is closed: a name that is not on it is
 * refused when it is read, so that no file decides what runs.
 */
enum NumpyName {
    RECONSTRUCT("multiarray", "_reconstruct") {
        @Override
        Object call(List<?> args) { // the class, a shape, and a type, all of which the state says again
            require(args.size() == 3 && args.get(0) == ARRAY, "an array of another class");
            return new Numbers(new ArrayList<>());
        }
    },
    SCALAR("multiarray", "scalar") {
        @Override
        Object call(List<?> args) {
            require(
                    args.size() == 2 && args.get(0) instanceof Type && args.get(1) instanceof Bytes,
                    "a number without a type");
            List<Number> one = ((Type) args.get(0)).read(((Bytes) args.get(1)).bytes());
            require(one.size() == 1, "a number of several numbers");
            return one.get(0);
        }
    },
    ARRAY("numpy", "ndarray"),
    TYPE("numpy", "dtype") {
        @Override
        Object call(List<?> args) { // its name, such as i8, and two flags
            require(args.size() == 3, "a type of %d arguments".formatted(args.size()));
            return new Type(String.valueOf(plain(args.get(0))));
        }
    },
    ENCODE("_codecs", "encode") {
        @Override
        Object call(List<?> args) { // how protocol 2 writes bytes
            require(
                    args.size() == 2 && args.get(0) instanceof String && "latin1".equals(plain(args.get(1))),
                    "bytes that are not in latin1");
            return new Bytes(((String) args.get(0)).getBytes(StandardCharsets.ISO_8859_1));
        }
    },
    NO_BYTES("__builtin__", "bytes") {
        @Override
        Object call(List<?> args) { // how protocol 2 writes none
            require(args.isEmpty(), "bytes made of arguments");
            return new Bytes(new byte[0]);
        }
    };

    /** Python's None. */
    static final Object NONE = new Object();

    private static final List<String> MODULES =
            List.of("numpy.core.multiarray", "numpy._core.multiarray", "numpy", "_codecs", "__builtin__");

    /** A Python tuple. Not a record: comparing or hashing nested tuples could take forever. */
    static final class Tuple {
        private final List<Object> values;
        private List<Object> plain;

        Tuple(List<Object> values) {
            this.values = List.copyOf(values);
        }

        List<Object> values() {
            return values;
        }

        /** Made once, however often the tuple is named. */
        List<Object> plain() {
            if (plain == null) {
                require(values.stream().noneMatch(Tuple.class::isInstance), "a tuple in a tuple");
                plain = values.stream().map(NumpyName::plain).toList();
            }
            return plain;
        }
    }

    /** Bytes, which are text where Python 2 wrote them. */
    static final class Bytes {
        private final byte[] bytes;
        private String text;

        Bytes(byte[] bytes) {
            this.bytes = bytes;
        }

        byte[] bytes() {
            return bytes;
        }

        /** Made once, however often the bytes are named. */
        String text() {
            if (text == null) {
                text = new String(bytes, StandardCharsets.UTF_8);
            }
            return text;
        }
    }

    /** An array, empty until its state is set. */
    private record Numbers(List<Number> values) {}

    /** A type of numbers. */
    private static final class Type {
        private final char kind;
        private final int width;
        private ByteOrder order = ByteOrder.LITTLE_ENDIAN;

        Type(String name) {
            require(name.matches("[<>]?(i[1248]|u[124]|f[48])"), "an array of '%s'".formatted(name));
            order = name.charAt(0) == '>' ? ByteOrder.BIG_ENDIAN : order;
            kind = name.charAt(name.length() - 2);
            width = name.charAt(name.length() - 1) - '0';
        }

        List<Number> read(byte[] bytes) {
            require(bytes.length % width == 0, "an array that ends within a number");
            ByteBuffer in = ByteBuffer.wrap(bytes).order(order);
            List<Number> values = new ArrayList<>(bytes.length / width);
            while (in.hasRemaining()) {
                values.add(kind == 'f' ? real(in) : kind == 'u' ? unsigned(in) : signed(in));
            }
            return values;
        }

        private Number real(ByteBuffer in) {
            return width == Float.BYTES ? (double) in.getFloat() : in.getDouble();
        }

        private Number signed(ByteBuffer in) {
            return switch (width) {
                case 1 -> (long) in.get();
                case 2 -> (long) in.getShort();
                case 4 -> (long) in.getInt();
                default -> in.getLong();
            };
        }

        private Number unsigned(ByteBuffer in) {
            return signed(in).longValue() & (1L << Byte.SIZE * width) - 1;
        }
    }

    private final String module;
    private final String symbol;

    NumpyName(String module, String symbol) {
        this.module = module;
        this.symbol = symbol;
    }

    /** The one of this name. */
    static NumpyName of(String module, String symbol) {
        return Arrays.stream(values())
                .filter(n -> n.symbol.equals(symbol)
                        && MODULES.contains(module)
                        && module.substring(module.lastIndexOf('.') + 1).equals(n.module))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "name '%s.%s' is refused: plain values do not need it".formatted(module, symbol)));
    }

    /** What the Python function would have made. */
    Object call(List<?> args) {
        throw new IllegalArgumentException("a call of %s.%s".formatted(module, symbol));
    }

    /** Fills an array or a type with its state. */
    static void build(Object of, Object state) {
        require(state instanceof Tuple, "a state that is no tuple");
        List<Object> values = ((Tuple) state).values();
        if (of instanceof Type type) { // version, byte order, and what only structures have
            String order = values.size() > 1 ? String.valueOf(plain(values.get(1))) : "";
            require(order.length() == 1 && "<>|=".contains(order), "a type of an unknown byte order");
            type.order = order.equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
            return;
        }
        require(of instanceof Numbers && values.size() == 5, "a state is set on what has none");
        require(
                values.get(1) instanceof Tuple shape
                        && shape.values().size() <= 1
                        && values.get(2) instanceof Type
                        && values.get(4) instanceof Bytes
                        && ((Numbers) of).values().isEmpty(),
                "an array of several dimensions, or of what are no numbers");
        ((Numbers) of).values().addAll(((Type) values.get(2)).read(((Bytes) values.get(4)).bytes()));
    }

    /** A value as those who know no Python want it: tuples and arrays as lists, bytes as text. */
    static Object plain(Object value) {
        if (value instanceof Tuple t) {
            return t.plain();
        }
        if (value instanceof Numbers n) {
            return n.values();
        }
        return value instanceof Bytes b ? b.text() : value;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
