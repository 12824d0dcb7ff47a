package io.dino4j.train.eval.retrieval;

import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.source.ImageSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Altered copies, and images that they may have been made of.
 *
 * @param copies {@code Q} images
 * @param names of them, for people, {@code Q}
 * @param originals {@code Q} positions among the references, -1 for a copy of none of them
 * @param transforms {@code Q} how each was altered
 * @param references {@code R} images that are searched
 */
public record CopySet(
        ImageSource copies, List<String> names, int[] originals, List<String> transforms, ImageSource references) {
    private static final String LIST = "ground_truth.csv";
    private static final String COPIES = "copies";
    private static final String ORIGINALS = "originals";

    /**
     * Checks numbers and positions.
     *
     * @throws IllegalArgumentException if they do not go together, or nothing is a copy of a reference
     */
    public CopySet {
        int q = copies.size();
        if (names.size() != q || originals.length != q || transforms.size() != q) {
            throw new IllegalArgumentException("%d copies, %d names, %d originals and %d transforms"
                    .formatted(q, names.size(), originals.length, transforms.size()));
        }
        int r = references.size();
        if (!IntStream.of(originals).allMatch(o -> o >= -1 && o < r)
                || IntStream.of(originals).noneMatch(o -> o >= 0)) {
            throw new IllegalArgumentException(
                    "none of the %d images is a copy of one of the %d references, or one of more than there are"
                            .formatted(q, r));
        }
        names = List.copyOf(names);
        originals = originals.clone();
        transforms = List.copyOf(transforms);
    }

    /**
     * Opens a folder with {@code ground_truth.csv} (copy, original, transform), {@code copies/} and {@code originals/}. The original of an
     * image that is a copy of nothing is left empty.
     *
     * @param references other images to search, among them the originals, found by the names of their files; empty for {@code originals/}
     * @throws IllegalArgumentException in one line naming the file and what is wrong
     * @throws IOException if a file cannot be read
     */
    public static CopySet open(Path folder, Optional<ImageSource> references) throws IOException {
        Path list = folder.resolve(LIST);
        List<Map<String, String>> rows = CsvRows.read(list, List.of("copy", "original", "transform"));
        ImageSource searched = references.isPresent() ? references.get() : new ImageFolder(folder.resolve(ORIGINALS));
        Map<String, Integer> positions = positions(searched);
        List<Path> files = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<String> transforms = new ArrayList<>();
        int[] originals = new int[rows.size()];
        for (Map<String, String> row : rows) {
            String original = row.get("original");
            Integer position = original.isEmpty() ? Integer.valueOf(-1) : positions.get(fileName(original));
            if (position == null) {
                throw new IllegalArgumentException("%s: the original '%s' is not among the %d references"
                        .formatted(list, original, searched.size()));
            }
            if (position == -2) {
                throw new IllegalArgumentException(
                        "%s: several references are named '%s', the original of %s; name a set with one of each"
                                .formatted(list, original, row.get("copy")));
            }
            originals[names.size()] = position;
            names.add(row.get("copy"));
            transforms.add(row.get("transform"));
            files.add(ListedImages.file(
                    Files.isDirectory(folder.resolve(COPIES)) ? folder.resolve(COPIES) : folder,
                    row.get("copy"),
                    list));
        }
        return new CopySet(ListedImages.whole(files), names, originals, transforms, searched);
    }

    /** Positions by file name, -2 for a name that several have. */
    private static Map<String, Integer> positions(ImageSource images) {
        Map<String, Integer> positions = new HashMap<>();
        for (int i = 0; i < images.size(); i++) {
            positions.merge(fileName(images.name(i)), i, (one, other) -> -2);
        }
        return positions;
    }

    private static String fileName(String path) {
        return path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
    }
}
