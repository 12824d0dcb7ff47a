package io.dino4j.zoo.picture;

import io.dino4j.data.image.Image;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Many pictures on one sheet, in rows of equal width; the pictures of a row have one height. Where rows break is chosen so that their
 * heights differ as little as possible from one that gives the sheet a shape of about 4 to 3.
 *
 * @param cells what is shown, in reading order
 */
public record ContactSheet(List<Cell> cells) {
    private static final int WIDTH = 1600;
    private static final double SHAPE = 0.75;
    private static final int SMALLEST_ROW = 120;
    private static final int LARGEST_ROW = 400;

    /** Between cells and around all of them. */
    private static final int GAP = 14;

    /** Between the panels of a cell. */
    private static final int SEAM = 2;

    private static final int CAPTION = 20;
    private static final int BASELINE = 14;
    private static final int PAPER = 0xffffff;
    private static final int INK = 0x454f5e;

    /** Draws a picture at the size that is wanted of it. */
    @FunctionalInterface
    public interface Panel {
        /** The picture, of exactly this size. */
        Image draw(int width, int height);
    }

    /** An image as a panel. */
    public static Panel photo(Image image) {
        return (width, height) -> Enlarged.smooth(image, width, height);
    }

    /**
     * Panels of one shape, side by side.
     *
     * @param caption below them, ASCII; shortened if it is too long, none if empty
     * @param aspect width over height of each panel
     * @param panels one at least
     */
    public record Cell(String caption, double aspect, List<Panel> panels) {
        /** Checks that there is something to show. */
        public Cell {
            if (panels.isEmpty() || !(aspect > 0) || Double.isInfinite(aspect)) {
                throw new IllegalArgumentException(
                        "a cell needs panels of a shape, got %d of aspect %s".formatted(panels.size(), aspect));
            }
            panels = List.copyOf(panels);
        }

        private double aspects() {
            return aspect * panels.size();
        }

        private int seams() {
            return (panels.size() - 1) * SEAM;
        }
    }

    /**
     * Cells of one row.
     *
     * @param height of their panels
     */
    private record Row(List<Cell> cells, int height) {}

    /** Checks that there is something to show. */
    public ContactSheet {
        if (cells.isEmpty()) {
            throw new IllegalArgumentException("a contact sheet needs one picture at least");
        }
        cells = List.copyOf(cells);
    }

    /**
     * Draws the sheet.
     *
     * @throws IllegalArgumentException if it would have more than 100 million pixels
     */
    public Image draw() {
        List<Row> rows = rows();
        int band = GAP + (cells.stream().allMatch(c -> c.caption.isEmpty()) ? 0 : CAPTION - GAP / 2);
        int width = rows.stream().mapToInt(ContactSheet::width).max().orElseThrow() + 2 * GAP;
        int height = rows.stream().mapToInt(r -> r.height + band).sum() + GAP;
        try (Canvas canvas = new Canvas(width, height, PAPER)) {
            int top = GAP;
            for (Row row : rows) {
                int left = GAP;
                for (Cell cell : row.cells) {
                    left = draw(canvas, cell, row.height, left, top) + GAP;
                }
                top += row.height + band;
            }
            return canvas.image();
        }
    }

    /** Draws one cell and says where it ends. */
    private static int draw(Canvas canvas, Cell cell, int height, int left, int top) {
        int width = panelWidth(cell, height);
        int at = left;
        for (Panel panel : cell.panels) {
            canvas.paste(panel.draw(width, height), at, top);
            at += width + SEAM;
        }
        int end = at - SEAM;
        canvas.text(cell.caption, left, top + height + BASELINE, end - left, INK);
        return end;
    }

    private static int panelWidth(Cell cell, int height) {
        return (int) Math.max(1, Math.round(cell.aspect * height));
    }

    private static int width(Row row) {
        int width = (row.cells.size() - 1) * GAP;
        for (Cell c : row.cells) {
            width += c.panels.size() * panelWidth(c, row.height) + c.seams();
        }
        return width;
    }

    /** Chooses the breaks that minimise the sum of squared deviations, by dynamic programming from the end. */
    private List<Row> rows() {
        int n = cells.size();
        double target = target();
        double[] cost = new double[n + 1];
        int[] end = new int[n];
        Arrays.fill(cost, 0, n, Double.POSITIVE_INFINITY);
        for (int from = n - 1; from >= 0; from--) {
            for (int to = from + 1; to <= n; to++) {
                double height = height(from, to);
                double off = to == n ? Math.min(0, height - target) : height - target; // a short last row is no fault
                if (cost[to] + off * off < cost[from]) {
                    cost[from] = cost[to] + off * off;
                    end[from] = to;
                }
                if (height < SMALLEST_ROW / 2.0) {
                    break;
                }
            }
        }
        List<Row> rows = new ArrayList<>();
        for (int from = 0; from < n; from = end[from]) {
            double height = height(from, end[from]);
            if (end[from] == n) {
                height = Math.min(height, rows.isEmpty() ? target : rows.get(rows.size() - 1).height);
            }
            rows.add(new Row(cells.subList(from, end[from]), (int) Math.max(1, height)));
        }
        return rows;
    }

    private double target() {
        double aspects = cells.stream().mapToDouble(Cell::aspects).sum();
        return Math.max(SMALLEST_ROW, Math.min(LARGEST_ROW, WIDTH * Math.sqrt(SHAPE / aspects)));
    }

    /** The height at which cells fill a row. */
    private double height(int from, int to) {
        double aspects = 0;
        int fixed = 2 * GAP + (to - from - 1) * GAP;
        for (Cell c : cells.subList(from, to)) {
            aspects += c.aspects();
            fixed += c.seams();
        }
        return Math.max(1, (WIDTH - fixed) / aspects);
    }
}
