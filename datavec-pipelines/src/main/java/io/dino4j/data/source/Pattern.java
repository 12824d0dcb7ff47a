package io.dino4j.data.source;

import java.util.Locale;

/**
 * The kinds of {@link RenderedShapes}. Each is a plane figure that repeats with period 1 in u and v, given by the
 * distance to its edge: positive inside, negative outside.
 */
enum Pattern {
    STRIPES(8) {
        @Override
        double distance(double u, double v) {
            return 0.25 - Math.abs(fold(u));
        }
    },
    CHECKERBOARD(12) {
        @Override
        double distance(double u, double v) {
            double a = 0.25 - Math.abs(fold(u));
            double b = 0.25 - Math.abs(fold(v));
            return Math.signum(a * b) * Math.min(Math.abs(a), Math.abs(b));
        }
    },
    DOTS(9) {
        @Override
        double distance(double u, double v) {
            return 0.3 - Math.hypot(fold(u), fold(v));
        }
    },
    RINGS(12) {
        @Override
        double distance(double u, double v) {
            return 0.11 - Math.abs(Math.hypot(fold(u), fold(v)) - 0.32);
        }
    },
    CROSSES(12) {
        @Override
        double distance(double u, double v) {
            double a = Math.abs(fold(u));
            double b = Math.abs(fold(v));
            return Math.max(Math.min(0.42 - a, 0.12 - b), Math.min(0.42 - b, 0.12 - a));
        }
    },
    TRIANGLES(12) {
        @Override
        double distance(double u, double v) {
            double a = fold(u);
            double b = fold(v) + 0.12;
            double side = 0.26 - Math.abs(a) * 0.866 - b * 0.5;
            return Math.min(side, b + 0.22);
        }
    },
    ZIGZAG(10) {
        @Override
        double distance(double u, double v) {
            return (0.25 - Math.abs(fold(v + 1.2 * Math.abs(fold(u))))) * 0.64; // 0.64: the stripe is slanted
        }
    },
    MESH(10) {
        @Override
        double distance(double u, double v) {
            return 0.12 - Math.min(Math.abs(fold(u)), Math.abs(fold(v)));
        }
    },
    BRICKS(8) {
        @Override
        double distance(double u, double v) {
            double row = Math.floor(v);
            double along = 2 * Math.abs(fold(u / 2 + (row % 2 == 0 ? 0 : 0.5)));
            double across = Math.abs(v - row - 0.5);
            return Math.min(0.88 - along, 0.38 - across);
        }
    },
    BLOBS(7) {
        @Override
        double distance(double u, double v) {
            return 0.9 * (smoothNoise(u, v) - 0.5);
        }
    };

    private final double period;

    Pattern(double period) {
        this.period = period;
    }

    /** Distance to the edge of the figure in periods, positive inside. */
    abstract double distance(double u, double v);

    /** Usual length of one repetition, in pixels. */
    double period() {
        return period;
    }

    /**
     * The direction from grey to the hue of the figure, in RGB, without change of brightness (its components add up to 0);
     * the ground has the opposite hue.
     *
     * @param turn added to the hue of the kind, in radians
     * @return a vector of length 1
     */
    double[] chroma(double turn) {
        double hue = Math.PI * ordinal() / values().length + turn;
        double a = Math.cos(hue) / Math.sqrt(2);
        double b = Math.sin(hue) / Math.sqrt(6);
        return new double[] {a + b, b - a, -2 * b};
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Distance from the middle of the cell, -0.5 to 0.5. */
    private static double fold(double t) {
        return t - Math.floor(t) - 0.5;
    }

    /** Random numbers on the lattice, 0 to 1, with smooth interpolation between them: it does not repeat. */
    private static double smoothNoise(double u, double v) {
        long column = (long) Math.floor(u);
        long row = (long) Math.floor(v);
        double a = ease(u - column);
        double b = ease(v - row);
        double top = lattice(column, row) * (1 - a) + lattice(column + 1, row) * a;
        double bottom = lattice(column, row + 1) * (1 - a) + lattice(column + 1, row + 1) * a;
        return top * (1 - b) + bottom * b;
    }

    private static double ease(double t) {
        return t * t * (3 - 2 * t);
    }

    private static double lattice(long column, long row) {
        long z = column * 0x9e3779b97f4a7c15L + row * 0xc4ceb9fe1a85ec53L;
        z = (z ^ (z >>> 33)) * 0xff51afd7ed558ccdL;
        return (z >>> 40) * 0x1p-24;
    }
}
