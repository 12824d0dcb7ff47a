package io.dino4j.data.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.Pictures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.datavec.image.data.ImageWritable;
import org.datavec.image.loader.NativeImageLoader;
import org.datavec.image.transform.ImageTransform;
import org.datavec.image.transform.PipelineImageTransform;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

final class TransformTest {
    private final Image image = Pictures.picture(37, 29, 1);

    static List<Transform> transforms() {
        return List.of(
                Transform.randomResizedCrop(20, new Range(0.32, 1)),
                new HorizontalFlip(),
                new ColorJitter(0.4, 0.4, 0.2, 0.1),
                new Grayscale(),
                new GaussianBlur(),
                new Solarize(128),
                new ResizeShortSide(16),
                new CenterCrop(15),
                Transform.sometimes(1, new HorizontalFlip()).then(new Grayscale()));
    }

    @ParameterizedTest
    @MethodSource("transforms")
    void dataVecGivesTheSameAsApply(Transform transform) {
        ImageTransform asDataVec = transform;
        ImageWritable out = asDataVec.transform(new ImageWritable(Frames.toFrame(image)), new Random(5));
        assertEquals(transform.apply(image, new Random(5)), Frames.toImage(out.getFrame()));
        assertSame(out, asDataVec.getCurrentImage());
    }

    @ParameterizedTest
    @MethodSource("transforms")
    void theInputIsLeftAloneAndEqualGeneratorsGiveEqualImages(Transform transform) {
        Image before = new Image(image.width(), image.height(), image.rgb().clone());
        Image first = transform.apply(image, new SplittableRandom(9));
        assertEquals(before, image);
        assertEquals(first, transform.apply(image, new SplittableRandom(9)));
    }

    @Test
    void worksInADataVecPipeline() {
        PipelineImageTransform pipeline = new PipelineImageTransform(new HorizontalFlip(), new Grayscale());
        ImageWritable out = pipeline.transform(new ImageWritable(Frames.toFrame(image)), new Random(1));
        assertEquals(Grayscale.gray(HorizontalFlip.mirror(image)), Frames.toImage(out.getFrame()));
    }

    @Test
    void worksInThePipelineOfDataVecsOwnLoader(@TempDir Path dir) throws IOException {
        Path file = Pictures.write(dir.resolve("a.png"), image);
        NativeImageLoader loader = new NativeImageLoader(
                29, 37, 3, new PipelineImageTransform(new HorizontalFlip(), new Grayscale(), new Solarize(128)));
        INDArray loaded = loader.asMatrix(file.toFile());
        Image expected = Solarize.solarize(Grayscale.gray(HorizontalFlip.mirror(image)), 128);
        for (int y = 0; y < 29; y++) {
            for (int x = 0; x < 37; x++) {
                for (int c = 0; c < 3; c++) {
                    assertEquals(expected.at(x, y, c), loaded.getInt(0, c, y, x));
                }
            }
        }
    }

    @Test
    void withoutAGeneratorOnlyDeterministicTransformsWork() {
        ImageWritable in = new ImageWritable(Frames.toFrame(image));
        assertEquals(
                Grayscale.gray(image),
                Frames.toImage(new Grayscale().transform(in).getFrame()));
        GaussianBlur random = new GaussianBlur();
        assertThrows(IllegalStateException.class, () -> random.transform(in));
        random.setRandom(new Random(3));
        random.transform(in);
    }

    @Test
    void mirroringTwiceIsNothing() {
        assertEquals(image, HorizontalFlip.mirror(HorizontalFlip.mirror(image)));
        assertNotEquals(image, HorizontalFlip.mirror(image));
    }

    @Test
    void sometimesHappensAsOftenAsItSays() {
        SplittableRandom rng = new SplittableRandom(1);
        Transform rarely = Transform.sometimes(0.2, new HorizontalFlip());
        Image small = Pictures.picture(2, 2, 1);
        long times = Stream.generate(() -> rarely.apply(small, rng))
                .limit(10_000)
                .filter(result -> result != small)
                .count();
        assertEquals(2000, times, 160); // four standard deviations
        assertThrows(IllegalArgumentException.class, () -> Transform.sometimes(1.1, rarely));
    }

    @Test
    void cropsStayInsideAndCoverTheWantedArea() {
        RandomResizedCrop crop = new RandomResizedCrop(8, new Range(0.05, 0.32), RandomResizedCrop.ASPECT);
        SplittableRandom rng = new SplittableRandom(2);
        double area = 0;
        for (int i = 0; i < 5000; i++) {
            Box box = crop.draw(200, 160, rng);
            assertTrue(box.top() + box.height() <= 160 && box.left() + box.width() <= 200, box::toString);
            double share = box.height() * box.width() / 32_000.0;
            double aspect = (double) box.width() / box.height();
            assertTrue(share > 0.045 && share < 0.335, "share " + share);
            assertTrue(aspect > 0.72 && aspect < 1.39, "aspect " + aspect);
            area += share / 5000;
        }
        assertEquals(0.185, area, 0.005);
    }

    @Test
    void anImageTooLongForAnyCropIsCutInTheMiddle() {
        RandomResizedCrop crop = new RandomResizedCrop(8, new Range(0.9, 1), RandomResizedCrop.ASPECT);
        assertEquals(new Box(0, 93, 10, 13), crop.draw(200, 10, new SplittableRandom(1)));
        assertEquals(new Box(93, 0, 13, 10), crop.draw(10, 200, new SplittableRandom(1)));
    }

    @Test
    void evaluationCutsTheMiddleOfTheResizedImage() {
        EvalTransform eval = new EvalTransform(32, 28, Normalization.imagenet());
        Image out = eval.apply(Pictures.picture(90, 60, 7));
        assertEquals(28, out.width());
        assertEquals(28, out.height());
        float[] values = new float[3 * 28 * 28];
        eval.normalization().write(out, values);
        assertEquals((out.at(5, 6, 2) / 255.0 - 0.406) / 0.225, values[2 * 784 + 6 * 28 + 5], 1e-5);
        assertThrows(IllegalArgumentException.class, () -> new EvalTransform(20, 28, Normalization.imagenet()));
    }

    @Test
    void tinyImagesSurviveEveryTransform() {
        Image dot = Pictures.picture(1, 1, 3);
        Image line = Pictures.picture(1, 5, 3);
        for (Transform transform : transforms().subList(0, 7)) {
            transform.apply(dot, new SplittableRandom(1));
            transform.apply(line, new SplittableRandom(1));
        }
    }

    @Test
    void resizingAConstantImageKeepsIt() {
        byte[] rgb = new byte[3 * 40 * 30];
        Arrays.fill(rgb, (byte) 131);
        Image out = BicubicResize.cropResize(new Image(40, 30, rgb), new Box(3, 2, 21, 33), 17, 50);
        for (byte value : out.rgb()) {
            assertEquals((byte) 131, value);
        }
    }

    @Test
    void restoringANormalisedImageGivesItBack() {
        byte[] rgb = new byte[3 * 16 * 32];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (i / 3 % 256 ^ i % 3);
        }
        Image image = new Image(32, 16, rgb);
        float[] chw = new float[rgb.length];
        Normalization.imagenet().write(image, chw);
        assertEquals(image, Normalization.imagenet().restore(chw, 32, 16));
        chw[0] = 1e9f;
        assertEquals(255, Normalization.imagenet().restore(chw, 32, 16).at(0, 0, 0), "beyond the range");
    }
}
