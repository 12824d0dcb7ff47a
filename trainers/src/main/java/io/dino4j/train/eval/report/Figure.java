package io.dino4j.train.eval.report;

import io.dino4j.data.image.Image;
import java.util.List;

/** Something to look at beside the numbers of an evaluation. Curves and bars of one title are drawn together for all subjects. */
public sealed interface Figure {
    /** What is shown. */
    String title();

    /**
     * One number over another, such as accuracy over k.
     *
     * @param xLabel what goes to the right
     * @param yLabel what goes up
     * @param xs ascending
     * @param ys one for each x
     */
    record Curve(String title, String xLabel, String yLabel, double[] xs, double[] ys) implements Figure {
        /** Checks the numbers of points. */
        public Curve {
            if (xs.length == 0 || xs.length != ys.length) {
                throw new IllegalArgumentException(
                        "'%s': %d points to the right and %d up".formatted(title, xs.length, ys.length));
            }
        }
    }

    /**
     * One number for each of some names, such as accuracy by class.
     *
     * @param names of the bars
     * @param values one for each name, 0 or more
     */
    record Bars(String title, List<String> names, double[] values) implements Figure {
        /** Checks the numbers of bars. */
        public Bars {
            if (names.isEmpty() || names.size() != values.length) {
                throw new IllegalArgumentException(
                        "'%s': %d names and %d values".formatted(title, names.size(), values.length));
            }
            names = List.copyOf(names);
        }
    }

    /**
     * Counts of pairs of names, such as of true and predicted class.
     *
     * @param rowLabel what the rows stand for
     * @param columnLabel what the columns stand for
     * @param names of rows and columns
     * @param counts {@code [names, names]}
     */
    record Matrix(String title, String rowLabel, String columnLabel, List<String> names, long[][] counts)
            implements Figure {
        /** Checks the size. */
        public Matrix {
            int n = names.size();
            if (n == 0 || counts.length != n || List.of(counts).stream().anyMatch(row -> row.length != n)) {
                throw new IllegalArgumentException("'%s': expected %d rows and columns".formatted(title, n));
            }
            names = List.copyOf(names);
        }
    }

    /**
     * Numbers or words in rows and columns.
     *
     * @param head names of the columns
     * @param rows as long as the head
     */
    record Table(String title, List<String> head, List<List<String>> rows) implements Figure {
        /** Checks the widths. */
        public Table {
            for (List<String> row : rows) {
                if (row.size() != head.size()) {
                    throw new IllegalArgumentException(
                            "'%s': a row of %d under %d names".formatted(title, row.size(), head.size()));
                }
            }
        }
    }

    /**
     * Pictures in groups, such as a query and what is found for it. They are in the page alone.
     *
     * @param panels from left to right, or one below the other
     */
    record Gallery(String title, List<Panel> panels) implements Figure {
        /** Copies the list. */
        public Gallery {
            panels = List.copyOf(panels);
        }
    }

    /**
     * Some pictures that belong together.
     *
     * @param caption above them
     * @param pictures side by side
     */
    record Panel(String caption, List<Image> pictures) {
        /** Copies the list. */
        public Panel {
            pictures = List.copyOf(pictures);
        }
    }
}
