package io.dino4j.data.curation.copy;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.source.ImageSource;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Pictures with many corners: rectangles of random places, sizes and colours. Two seeds share nothing. */
public final class Drawings {
    private Drawings() {}

    public static Image of(int width, int height, long seed) {
        SplittableRandom rng = new SplittableRandom(seed);
        byte[] rgb = new byte[3 * width * height];
        for (int shape = 0; shape < 90; shape++) {
            int w = 1 + rng.nextInt(Math.max(1, width / (3 + shape / 8)));
            int h = 1 + rng.nextInt(Math.max(1, height / (3 + shape / 8)));
            int left = rng.nextInt(width - w + 1);
            int top = rng.nextInt(height - h + 1);
            int color = rng.nextInt();
            for (int y = top; y < top + h; y++) {
                for (int x = left; x < left + w; x++) {
                    for (int c = 0; c < 3; c++) {
                        rgb[3 * (y * width + x) + c] = (byte) (color >> 8 * c);
                    }
                }
            }
        }
        return new Image(width, height, rgb);
    }

    static Image flat(int width, int height, int value) {
        byte[] rgb = new byte[3 * width * height];
        Arrays.fill(rgb, (byte) value);
        return new Image(width, height, rgb);
    }

    /** Some of them, to be read. */
    static ImageSource source(int count, int width, int height, long seed) {
        return new ImageSource() {
            @Override
            public int size() {
                return count;
            }

            @Override
            public Image read(int i, Reduction reduction) {
                return of(width, height, seed + i);
            }

            @Override
            public byte[] encoded(int i) {
                return ImageEncoder.png(read(i, Reduction.NONE));
            }

            @Override
            public String name(int i) {
                return "drawing " + i;
            }

            @Override
            public int label(int i) {
                return -1;
            }

            @Override
            public List<String> classes() {
                return List.of();
            }
        };
    }
}
