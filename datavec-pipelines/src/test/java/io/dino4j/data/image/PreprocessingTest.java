package io.dino4j.data.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import java.io.IOException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** From images of any shape to the network's input. */
final class PreprocessingTest {
    private static final Normalization N = Normalization.imagenet();

    /** What is kept of a resized image is the same as when all of it is worked out. */
    @Test
    void resizingOnlyWhatIsKeptChangesNothing() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 60; i++) {
            Image image = Pictures.picture(1 + random.nextInt(120), 1 + random.nextInt(120), i);
            int width = 1 + random.nextInt(90);
            int height = 1 + random.nextInt(90);
            Box kept = new Box(random.nextInt(height), random.nextInt(width), 1, 1);
            kept = new Box(
                    kept.top(),
                    kept.left(),
                    1 + random.nextInt(height - kept.top()),
                    1 + random.nextInt(width - kept.left()));
            Image whole = BicubicResize.cropResize(image, image.bounds(), width, height);
            Image expected = BicubicResize.cropResize(whole, kept, kept.width(), kept.height());
            assertEquals(expected, BicubicResize.resizeCrop(image, width, height, kept), image + " " + kept);
        }
    }

    @Test
    void theCentreCropIsThatOfTheTransform() {
        for (int[] size : new int[][] {{300, 200}, {200, 301}, {256, 256}, {64, 90}, {500, 256}}) {
            Image image = Pictures.picture(size[0], size[1], 4);
            EvalTransform eval = EvalTransform.of(224);
            assertEquals(eval.toTransform().apply(image, new SplittableRandom(0)), eval.apply(image));
        }
        assertEquals(new EvalTransform(256, 224, N), EvalTransform.of(224));
        assertEquals(new EvalTransform(32, 32, N), EvalTransform.of(32));
    }

    @Test
    void theAspectIsKept() {
        KeepAspect keep = new KeepAspect(224, 896, 14, N);
        assertSize(keep, 224, 224, 224, 224);
        assertSize(keep, 640, 480, 294, 224); // 298.7 and 224
        assertSize(keep, 480, 640, 224, 294);
        assertSize(keep, 100, 50, 448, 224);
        assertSize(keep, 1000, 100, 896, 84); // as long as allowed: 896 and 89.6
        assertSize(keep, 5000, 1, 896, 14); // never less than a patch
    }

    private static void assertSize(Preprocessing p, int width, int height, int expectedWidth, int expectedHeight) {
        Image out = p.apply(Pictures.picture(width, height, 1));
        assertEquals(expectedWidth + "x" + expectedHeight, out.width() + "x" + out.height());
    }

    /** Sides of 803 and 601 do not divide: without the size in the file the picture would be stretched and cut elsewhere. */
    @Test
    void anImageDecodedSmallerShowsTheSameAtTheSamePlace() throws IOException {
        byte[] file = ImageEncoder.jpeg(Pictures.picture(803, 601, 5));
        Image whole = ImageDecoder.decode(file, "a.jpg");
        for (Preprocessing p : new Preprocessing[] {new EvalTransform(72, 63, N), new KeepAspect(70, 140, 14, N)}) {
            assertEquals(4, p.reduction().divisor(803, 601));
            Image small = ImageDecoder.decode(file, "a.jpg", p.reduction());
            assertEquals("Image[201x151]", small.toString());
            double right = difference(p.apply(whole), p.apply(small, 803, 601));
            assertTrue(right < 1.5, p + " differs by " + right);
        }
        Image small = ImageDecoder.decode(file, "a.jpg", (width, height) -> 8);
        EvalTransform eval = new EvalTransform(72, 72, N);
        double wrong = difference(eval.apply(whole), eval.apply(small));
        double right = difference(eval.apply(whole), eval.apply(small, 803, 601));
        assertTrue(right < wrong / 2, right + " against " + wrong);
        assertThrows(IllegalArgumentException.class, () -> eval.apply(small, 790, 601));
    }

    private static double difference(Image a, Image b) {
        assertEquals(a.toString(), b.toString());
        double sum = 0;
        for (int i = 0; i < a.rgb().length; i++) {
            sum += Math.abs((a.rgb()[i] & 0xff) - (b.rgb()[i] & 0xff));
        }
        return sum / a.rgb().length;
    }

    @Test
    void whatIsCutOffIsLessThanAPatchAndInTheMiddle() {
        KeepAspect keep = new KeepAspect(28, 112, 14, N);
        Image image = Pictures.picture(50, 28, 9);
        Image out = keep.apply(image);
        assertEquals(BicubicResize.cropResize(image, new Box(0, 4, 28, 42), 42, 28), out);
    }

    @Test
    void sizesThatDoNotFitAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new KeepAspect(225, 900, 14, N));
        assertThrows(IllegalArgumentException.class, () -> new KeepAspect(224, 100, 14, N));
        Exception e = assertThrows(IllegalArgumentException.class, () -> new KeepAspect(7, 100, 14, N));
        assertTrue(e.getMessage().contains("patch size 14"), e.getMessage());
    }
}
