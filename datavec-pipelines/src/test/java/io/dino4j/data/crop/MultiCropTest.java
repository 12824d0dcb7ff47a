package io.dino4j.data.crop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.dino4j.data.Pictures;
import io.dino4j.data.Seed;
import io.dino4j.data.image.Box;
import io.dino4j.data.image.Canvas;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.image.RandomResizedCrop;
import io.dino4j.data.image.Range;
import io.dino4j.data.image.Reduction;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Views cut in place against views as images, and images that are decoded smaller. */
final class MultiCropTest {
    private static final MultiCropConfig SMALL = MultiCropConfig.dinov2(14).withSizes(56, 28, 14);

    @Test
    void aViewCutInPlaceIsTheViewAsAnImage() {
        MultiCrop crops = new MultiCrop(SMALL);
        Canvas canvas = new Canvas();
        Normalization normalization = SMALL.normalization();
        int[][] sizes = {{90, 70}, {31, 200}, {1, 1}, {300, 2}, {57, 56}};
        for (int s = 0; s < sizes.length; s++) {
            Image image = Pictures.picture(sizes[s][0], sizes[s][1], s);
            for (int seed = 0; seed < 12; seed++) {
                List<Image> views = crops.views(image, new Seed(seed).at(s, 0));
                RandomGenerator rng = new Seed(seed).at(s, 0);
                assertEquals(views.size(), crops.count());
                for (int v = 0; v < views.size(); v++) {
                    float[] expected = new float[views.get(v).rgb().length];
                    normalization.write(views.get(v), expected);
                    FloatBuffer row = FloatBuffer.allocate(expected.length);
                    crops.cut(v, image, canvas, rng);
                    canvas.write(normalization, row);
                    assertArrayEquals(expected, row.array(), "size %d, seed %d, view %d".formatted(s, seed, v));
                }
            }
        }
    }

    @Test
    void aLargePhotoIsDecodedSmallerAsFarAsTheSmallestCropAllows() {
        Reduction reduction = MultiCropConfig.dinov2(14).reduction();
        assertEquals(1, reduction.divisor(500, 375));
        assertEquals(1, reduction.divisor(900, 900)); // the smallest crop has 174 columns
        assertEquals(4, reduction.divisor(4000, 3000));
        assertEquals(8, reduction.divisor(10000, 10000));
        assertEquals(1, reduction.divisor(1, 1));
        Reduction coarse =
                SMALL.withScales(new Range(0.9, 1), new Range(0.9, 1)).reduction();
        assertEquals(2, coarse.divisor(160, 160));
    }

    @Test
    void anImageDecodedSmallerLooksLikeTheWholeOne() throws IOException {
        Image photo = Pictures.picture(803, 601, 5);
        byte[] jpeg = ImageEncoder.jpeg(photo);
        Image whole = ImageDecoder.decode(jpeg, "photo.jpg");
        for (int divisor : new int[] {2, 4, 8}) {
            Image small = ImageDecoder.decode(jpeg, "photo.jpg", (width, height) -> divisor);
            assertEquals((803 + divisor - 1) / divisor, small.width());
            assertEquals((601 + divisor - 1) / divisor, small.height());
            double difference = 0;
            int blocks = 0;
            for (int y = 0; y < 601 / divisor; y++) {
                for (int x = 0; x < 803 / divisor; x++, blocks++) {
                    for (int c = 0; c < 3; c++) {
                        difference += Math.abs(mean(whole, x * divisor, y * divisor, divisor, c) - small.at(x, y, c));
                    }
                }
            }
            // shifted by one pixel of the small image the waves would differ by 7 levels and more
            assertTrue(difference / (3 * blocks) < 2.5, divisor + ": " + difference / (3 * blocks));
        }
        byte[] png = ImageEncoder.png(photo);
        assertEquals(
                803, ImageDecoder.decode(png, "photo.png", (width, height) -> 8).width());
    }

    @Test
    void noCropOfAReducedImageHasFewerPixelsThanItsResult() {
        SplittableRandom rng = new SplittableRandom(5);
        int reduced = 0;
        for (int i = 0; i < 3000; i++) {
            int width = 1 + rng.nextInt(3000);
            int height = 1 + rng.nextInt(3000);
            int size = 8 + rng.nextInt(200);
            double least = 0.05 + 0.9 * rng.nextDouble();
            RandomResizedCrop crop = new RandomResizedCrop(size, new Range(least, 1), RandomResizedCrop.ASPECT);
            int divisor = crop.reduction().divisor(width, height);
            if (divisor == 1) {
                continue;
            }
            reduced++;
            Box box = crop.draw((width + divisor - 1) / divisor, (height + divisor - 1) / divisor, rng);
            // a side is rounded to whole pixels
            assertTrue(Math.min(box.width(), box.height()) >= size - 1, box + " for " + size);
        }
        assertTrue(reduced > 500, reduced + " of 3000 images");
    }

    @Test
    void makingCropsAllocatesNextToNothing() {
        MultiCropConfig config = MultiCropConfig.dinov2(14);
        MultiCrop crops = new MultiCrop(config);
        Canvas canvas = new Canvas();
        FloatBuffer out = ByteBuffer.allocateDirect(4 * 3 * 224 * 224).asFloatBuffer();
        Image image = Pictures.picture(300, 256, 1);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE; // an image may still make a buffer grow
        for (int i = 0; i < 30; i++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            RandomGenerator rng = new Seed(i).at(0, 0);
            for (int view = 0; view < crops.count(); view++) {
                crops.cut(view, image, canvas, rng);
                canvas.write(config.normalization(), out);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertTrue(least < 16_384, least + " bytes for the ten crops of an image"); // one crop of 224 has 150,000
    }

    private static double mean(Image image, int left, int top, int side, int channel) {
        double sum = 0;
        for (int y = top; y < top + side; y++) {
            for (int x = left; x < left + side; x++) {
                sum += image.at(x, y, channel);
            }
        }
        return sum / (side * side);
    }
}
