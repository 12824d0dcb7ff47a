package io.dino4j.zoo.feature;

import io.dino4j.data.file.Durable;
import io.dino4j.data.file.FolderLock;
import io.dino4j.zoo.feature.FeatureFormat.Totals;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The folder of parts: {@code settings.json}, and for part {@code N} its data {@code part-N.*} and its index {@code part-N.json}. Files
 * are written as hidden drafts, flushed to the disk and then renamed. Only totals are kept in memory, whatever the number of parts.
 */
final class PartFolder implements AutoCloseable {
    static final String SETTINGS = "settings.json";

    private static final String INDEX = ".json";
    private static final Pattern DRAFT = Pattern.compile("\\..*\\.draft");

    private final Path folder;
    private final List<String> endings;
    private final Pattern part;
    private final FolderLock lock;

    private PartFolder(Path folder, List<String> endings, FolderLock lock) {
        this.folder = folder;
        this.endings = endings;
        this.lock = lock;
        String names = String.join("|", endings.stream().map(Pattern::quote).toList());
        this.part = Pattern.compile("part-(\\d{8})(" + Pattern.quote(INDEX) + "|" + names + ")");
    }

    /**
     * The folder, made if need be, for this process alone.
     *
     * @throws IOException if another process has it
     */
    static PartFolder lock(Path folder, List<String> endings) throws IOException {
        return new PartFolder(folder, endings, FolderLock.take(folder));
    }

    Path path() {
        return folder;
    }

    Path settings() {
        return folder.resolve(SETTINGS);
    }

    Path data(int number, String ending) {
        return folder.resolve("part-%08d%s".formatted(number, ending));
    }

    List<Path> data(int number) {
        return endings.stream().map(ending -> data(number, ending)).toList();
    }

    /** What is to be written, file by file. */
    @FunctionalInterface
    interface Content {
        void writeTo(List<Path> drafts) throws IOException;
    }

    /**
     * Writes files under other names, then gives them theirs, in order.
     *
     * @return bytes of each
     * @throws IOException naming the last of the files; there are no drafts then
     */
    List<Long> publish(List<Path> files, Content content) throws IOException {
        List<Path> drafts = files.stream().map(this::draft).toList();
        try {
            content.writeTo(drafts);
            List<Long> lengths = new ArrayList<>();
            for (Path draft : drafts) {
                lengths.add(Files.size(draft));
            }
            for (int i = 0; i < files.size(); i++) {
                Durable.publish(drafts.get(i), files.get(i));
            }
            return lengths;
        } catch (DamagedStoreException e) {
            throw e;
        } catch (IOException e) {
            Path last = files.get(files.size() - 1);
            throw Durable.failure(last, "what was stored before is kept, run again to go on", e);
        } finally {
            for (Path draft : drafts) {
                Files.deleteIfExists(draft);
            }
        }
    }

    private Path draft(Path target) {
        return folder.resolve("." + target.getFileName() + ".draft");
    }

    void write(Path target, String text) throws IOException {
        publish(List.of(target), drafts -> Files.writeString(drafts.get(0), text));
    }

    void writeIndex(int number, PartIndex index) throws IOException {
        write(data(number, INDEX), index.toJson());
    }

    /**
     * The index of a part.
     *
     * @throws IOException naming the file if it is damaged
     */
    PartIndex index(int number) throws IOException {
        Path file = data(number, INDEX);
        try {
            return PartIndex.parse(Files.readString(file));
        } catch (IllegalArgumentException | java.nio.charset.CharacterCodingException e) {
            throw damaged(file, e instanceof IllegalArgumentException ? e.getMessage() : "is not text");
        }
    }

    /**
     * Removes drafts and data of a part that did not come to its index, and checks all others.
     *
     * @throws IOException naming a file that is damaged, missing or not of a store
     */
    Totals recover() throws IOException {
        List<Path> data = new ArrayList<>();
        int count = 0;
        int last = -1;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                Matcher matcher = part.matcher(name);
                if (DRAFT.matcher(name).matches()) {
                    Files.delete(file);
                } else if (matcher.matches() && name.endsWith(INDEX)) {
                    count++;
                    last = Math.max(last, Integer.parseInt(matcher.group(1)));
                } else if (matcher.matches()) {
                    data.add(file);
                } else if (!name.equals(SETTINGS) && !name.equals(FolderLock.NAME)) {
                    throw new IOException("%s: no file of an interrupted run; move it away".formatted(file));
                }
            }
        }
        if (count != last + 1) {
            throw damaged(folder, "holds part %d, but only %d parts".formatted(last, count));
        }
        for (Path file : data) {
            if (number(file) >= count) {
                Files.delete(file);
            }
        }
        Totals totals = Totals.NONE;
        for (int n = 0; n < count; n++) {
            totals = totals.with(checked(n, totals));
        }
        return totals;
    }

    private PartIndex checked(int number, Totals before) throws IOException {
        PartIndex index = index(number);
        Path file = data(number, INDEX);
        if (index.from() != before.position() || index.upTo() < index.from()) {
            throw damaged(
                    file,
                    "goes from image %d to %d, but the part before ends at %d"
                            .formatted(index.from(), index.upTo(), before.position()));
        }
        if (index.lengths().size() != (index.rows() > 0 ? endings.size() : 0)) {
            throw damaged(file, "does not name the files of the part");
        }
        for (int i = 0; i < index.lengths().size(); i++) {
            Path data = data(number, endings.get(i));
            if (!Files.isRegularFile(data)) {
                throw damaged(data, "is missing");
            }
            if (Files.size(data) != index.lengths().get(i)) {
                throw damaged(
                        data,
                        "has %d bytes, but %d were written"
                                .formatted(Files.size(data), index.lengths().get(i)));
            }
        }
        return index;
    }

    static DamagedStoreException damaged(Path file, String what) {
        return new DamagedStoreException("%s: %s; begin anew with --restart".formatted(file, what));
    }

    /**
     * Removes all parts and the settings. Indices go first, the last one first: what is left if this is broken off is still the start of
     * a run, to be gone on with.
     */
    void clear() throws IOException {
        for (boolean indices : new boolean[] {true, false}) {
            List<Path> files = new ArrayList<>();
            try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
                for (Path file : all) {
                    String name = file.getFileName().toString();
                    if (part.matcher(name).matches() && name.endsWith(INDEX) == indices) {
                        files.add(file);
                    }
                }
            }
            files.sort(Comparator.reverseOrder());
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.deleteIfExists(settings());
    }

    /** Removes the folder, after {@link #clear()}; a folder with something else in it stays. */
    void remove() throws IOException {
        lock.removeFolder();
    }

    private int number(Path file) {
        Matcher matcher = part.matcher(file.getFileName().toString());
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
