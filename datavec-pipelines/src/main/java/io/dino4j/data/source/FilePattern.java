package io.dino4j.data.source;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Many files by one text, as a shell has it: {@code *}, {@code ?} and {@code [a-c]} within a name match files that exist,
 * {@code {000..127}} and {@code {a,b}} stand for each of the texts, which must then exist.
 */
final class FilePattern {
    private static final int MOST = 1_000_000;

    private FilePattern() {}

    static boolean isPattern(String text) {
        return text.chars().anyMatch(c -> "*?[{".indexOf(c) >= 0);
    }

    /**
     * The files, sorted where they are matched, in the order of the text where it counts.
     *
     * @throws IllegalArgumentException if there are none, or one that is named is missing
     */
    static List<Path> files(String pattern) {
        List<Path> files = new ArrayList<>();
        for (String text : expand(pattern)) {
            if (text.chars().noneMatch(c -> "*?[".indexOf(c) >= 0)) {
                Path file = Path.of(text);
                if (!Files.exists(file)) {
                    throw new IllegalArgumentException("%s: no such file, of the pattern %s".formatted(file, pattern));
                }
                files.add(file);
            } else {
                match(Path.of(text), files);
            }
        }
        if (files.isEmpty()) {
            throw new IllegalArgumentException(pattern + ": no file matches");
        }
        return files;
    }

    private static void match(Path pattern, List<Path> into) {
        List<Path> found = new ArrayList<>();
        found.add(pattern.getRoot() == null ? Path.of("") : pattern.getRoot());
        for (Path part : pattern) {
            List<Path> next = new ArrayList<>();
            for (Path folder : found) {
                if (isPattern(part.toString())) {
                    list(folder, part.toString(), next);
                } else if (Files.exists(folder.resolve(part))) {
                    next.add(folder.resolve(part));
                }
            }
            found = next;
        }
        into.addAll(found);
    }

    private static void list(Path folder, String glob, List<Path> into) {
        List<Path> found = new ArrayList<>();
        Path shown = folder.toString().isEmpty() ? Path.of(".") : folder;
        if (!Files.isDirectory(shown)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(shown, glob)) {
            for (Path file : files) {
                if (!file.getFileName().toString().startsWith(".")) {
                    found.add(folder.resolve(file.getFileName()));
                }
            }
        } catch (IOException e) {
            throw new IllegalArgumentException(Reasons.of(shown, e), e);
        }
        found.sort(null);
        into.addAll(found);
    }

    /** Writes the braces out, the first first. */
    static List<String> expand(String text) {
        int open = text.indexOf('{');
        int close = open < 0 ? -1 : text.indexOf('}', open);
        if (close < 0) {
            return List.of(text);
        }
        List<String> all = new ArrayList<>();
        List<String> ends = expand(text.substring(close + 1));
        List<String> choices = choices(text.substring(open + 1, close));
        if ((long) choices.size() * ends.size() > MOST) {
            throw new IllegalArgumentException("%s: stands for more than %d files".formatted(text, MOST));
        }
        for (String choice : choices) {
            for (String end : ends) {
                all.add(text.substring(0, open) + choice + end);
            }
        }
        return all;
    }

    private static List<String> choices(String inside) {
        if (!inside.matches("\\d{1,9}\\.\\.\\d{1,9}")) {
            return List.of(inside.split(",", -1));
        }
        String from = inside.substring(0, inside.indexOf('.'));
        String to = inside.substring(from.length() + 2);
        int first = Integer.parseInt(from);
        int last = Integer.parseInt(to);
        if (Math.abs(last - first) >= MOST) {
            throw new IllegalArgumentException("{%s}: stands for more than %d files".formatted(inside, MOST));
        }
        boolean padded = from.length() > 1 && from.startsWith("0") || to.length() > 1 && to.startsWith("0");
        int width = padded ? Math.max(from.length(), to.length()) : 1;
        List<String> numbers = new ArrayList<>();
        for (int i = first; first <= last ? i <= last : i >= last; i += first <= last ? 1 : -1) {
            numbers.add(("%0" + width + "d").formatted(i));
        }
        return numbers;
    }
}
