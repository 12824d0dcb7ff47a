package io.dino4j.data.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.bytedeco.opencv.global.opencv_core;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ImageDecoderTest {
    @TempDir
    private Path dir;

    @Test
    void pngKeepsEveryPixel() throws IOException {
        Image image = Pictures.picture(31, 17, 1);
        assertEquals(image, ImageDecoder.read(Pictures.write(dir.resolve("a.png"), image)));
    }

    @Test
    void jpegIsClose() throws IOException {
        Image image = Pictures.picture(64, 48, 2);
        Image decoded = ImageDecoder.read(Pictures.write(dir.resolve("a.jpg"), image));
        assertEquals(64, decoded.width());
        double sum = 0;
        for (int i = 0; i < image.rgb().length; i++) {
            sum += Math.abs((image.rgb()[i] & 0xff) - (decoded.rgb()[i] & 0xff));
        }
        assertTrue(sum / image.rgb().length < 12, "mean difference " + sum / image.rgb().length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"grey.png", "grey.jpg"})
    void greyBecomesThreeEqualChannels(String name) throws IOException {
        byte[] grey = new byte[16 * 16];
        Arrays.fill(grey, (byte) 200);
        Image image = ImageDecoder.read(Pictures.write(dir.resolve(name), 16, 16, opencv_core.CV_8UC1, grey));
        assertEquals(200, image.at(3, 4, 0), 1);
        assertEquals(image.at(3, 4, 0), image.at(3, 4, 1));
        assertEquals(image.at(3, 4, 0), image.at(3, 4, 2));
    }

    @Test
    void alphaIsDroppedAndNotComposited() throws IOException {
        byte[] bgra = {10, 20, 30, 0, 40, 50, 60, (byte) 128, 70, 80, 90, (byte) 255, 1, 2, 3, 1};
        Image image = ImageDecoder.read(Pictures.write(dir.resolve("a.png"), 1, 4, opencv_core.CV_8UC4, bgra));
        assertEquals(new Image(4, 1, new byte[] {30, 20, 10, 60, 50, 40, 90, 80, 70, 3, 2, 1}), image);
    }

    @Test
    void sixteenBitKeepsTheHighByte() throws IOException {
        ByteBuffer bgr = ByteBuffer.allocate(6).order(ByteOrder.nativeOrder());
        bgr.putShort((short) 0x12ff).putShort((short) 0x8000).putShort((short) 0xfe01);
        Image image = ImageDecoder.read(Pictures.write(dir.resolve("a.png"), 1, 1, opencv_core.CV_16UC3, bgr.array()));
        assertEquals(new Image(1, 1, new byte[] {(byte) 0xfe, (byte) 0x80, 0x12}), image);
    }

    @Test
    void paletteIsResolvedAlsoWhenItHasTransparentColours() throws IOException {
        for (boolean transparent : new boolean[] {false, true}) {
            Image image = ImageDecoder.decode(palettePng(transparent), "palette");
            assertEquals(new Image(2, 1, new byte[] {(byte) 255, 0, 10, 20, 30, 40}), image);
        }
    }

    /** 16 x 16, written by Pillow 9.4 from CMYK (0, 200, 50, 20) on the left and (180, 10, 0, 60) on the right. */
    private static final String CMYK =
            "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggLCAkKCgoK"
                    + "CgYICwwLCgwJCgoK/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIB"
                    + "AwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZH"
                    + "SElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV"
                    + "1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD9/K/Nuv00r9rK/kvr+vivsivl+v60K/kHr43r6gr+S+v6"
                    + "+K+yK+X6/9k=";

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void cmykBecomesTheColoursThatPillowSees(int divisor) throws IOException {
        Image image = ImageDecoder.decode(Base64.getDecoder().decode(CMYK), "cmyk.jpg", (width, height) -> divisor);
        assertEquals(16 / divisor, image.width());
        int[][] expected = {{235, 51, 189}, {57, 187, 195}};
        for (int c = 0; c < 3; c++) {
            assertEquals(expected[0][c], image.at(0, 0, c), 1);
            assertEquals(expected[1][c], image.at(image.width() - 1, 0, c), 1);
        }
    }

    @Test
    void greyAndTinyAndTruncatedJpegsAreReducedOrRefused() throws IOException {
        byte[] grey = new byte[64 * 48];
        Arrays.fill(grey, (byte) 77);
        Path file = Pictures.write(dir.resolve("grey.jpg"), 48, 64, opencv_core.CV_8UC1, grey);
        byte[] whole = Files.readAllBytes(file);
        Image small = ImageDecoder.decode(whole, "grey.jpg", (width, height) -> 4);
        assertEquals("Image[16x12]", small.toString());
        assertEquals(77, small.at(5, 5, 1), 1);
        byte[] dot = ImageEncoder.jpeg(Pictures.picture(1, 1, 1));
        assertEquals(
                "Image[1x1]",
                ImageDecoder.decode(dot, "dot.jpg", (width, height) -> 8).toString());
        byte[] part = Arrays.copyOf(whole, whole.length - 2);
        assertThrows(UnreadableImageException.class, () -> ImageDecoder.decode(part, "part.jpg", (width, height) -> 4));
        assertThrows(
                IllegalArgumentException.class, () -> ImageDecoder.decode(whole, "grey.jpg", (width, height) -> 3));
    }

    @Test
    void exifRotationIsIgnored() throws IOException {
        Path file = Pictures.write(dir.resolve("a.jpg"), Pictures.picture(40, 20, 3));
        byte[] jpeg = Files.readAllBytes(file);
        byte[] exif = {
            (byte) 0xff,
            (byte) 0xe1,
            0,
            34,
            'E',
            'x',
            'i',
            'f',
            0,
            0,
            'M',
            'M',
            0,
            42,
            0,
            0,
            0,
            8,
            0,
            1,
            1,
            0x12,
            0,
            3,
            0,
            0,
            0,
            1,
            0,
            6,
            0,
            0,
            0,
            0,
            0,
            0
        };
        ByteArrayOutputStream rotated = new ByteArrayOutputStream();
        rotated.write(jpeg, 0, 2);
        rotated.write(exif);
        rotated.write(jpeg, 2, jpeg.length - 2);
        assertEquals(ImageDecoder.read(file), ImageDecoder.decode(rotated.toByteArray(), "rotated"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.jpg", "a.png"})
    void everyTruncationIsRefusedWithNameAndReason(String name) throws IOException {
        byte[] whole = Files.readAllBytes(Pictures.write(dir.resolve(name), Pictures.picture(48, 48, 4)));
        for (int length = 0; length < whole.length - 1; length += 7) {
            byte[] part = Arrays.copyOf(whole, length);
            UnreadableImageException e =
                    assertThrows(UnreadableImageException.class, () -> ImageDecoder.decode(part, name));
            assertEquals(name, e.path());
            assertEquals(name + ": " + e.reason(), e.getMessage());
        }
    }

    @Test
    void damagedPngDataIsRefused() throws IOException {
        byte[] file = Files.readAllBytes(Pictures.write(dir.resolve("a.png"), Pictures.picture(48, 48, 4)));
        for (int i = 60; i < file.length - 60; i++) {
            file[i] ^= 0x55;
        }
        assertThrows(UnreadableImageException.class, () -> ImageDecoder.decode(file, "a.png"));
    }

    @Test
    void textMissingFileAndFolderAreRefused() throws IOException {
        Path text = Files.writeString(dir.resolve("text.png"), "this is not a picture");
        assertThrows(UnreadableImageException.class, () -> ImageDecoder.read(text));
        assertThrows(UnreadableImageException.class, () -> ImageDecoder.read(dir.resolve("nowhere.png")));
        assertThrows(UnreadableImageException.class, () -> ImageDecoder.read(dir));
    }

    @Test
    void aHugeHeaderIsRefusedBeforeMemoryIsTaken() throws IOException {
        byte[] file = Files.readAllBytes(Pictures.write(dir.resolve("a.png"), Pictures.picture(8, 8, 5)));
        ByteBuffer.wrap(file).putInt(16, 60_000).putInt(20, 60_000);
        UnreadableImageException e =
                assertThrows(UnreadableImageException.class, () -> ImageDecoder.decode(file, "huge.png"));
        assertTrue(e.reason().contains("60000x60000"), e.reason());
    }

    private static byte[] palettePng(boolean transparent) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10});
        chunk(out, "IHDR", new byte[] {0, 0, 0, 2, 0, 0, 0, 1, 8, 3, 0, 0, 0});
        chunk(out, "PLTE", new byte[] {(byte) 255, 0, 10, 20, 30, 40});
        if (transparent) {
            chunk(out, "tRNS", new byte[] {0, (byte) 128});
        }
        Deflater deflater = new Deflater();
        deflater.setInput(new byte[] {0, 0, 1});
        deflater.finish();
        byte[] data = new byte[64];
        chunk(out, "IDAT", Arrays.copyOf(data, deflater.deflate(data)));
        deflater.end();
        chunk(out, "IEND", new byte[0]);
        return out.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream out, String type, byte[] data) throws IOException {
        byte[] body = Arrays.copyOf(type.getBytes(StandardCharsets.US_ASCII), 4 + data.length);
        System.arraycopy(data, 0, body, 4, data.length);
        CRC32 checksum = new CRC32();
        checksum.update(body);
        out.write(ByteBuffer.allocate(4).putInt(data.length).array());
        out.write(body);
        out.write(ByteBuffer.allocate(4).putInt((int) checksum.getValue()).array());
    }
}
