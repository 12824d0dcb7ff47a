package io.dino4j.train.eval.dense;

import io.dino4j.data.image.GreyImage;
import java.nio.file.Path;

/**
 * Photos with depth: the folders {@code rgb} and {@code depth}, files of the same base name and size. Depth is 16-bit PNG in millimetres, 0 where
 * it is not known.
 *
 * @param name in tables
 * @param files photos and their depth
 */
public record DepthSet(String name, TruthFolder files) {
    private static final float MILLIMETRES = 1000;

    /**
     * Opens a folder.
     *
     * @throws IllegalArgumentException naming what is missing
     */
    public static DepthSet open(Path folder) {
        Path whole = folder.toAbsolutePath().normalize();
        Path above = whole.getParent();
        boolean plain = above == null || above.getFileName() == null || !whole.endsWith("val");
        String name = plain ? whole.getFileName().toString() : above.getFileName() + "/" + whole.getFileName();
        return new DepthSet(name, TruthFolder.of(folder, "rgb", "depth"));
    }

    /**
     * The depth of every pixel in metres, row by row; not a number where it is not known or beyond a limit.
     *
     * @param most the limit in metres
     */
    float[] depth(int i, double most) {
        GreyImage stored = files.truth(i);
        float[] depth = new float[stored.values().length];
        for (int p = 0; p < depth.length; p++) {
            float metres = (stored.values()[p] & 0xffff) / MILLIMETRES;
            depth[p] = metres > 0 && metres <= most ? metres : Float.NaN;
        }
        return depth;
    }
}
