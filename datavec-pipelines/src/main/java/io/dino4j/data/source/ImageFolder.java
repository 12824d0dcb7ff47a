package io.dino4j.data.source;

import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageDecoder;
import io.dino4j.data.image.Reduction;
import io.dino4j.data.image.UnreadableImageException;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The JPEG and PNG files below a folder, in the order of their relative paths. The class of an image is the name of the
 * top-level sub-folder it lies in; images in the folder itself have none. Hidden files and folders are left out,
 * symbolic links are followed, loops among them are cut.
 */
public final class ImageFolder implements ImageSource {
    private static final Set<String> EXTENSIONS = Set.of("jpg", "jpeg", "png");

    private final List<Path> files;
    private final List<String> classes;
    private final int[] labels;

    /**
     * Lists a folder; no image is read yet.
     *
     * @param folder an existing folder
     * @throws IllegalArgumentException if it is missing, is not a folder, cannot be listed or holds no image file
     */
    public ImageFolder(Path folder) {
        if (!Files.exists(folder)) {
            throw new IllegalArgumentException(folder + ": no such folder; expected a folder with JPEG or PNG images");
        }
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(folder + ": is a file; expected a folder with JPEG or PNG images");
        }
        files = list(folder);
        if (files.isEmpty()) {
            throw new IllegalArgumentException(folder
                    + ": no images found; expected files ending in .jpg, .jpeg or .png in it or its sub-folders");
        }
        Set<String> names = new TreeSet<>();
        for (Path file : files) {
            Path relative = folder.relativize(file);
            if (relative.getNameCount() > 1) {
                names.add(relative.getName(0).toString());
            }
        }
        classes = List.copyOf(names);
        labels = files.stream()
                .mapToInt(file ->
                        classes.indexOf(folder.relativize(file).getName(0).toString()))
                .toArray();
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public Image read(int i, Reduction reduction) throws UnreadableImageException {
        return ImageDecoder.decode(encoded(i), name(i), reduction);
    }

    @Override
    public byte[] encoded(int i) throws UnreadableImageException {
        return ImageDecoder.encoded(files.get(i));
    }

    @Override
    public Optional<Location> location(int i) {
        return Optional.of(new Location.WholeFile(files.get(i)));
    }

    @Override
    public String name(int i) {
        return files.get(i).toString();
    }

    @Override
    public int label(int i) {
        return labels[i];
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    private static List<Path> list(Path folder) {
        List<Path> found = new ArrayList<>();
        try {
            Files.walkFileTree(
                    folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new Collector(folder, found));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "%s: cannot be listed (%s at %s)"
                            .formatted(folder, e.getClass().getSimpleName(), e.getMessage()),
                    e);
        }
        // With "/" on every system, so that the order does not depend on the machine.
        found.sort(
                Comparator.comparing(file -> folder.relativize(file).toString().replace('\\', '/')));
        return List.copyOf(found);
    }

    private static boolean isHidden(Path path) {
        return path.getFileName() != null && path.getFileName().toString().startsWith(".");
    }

    private static final class Collector extends SimpleFileVisitor<Path> {
        private final Path root;
        private final List<Path> found;

        Collector(Path root, List<Path> found) {
            this.root = root;
            this.found = found;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            boolean skip = isHidden(dir) && !dir.equals(root); // the user may well name a hidden folder
            return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            String name = file.getFileName().toString();
            String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
            if (!isHidden(file) && name.indexOf('.') >= 0 && EXTENSIONS.contains(extension)) {
                found.add(file);
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof FileSystemLoopException) {
                return FileVisitResult.CONTINUE; // its images are already in the list
            }
            throw e;
        }
    }
}
