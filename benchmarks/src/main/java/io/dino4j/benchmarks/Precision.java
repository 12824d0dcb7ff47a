package io.dino4j.benchmarks;

import java.util.Locale;

/** What matrix products compute in. */
enum Precision {
    F32,
    BF16;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
