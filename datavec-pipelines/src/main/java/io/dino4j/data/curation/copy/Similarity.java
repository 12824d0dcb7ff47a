package io.dino4j.data.curation.copy;

/**
 * A change of position, size and direction in the plane: {@code x' = a x - b y + c, y' = b x + a y + d}.
 *
 * @param a cosine of the angle times the scale
 * @param b sine of the angle times the scale
 * @param c shift to the right
 * @param d shift down
 */
record Similarity(double a, double b, double c, double d) {
    /** The one that moves a key point of one image onto one of another, with its size and its direction. */
    static Similarity of(LocalFeatures from, int i, LocalFeatures to, int j) {
        double scale = to.scale()[j] / from.scale()[i];
        double angle = to.angle()[j] - from.angle()[i];
        double a = scale * Math.cos(angle);
        double b = scale * Math.sin(angle);
        return new Similarity(
                a, b, to.x()[j] - a * from.x()[i] + b * from.y()[i], to.y()[j] - b * from.x()[i] - a * from.y()[i]);
    }

    /** The one with the least squared distances between matches; the given one if they lie on one spot. */
    Similarity fit(LocalFeatures from, LocalFeatures to, Matches matches, boolean[] chosen) {
        MatchCenter center = MatchCenter.of(from, to, matches, chosen);
        double n = center.n();
        double x = center.x();
        double y = center.y();
        double u = center.u();
        double v = center.v();
        double spread = 0;
        double along = 0;
        double across = 0;
        for (int m = 0; m < matches.count(); m++) {
            if (chosen[m]) {
                double dx = from.x()[matches.from()[m]] - x / n;
                double dy = from.y()[matches.from()[m]] - y / n;
                double du = to.x()[matches.to()[m]] - u / n;
                double dv = to.y()[matches.to()[m]] - v / n;
                spread += dx * dx + dy * dy;
                along += dx * du + dy * dv;
                across += dx * dv - dy * du;
            }
        }
        if (n < 2 || spread < 1) {
            return this;
        }
        double p = along / spread;
        double q = across / spread;
        return new Similarity(p, q, (u - p * x + q * y) / n, (v - q * x - p * y) / n);
    }

    double x(double x, double y) {
        return a * x - b * y + c;
    }

    double y(double x, double y) {
        return b * x + a * y + d;
    }

    double scale() {
        return Math.hypot(a, b);
    }

    Similarity inverse() {
        double s = a * a + b * b;
        return new Similarity(a / s, -b / s, -(a * c + b * d) / s, (b * c - a * d) / s);
    }
}
