package io.dino4j.train.eval.feature;

import io.dino4j.data.file.Sha256;
import io.dino4j.data.image.UnreadableImageException;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.Location;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Hashes of what features depend on. */
final class Fingerprints {
    private static final int BLOCK = 1 << 20;

    private Fingerprints() {}

    /** The hash of texts without line feeds. */
    static String ofTexts(List<String> texts) {
        return Sha256.ofLines(texts.stream());
    }

    /** The hash of parameters: names, shapes and every number. */
    static String ofWeights(Map<String, INDArray> weights) {
        return Sha256.ofLines(new TreeMap<>(weights)
                .entrySet().stream()
                        .map(e -> e.getKey() + " "
                                + Arrays.toString(e.getValue().shape()) + " " + ofNumbers(e.getValue())));
    }

    private static String ofNumbers(INDArray array) {
        INDArray flat = array.reshape(array.length());
        return Sha256.ofLines(
                IntStream.range(0, (int) ((array.length() + BLOCK - 1) / BLOCK)).mapToObj(i -> {
                    long from = (long) i * BLOCK;
                    float[] numbers = flat.get(NDArrayIndex.interval(from, Math.min(array.length(), from + BLOCK)))
                            .dup()
                            .toFloatVector();
                    ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * numbers.length);
                    bytes.asFloatBuffer().put(numbers);
                    return Sha256.of(bytes.array());
                }));
    }

    /**
     * The hash of images: of those in files by the files' paths, sizes and times of change, without reading them; of others by their bytes.
     * A file that is changed has another hash, even where its size and the time of its content are put back.
     */
    static String ofImages(ImageSource images) {
        Map<Path, String> files = new HashMap<>();
        Stream<String> lines = IntStream.range(0, images.size()).mapToObj(i -> images.location(i)
                .map(l -> part(l) + files.computeIfAbsent(l.file(), Fingerprints::stamp))
                .orElseGet(() -> images.name(i) + " " + content(images, i)));
        return Sha256.ofLines(lines);
    }

    private static String part(Location location) {
        if (location instanceof Location.Stretch s) {
            return s.offset() + "+" + s.length() + " of ";
        }
        return location instanceof Location.Row r ? r.row() + " of " : "";
    }

    private static String stamp(Path file) {
        Path path = file.toAbsolutePath().normalize();
        try {
            boolean unix = path.getFileSystem().supportedFileAttributeViews().contains("unix");
            // unlike the time of modification, nobody can set that of the last change back
            Map<String, Object> stamp =
                    Files.readAttributes(path, unix ? "unix:size,lastModifiedTime,ctime" : "size,lastModifiedTime");
            return path + " " + new TreeMap<>(stamp);
        } catch (IOException e) {
            return path + " " + e.getClass().getSimpleName(); // whoever reads it tells what is wrong
        }
    }

    private static String content(ImageSource images, int i) {
        try {
            return Sha256.of(images.encoded(i));
        } catch (UnreadableImageException e) {
            return "unreadable";
        }
    }
}
