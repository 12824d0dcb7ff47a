package io.dino4j.data.crop;

import io.dino4j.data.image.Range;
import java.util.random.RandomGenerator;

/**
 * Draws a mask as a union of random rectangles (block-wise masking of BEiT). Rectangles are added until the requested
 * number of patches is reached; each has an area uniform between {@code minPatches} and what is missing, and a
 * log-uniform aspect. It must be smaller than the grid on both sides and add at least one patch but not too many; when
 * ten draws in a row fail, the mask stays as it is. A mask can therefore fall short of the request, never exceed it.
 *
 * @param height rows of the patch grid
 * @param width columns of the patch grid
 * @param minPatches smallest area drawn for a rectangle (smaller ones come when less is missing)
 * @param maxPatches most patches one rectangle may add
 * @param minAspect smallest aspect ratio of a rectangle, in (0, 1]; the largest is its inverse
 * @see <a href="https://arxiv.org/abs/2106.08254">BEiT, algorithm 1</a>; upstream data/masking.py
 */
public record BlockMask(int height, int width, int minPatches, int maxPatches, double minAspect) {
    private static final int TRIES = 10;

    /** Checks the ranges. */
    public BlockMask {
        if (height <= 0 || width <= 0 || minPatches < 0 || maxPatches < 0 || !(minAspect > 0 && minAspect <= 1)) {
            throw new IllegalArgumentException("not a block mask: grid %dx%d, %d to %d patches, aspect from %s"
                    .formatted(height, width, minPatches, maxPatches, minAspect));
        }
    }

    /**
     * The recipe's generator: rectangles from 4 patches to half the grid, aspect from 0.3. Half of an odd grid side is
     * rounded down, as upstream's expression does: 37x37 gives 18 * 37.
     *
     * @param height rows of the patch grid
     * @param width columns of the patch grid
     * @return the generator
     */
    public static BlockMask forGrid(int height, int width) {
        return new BlockMask(height, width, 4, height / 2 * width, 0.3);
    }

    /**
     * Draws one mask.
     *
     * @param requested number of patches to mask
     * @param rng source of every random choice
     * @return (height * width) flags, row by row; at most {@code requested} of them true
     */
    public boolean[] generate(int requested, RandomGenerator rng) {
        boolean[] mask = new boolean[height * width];
        int count = 0;
        while (count < requested) {
            int added = addBlock(mask, Math.min(requested - count, maxPatches), rng);
            if (added == 0) {
                break;
            }
            count += added;
        }
        return mask;
    }

    private int addBlock(boolean[] mask, int mostAdded, RandomGenerator rng) {
        Range logAspect = new Range(Math.log(minAspect), -Math.log(minAspect));
        for (int i = 0; i < TRIES; i++) {
            // also when fewer than minPatches are missing
            double area = minPatches + (mostAdded - minPatches) * rng.nextDouble();
            double aspect = Math.exp(logAspect.draw(rng));
            int h = (int) Math.rint(Math.sqrt(area * aspect));
            int w = (int) Math.rint(Math.sqrt(area / aspect));
            if (w >= width || h >= height) {
                continue;
            }
            int top = rng.nextInt(height - h + 1);
            int left = rng.nextInt(width - w + 1);
            int fresh = h * w - count(mask, top, left, h, w);
            if (fresh > 0 && fresh <= mostAdded) {
                fill(mask, top, left, h, w);
                return fresh;
            }
        }
        return 0;
    }

    private int count(boolean[] mask, int top, int left, int h, int w) {
        int count = 0;
        for (int y = top; y < top + h; y++) {
            for (int x = left; x < left + w; x++) {
                count += mask[y * width + x] ? 1 : 0;
            }
        }
        return count;
    }

    private void fill(boolean[] mask, int top, int left, int h, int w) {
        for (int y = top; y < top + h; y++) {
            for (int x = left; x < left + w; x++) {
                mask[y * width + x] = true;
            }
        }
    }
}
