package io.dino4j.train.eval.retrieval;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.data.image.Box;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The ground truth of revisited Oxford and Paris: a dictionary of {@code imlist} and {@code qimlist}, names of images without their ending,
 * and {@code gnd}, for each query {@code bbx} (left, top, right, bottom in pixels) and {@code easy}, {@code hard} and {@code junk}, positions
 * in {@code imlist}. As the benchmark's own pickle, or the same as JSON.
 *
 * @param file where it comes from
 * @param database names
 * @param queries names
 * @param answers one for each query
 */
record RevisitedTruth(Path file, List<String> database, List<String> queries, List<Answer> answers) {
    private static final String IMAGES = "jpg";

    /** More than the names of a million images take. */
    private static final long LARGEST = 1L << 26;

    /** What a query shows and where it is to be found. */
    record Answer(Optional<Box> part, int[] easy, int[] hard, int[] junk) {}

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException in one line naming the file and what is wrong
     * @throws IOException if it cannot be read
     */
    static RevisitedTruth read(Path file) throws IOException {
        if (Files.size(file) > LARGEST) {
            throw new IllegalArgumentException(
                    "%s: is of %d bytes; ground truth is of at most %d".formatted(file, Files.size(file), LARGEST));
        }
        try {
            Object content = file.toString().endsWith(".json")
                    ? new ObjectMapper().readValue(file.toFile(), Object.class)
                    : PlainPickle.load(Files.readAllBytes(file));
            return of(file, content);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("%s: is no JSON: %s".formatted(file, e.getOriginalMessage()), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("%s: %s".formatted(file, e.getMessage()), e);
        }
    }

    private static RevisitedTruth of(Path file, Object content) {
        List<String> queries = texts(field(content, "qimlist"), "qimlist");
        List<?> gnd = list(field(content, "gnd"), "gnd");
        if (gnd.size() != queries.size()) {
            throw new IllegalArgumentException(
                    "gnd is of %d queries, but qimlist names %d".formatted(gnd.size(), queries.size()));
        }
        return new RevisitedTruth(
                file,
                texts(field(content, "imlist"), "imlist"),
                queries,
                gnd.stream().map(RevisitedTruth::answer).toList());
    }

    private static Answer answer(Object of) {
        return new Answer(box(of), positions(of, "easy"), positions(of, "hard"), positions(of, "junk"));
    }

    private static Optional<Box> box(Object of) {
        if (!(of instanceof Map<?, ?> map) || !map.containsKey("bbx")) {
            return Optional.empty();
        }
        List<?> sides = list(map.get("bbx"), "bbx");
        if (sides.size() != 4 || !sides.stream().allMatch(Number.class::isInstance)) {
            throw new IllegalArgumentException("bbx is not left, top, right, bottom");
        }
        int[] s = sides.stream()
                .mapToInt(v -> (int) Math.round(((Number) v).doubleValue()))
                .toArray();
        int left = Math.max(0, s[0]);
        int top = Math.max(0, s[1]);
        return Optional.of(new Box(top, left, s[3] - top, s[2] - left));
    }

    private static int[] positions(Object of, String name) {
        List<?> values = list(field(of, name), name);
        if (!values.stream().allMatch(v -> v instanceof Number n && n.doubleValue() == n.intValue())) {
            throw new IllegalArgumentException("%s holds what is no position".formatted(name));
        }
        return values.stream().mapToInt(v -> ((Number) v).intValue()).toArray();
    }

    private static List<String> texts(Object of, String name) {
        List<?> values = list(of, name);
        if (values.isEmpty() || !values.stream().allMatch(String.class::isInstance)) {
            throw new IllegalArgumentException(name + " is no list of names");
        }
        return values.stream().map(String.class::cast).toList();
    }

    private static List<?> list(Object of, String name) {
        if (of instanceof List<?> values) {
            return values;
        }
        throw new IllegalArgumentException(name + " is no list");
    }

    private static Object field(Object of, String name) {
        if (of instanceof Map<?, ?> map && map.get(name) != null) {
            return map.get(name);
        }
        throw new IllegalArgumentException("has no '%s' where one is expected".formatted(name));
    }

    /**
     * The three setups of the paper (section 3.3), medium first: images of the kinds that a setup leaves aside are junk there.
     *
     * @param folder with the images in {@code jpg/}, or itself
     * @throws IllegalArgumentException if an image is not there
     */
    RetrievalSet in(Path folder) {
        Path images = Files.isDirectory(folder.resolve(IMAGES)) ? folder.resolve(IMAGES) : folder;
        Map<String, List<Relevance>> setups = new LinkedHashMap<>();
        try {
            setups.put("medium", setup(a -> new Relevance(join(a.easy(), a.hard()), a.junk())));
            setups.put("hard", setup(a -> new Relevance(a.hard(), join(a.junk(), a.easy()))));
            setups.put("easy", setup(a -> new Relevance(a.easy(), join(a.junk(), a.hard()))));
            return new RetrievalSet(
                    "revisited " + file.getFileName().toString().replaceAll("^gnd_r?|\\.[a-z]+$", ""),
                    ListedImages.parts(
                            files(images, queries),
                            answers.stream().map(Answer::part).toList()),
                    queries,
                    ListedImages.whole(files(images, database)),
                    setups);
        } catch (IllegalArgumentException e) {
            throw e.getMessage().startsWith(file.toString())
                    ? e
                    : new IllegalArgumentException("%s: %s".formatted(file, e.getMessage()), e);
        }
    }

    private List<Relevance> setup(java.util.function.Function<Answer, Relevance> of) {
        return answers.stream().map(of).toList();
    }

    private static int[] join(int[] one, int[] other) {
        return IntStream.concat(IntStream.of(one), IntStream.of(other)).toArray();
    }

    private List<Path> files(Path images, List<String> names) {
        List<Path> files = new ArrayList<>();
        for (String name : names) {
            String full = name.matches("(?i).*\\.(jpe?g|png)") ? name : name + ".jpg";
            files.add(ListedImages.file(images, full, file));
        }
        return files;
    }
}
