package io.dino4j.zoo.weights;

import io.dino4j.zoo.weights.TorchGlobal.Plain;
import io.dino4j.zoo.weights.TorchGlobal.Tuple;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Interprets the few pickle opcodes that dictionaries of tensors are made of, with the names of {@link TorchGlobal}. A pickle
 * is a program; this machine has no instruction that runs anything, and refuses every opcode and name it does not know.
 * Lists lose their content and objects their state, because neither can name a tensor.
 *
 * @see <a href="https://github.com/python/cpython/blob/3.12/Lib/pickletools.py">the opcodes</a>
 */
final class TorchPickle {
    private static final int MOST_STEPS = 4_000_000; // a large training state takes some hundred thousand
    private static final Map<Integer, String> REFUSED = refused();

    private final ByteBuffer in;
    private final Storages storages;
    private final List<Object> stack = new ArrayList<>();
    private final Deque<Integer> marks = new ArrayDeque<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    /** Finds the data that tensors are windows on. */
    @FunctionalInterface
    interface Storages {
        /**
         * The storage of this key.
         *
         * @throws IllegalArgumentException if the archive does not hold as many elements
         */
        TorchTensor.Storage find(TorchGlobal type, String key, long length);
    }

    private TorchPickle(ByteBuffer in, Storages storages) {
        this.in = in.order(ByteOrder.LITTLE_ENDIAN);
        this.storages = storages;
    }

    /**
     * Runs a pickle.
     *
     * @return dictionaries as {@link Map}, tensors as {@link TorchTensor}, and other values that do not matter
     * @throws IllegalArgumentException saying what was refused, and where
     */
    static Object load(ByteBuffer in, Storages storages) {
        TorchPickle pickle = new TorchPickle(in, storages);
        int at = 0;
        try {
            for (int steps = 0; steps < MOST_STEPS; steps++) {
                at = in.position();
                int opcode = pickle.unsigned();
                if (opcode == '.') {
                    return pickle.pop();
                }
                pickle.step(opcode);
            }
            throw new IllegalArgumentException("more than %d opcodes".formatted(MOST_STEPS));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("byte %d of data.pkl: %s".formatted(at, e.getMessage()), e);
        }
    }

    private void step(int opcode) {
        switch (opcode) {
            case 0x80 -> require(unsigned() <= 5, "this pickle protocol is not known"); // PROTO
            case 0x95 -> need(number(8)); // FRAME, without its bytes
            case '(' -> marks.push(stack.size()); // MARK
            case 'N' -> push(Plain.NONE);
            case 0x88 -> push(true); // NEWTRUE
            case 0x89 -> push(false); // NEWFALSE
            case 'J' -> push((long) (int) number(4)); // BININT
            case 'K' -> push(number(1)); // BININT1
            case 'M' -> push(number(2)); // BININT2
            case 0x8a -> push(bigNumber(unsigned())); // LONG1
            case 'G' -> push(Double.longBitsToDouble(Long.reverseBytes(number(8)))); // BINFLOAT
            case 'X' -> push(text(number(4))); // BINUNICODE
            case 0x8c -> push(text(number(1))); // SHORT_BINUNICODE
            case ')' -> push(new Tuple(List.of())); // EMPTY_TUPLE
            case 0x85 -> push(new Tuple(pop(1))); // TUPLE1
            case 0x86 -> push(new Tuple(pop(2))); // TUPLE2
            case 0x87 -> push(new Tuple(pop(3))); // TUPLE3
            case 't' -> push(new Tuple(popToMark())); // TUPLE
            case '}' -> push(new LinkedHashMap<>()); // EMPTY_DICT
            case 's' -> put(pop(2)); // SETITEM
            case 'u' -> put(popToMark()); // SETITEMS
            case ']' -> push(Plain.LIST); // EMPTY_LIST
            case 'a' -> append(pop(1)); // APPEND
            case 'e' -> append(popToMark()); // APPENDS
            case 'q' -> memo.put((int) number(1), top()); // BINPUT
            case 'r' -> memo.put((int) number(4), top()); // LONG_BINPUT
            case 0x94 -> memo.put(memo.size(), top()); // MEMOIZE
            case 'h' -> push(memoized((int) number(1))); // BINGET
            case 'j' -> push(memoized((int) number(4))); // LONG_BINGET
            case 'c' -> push(global(line(), line())); // GLOBAL
            case 0x93 -> push(global(pop(2))); // STACK_GLOBAL
            case 'Q' -> push(storage(pop())); // BINPERSID
            case 'R' -> push(call(pop(2))); // REDUCE
            case 'b' -> build(pop(2)); // BUILD
            default -> throw new IllegalArgumentException("opcode %s (0x%02x) is refused: tensors do not need it"
                    .formatted(REFUSED.getOrDefault(opcode, "unknown"), opcode));
        }
    }

    private void put(List<Object> pairs) {
        require(pairs.size() % 2 == 0, "a dictionary key without a value");
        require(top() instanceof Map<?, ?>, "an item is set on what is no dictionary");
        @SuppressWarnings("unchecked") // only this class makes them
        Map<Object, Object> map = (Map<Object, Object>) top();
        for (int i = 0; i < pairs.size(); i += 2) {
            Object key = pairs.get(i);
            require(key instanceof String || key instanceof Long, "a dictionary key is neither text nor a number");
            require(map.put(key, pairs.get(i + 1)) == null, "a dictionary has a key twice");
        }
    }

    private void append(List<Object> dropped) {
        require(top() == Plain.LIST, "values are appended to what is no list");
    }

    private static TorchGlobal global(List<Object> name) {
        require(
                name.get(0) instanceof String && name.get(1) instanceof String,
                "the name of a global is not made of texts");
        return global((String) name.get(0), (String) name.get(1));
    }

    private static TorchGlobal global(String module, String symbol) {
        return TorchGlobal.named(module, symbol)
                .orElseThrow(() -> new IllegalArgumentException(
                        "global '%s.%s' is refused: tensors do not need it".formatted(module, symbol)));
    }

    private TorchTensor.Storage storage(Object id) { // ('storage', class, key, device, number of elements)
        if (id instanceof Tuple t
                && t.values().size() == 5
                && t.values().get(0).equals("storage")
                && t.values().get(1) instanceof TorchGlobal type
                && type.type().isPresent()
                && t.values().get(2) instanceof String key
                && t.values().get(4) instanceof Long length) {
            return storages.find(type, key, length);
        }
        throw new IllegalArgumentException("a persistent id that names no storage");
    }

    private static Object call(List<Object> functionAndArgs) {
        require(
                functionAndArgs.get(0) instanceof TorchGlobal && functionAndArgs.get(1) instanceof Tuple,
                "a call of what is no function");
        return ((TorchGlobal) functionAndArgs.get(0)).call(((Tuple) functionAndArgs.get(1)).values());
    }

    private void build(List<Object> objectAndState) {
        require(objectAndState.get(0) instanceof Map<?, ?>, "a state is set on what is no dictionary");
        push(objectAndState.get(0));
    }

    private Object memoized(int index) {
        Object value = memo.get(index);
        if (value == null) {
            throw new IllegalArgumentException(
                    "value %s is fetched, but was never kept".formatted(Integer.toUnsignedString(index)));
        }
        return value;
    }

    private void push(Object value) {
        stack.add(value);
    }

    private Object top() {
        return peek(1).get(0);
    }

    private Object pop() {
        return pop(1).get(0);
    }

    private List<Object> pop(int count) {
        List<Object> last = peek(count);
        List<Object> values = List.copyOf(last);
        last.clear();
        return values;
    }

    private List<Object> popToMark() {
        require(!marks.isEmpty(), "a mark is wanted, but none was set");
        List<Object> values = pop(stack.size() - marks.peek());
        marks.pop();
        return values;
    }

    private List<Object> peek(int count) {
        int floor = marks.isEmpty() ? 0 : marks.peek();
        if (stack.size() - floor < count) {
            throw new IllegalArgumentException(
                    "%d values are wanted, but the stack holds %d".formatted(count, stack.size() - floor));
        }
        return stack.subList(stack.size() - count, stack.size());
    }

    private Object bigNumber(int length) {
        need(length);
        byte[] bytes = new byte[length]; // little endian, two's complement
        for (int i = length - 1; i >= 0; i--) {
            bytes[i] = in.get();
        }
        BigInteger value = length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : Plain.LARGE_NUMBER;
    }

    private int unsigned() {
        return (int) number(1);
    }

    private long number(int bytes) {
        need(bytes);
        return switch (bytes) {
            case 1 -> Byte.toUnsignedLong(in.get());
            case 2 -> Short.toUnsignedLong(in.getShort());
            case 4 -> Integer.toUnsignedLong(in.getInt());
            default -> in.getLong();
        };
    }

    private String text(long length) {
        need(length);
        byte[] bytes = new byte[(int) length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private String line() {
        int start = in.position();
        int end = start;
        while (end < in.limit() && in.get(end) != '\n') {
            end++;
        }
        String text = text(end - start);
        need(1);
        in.get();
        return text;
    }

    private void need(long bytes) {
        if (bytes < 0 || bytes > in.remaining()) {
            throw new IllegalArgumentException("%s bytes are wanted, but the pickle ends after %d"
                    .formatted(Long.toUnsignedString(bytes), in.remaining()));
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    private static Map<Integer, String> refused() {
        Map<Integer, String> names = new HashMap<>();
        String printable = "0 POP 1 POP_MARK 2 DUP F FLOAT I INT L LONG S STRING V UNICODE B BINBYTES C SHORT_BINBYTES"
                + " T BINSTRING U SHORT_BINSTRING P PERSID d DICT l LIST g GET p PUT i INST o OBJ";
        String[] words = printable.split(" ");
        for (int i = 0; i < words.length; i += 2) {
            names.put((int) words[i].charAt(0), words[i + 1]);
        }
        names.putAll(Map.of(0x81, "NEWOBJ", 0x82, "EXT1", 0x83, "EXT2", 0x84, "EXT4", 0x8b, "LONG4"));
        names.putAll(Map.of(0x8d, "BINUNICODE8", 0x8e, "BINBYTES8", 0x8f, "EMPTY_SET", 0x90, "ADDITEMS"));
        names.putAll(Map.of(0x91, "FROZENSET", 0x92, "NEWOBJ_EX", 0x96, "BYTEARRAY8"));
        names.putAll(Map.of(0x97, "NEXT_BUFFER", 0x98, "READONLY_BUFFER"));
        return names;
    }
}
