package io.dino4j.data.source;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Writes tar archives byte by byte, for tests. */
final class Tar {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Tar add(String name, String content) {
        return add(name, content.getBytes(StandardCharsets.UTF_8));
    }

    Tar add(String name, byte[] content) {
        return member(name, '0', content.length, content);
    }

    /** GNU's way with names of more than 100 bytes. */
    Tar addGnu(String name, byte[] content) {
        byte[] text = (name + "\0").getBytes(StandardCharsets.UTF_8);
        member("././@LongLink", 'L', text.length, text);
        return member(name.substring(0, 20), '0', content.length, content);
    }

    /** The extended header of POSIX; the plain one says that the member is empty. */
    Tar addPax(String name, byte[] content) {
        byte[] text = (record("path", name) + record("size", Integer.toString(content.length)) + record("mtime", "1.5"))
                .getBytes(StandardCharsets.UTF_8);
        member("PaxHeaders/x", 'x', text.length, text);
        return member("short", '0', 0, content);
    }

    private static String record(String key, String value) {
        int body = (" " + key + "=" + value + "\n").getBytes(StandardCharsets.UTF_8).length;
        int length = body + 1;
        while (body + Integer.toString(length).length() != length) {
            length++;
        }
        return length + " " + key + "=" + value + "\n";
    }

    Tar member(String name, char type, long size, byte[] content) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 100, "0000644\0");
        put(header, 124, "%011o\0".formatted(size));
        header[156] = (byte) type;
        put(header, 257, "ustar\00000");
        return raw(header).raw(content).raw(new byte[(512 - content.length % 512) % 512]);
    }

    /** Appends a header of one's own, whose sum is filled in. */
    Tar header(byte[] header) {
        return raw(header);
    }

    private Tar raw(byte[] bytes) {
        if (bytes.length == 512 && bytes[257] == 'u') {
            Arrays.fill(bytes, 148, 156, (byte) ' ');
            int sum = 0;
            for (byte b : bytes) {
                sum += b & 0xff;
            }
            put(bytes, 148, "%06o\0 ".formatted(sum));
        }
        out.writeBytes(bytes);
        return this;
    }

    static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    Path write(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        byte[] members = bytes();
        return Files.write(file, Arrays.copyOf(members, members.length + 1024));
    }
}
