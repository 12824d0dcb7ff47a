package io.dino4j.zoo.weights;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The members of a zip archive, zip64 included, and where their bytes lie in the file, so that they can be mapped. (The
 * archives of {@code java.util.zip} hide the place.) Nothing is believed before it is checked against the file's size.
 */
final class ZipDirectory {
    private static final int END = 0x06054b50, END64 = 0x06064b50, LOCATOR64 = 0x07064b50;
    private static final int ENTRY = 0x02014b50, LOCAL = 0x04034b50;
    private static final int END_LENGTH = 22, LOCATOR64_LENGTH = 20, END64_LENGTH = 56;
    private static final int ENTRY_LENGTH = 46, LOCAL_LENGTH = 30;
    private static final long LARGEST = 1 << 26; // for the directory: half a million members
    private static final long ABSENT = 0xFFFFFFFFL; // stands for a number kept in the zip64 field

    private final Path file;
    private final FileChannel channel;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private long start; // of the directory; the members end before it

    private record Entry(boolean stored, boolean encrypted, int nameLength, long size, long header) {}

    private record Extent(long count, long length, long offset) {}

    /**
     * Bytes of the file.
     *
     * @param offset first byte
     * @param size how many
     */
    record Member(long offset, long size) {}

    private ZipDirectory(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Reads the directory at the end of a file. */
    static ZipDirectory read(Path file, FileChannel channel) throws IOException {
        ZipDirectory zip = new ZipDirectory(file, channel);
        Extent extent = zip.extent();
        zip.start = extent.offset();
        ByteBuffer in = zip.bytes(extent.offset(), (int) extent.length());
        for (long i = 0; i < extent.count(); i++) {
            if (in.remaining() < ENTRY_LENGTH || in.getInt(in.position()) != ENTRY) {
                throw zip.fault("the zip directory is damaged: entry %d of %d is none", i + 1, extent.count());
            }
            zip.add(in);
        }
        zip.requireApart();
        return zip;
    }

    /** Two members that share bytes are a trick: each would be checked as what the other is not. */
    private void requireApart() {
        List<Map.Entry<String, Entry>> inOrder = new ArrayList<>(entries.entrySet());
        inOrder.sort(Comparator.comparingLong(e -> e.getValue().header()));
        for (int i = 0; i + 1 < inOrder.size(); i++) {
            Entry entry = inOrder.get(i).getValue();
            long room = inOrder.get(i + 1).getValue().header() - entry.header();
            if (entry.stored() && room - LOCAL_LENGTH - entry.nameLength() < entry.size()) {
                throw fault(
                        "members '%s' and '%s' overlap",
                        inOrder.get(i).getKey(), inOrder.get(i + 1).getKey());
            }
        }
    }

    /** The names of the members. */
    Set<String> names() {
        return entries.keySet();
    }

    /** Where the bytes of an uncompressed member lie; always inside the file. */
    Member locate(String name) throws IOException {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw fault("the archive has no member '%s'", name);
        }
        if (!entry.stored() || entry.encrypted()) {
            throw fault("member '%s' is compressed or encrypted, which PyTorch does not write", name);
        }
        if (entry.header() < 0 || entry.header() > start - LOCAL_LENGTH) {
            throw fault("member '%s' lies outside the file", name);
        }
        ByteBuffer local = bytes(entry.header(), LOCAL_LENGTH);
        long offset = entry.header() + LOCAL_LENGTH + unsigned(local, 26) + unsigned(local, 28);
        if (local.getInt(0) != LOCAL || entry.size() < 0 || offset > start || entry.size() > start - offset) {
            throw fault("member '%s' of %d bytes lies outside the file", name, entry.size());
        }
        return new Member(offset, entry.size());
    }

    /** The bytes of a member that must not be longer than {@code most}. */
    ByteBuffer content(String name, int most) throws IOException {
        Member member = locate(name);
        if (member.size() > most) {
            throw fault("member '%s' has %d bytes, more than the %d allowed", name, member.size(), most);
        }
        return bytes(member.offset(), (int) member.size());
    }

    private Extent extent() throws IOException {
        long size = channel.size();
        int length = (int) Math.min(size, END_LENGTH + 0xFFFF); // a comment may follow the record
        ByteBuffer tail = bytes(size - length, length);
        int at = length - END_LENGTH;
        while (at >= 0 && (tail.getInt(at) != END || at + END_LENGTH + unsigned(tail, at + 20) > length)) {
            at--;
        }
        if (at < 0) {
            throw fault("no zip directory at its end: it is cut short or no PyTorch checkpoint");
        }
        long end = size - length + at;
        Extent found =
                new Extent(unsigned(tail, at + 10), tail.getInt(at + 12) & ABSENT, tail.getInt(at + 16) & ABSENT);
        if (end >= LOCATOR64_LENGTH) {
            ByteBuffer locator = bytes(end - LOCATOR64_LENGTH, LOCATOR64_LENGTH);
            if (locator.getInt(0) == LOCATOR64) {
                end = locator.getLong(8);
                found = extent64(end, size);
            }
        }
        if (found.length() < 0
                || found.length() > Math.min(end, LARGEST)
                || found.offset() < 0
                || found.offset() > end - found.length()) {
            throw fault("its zip directory of %d bytes at %d lies outside the file", found.length(), found.offset());
        }
        return found;
    }

    private Extent extent64(long at, long size) throws IOException {
        if (at < 0 || at > size - END64_LENGTH) {
            throw fault("its zip64 directory record lies outside the file");
        }
        ByteBuffer end = bytes(at, END64_LENGTH);
        if (end.getInt(0) != END64) {
            throw fault("its zip64 directory record is damaged");
        }
        return new Extent(end.getLong(32), end.getLong(40), end.getLong(48));
    }

    private void add(ByteBuffer in) {
        int at = in.position();
        int nameLength = unsigned(in, at + 28);
        int extraLength = unsigned(in, at + 30);
        int length = ENTRY_LENGTH + nameLength + extraLength + unsigned(in, at + 32);
        if (length > in.remaining()) {
            throw fault("the zip directory is damaged: its last entry is cut short");
        }
        String name = new String(in.array(), at + ENTRY_LENGTH, nameLength, StandardCharsets.UTF_8);
        long packed = in.getInt(at + 20) & ABSENT;
        long size = in.getInt(at + 24) & ABSENT;
        long header = in.getInt(at + 42) & ABSENT;
        ByteBuffer wide = zip64(in.slice(at + ENTRY_LENGTH + nameLength, extraLength));
        size = size == ABSENT ? next(wide, name) : size;
        packed = packed == ABSENT ? next(wide, name) : packed;
        header = header == ABSENT ? next(wide, name) : header;
        boolean stored = in.getShort(at + 10) == 0 && packed == size;
        if (entries.put(name, new Entry(stored, (in.getShort(at + 8) & 1) != 0, nameLength, size, header)) != null) {
            throw fault("two members are named '%s'", name);
        }
        in.position(at + length);
    }

    /** The extra field with the numbers too large for 32 bits; empty if there is none. */
    private static ByteBuffer zip64(ByteBuffer extra) {
        extra.order(ByteOrder.LITTLE_ENDIAN);
        while (extra.remaining() >= 4) {
            int id = extra.getShort();
            int length = Math.min(Short.toUnsignedInt(extra.getShort()), extra.remaining());
            if (id == 1) {
                return extra.slice(extra.position(), length).order(ByteOrder.LITTLE_ENDIAN);
            }
            extra.position(extra.position() + length);
        }
        return ByteBuffer.allocate(0);
    }

    private long next(ByteBuffer wide, String name) {
        if (wide.remaining() < Long.BYTES) {
            throw fault("member '%s' lacks its zip64 sizes", name);
        }
        return wide.getLong();
    }

    private static int unsigned(ByteBuffer in, int at) {
        return Short.toUnsignedInt(in.getShort(at));
    }

    private ByteBuffer bytes(long from, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, from + buffer.position()) < 0) {
                throw new EOFException("the file ends after %d bytes".formatted(from + buffer.position()));
            }
        }
        return buffer.flip();
    }

    private WeightsException fault(String what, Object... args) {
        return new WeightsException("%s: %s".formatted(file, what.formatted(args)));
    }
}
