package io.dino4j.examples.serve;

import io.dino4j.data.file.Sha256;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSources;
import io.dino4j.data.vector.Vectors;
import io.dino4j.zoo.PatchFeatures;
import io.dino4j.zoo.picture.Framing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/** The readable images of a set, in their order, with features on the disk. It does not change; any number of threads may read. */
final class ImageIndex {
    private final Path folder;
    private final ImageSource source;
    private final List<Entry> entries;
    private final PatchRows patches;

    /**
     * An image.
     *
     * @param source index in the source
     * @param name relative to the set's folder
     * @param found where its features are
     */
    record Entry(int source, String name, Indexing.Found found) {
        ImageRow row() {
            return found.image();
        }
    }

    private ImageIndex(Path folder, ImageSource source, List<Entry> entries) {
        this.folder = folder;
        this.source = source;
        this.entries = entries;
        patches = new PatchRows(entries);
    }

    /**
     * The index of images.
     *
     * @param where as they were named
     * @param found where the features of each are, null for one that could not be read
     */
    static ImageIndex of(Path folder, String where, ImageSource source, List<Indexing.Found> found) {
        IntFunction<String> names = ImageSources.relativeNames(where, source);
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            if (found.get(i) != null) {
                entries.add(new Entry(i, names.apply(i), found.get(i)));
            }
        }
        return new ImageIndex(folder, source, entries);
    }

    Path folder() {
        return folder;
    }

    ImageSource source() {
        return source;
    }

    int size() {
        return entries.size();
    }

    Entry entry(int i) {
        return entries.get(i);
    }

    /** Changes if any image does. */
    String fingerprint() {
        return Sha256.ofLines(entries.stream().map(e -> e.row().sha256()));
    }

    /** Images whose patches are kept, equal files counted once. */
    int withPatches() {
        return patches.images();
    }

    /** Embeddings of all images, {@code [N, D]}. */
    Vectors embeddings() {
        return new Vectors() {
            @Override
            public int size() {
                return entries.size();
            }

            @Override
            public int dimension() {
                return entries.get(0).found().segment().embeddings().dimension();
            }

            @Override
            public void read(int first, int count, float[] out) {
                float[] row = new float[dimension()];
                for (int i = 0; i < count; i++) {
                    System.arraycopy(embedding(first + i, row), 0, out, i * row.length, row.length);
                }
            }
        };
    }

    private float[] embedding(int i, float[] into) {
        Indexing.Found found = entries.get(i).found();
        found.segment().embeddings().read(found.row(), 1, into);
        return into;
    }

    /** The embedding of an image, {@code [D]} of length 1. */
    float[] embedding(int i) {
        return embedding(i, new float[embeddings().dimension()]);
    }

    /** The patches that are kept. */
    PatchRows patches() {
        return patches;
    }

    boolean hasPatches(int i) {
        return entries.get(i).row().firstPatch() >= 0;
    }

    /**
     * The features of an image whose patches are kept, as exact as they are kept.
     *
     * @param framing of the image
     */
    PatchFeatures features(int i, Framing framing) {
        Indexing.Found found = entries.get(i).found();
        float[] cls = embedding(i);
        float[] rows = new float[framing.gridHeight() * framing.gridWidth() * cls.length];
        found.segment().patches().read(found.image().firstPatch(), rows.length / cls.length, rows);
        return new PatchFeatures(framing.gridHeight(), framing.gridWidth(), cls.length, cls, rows);
    }

    byte[] thumbnail(int i) throws IOException {
        Indexing.Found found = entries.get(i).found();
        return found.segment().thumbnail(found.row());
    }

    /** Patches of all images that have them, one image after another; equal files are there once. */
    static final class PatchRows implements Vectors {
        private final List<Stretch> stretches = new ArrayList<>();
        private final int[] starts; // first row of each stretch, and the number of rows
        private final int[] image; // entry of each stretch
        private final int dimension;

        /** Patches of one image. */
        private record Stretch(Indexing.Found found, int image) {}

        private PatchRows(List<Entry> entries) {
            Map<Object, Integer> firsts = new LinkedHashMap<>();
            for (int i = 0; i < entries.size(); i++) {
                if (entries.get(i).row().firstPatch() >= 0) {
                    firsts.putIfAbsent(entries.get(i).row().sha256(), i);
                }
            }
            firsts.values()
                    .forEach(i -> stretches.add(new Stretch(entries.get(i).found(), i)));
            dimension = entries.get(0).found().segment().embeddings().dimension();
            starts = new int[stretches.size() + 1];
            image = new int[stretches.size()];
            Map<Segment, int[]> ends = new IdentityHashMap<>();
            for (int s = 0; s < image.length; s++) {
                Indexing.Found found = stretches.get(s).found();
                int[] next = ends.computeIfAbsent(found.segment(), PatchRows::ends);
                image[s] = stretches.get(s).image();
                starts[s + 1] = Math.addExact(
                        starts[s], next[found.row()] - found.image().firstPatch());
            }
        }

        /** For each image of a segment the row after its last patch. */
        private static int[] ends(Segment segment) {
            int[] ends = new int[segment.rows().size()];
            int end = segment.patches().size();
            for (int r = ends.length - 1; r >= 0; r--) {
                ends[r] = end;
                int first = segment.rows().get(r).firstPatch();
                end = first >= 0 ? first : end;
            }
            return ends;
        }

        /** Number of images. */
        int images() {
            return image.length;
        }

        /** The entry that the patches of image number {@code s} belong to, {@code s} counted among those with patches. */
        int entry(int s) {
            return image[s];
        }

        /** The image, counted among those with patches, that a row belongs to. */
        int imageOf(int row) {
            int at = Arrays.binarySearch(starts, row);
            return at >= 0 ? at : -at - 2;
        }

        /** The row after the last patch of an image. */
        int end(int s) {
            return starts[s + 1];
        }

        @Override
        public int size() {
            return starts[image.length];
        }

        @Override
        public int dimension() {
            return dimension;
        }

        @Override
        public void read(int first, int count, float[] out) {
            Objects.checkFromIndexSize(first, count, size());
            int done = 0;
            for (int s = count == 0 ? 0 : imageOf(first); done < count; s++) {
                int skipped = first + done - starts[s];
                int rows = Math.min(count - done, end(s) - starts[s] - skipped);
                float[] some = new float[rows * dimension];
                Indexing.Found found = stretches.get(s).found();
                found.segment().patches().read(found.image().firstPatch() + skipped, rows, some);
                System.arraycopy(some, 0, out, done * dimension, some.length);
                done += rows;
            }
        }
    }
}
