package io.dino4j.data.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** Numbers come out as they went in. */
final class GreyImageTest {
    private static byte[] png(BufferedImage picture) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(picture, "png", out);
        return out.toByteArray();
    }

    @Test
    void sixteenBitsAreExact() throws IOException {
        BufferedImage picture = new BufferedImage(256, 256, BufferedImage.TYPE_USHORT_GRAY);
        for (int v = 0; v < 65536; v++) {
            picture.getRaster().setSample(v % 256, v / 256, 0, v);
        }
        GreyImage read = GreyImage.decode(png(picture), "all");
        for (int v = 0; v < 65536; v++) {
            assertEquals(v, read.at(v % 256, v / 256));
        }
    }

    @Test
    void indicesOfAPaletteAreReadNotColours() throws IOException {
        byte[] same = {10, 10, 10};
        IndexColorModel palette = new IndexColorModel(8, 3, same, same, same); // colours tell nothing
        BufferedImage picture = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
        picture.getRaster().setPixels(0, 0, 3, 1, new int[] {2, 0, 1});
        GreyImage read = GreyImage.decode(png(picture), "palette");
        assertEquals(2, read.at(0, 0));
        assertEquals(0, read.at(1, 0));
        assertEquals(1, read.at(2, 0));
    }

    @Test
    void otherFilesAreRefusedInOneLine() throws IOException {
        byte[] colour = png(new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB));
        refused(colour, "3 channels");
        byte[] grey = png(new BufferedImage(64, 64, BufferedImage.TYPE_USHORT_GRAY));
        refused(Arrays.copyOf(grey, grey.length - 20), "truncated");
        refused(new byte[0], "empty");
        refused(ImageEncoder.jpeg(new Image(4, 4, new byte[48])), "JPEG");
        byte[] huge = grey.clone();
        huge[16] = 0x7f; // the width in the header: nothing of this size may be asked for
        refused(huge, "outside");
        byte[] damaged = grey.clone();
        Arrays.fill(damaged, 41, damaged.length - 16, (byte) 0x55);
        refused(damaged, "damaged");
    }

    private static void refused(byte[] file, String part) {
        String message = assertThrows(UnreadableImageException.class, () -> GreyImage.decode(file, "some.png"))
                .getMessage();
        assertTrue(message.startsWith("some.png: ") && message.contains(part), message);
    }
}
