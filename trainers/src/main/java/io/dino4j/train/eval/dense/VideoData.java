package io.dino4j.train.eval.dense;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Videos with masks in the layout of DAVIS: {@code JPEGImages/480p/VIDEO/*.jpg}, {@code Annotations/480p/VIDEO/*.png} with an object's number in
 * each pixel. If {@code ImageSets/2017/val.txt} is there, its videos are taken, else all.
 *
 * @param names of the videos
 * @param frames of the videos with their masks
 */
public record VideoData(List<String> names, List<TruthFolder> frames) {
    private static final String SIZE = "480p";

    /**
     * Opens a folder.
     *
     * @throws IllegalArgumentException naming what is missing
     */
    public static VideoData open(Path folder) {
        Path masks = folder.resolve("Annotations").resolve(SIZE);
        Path list = folder.resolve("ImageSets/2017/val.txt");
        if (!Files.isDirectory(masks)) {
            throw new IllegalArgumentException(
                    "%s: no such folder; expected the layout of DAVIS in %s: JPEGImages/480p, Annotations/480p"
                            .formatted(masks, folder));
        }
        try (Stream<Path> found = Files.list(masks)) {
            List<String> names = Files.exists(list)
                    ? Files.readAllLines(list).stream()
                            .map(String::strip)
                            .filter(n -> !n.isEmpty())
                            .toList()
                    : found.filter(Files::isDirectory)
                            .map(p -> p.getFileName().toString())
                            .sorted()
                            .toList();
            if (names.isEmpty()) {
                throw new IllegalArgumentException(masks + ": holds no video; expected a folder for each");
            }
            List<TruthFolder> frames = names.stream()
                    .map(name -> TruthFolder.of(
                            folder,
                            Path.of("JPEGImages", SIZE, name).toString(),
                            Path.of("Annotations", SIZE, name).toString()))
                    .toList();
            return new VideoData(names, frames);
        } catch (IOException e) {
            throw new IllegalArgumentException("%s: cannot be listed (%s)".formatted(folder, e.getMessage()), e);
        }
    }
}
