package io.dino4j.data.image;

/**
 * Size and completeness of a JPEG or PNG file, found by walking its segments. It runs before the decoder because the
 * decoder allocates what the header asks for, and returns half an image for a truncated JPEG instead of an error.
 *
 * @param width pixels per row
 * @param height rows
 * @param isJpeg false for PNG
 */
public record ImageHeader(int width, int height, boolean isJpeg) {
    private static final long PNG_SIGNATURE = 0x89504e470d0a1a0aL;
    private static final int IHDR = 0x49484452;
    private static final int IEND = 0x49454e44;

    /**
     * Reads the header.
     *
     * @param file the whole file
     * @param name used in errors
     * @throws UnreadableImageException if it is no JPEG or PNG file, or not a whole one
     */
    public static ImageHeader of(byte[] file, String name) throws UnreadableImageException {
        if (file.length == 0) {
            throw new UnreadableImageException(name, "the file is empty");
        }
        if (file.length > 8 && longAt(file, 0) == PNG_SIGNATURE) {
            return png(file, name);
        }
        if (file.length > 3 && u8(file, 0) == 0xff && u8(file, 1) == 0xd8 && u8(file, 2) == 0xff) {
            return jpeg(file, name);
        }
        throw new UnreadableImageException(name, "neither a JPEG nor a PNG file");
    }

    private static ImageHeader png(byte[] file, String name) throws UnreadableImageException {
        ImageHeader header = null;
        // A chunk: length (4), type (4), data, checksum (4).
        for (long at = 8; at + 12 <= file.length; ) {
            int start = (int) at;
            int type = intAt(file, start + 4);
            long length = intAt(file, start) & 0xffffffffL;
            if (header == null) {
                if (type != IHDR || length != 13 || at + 25 > file.length) {
                    break;
                }
                header = new ImageHeader(intAt(file, start + 8), intAt(file, start + 12), false);
            }
            if (type == IEND) {
                return header;
            }
            at += 12 + length;
        }
        throw new UnreadableImageException(name, header == null ? "PNG header is damaged" : "PNG file is truncated");
    }

    private static ImageHeader jpeg(byte[] file, String name) throws UnreadableImageException {
        ImageHeader header = null;
        boolean scanned = false;
        int at = 2;
        while (at + 1 < file.length) {
            if (u8(file, at) != 0xff) {
                at++; // entropy-coded data, or padding
                continue;
            }
            int marker = u8(file, at + 1);
            if (marker == 0xff) {
                at++; // fill byte
            } else if (marker == 0xd9 && scanned) {
                return header;
            } else if (marker <= 0x01 || marker >= 0xd0 && marker <= 0xd9) {
                at += 2; // stuffed zero, restart: no length follows
            } else {
                if (at + 3 >= file.length) {
                    break;
                }
                int length = u8(file, at + 2) << 8 | u8(file, at + 3);
                if (startsFrame(marker) && at + 8 < file.length) {
                    header = new ImageHeader(
                            u8(file, at + 7) << 8 | u8(file, at + 8), u8(file, at + 5) << 8 | u8(file, at + 6), true);
                }
                scanned |= marker == 0xda && header != null;
                at += 2 + Math.max(2, length);
            }
        }
        throw new UnreadableImageException(name, header == null ? "JPEG header is damaged" : "JPEG file is truncated");
    }

    /** SOF0 to SOF15 without the tables DHT, JPG and DAC, which share the number range. */
    private static boolean startsFrame(int marker) {
        return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    }

    private static int u8(byte[] file, int at) {
        return file[at] & 0xff;
    }

    private static int intAt(byte[] file, int at) {
        return u8(file, at) << 24 | u8(file, at + 1) << 16 | u8(file, at + 2) << 8 | u8(file, at + 3);
    }

    private static long longAt(byte[] file, int at) {
        return (long) intAt(file, at) << 32 | intAt(file, at + 4) & 0xffffffffL;
    }
}
