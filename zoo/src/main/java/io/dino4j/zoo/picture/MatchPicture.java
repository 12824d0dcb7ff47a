package io.dino4j.zoo.picture;

import io.dino4j.data.image.Image;
import io.dino4j.zoo.picture.PartMatches.Match;
import java.util.Comparator;
import java.util.List;

/**
 * Two images side by side with lines between matching patches. Colours go round the hue circle from the top of the first image to its
 * bottom, so that neighbours are told apart and crossings can be followed.
 *
 * @param a what the framing of the first image keeps, at any size
 * @param b what the framing of the second image keeps, at any size
 * @param framingA of the first image
 * @param framingB of the second image
 */
public record MatchPicture(Image a, Image b, Framing framingA, Framing framingB) {
    private static final int HEIGHT = 720;
    private static final int GAP = 24;
    private static final int PAPER = 0xffffff;
    private static final int RIM = 0x101418;
    private static final int LINE = 2;
    private static final double DOT = 5;

    /** From red to violet: the circle is not closed, so that first and last differ. */
    private static final double HUES = 0.85;

    private static final double SATURATION = 0.85;

    /** Draws the images at one height and the lines over them. */
    public Image draw(List<Match> matches) {
        int widthA = width(framingA);
        int widthB = width(framingB);
        double patchA = (double) HEIGHT / framingA.gridHeight();
        double patchB = (double) HEIGHT / framingB.gridHeight();
        try (Canvas canvas = new Canvas(widthA + GAP + widthB, HEIGHT, PAPER)) {
            canvas.paste(Enlarged.smooth(a, widthA, HEIGHT), 0, 0);
            canvas.paste(Enlarged.smooth(b, widthB, HEIGHT), widthA + GAP, 0);
            List<Match> fromTop = matches.stream()
                    .sorted(Comparator.comparingInt(Match::ay).thenComparingInt(Match::ax))
                    .toList();
            for (int pass = 0; pass < 2; pass++) {
                for (int i = 0; i < fromTop.size(); i++) {
                    Match m = fromTop.get(i);
                    int color = color(i, fromTop.size());
                    double fromX = (m.ax() + 0.5) * patchA;
                    double fromY = (m.ay() + 0.5) * patchA;
                    double toX = widthA + GAP + (m.bx() + 0.5) * patchB;
                    double toY = (m.by() + 0.5) * patchB;
                    if (pass == 0) {
                        canvas.line(fromX, fromY, toX, toY, RIM, LINE + 2);
                        canvas.line(fromX, fromY, toX, toY, color, LINE);
                    } else {
                        dot(canvas, fromX, fromY, color);
                        dot(canvas, toX, toY, color);
                    }
                }
            }
            return canvas.image();
        }
    }

    private static int width(Framing framing) {
        return (int) Math.max(1, Math.round((double) HEIGHT * framing.width() / framing.height()));
    }

    private static void dot(Canvas canvas, double x, double y, int color) {
        canvas.disc(x, y, DOT + 1.5, RIM);
        canvas.disc(x, y, DOT, color);
    }

    private static int color(int index, int count) {
        double hue = HUES * index / Math.max(1, count - 1);
        int color = 0;
        for (int c = 0; c < 3; c++) { // red, green and blue are bright around 0, 1/3 and 2/3 of the circle
            double away = Math.abs((hue + (3 - c) / 3.0 + 0.5) % 1 - 0.5);
            double share = Math.max(0, Math.min(1, 2 - 6 * away));
            color = color << 8 | (int) Math.round(255 * (1 - SATURATION * (1 - share)));
        }
        return color;
    }
}
