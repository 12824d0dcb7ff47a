package io.dino4j.data.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Whatever is done in place against its definition, and one canvas for pictures of all sizes. */
final class CanvasTest {
    private final SplittableRandom rng = new SplittableRandom(11);

    /** Noise in every channel: it reaches the corners of the colour cube, which smooth pictures do not. */
    private Image noise(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        rng.nextBytes(rgb);
        return new Image(width, height, rgb);
    }

    private Image any(int most) {
        int width = 1 + rng.nextInt(most);
        int height = 1 + rng.nextInt(most);
        return rng.nextBoolean() ? noise(width, height) : Pictures.picture(width, height, rng.nextLong());
    }

    @Test
    void resizesAsTheDefinitionDoes() {
        Canvas canvas = new Canvas();
        for (int i = 0; i < 300; i++) {
            Image image = any(60);
            int height = 1 + rng.nextInt(image.height());
            int width = 1 + rng.nextInt(image.width());
            Box box = new Box(
                    rng.nextInt(image.height() - height + 1), rng.nextInt(image.width() - width + 1), height, width);
            int toWidth = rng.nextInt(5) == 0 ? width : 1 + rng.nextInt(70);
            int toHeight = rng.nextInt(5) == 0 ? height : 1 + rng.nextInt(70);
            BicubicResize.cropResize(canvas, image, box, toWidth, toHeight);
            assertEquals(PlainArithmetic.resize(image, box, toWidth, toHeight), canvas.toImage(), image + " " + box);
        }
    }

    @Test
    void coloursAsTheDefinitionsDo() {
        for (int i = 0; i < 300; i++) {
            Image image = any(40);
            double factor = i % 7 == 0 ? rng.nextInt(3) : rng.nextDouble() * 2.5; // beyond 2 in floats only
            float f = (float) factor;
            assertEquals(
                    PlainArithmetic.blend(image, 0, f), ColorJitter.Step.BRIGHTNESS.apply(image, factor), "by " + f);
            assertEquals(
                    PlainArithmetic.blend(image, PlainArithmetic.meanLuma(image), f),
                    ColorJitter.Step.CONTRAST.apply(image, factor),
                    "by " + f);
            assertEquals(
                    PlainArithmetic.saturate(image, f), ColorJitter.Step.SATURATION.apply(image, factor), "by " + f);
            int shift = rng.nextInt(255) - 127;
            Canvas canvas = Canvas.of(image);
            HueShift.shift(canvas, shift);
            assertEquals(PlainArithmetic.hue(image, shift), canvas.toImage(), "hue by " + shift);
            assertEquals(PlainArithmetic.gray(image), Grayscale.gray(image));
            assertEquals(PlainArithmetic.mirror(image), HorizontalFlip.mirror(image));
        }
    }

    @Test
    void everyColourHasItsHue() {
        byte[] rgb = new byte[3 * 256 * 256];
        for (int blue = 0; blue < 256; blue += 15) {
            for (int i = 0; i < 256 * 256; i++) {
                rgb[3 * i] = (byte) (i >> 8);
                rgb[3 * i + 1] = (byte) i;
                rgb[3 * i + 2] = (byte) blue;
            }
            Image plane = new Image(256, 256, rgb);
            int shift = blue - 128;
            Canvas canvas = Canvas.of(plane);
            HueShift.shift(canvas, shift);
            assertEquals(PlainArithmetic.hue(plane, shift), canvas.toImage(), "blue " + blue);
        }
    }

    @Test
    void wholeNumbersAreUsedForMostFactorsAndOnlyWhereTheyAreRight() {
        int whole = 0;
        for (int i = 0; i < 2000; i++) {
            float factor = (float) (0.6 + 0.8 * rng.nextDouble());
            int m = Blend.multiplier(factor);
            if (m < 0) {
                continue;
            }
            whole++;
            for (int gray = 0; gray < 256; gray += 15) {
                for (int v = 0; v < 256; v++) {
                    int expected = Math.max(0, Math.min(255, (int) (gray + factor * (v - gray))));
                    assertEquals(expected, Blend.cut(gray + ((v - gray) * m >> 22)), gray + " " + v + " " + factor);
                }
            }
        }
        assertTrue(whole > 1800, whole + " of 2000 factors");
        assertTrue(whole < 2000, "no factor takes the other way, so that it is not tested");
    }

    @Test
    void blursAsTheDefinitionDoesUpToRounding() {
        for (int i = 0; i < 60; i++) {
            Image image = any(30);
            double sigma = 0.1 + 1.9 * rng.nextDouble();
            Image expected = PlainArithmetic.blur(image, sigma);
            Image actual = GaussianBlur.blur(image, sigma);
            int off = 0;
            for (int k = 0; k < expected.rgb().length; k++) {
                int difference = Math.abs((expected.rgb()[k] & 0xff) - (actual.rgb()[k] & 0xff));
                assertTrue(difference <= 1, image + " sigma " + sigma);
                off += difference;
            }
            assertTrue(off <= 1 + expected.rgb().length / 1000, off + " values of " + image + " sigma " + sigma);
        }
    }

    @Test
    void oneCanvasGivesWhatNewImagesGive() {
        List<Transform> recipes = TransformTest.transforms();
        Canvas canvas = new Canvas();
        for (int i = 0; i < 200; i++) {
            Image image = noise(20 + rng.nextInt(40), 20 + rng.nextInt(40));
            Transform recipe = recipes.get(rng.nextInt(recipes.size())).then(recipes.get(rng.nextInt(5)));
            long seed = rng.nextLong();
            SplittableRandom inPlace = new SplittableRandom(seed);
            SplittableRandom apart = new SplittableRandom(seed);
            canvas.show(image);
            recipe.apply(canvas, inPlace);
            assertEquals(recipe.apply(image, apart), canvas.toImage());
            assertEquals(apart.nextLong(), inPlace.nextLong(), "equally many numbers are drawn");
        }
    }

    @Test
    void aTransformThatKnowsImagesOnlyWorksInPlaceToo() {
        Transform corner = new Transform() {
            @Override
            public Image apply(Image image, RandomGenerator unused) {
                return new Image(1, 1, new byte[] {image.rgb()[0], 1, 2});
            }
        };
        Canvas canvas = Canvas.of(noise(9, 7));
        new HorizontalFlip().then(corner).then(new Grayscale()).apply(canvas, rng);
        assertEquals(1, canvas.width());
        assertEquals(1, canvas.toImage().width());
    }

    @Test
    void whatIsShownIsNeitherCopiedNorChanged() {
        Image image = noise(8, 5);
        Image before = new Image(8, 5, image.rgb().clone());
        Canvas canvas = Canvas.of(image);
        assertSame(image, canvas.toImage());
        new Solarize(128).apply(canvas, rng);
        assertNotEquals(image, canvas.toImage());
        assertEquals(before, image);
    }

    @Test
    void writesTheSameFloatsToNativeMemoryAsToAnArray() {
        Image image = noise(13, 9);
        float[] expected = new float[3 * 13 * 9];
        Normalization.imagenet().write(image, expected);
        FloatBuffer out = ByteBuffer.allocateDirect(4 * expected.length)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
        Canvas.of(image).write(Normalization.imagenet(), out);
        assertEquals(FloatBuffer.wrap(expected), out);
    }
}
