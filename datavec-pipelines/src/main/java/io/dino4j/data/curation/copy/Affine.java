package io.dino4j.data.curation.copy;

import java.util.Optional;

/** A change of position in the plane by any linear map and a shift: {@code x' = a x + b y + c, y' = d x + e y + f}. */
record Affine(double a, double b, double c, double d, double e, double f) {
    /** Any three points fit. */
    private static final int LEAST = 4;

    /** Spread of the points across their line, as a part of that along it, below which the map is not determined. */
    private static final double FLAT = 1e-4;

    /** The one with the least squared distances between matches; none if they are fewer than four, or lie on a line. */
    static Optional<Affine> fit(LocalFeatures from, LocalFeatures to, Matches matches, boolean[] chosen) {
        MatchCenter center = MatchCenter.of(from, to, matches, chosen);
        double n = center.n();
        double x = center.x();
        double y = center.y();
        double u = center.u();
        double v = center.v();
        double xx = 0;
        double xy = 0;
        double yy = 0;
        double xu = 0;
        double yu = 0;
        double xv = 0;
        double yv = 0;
        for (int m = 0; m < matches.count(); m++) {
            if (chosen[m]) {
                double dx = from.x()[matches.from()[m]] - x / n;
                double dy = from.y()[matches.from()[m]] - y / n;
                double du = to.x()[matches.to()[m]] - u / n;
                double dv = to.y()[matches.to()[m]] - v / n;
                xx += dx * dx;
                xy += dx * dy;
                yy += dy * dy;
                xu += dx * du;
                yu += dy * du;
                xv += dx * dv;
                yv += dy * dv;
            }
        }
        double area = xx * yy - xy * xy;
        if (n < LEAST || !(area > FLAT * (xx + yy) * (xx + yy))) {
            return Optional.empty();
        }
        double a = (xu * yy - yu * xy) / area;
        double b = (yu * xx - xu * xy) / area;
        double d = (xv * yy - yv * xy) / area;
        double e = (yv * xx - xv * xy) / area;
        return Optional.of(new Affine(a, b, (u - a * x - b * y) / n, d, e, (v - d * x - e * y) / n));
    }

    /** Squared distance of a match's second point from where its first is put. */
    double squaredDistance(LocalFeatures from, int i, LocalFeatures to, int j) {
        double dx = a * from.x()[i] + b * from.y()[i] + c - to.x()[j];
        double dy = d * from.x()[i] + e * from.y()[i] + f - to.y()[j];
        return dx * dx + dy * dy;
    }
}
