package io.dino4j.data.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The regular files in a tar archive: ustar, GNU's long names and large sizes, POSIX extended headers. Only headers are read. Nothing is
 * believed that passes the end of the archive.
 *
 * @see <a href="https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html">The pax interchange format</a>
 */
final class TarWalk {
    private static final int BLOCK = 512;

    /** Most bytes of a name or an extended header. */
    private static final int MAX_EXTRA = 1 << 20;

    private final Path file;
    private final FileChannel channel;
    private final long end;
    private final ByteBuffer header = ByteBuffer.allocate(BLOCK);
    private long at;
    private String longName = "";
    private long longSize = -1;

    /** What takes the members. */
    @FunctionalInterface
    interface Members {
        /**
         * One regular file.
         *
         * @param content reads all of it, if it has at most {@code MAX_EXTRA} bytes
         */
        void accept(String name, long offset, long length, Content content) throws IOException;
    }

    /** Reads a member. */
    @FunctionalInterface
    interface Content {
        byte[] read() throws IOException;
    }

    /** The file is something else from its first byte on. */
    static final class NoArchiveException extends IOException {
        NoArchiveException(String message) {
            super(message);
        }
    }

    private TarWalk(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.end = channel.size();
    }

    /**
     * Goes through an archive.
     *
     * @throws IOException at a place where the archive is cut off or damaged, in one line; what came before has been handed over
     */
    static void over(Path file, Members members) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            TarWalk walk = new TarWalk(file, channel);
            while (walk.next(members)) {
                // one header after the other
            }
        }
    }

    private boolean next(Members members) throws IOException {
        if (at == end && at > 0) {
            return false; // some writers leave the two blocks of zeros out
        }
        if (end - at < BLOCK) {
            throw at == 0 ? foreign() : cut("a header");
        }
        read(header.clear(), at);
        if (isZero()) {
            return false;
        }
        if (!checks()) {
            throw at == 0
                    ? foreign()
                    : new IOException("%s: damaged at byte %d: no header of a member".formatted(file, at));
        }
        char type = (char) (header.get(156) & 0xff);
        boolean describes = type == 'L' || type == 'K' || type == 'x' || type == 'g';
        long length = !describes && longSize >= 0 ? longSize : number(124, 12);
        String name = !describes && !longName.isEmpty() ? longName : shortName();
        long offset = at + BLOCK;
        if (length < 0 || length > end - offset) {
            throw cut("'%s', a member of %d bytes".formatted(printable(name), length));
        }
        if (describes) {
            describe(type, offset, length);
        } else {
            if (type == 'S') {
                throw new IOException("%s: byte %d: sparse members are not read".formatted(file, at));
            }
            if (type == '0' || type == 0 || type == '7') {
                members.accept(name, offset, length, () -> content(offset, length));
            }
            longName = "";
            longSize = -1;
        }
        at = offset + (length + BLOCK - 1) / BLOCK * BLOCK;
        return true;
    }

    private void describe(char type, long offset, long length) throws IOException {
        if (type == 'L') {
            longName = text(content(offset, length), 0, (int) length);
        } else if (type == 'x') {
            extended(content(offset, length));
        }
    }

    /** Records of the form {@code "length key=value\n"}, where the length counts the whole record. */
    private void extended(byte[] records) throws IOException {
        int from = 0;
        while (from < records.length) {
            int space = from;
            int length = 0;
            while (space < records.length && records[space] >= '0' && records[space] <= '9' && length < MAX_EXTRA) {
                length = 10 * length + records[space++] - '0';
            }
            int to = from + length;
            if (space >= records.length || records[space] != ' ' || to <= space + 1 || to > records.length) {
                throw new IOException("%s: damaged at byte %d: an extended header".formatted(file, at));
            }
            String record = new String(records, space + 1, to - space - 2, StandardCharsets.UTF_8);
            if (record.startsWith("path=")) {
                longName = record.substring(5);
            } else if (record.startsWith("size=")) {
                longSize = decimal(record.substring(5));
            }
            from = to;
        }
    }

    private long decimal(String digits) throws IOException {
        try {
            return Long.parseUnsignedLong(digits) >= 0 ? Long.parseLong(digits) : end;
        } catch (NumberFormatException e) {
            throw new IOException("%s: damaged at byte %d: a size of '%s'".formatted(file, at, printable(digits)), e);
        }
    }

    private byte[] content(long offset, long length) throws IOException {
        if (length > MAX_EXTRA) {
            throw new IOException(
                    "%s: damaged at byte %d: a name, label or header of %d bytes".formatted(file, at, length));
        }
        ByteBuffer bytes = ByteBuffer.allocate((int) length);
        read(bytes, offset);
        return bytes.array();
    }

    private void read(ByteBuffer to, long offset) throws IOException {
        while (to.hasRemaining()) {
            if (channel.read(to, offset + to.position()) < 0) {
                throw cut("a member");
            }
        }
    }

    private String shortName() {
        String name = text(header.array(), 0, 100);
        boolean posix = text(header.array(), 257, 6).equals("ustar") && header.get(262) == 0;
        String prefix = posix ? text(header.array(), 345, 155) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    /** Octal digits, or with the highest bit set a number in base 256. */
    private long number(int from, int length) {
        byte[] bytes = header.array();
        long value = 0;
        if ((bytes[from] & 0x80) != 0) {
            for (int i = from + 1; i < from + length; i++) {
                if (value >>> 55 != 0) {
                    return -1;
                }
                value = value << 8 | bytes[i] & 0xff;
            }
            return (bytes[from] & 0x7f) == 0 ? value : -1;
        }
        for (int i = from; i < from + length; i++) {
            if (bytes[i] >= '0' && bytes[i] <= '7') {
                value = 8 * value + bytes[i] - '0';
            } else if (bytes[i] != ' ' && bytes[i] != 0) {
                return -1;
            }
        }
        return value;
    }

    /** The sum of the header's bytes, its own eight counted as blanks. Old writers took bytes as signed. */
    private boolean checks() {
        int unsigned = 0;
        int signed = 0;
        for (int i = 0; i < BLOCK; i++) {
            byte b = i >= 148 && i < 156 ? (byte) ' ' : header.get(i);
            unsigned += b & 0xff;
            signed += b;
        }
        long sum = number(148, 8);
        return sum == unsigned || sum == signed;
    }

    private boolean isZero() {
        for (byte b : header.array()) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    private static String text(byte[] bytes, int from, int length) {
        int to = from;
        while (to < from + length && bytes[to] != 0) {
            to++;
        }
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    private static String printable(String name) {
        String shown = name.codePoints()
                .filter(c -> !Character.isISOControl(c))
                .limit(200)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        return shown;
    }

    private IOException cut(String what) {
        return new IOException("%s: truncated: it has %d bytes, and %s begins at %d".formatted(file, end, what, at));
    }

    private IOException foreign() throws IOException {
        byte[] start = new byte[(int) Math.min(4, end)];
        read(ByteBuffer.wrap(start), 0);
        int magic = start.length < 4 ? 0 : ByteBuffer.wrap(start).getInt();
        boolean packed =
                magic >>> 16 == 0x1f8b || magic == 0x28b52ffd || magic >>> 8 == 0x425a68 || magic == 0xfd377a58;
        return new NoArchiveException(
                packed
                        ? file
                                + ": is compressed; members of plain .tar files alone can be read in any order, so unpack it once"
                        : file + ": is no tar archive");
    }
}
