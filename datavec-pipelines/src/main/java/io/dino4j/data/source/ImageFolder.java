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
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

    /** Stands in a text for bytes that are none in the system's encoding. */
    private static final char UNKNOWN = '\ufffd';

    private final Path folder;
    private final Names names;
    private final int[] files; // positions in the names, in order
    private final Map<Integer, Path> unspeakable; // files whose names are no text in the system's encoding
    private final List<String> classes;
    private final int[] labels;

    /**
     * Lists a folder; no image is read yet. A file takes the bytes of its path below the folder and about 20 more.
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
        this.folder = folder;
        Collector found = list(folder);
        if (found.names.size() == 0) {
            throw new IllegalArgumentException(folder
                    + ": no images found; expected files ending in .jpg, .jpeg or .png in it or its sub-folders");
        }
        names = found.names;
        names.freeze();
        unspeakable = found.unspeakable;
        files = names.sorted();
        Set<String> tops = new TreeSet<>();
        String last = "";
        for (int file : files) {
            String top = top(names.get(file));
            if (!top.isEmpty() && !top.equals(last)) {
                tops.add(top);
                last = top;
            }
        }
        classes = List.copyOf(tops);
        labels = new int[files.length];
        for (int i = 0; i < files.length; i++) {
            String top = top(names.get(files[i]));
            labels[i] = top.isEmpty() ? -1 : Collections.binarySearch(classes, top);
        }
    }

    private static String top(String path) {
        return path.substring(0, Math.max(0, path.indexOf('/')));
    }

    private Path file(int i) {
        Path odd = unspeakable.get(files[i]);
        return odd == null ? folder.resolve(names.get(files[i])) : odd;
    }

    @Override
    public int size() {
        return files.length;
    }

    @Override
    public Image read(int i, Reduction reduction) throws UnreadableImageException {
        return ImageDecoder.decode(encoded(i), name(i), reduction);
    }

    @Override
    public byte[] encoded(int i) throws UnreadableImageException {
        return ImageDecoder.encoded(file(i));
    }

    @Override
    public Optional<Location> location(int i) {
        return Optional.of(new Location.WholeFile(file(i)));
    }

    @Override
    public String name(int i) {
        return file(i).toString();
    }

    @Override
    public int label(int i) {
        return labels[i];
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    private static Collector list(Path folder) {
        Collector collector = new Collector(folder);
        try {
            Files.walkFileTree(folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, collector);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "%s: cannot be listed (%s at %s)"
                            .formatted(folder, e.getClass().getSimpleName(), e.getMessage()),
                    e);
        }
        return collector;
    }

    /** Whether a file is an image by its name. */
    static boolean isImage(String name) {
        int dot = name.lastIndexOf('.');
        return dot >= 0 && EXTENSIONS.contains(name.substring(dot + 1).toLowerCase(Locale.ROOT));
    }

    private static boolean isHidden(Path path) {
        return path.getFileName() != null && path.getFileName().toString().startsWith(".");
    }

    private static final class Collector extends SimpleFileVisitor<Path> {
        private final Path root;
        private final Names names = new Names();
        private final Map<Integer, Path> unspeakable = new HashMap<>();

        Collector(Path root) {
            this.root = root;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            boolean skip = isHidden(dir) && !dir.equals(root); // the user may well name a hidden folder
            return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (!isHidden(file) && isImage(file.getFileName().toString())) {
                add(file);
            }
            return FileVisitResult.CONTINUE;
        }

        /** With "/" on every system, so that the order does not depend on the machine. */
        private void add(Path file) {
            String name = root.relativize(file).toString().replace('\\', '/');
            if (name.indexOf(UNKNOWN) < 0) {
                names.add(name);
            } else {
                int at = names.size();
                for (int n = 2; names.add(name) < at; n++) {
                    name = name + " (" + n + ")"; // two names that look alike; only the order is taken from it
                }
                unspeakable.put(at, file);
            }
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
