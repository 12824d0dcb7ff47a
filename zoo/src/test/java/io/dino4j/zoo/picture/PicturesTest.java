package io.dino4j.zoo.picture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.data.image.Box;
import io.dino4j.data.image.Image;
import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.picture.PartMatches.Match;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is drawn is where it should be. */
final class PicturesTest {
    private static final int WHITE = 0xffffff;

    private static Image plain(int width, int height, int color) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (color >> 8 * (2 - i % 3));
        }
        return new Image(width, height, rgb);
    }

    private static int color(Image image, int x, int y) {
        return image.at(x, y, 0) << 16 | image.at(x, y, 1) << 8 | image.at(x, y, 2);
    }

    @ParameterizedTest
    @CsvSource({
        "640, 480, 518, 14, 518, 378, 0, 640", // 388.5 rows are 27 patches and some
        "480, 640, 518, 14, 378, 518, 6, 467",
        "100, 100, 30, 14, 28, 28, 0, 100",
        "7, 7, 518, 14, 518, 518, 0, 7",
        "1000, 37, 518, 14, 518, 14, 0, 1000"
    })
    void imagesAreFramedToWholePatches(
            int width, int height, int size, int patch, int framedWidth, int framedHeight, int left, int boxWidth) {
        Framing f = Framing.of(width, height, size, patch);
        assertEquals(framedWidth, f.width());
        assertEquals(framedHeight, f.height());
        assertEquals(left, f.box().left());
        assertEquals(boxWidth, f.box().width());
        assertEquals(f.width(), f.gridWidth() * patch);
        Image framed = f.apply(plain(width, height, 0x123456));
        assertEquals(plain(framedWidth, framedHeight, 0x123456), framed);
        double scaleX = (double) f.width() / f.box().width();
        double scaleY = (double) f.height() / f.box().height();
        assertEquals(1, scaleX / scaleY, 1.0 / Math.min(f.box().width(), f.box().height()), "the aspect stays");
        assertEquals(f.box().left() + f.box().width() / 2.0, (f.centerX(0) + f.centerX(f.gridWidth() - 1)) / 2, 1e-9);
        assertTrue(f.centerY(0) > f.box().top() && f.centerY(0) < f.centerY(f.gridHeight()));
    }

    @Test
    void lessThanAPatchIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Framing.of(100, 100, 13, 14));
        assertThrows(IllegalArgumentException.class, () -> Framing.of(1000, 20, 518, 14));
        assertEquals(new Box(0, 0, 1, 1), Framing.of(1, 1, 14, 14).box());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void backgroundIsCovered(boolean smooth) {
        PatchFeatures f = Grids.object(0, 0, 1, 1);
        PatchPca pca = PatchPca.of(List.of(f));
        int scale = 6;
        Image kept =
                new PcaPicture(pca, Background.KEEP, smooth).draw(f, scale * f.gridWidth(), scale * f.gridHeight());
        Image white =
                new PcaPicture(pca, Background.WHITE, smooth).draw(f, scale * f.gridWidth(), scale * f.gridHeight());
        for (int y = 0; y < f.gridHeight(); y++) {
            for (int x = 0; x < f.gridWidth(); x++) {
                int px = scale * x + scale / 2;
                int py = scale * y + scale / 2;
                boolean object = Grids.part(y, x, 0) >= 0;
                assertEquals(object ? color(kept, px, py) : WHITE, color(white, px, py), x + ", " + y);
            }
        }
        int blue = color(kept, scale * 3 + 3, scale * 4 + 3);
        if (!smooth) {
            assertEquals(blue, color(kept, scale * 3, scale * 4), "a patch is a block");
        }
        assertNotEquals(blue, color(kept, scale * 9 + 3, scale * 4 + 3), "parts differ");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 12, 60})
    void aSheetShowsEveryPanelOnce(int count) {
        List<ContactSheet.Cell> cells = new ArrayList<>();
        List<int[]> drawn = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            double aspect = 0.6 + i % 4 * 0.4;
            int color = 0x200000 + i;
            ContactSheet.Panel panel = (w, h) -> {
                assertEquals(aspect, (double) w / h, 1.0 / h);
                drawn.add(new int[] {w, h, color});
                return plain(w, h, color);
            };
            cells.add(new ContactSheet.Cell("some-" + i + ".jpg", aspect, List.of(panel, panel)));
        }
        Image sheet = new ContactSheet(cells).draw();
        assertEquals(2 * count, drawn.size());
        int[] pixels = new int[count];
        for (int y = 0; y < sheet.height(); y++) {
            for (int x = 0; x < sheet.width(); x++) {
                int c = color(sheet, x, y);
                if (c >> 16 == 0x20) {
                    pixels[c & 0xffff]++;
                }
            }
        }
        for (int i = 0; i < count; i++) {
            int[] first = drawn.get(2 * i);
            assertEquals(2 * first[0] * first[1], pixels[first[2] & 0xffff], "nothing covers cell " + i);
            assertTrue(first[1] >= 60 && first[1] <= 620, "rows of " + first[1]);
        }
        assertTrue(sheet.width() <= 1620, "a sheet of " + sheet);
        assertEquals(WHITE, color(sheet, 0, 0));
    }

    @Test
    void linesEndAtTheMiddlesOfPatches() {
        Framing framing = Framing.of(120, 80, 120, 20);
        Image photo = plain(60, 40, 0x808080);
        Image drawn = new MatchPicture(photo, photo, framing, framing).draw(List.of(new Match(0, 0, 3, 5, 0.9)));
        assertEquals(720, drawn.height());
        assertEquals(2 * 1080 + 24, drawn.width());
        int dot = color(drawn, 90, 90);
        assertNotEquals(0x808080, dot);
        assertEquals(dot, color(drawn, 1080 + 24 + 990, 630));
        assertEquals(0x808080, color(drawn, 90, 630), "nothing elsewhere");
        assertEquals(WHITE, color(drawn, 1092, 10), "between the images");
    }

    @ParameterizedTest
    @EnumSource(ColorMap.class)
    void lightnessRisesEvenly(ColorMap map) {
        double first = lightness(map.color(0));
        double last = lightness(map.color(1));
        for (int i = 1; i <= 64; i++) {
            double step = lightness(map.color(i / 64.0)) - lightness(map.color((i - 1) / 64.0));
            assertTrue(step > 0, map + " at " + i);
            assertEquals((last - first) / 64, step, 1.0, map + " at " + i);
        }
        assertEquals(map.color(0), map.color(-3));
        assertEquals(map.color(1), map.color(3));
    }

    /** CIE 1976 L*, 0 to 100, of an sRGB colour. */
    private static double lightness(int color) {
        double y = 0.2126 * linear(color >> 16) + 0.7152 * linear(color >> 8) + 0.0722 * linear(color);
        return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
    }

    private static double linear(int level) {
        double v = (level & 255) / 255.0;
        return v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
    }

    @Test
    void heatIsWhereTheNumbersAre() {
        float[] values = new float[12];
        values[6] = 0.9f;
        HeatMap map = new HeatMap(ColorMap.VIRIDIS, false);
        Image drawn = map.draw(values, 4, 40, 30);
        assertEquals(ColorMap.VIRIDIS.color(1), color(drawn, 25, 15));
        assertEquals(ColorMap.VIRIDIS.color(0), color(drawn, 5, 15));
        Image even = map.draw(new float[12], 4, 4, 3);
        assertEquals(ColorMap.VIRIDIS.color(0), color(even, 1, 1), "no difference, no heat");
        Image over = map.drawOver(plain(8, 6, 0x646464), values, 4, 40, 30);
        assertEquals(Math.round(0.6 * (ColorMap.VIRIDIS.color(0) >> 16) + 0.4 * 100), over.at(5, 15, 0));
    }

    @Test
    void textNeverLeavesItsRoom() {
        String name = "a-very-long-name-" + "x".repeat(300) + "-\u00e4\u4e2d.jpg";
        try (Canvas canvas = new Canvas(400, 40, WHITE)) {
            canvas.text(name, 20, 20, 200, 0);
            canvas.text(name, 300, 20, 3, 0);
            Image drawn = canvas.image();
            int ink = 0;
            for (int y = 0; y < 40; y++) {
                for (int x = 0; x < 400; x++) {
                    boolean inside = x >= 18 && x <= 222;
                    ink += color(drawn, x, y) == WHITE ? 0 : 1;
                    assertTrue(inside || color(drawn, x, y) == WHITE, x + ", " + y);
                }
            }
            assertTrue(ink > 200, "letters: " + ink);
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Canvas(20_000, 20_000, 0).close());
        try (Canvas canvas = new Canvas(10, 10, 0)) {
            assertThrows(IllegalArgumentException.class, () -> canvas.paste(plain(5, 5, 0), 6, 0));
        }
        assertThrows(IllegalArgumentException.class, () -> new ContactSheet(List.of()));
        assertThrows(IllegalArgumentException.class, () -> new ContactSheet.Cell("", 1, List.of()));
        assertThrows(IllegalArgumentException.class, () -> new ContactSheet.Cell("", 0, Arrays.asList((w, h) -> null)));
    }
}
