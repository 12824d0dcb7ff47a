package io.dino4j.data.source;

import io.dino4j.data.parquet.ParquetInput;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/** Opens images in whatever format they are. */
public final class ImageSources {
    /** What can be opened, for texts of help. */
    public static final String ACCEPTED =
            "a folder of JPEG and PNG files, tar files (WebDataset), Parquet files with images, or a manifest;"
                    + " many files by a folder or a pattern such as 'shards/{000..127}.tar'";

    /** What the folders of curation hold: how they were made, and a manifest. */
    private static final String CURATED = "stage.json";

    private static final String CURATED_LIST = "images.parquet";

    private ImageSources() {}

    /**
     * Opens images: a folder of JPEG and PNG files in it or below, a folder of tar or of Parquet files, one such file, a manifest, a
     * folder that a curate command has made, or several files by a pattern with {@code *}, {@code ?}, {@code [a-c]}, {@code {000..127}} or {@code {a,b}}. Parquet files and manifests are
     * recognised by their content.
     *
     * @param where a path or a pattern
     * @param warnings receives one line for what is left out, such as the rest of a damaged archive
     * @throws IllegalArgumentException if there is no such thing, or none of these: one line saying what is accepted
     * @throws IOException if a file cannot be read or is damaged, in one line
     */
    public static ImageSource open(String where, Consumer<String> warnings) throws IOException {
        Path path = path(where);
        if (!Files.exists(path) && FilePattern.isPattern(where)) {
            return ofFiles(FilePattern.files(where), where, warnings);
        }
        return open(path, warnings);
    }

    /**
     * Opens images in a folder or a file.
     *
     * @param path as in {@link #open(String, Consumer)}, but no pattern
     * @param warnings receives one line for what is left out
     * @throws IllegalArgumentException if there is no such thing, or none of these: one line saying what is accepted
     * @throws IOException if a file cannot be read or is damaged, in one line
     */
    public static ImageSource open(Path path, Consumer<String> warnings) throws IOException {
        if (!Files.exists(path)) {
            throw new IllegalArgumentException("%s: no such folder or file; expected %s".formatted(path, ACCEPTED));
        }
        if (!Files.isDirectory(path)) {
            return ofFiles(List.of(path), path.toString(), warnings);
        }
        if (Files.exists(path.resolve(CURATED)) && Files.exists(path.resolve(CURATED_LIST))) {
            return open(path.resolve(CURATED_LIST), warnings);
        }
        List<Path> tars = new ArrayList<>();
        List<Path> tables = new ArrayList<>();
        boolean images = false;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
            for (Path file : files) {
                String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
                if (!name.startsWith(".") && Files.isRegularFile(file)) {
                    if (name.endsWith(".tar")) {
                        tars.add(file);
                    } else if (name.endsWith(".parquet")) {
                        tables.add(file);
                    } else {
                        images |= ImageFolder.isImage(name);
                    }
                }
            }
        } catch (IOException e) {
            throw new IllegalArgumentException(Reasons.of(path, e), e);
        }
        if ((tars.isEmpty() ? 0 : 1) + (tables.isEmpty() ? 0 : 1) + (images ? 1 : 0) > 1) {
            throw new IllegalArgumentException(
                    "%s: holds files of several kinds; name those of one with a pattern, such as '%s'"
                            .formatted(path, path.resolve(tars.isEmpty() ? "*.parquet" : "*.tar")));
        }
        List<Path> files = tars.isEmpty() ? tables : tars;
        files.sort(null);
        return files.isEmpty() ? new ImageFolder(path) : ofFiles(files, path.toString(), warnings);
    }

    /**
     * Whether a file holds many images: a tar or Parquet file. Others may be images themselves.
     *
     * @throws IOException if it cannot be read, in one line
     */
    public static boolean isSet(Path file) throws IOException {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".tar") || isParquet(file);
    }

    /**
     * Names of images for results, the same wherever the set is: relative to its folder, with "/" on every system. An image of a tar file is
     * {@code shard.tar/key.jpg}, one of a Parquet file {@code file.parquet/row}.
     *
     * @param where what the source was opened with
     * @param source the images
     * @return names by index
     */
    public static IntFunction<String> relativeNames(String where, ImageSource source) {
        String base = base(where).replace('\\', '/');
        String prefix = base.isEmpty() || base.endsWith("/") ? base : base + "/";
        return i -> {
            String name = source.name(i).replace('\\', '/');
            return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
        };
    }

    /** The folder, that of the file, or that of a pattern before its first wildcard. */
    private static String base(String where) {
        Path path = path(where);
        if (Files.isDirectory(path)) {
            return path.toString();
        }
        Path folder = path.getParent();
        while (folder != null && !Files.exists(path) && FilePattern.isPattern(folder.toString())) {
            folder = folder.getParent();
        }
        return folder == null ? "" : folder.toString();
    }

    private static ImageSource ofFiles(List<Path> files, String where, Consumer<String> warnings) throws IOException {
        Path first = files.get(0);
        if (Files.isDirectory(first)) {
            throw new IllegalArgumentException(
                    "%s: the pattern matches the folder %s; expected .tar or Parquet files".formatted(where, first));
        }
        if (isParquet(first)) {
            try (ParquetInput in = ParquetInput.open(first)) {
                if (ImageColumns.hasImages(in.schema()) || !ManifestFile.isManifest(in.schema())) {
                    return new ParquetImages(files, ImageColumns.USUAL);
                }
            }
            if (files.size() > 1) {
                throw new IllegalArgumentException(
                        "%s: %s is a manifest, which is opened alone".formatted(where, first));
            }
            return new ManifestImages(Manifest.read(first));
        }
        String name = first.getFileName().toString().toLowerCase(Locale.ROOT);
        if (files.size() == 1 && (name.endsWith(".parquet") || name.endsWith(".manifest"))) {
            throw new IOException(first + ": is no Parquet file");
        }
        if (!name.endsWith(".tar") && !name.matches(".*\\.(tar\\.(gz|zst|bz2|xz)|tgz)")) {
            throw new IllegalArgumentException(
                    "%s: is none of what is accepted; expected %s".formatted(first, ACCEPTED));
        }
        return new TarShards(files, warnings);
    }

    private static boolean isParquet(Path file) throws IOException {
        try {
            return ParquetInput.recognises(file);
        } catch (IOException e) {
            throw new IOException(Reasons.of(file, e), e);
        }
    }

    private static Path path(String where) {
        try {
            return Path.of(where);
        } catch (java.nio.file.InvalidPathException e) {
            throw new IllegalArgumentException("'%s': is no path; expected %s".formatted(e.getInput(), ACCEPTED), e);
        }
    }
}
