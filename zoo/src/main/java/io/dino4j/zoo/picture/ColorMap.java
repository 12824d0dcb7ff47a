package io.dino4j.zoo.picture;

/**
 * Numbers as colours whose lightness rises evenly, so that equal steps look equal, also to the colour-blind and in grey: matplotlib's
 * maps (CC0), linear between ten of their colours.
 */
public enum ColorMap {
    /** From dark violet over green to yellow. */
    VIRIDIS(0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725),
    /** From black over red to pale yellow. */
    INFERNO(0x000004, 0x1b0c42, 0x4b0c6b, 0x781c6d, 0xa52c60, 0xcf4446, 0xed6925, 0xfb9a06, 0xf7d03c, 0xfcffa4);

    private final int[] anchors;

    ColorMap(int... anchors) {
        this.anchors = anchors;
    }

    /**
     * The colour of a number.
     *
     * @param share from 0 to 1; outside, the colour of the nearer end
     * @return 0xRRGGBB
     */
    public int color(double share) {
        double at = Math.max(0, Math.min(1, share)) * (anchors.length - 1);
        int below = (int) Math.min(at, anchors.length - 2);
        int color = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
            int from = anchors[below] >> shift & 255;
            int to = anchors[below + 1] >> shift & 255;
            color |= (int) Math.round(from + (at - below) * (to - from)) << shift;
        }
        return color;
    }
}
