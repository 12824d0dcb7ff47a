package io.dino4j.train.live;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.Normalization;
import org.junit.jupiter.api.Test;

final class CropsTest {
    @Test
    void maskedPatchesAreCoveredAndOthersAreAsTheyWere() {
        Normalization imagenet = Normalization.imagenet();
        byte[] rgb = new byte[4 * 4 * 3];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (5 * i);
        }
        Image image = new Image(4, 4, rgb);
        float[] chw = new float[rgb.length];
        imagenet.write(image, chw);
        Image shown = Crops.picture(new Crops.Crop(chw, 4, new float[] {0, 1, 0, 0}), imagenet);
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 4; x++) {
                boolean masked = y < 2 && x >= 2;
                int expected = masked ? (int) Math.round(0.18 * image.at(x, y, 2) + 0.82 * 224) : image.at(x, y, 2);
                assertEquals(expected, shown.at(x, y, 2), "pixel %d, %d".formatted(x, y));
            }
        }
        assertEquals(image, Crops.picture(new Crops.Crop(chw, 4, new float[0]), imagenet));
    }
}
