package io.dino4j.data.curation.copy;

/**
 * Sums of the positions of some matches, from which the middle of each side is known. Not the middles themselves: fits divide later.
 *
 * @param n number of matches
 * @param x sum in the first image, to the right
 * @param y sum in the first image, down
 * @param u sum in the second image, to the right
 * @param v sum in the second image, down
 */
record MatchCenter(double n, double x, double y, double u, double v) {
    static MatchCenter of(LocalFeatures from, LocalFeatures to, Matches matches, boolean[] chosen) {
        double n = 0;
        double x = 0;
        double y = 0;
        double u = 0;
        double v = 0;
        for (int m = 0; m < matches.count(); m++) {
            if (chosen[m]) {
                n++;
                x += from.x()[matches.from()[m]];
                y += from.y()[matches.from()[m]];
                u += to.x()[matches.to()[m]];
                v += to.y()[matches.to()[m]];
            }
        }
        return new MatchCenter(n, x, y, u, v);
    }
}
