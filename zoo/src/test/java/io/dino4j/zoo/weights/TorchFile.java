package io.dino4j.zoo.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/** Makes checkpoints for tests, good and bad: an assembler for pickles and a writer for archives, both without checks. */
final class TorchFile {
    private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    private final Map<String, Content> members = new LinkedHashMap<>();
    private boolean wide;
    private int method;

    private record Content(byte[] bytes, long before) {
        long size() {
            return before + bytes.length;
        }
    }

    /** Opcodes and arguments as they are, one character a byte. */
    TorchFile raw(String bytes) {
        pickle.writeBytes(bytes.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    TorchFile text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        raw("X").int32(bytes.length);
        pickle.writeBytes(bytes);
        return this;
    }

    TorchFile number(long number) {
        raw("\u008a\u0008");
        pickle.writeBytes(little(8).putLong(number).array());
        return this;
    }

    TorchFile int32(int number) {
        pickle.writeBytes(little(4).putInt(number).array());
        return this;
    }

    TorchFile numbers(long... numbers) {
        raw("(");
        for (long n : numbers) {
            number(n);
        }
        return raw("t");
    }

    /** A tensor as {@code torch.save} pickles it. */
    TorchFile tensor(String type, String key, long numel, long offset, long[] shape, long[] stride) {
        raw("ctorch._utils\n_rebuild_tensor_v2\n((").text("storage").raw("ctorch\n" + type + "\n");
        text(key)
                .text("cpu")
                .number(numel)
                .raw("tQ")
                .number(offset)
                .numbers(shape)
                .numbers(stride);
        return raw("\u0089ccollections\nOrderedDict\n)RtR");
    }

    TorchFile storage(String key, byte[] bytes) {
        return member("any name/data/" + key, bytes, 0);
    }

    /** A storage of zeros that take no room on the disk, and some bytes after them. */
    TorchFile storage(String key, byte[] bytes, long zerosBefore) {
        return member("any name/data/" + key, bytes, zerosBefore);
    }

    TorchFile member(String name, byte[] bytes, long zerosBefore) {
        members.put(name, new Content(bytes, zerosBefore));
        return this;
    }

    /** Writes every number of the archive in its zip64 place. */
    TorchFile zip64() {
        wide = true;
        return this;
    }

    /** Announces another compression than none. */
    TorchFile compressed() {
        method = 8;
        return this;
    }

    Path write(Path file) throws IOException {
        Map<String, Content> all = new LinkedHashMap<>();
        all.put("any name/data.pkl", new Content(pickle.toByteArray(), 0));
        all.putAll(members);
        return archive(file, all);
    }

    Path writeOnlyMembers(Path file) throws IOException {
        return archive(file, members);
    }

    private Path archive(Path file, Map<String, Content> all) throws IOException {
        ByteArrayOutputStream directory = new ByteArrayOutputStream();
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (Map.Entry<String, Content> e : all.entrySet()) {
                byte[] name = e.getKey().getBytes(StandardCharsets.UTF_8);
                Content content = e.getValue();
                long header = out.position();
                ByteBuffer local = little(30 + name.length + 7);
                local.putInt(0x04034b50).putShort(26, (short) name.length).putShort(28, (short) 7);
                out.write(local.position(30).put(name).rewind());
                out.position(out.position() + content.before()).write(ByteBuffer.wrap(content.bytes()));
                ByteBuffer entry = little(46 + name.length + (wide ? 33 : 0));
                entry.putInt(0x02014b50).putShort(10, (short) method);
                entry.putShort(28, (short) name.length).putShort(30, (short) (wide ? 33 : 0));
                entry.putInt(20, wide ? -1 : (int) content.size()).putInt(24, wide ? -1 : (int) content.size());
                entry.putInt(42, wide ? -1 : (int) header).position(46).put(name);
                if (wide) { // after a field of another kind
                    entry.putShort((short) 0x4246)
                            .putShort((short) 1)
                            .put((byte) 0)
                            .putShort((short) 1);
                    entry.putShort((short) 24)
                            .putLong(content.size())
                            .putLong(content.size())
                            .putLong(header);
                }
                directory.writeBytes(entry.array());
            }
            long start = out.position();
            out.write(ByteBuffer.wrap(directory.toByteArray()));
            long end = out.position();
            if (wide) {
                ByteBuffer end64 = little(56).putInt(0x06064b50).putLong(44);
                end64.putLong(32, all.size()).putLong(40, directory.size()).putLong(48, start);
                out.write(end64.rewind());
                out.write(little(20)
                        .putInt(0x07064b50)
                        .putInt(0)
                        .putLong(end)
                        .putInt(1)
                        .rewind());
            }
            ByteBuffer last = little(22).putInt(0x06054b50);
            last.putShort(10, (short) (wide ? -1 : all.size()));
            last.putInt(12, wide ? -1 : directory.size()).putInt(16, wide ? -1 : (int) start);
            out.write(last.rewind());
        }
        return file;
    }

    static ByteBuffer little(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }
}
