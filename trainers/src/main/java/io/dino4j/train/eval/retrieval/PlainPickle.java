package io.dino4j.train.eval.retrieval;

import io.dino4j.train.eval.retrieval.NumpyName.Bytes;
import io.dino4j.train.eval.retrieval.NumpyName.Tuple;
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
 * Interprets the pickle opcodes that plain values are made of: dictionaries, lists, texts, numbers, and one-dimensional arrays of numpy. A
 * pickle is a program; this machine has no instruction that runs anything, and refuses every opcode and name it does not know. Like {@code
 * TorchPickle} of the zoo, which reads tensors and drops lists.
 *
 * @see <a href="https://github.com/python/cpython/blob/3.12/Lib/pickletools.py">the opcodes</a>
 */
final class PlainPickle {
    private static final int NEWEST_PROTOCOL = 5;

    private final ByteBuffer in;
    private final List<Object> stack = new ArrayList<>();
    private final Deque<Integer> marks = new ArrayDeque<>();
    private final Map<Long, Object> memo = new HashMap<>();

    private PlainPickle(byte[] bytes) {
        in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Reads a pickle of any protocol.
     *
     * @return dictionaries as {@link Map}, lists, tuples and arrays as {@link List}, texts, {@link Long}, {@link Double} and {@link Boolean}.
     *     Lists may hold themselves: do not print them
     * @throws IllegalArgumentException saying what was refused, and where
     */
    static Object load(byte[] bytes) {
        PlainPickle pickle = new PlainPickle(bytes);
        int at = 0;
        try {
            while (true) {
                at = pickle.in.position();
                int opcode = (int) pickle.number(1);
                if (opcode == '.') {
                    return NumpyName.plain(pickle.pop(1).get(0));
                }
                if (!pickle.value(opcode) && !pickle.container(opcode)) {
                    throw new IllegalArgumentException(
                            "opcode 0x%02x is refused: plain values do not need it".formatted(opcode));
                }
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("byte %d of the pickle: %s".formatted(at, e.getMessage()), e);
        }
    }

    /** Texts and numbers. */
    private boolean value(int opcode) {
        switch (opcode) {
            case 'N' -> stack.add(NumpyName.NONE);
            case 0x88 -> stack.add(true); // NEWTRUE
            case 0x89 -> stack.add(false); // NEWFALSE
            case 'I' -> stack.add(integer(line())); // INT
            case 'L' -> stack.add(integer(line().replaceAll("L$", ""))); // LONG
            case 'F' -> stack.add(
                    Double.parseDouble(line())); // FLOAT; NumberFormatException is an IllegalArgumentException
            case 'J' -> stack.add((long) (int) number(4)); // BININT
            case 'K' -> stack.add(number(1)); // BININT1
            case 'M' -> stack.add(number(2)); // BININT2
            case 0x8a -> stack.add(signed(bytes(number(1)))); // LONG1
            case 'G' -> stack.add(Double.longBitsToDouble(Long.reverseBytes(number(8)))); // BINFLOAT
            case 'S' -> stack.add(unquoted(line())); // STRING
            case 'V' -> stack.add(unescaped(line())); // UNICODE
            case 'X' -> stack.add(text(bytes(number(4)))); // BINUNICODE
            case 0x8c -> stack.add(text(bytes(number(1)))); // SHORT_BINUNICODE
            case 0x8d -> stack.add(text(bytes(number(8)))); // BINUNICODE8
            case 'U', 'C' -> stack.add(new Bytes(bytes(number(1)))); // SHORT_BINSTRING, SHORT_BINBYTES
            case 'T', 'B' -> stack.add(new Bytes(bytes(number(4)))); // BINSTRING, BINBYTES
            case 0x8e -> stack.add(new Bytes(bytes(number(8)))); // BINBYTES8
            default -> {
                return false;
            }
        }
        return true;
    }

    /** What holds other values, and names. */
    private boolean container(int opcode) {
        switch (opcode) {
            case 0x80 -> require(number(1) <= NEWEST_PROTOCOL, "this pickle protocol is not known"); // PROTO
            case 0x95 -> require(number(8) <= in.remaining(), "a frame goes on beyond the end"); // FRAME
            case '(' -> marks.push(stack.size()); // MARK
            case '0' -> pop(1); // POP
            case ')' -> stack.add(new Tuple(List.of())); // EMPTY_TUPLE
            case 0x85 -> stack.add(new Tuple(pop(1))); // TUPLE1
            case 0x86 -> stack.add(new Tuple(pop(2))); // TUPLE2
            case 0x87 -> stack.add(new Tuple(pop(3))); // TUPLE3
            case 't' -> stack.add(new Tuple(popToMark())); // TUPLE
            case ']' -> stack.add(new ArrayList<>()); // EMPTY_LIST
            case 'l' -> stack.add(new ArrayList<>(popToMark())); // LIST
            case 'a' -> append(pop(1)); // APPEND
            case 'e' -> append(popToMark()); // APPENDS
            case '}' -> stack.add(new LinkedHashMap<>()); // EMPTY_DICT
            case 'd' -> { // DICT
                List<Object> pairs = popToMark();
                stack.add(new LinkedHashMap<>());
                put(pairs);
            }
            case 's' -> put(pop(2)); // SETITEM
            case 'u' -> put(popToMark()); // SETITEMS
            case 'p' -> memo.put(integer(line()), top()); // PUT
            case 'q' -> memo.put(number(1), top()); // BINPUT
            case 'r' -> memo.put(number(4), top()); // LONG_BINPUT
            case 0x94 -> memo.put((long) memo.size(), top()); // MEMOIZE
            case 'g' -> stack.add(memoized(integer(line()))); // GET
            case 'h' -> stack.add(memoized(number(1))); // BINGET
            case 'j' -> stack.add(memoized(number(4))); // LONG_BINGET
            case 'c' -> stack.add(NumpyName.of(line(), line())); // GLOBAL
            case 0x93 -> { // STACK_GLOBAL
                List<Object> name = pop(2);
                stack.add(NumpyName.of(String.valueOf(name.get(0)), String.valueOf(name.get(1))));
            }
            case 'R' -> { // REDUCE
                List<Object> call = pop(2);
                require(
                        call.get(0) instanceof NumpyName && call.get(1) instanceof Tuple,
                        "a call of what is no function");
                stack.add(((NumpyName) call.get(0)).call(((Tuple) call.get(1)).values()));
            }
            case 'b' -> { // BUILD
                List<Object> state = pop(2);
                NumpyName.build(state.get(0), state.get(1));
                stack.add(state.get(0));
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    @SuppressWarnings("unchecked") // only this class makes them
    private void append(List<Object> values) {
        require(top() instanceof ArrayList, "values are appended to what is no list");
        values.forEach(v -> ((List<Object>) top()).add(NumpyName.plain(v)));
    }

    @SuppressWarnings("unchecked") // only this class makes them
    private void put(List<Object> pairs) {
        require(
                top() instanceof Map && pairs.size() % 2 == 0,
                "items are set on what is no dictionary, or have no value");
        for (int i = 0; i < pairs.size(); i += 2) {
            Object key = NumpyName.plain(pairs.get(i));
            require(key instanceof String || key instanceof Long, "a dictionary key is neither text nor a number");
            ((Map<Object, Object>) top()).put(key, NumpyName.plain(pairs.get(i + 1)));
        }
    }

    private Object memoized(long index) {
        require(memo.containsKey(index), "a value is fetched that was never kept");
        return memo.get(index);
    }

    private Object top() {
        return peek(1).get(0);
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
        require(stack.size() - floor >= count, "the stack holds fewer values than are wanted");
        return stack.subList(stack.size() - count, stack.size());
    }

    private long number(int count) {
        require(count <= in.remaining(), "the pickle ends too early");
        return switch (count) {
            case 1 -> Byte.toUnsignedLong(in.get());
            case 2 -> Short.toUnsignedLong(in.getShort());
            case 4 -> Integer.toUnsignedLong(in.getInt());
            default -> in.getLong();
        };
    }

    private byte[] bytes(long count) {
        require(count >= 0 && count <= in.remaining(), "the pickle ends too early");
        byte[] bytes = new byte[(int) count];
        in.get(bytes);
        return bytes;
    }

    private String line() {
        int end = in.position();
        while (end < in.limit() && in.get(end) != '\n') {
            end++;
        }
        String line = new String(bytes(end - in.position()), StandardCharsets.ISO_8859_1);
        number(1);
        return line.strip();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static long integer(String digits) {
        return Long.parseLong(digits); // NumberFormatException is an IllegalArgumentException
    }

    /** Little endian, two's complement. */
    private static long signed(byte[] bytes) {
        require(bytes.length <= Long.BYTES, "a number of more than 64 bits");
        long value = bytes.length > 0 && bytes[bytes.length - 1] < 0 ? -1 : 0;
        for (int i = bytes.length - 1; i >= 0; i--) {
            value = value << Byte.SIZE | bytes[i] & 0xff;
        }
        return value;
    }

    /** Bytes as Python 2 writes them. */
    private static Bytes unquoted(String line) {
        require(line.length() >= 2 && line.charAt(0) == line.charAt(line.length() - 1), "a text without quotes");
        return new Bytes(unescaped(line.substring(1, line.length() - 1)).getBytes(StandardCharsets.ISO_8859_1));
    }

    /** With the escapes that Python writes: backslash and x, u, n, r, t, a quote, or itself. */
    private static String unescaped(String line) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < line.length(); i++) {
            if (line.charAt(i) != '\\') {
                text.append(line.charAt(i));
                continue;
            }
            char kind = ++i < line.length() ? line.charAt(i) : 0;
            int digits = kind == 'x' ? 2 : kind == 'u' ? 4 : 0;
            int named = "nrt'\"\\".indexOf(kind);
            require(digits > 0 && i + digits < line.length() || named >= 0, "a text with an unknown escape");
            text.append(
                    digits > 0
                            ? (char) Integer.parseInt(line.substring(i + 1, i + 1 + digits), 16)
                            : "\n\r\t'\"\\".charAt(named));
            i += digits;
        }
        return text.toString();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
