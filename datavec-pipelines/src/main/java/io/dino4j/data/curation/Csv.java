package io.dino4j.data.curation;

/** Texts in tables of comma-separated values. */
final class Csv {
    private Csv() {}

    /** A text in quotes, its own doubled. */
    static String quoted(String text) {
        return '"' + text.replace("\"", "\"\"") + '"';
    }
}
