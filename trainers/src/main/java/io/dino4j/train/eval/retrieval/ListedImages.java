package io.dino4j.train.eval.retrieval;

import io.dino4j.data.image.BicubicResize;
import io.dino4j.data.image.Box;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.Location;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Image files that a list names, in its order, whole or cut. */
final class ListedImages implements ImageSource {
    private final List<Path> files;
    private final List<Optional<Box>> parts;

    private ListedImages(List<Path> files, List<Optional<Box>> parts) {
        this.files = List.copyOf(files);
        this.parts = List.copyOf(parts);
    }

    /** Whole images. */
    static ListedImages whole(List<Path> files) {
        return new ListedImages(
                files, files.stream().map(f -> Optional.<Box>empty()).toList());
    }

    /**
     * Parts of images.
     *
     * @param parts one for each file, cut at the image's edges; empty for the whole image
     */
    static ListedImages parts(List<Path> files, List<Optional<Box>> parts) {
        return new ListedImages(files, parts);
    }

    /**
     * A file that a list names.
     *
     * @param folder that names are relative to
     * @param list for the message
     * @throws IllegalArgumentException naming the list, if there is no such file
     */
    static Path file(Path folder, String name, Path list) {
        try {
            Path file = folder.resolve(name);
            if (Files.isRegularFile(file)) {
                return file;
            }
        } catch (InvalidPathException e) {
            // there is none
        }
        throw new IllegalArgumentException(
                "%s: names the image '%s', which is not in %s".formatted(list, name, folder));
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public Image read(int i, Reduction reduction) throws UnreadableImageException {
        if (parts.get(i).isEmpty()) {
            return ImageDecoder.decode(encoded(i), name(i), reduction);
        }
        Image whole = ImageDecoder.decode(encoded(i), name(i), Reduction.NONE);
        Box part = parts.get(i).get();
        int top = Math.min(part.top(), whole.height() - 1);
        int left = Math.min(part.left(), whole.width() - 1);
        Box inside = new Box(
                top, left, Math.min(part.height(), whole.height() - top), Math.min(part.width(), whole.width() - left));
        return BicubicResize.resizeCrop(whole, whole.width(), whole.height(), inside);
    }

    @Override
    public byte[] encoded(int i) throws UnreadableImageException {
        return ImageDecoder.encoded(files.get(i));
    }

    /** Where the file lies; empty for a part, which is not what the file holds. */
    @Override
    public Optional<Location> location(int i) {
        return parts.get(i).isEmpty() ? Optional.of(new Location.WholeFile(files.get(i))) : Optional.empty();
    }

    @Override
    public String name(int i) {
        return files.get(i)
                + parts.get(i)
                        .map(b -> " [%d rows from %d, %d columns from %d]"
                                .formatted(b.height(), b.top(), b.width(), b.left()))
                        .orElse("");
    }

    @Override
    public int label(int i) {
        return -1;
    }

    @Override
    public List<String> classes() {
        return List.of();
    }
}
