package io.dino4j.data.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written can be read again. */
final class ImageEncoderTest {
    @TempDir
    private Path dir;

    /** Smooth, as photos are, with channels that differ. */
    private static Image image() {
        byte[] rgb = new byte[3 * 31 * 17];
        for (int p = 0; p < 31 * 17; p++) {
            rgb[3 * p] = (byte) (p % 31 * 8);
            rgb[3 * p + 1] = (byte) (p / 31 * 14);
            rgb[3 * p + 2] = (byte) 200;
        }
        return new Image(31, 17, rgb);
    }

    @Test
    void pngIsExact() throws IOException {
        assertEquals(image(), ImageDecoder.decode(ImageEncoder.png(image()), "png"));
        Path file = dir.resolve("a.PNG");
        Files.writeString(file, "before");
        ImageEncoder.write(image(), file);
        assertEquals(image(), ImageDecoder.read(file));
    }

    @Test
    void jpegIsNear() throws IOException {
        Path file = dir.resolve("a.jpeg");
        ImageEncoder.write(image(), file);
        Image read = ImageDecoder.read(file);
        long difference = 0;
        for (int i = 0; i < read.rgb().length; i++) {
            difference += Math.abs((read.rgb()[i] & 255) - (image().rgb()[i] & 255));
        }
        assertTrue(
                difference < 8L * read.rgb().length, "mean difference times " + read.rgb().length + ": " + difference);
        try (Stream<Path> files = Files.list(dir)) {
            assertEquals(1, files.count(), "no draft is left");
        }
    }

    @Test
    void namesThatCannotBeWrittenAreRefusedBefore() throws IOException {
        Files.createDirectory(dir.resolve("folder.png"));
        for (String name : new String[] {"a.gif", "a", "folder.png", "missing/a.png"}) {
            Path file = dir.resolve(name);
            assertThrows(IllegalArgumentException.class, () -> ImageEncoder.requireWritable(file), name);
        }
        ImageEncoder.requireWritable(dir.resolve("a.jpg"));
    }
}
