package io.dino4j.zoo.weights;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Fills parameters from a file, all of them or none: names that are missing, not expected, or of another shape or type are
 * listed together in one error before anything is written. (Upstream loads with {@code strict=False}: a file with wrong
 * names then loads nothing, in silence.)
 */
public final class StrictWeights {
    private static final int SHOWN = 8;

    private StrictWeights() {}

    /**
     * Loads a whole model.
     *
     * @param file its names are those of the vector
     * @param into written
     * @throws WeightsException listing every difference
     */
    public static void load(TensorFile file, ParameterVector into) {
        load(file, into, name -> true);
    }

    /**
     * Loads one part of a model.
     *
     * @param file its names are those of the vector
     * @param into written where the names are of the part
     * @param part the names to compare and to load
     * @throws WeightsException listing every difference
     */
    static void load(TensorFile file, ParameterVector into, Predicate<String> part) {
        check(file, into.layout(), part);
        for (ParameterLayout.Entry e : into.layout().entries()) {
            if (part.test(e.name())) {
                file.readInto(e.name(), into.view(e.name()));
            }
        }
    }

    /** As {@link #load(TensorFile, ParameterVector, Predicate)}, without loading. */
    static void check(TensorFile file, ParameterLayout layout, Predicate<String> part) {
        Map<String, TensorInfo> theirs = new TreeMap<>(file.tensors());
        theirs.keySet().removeIf(part.negate());
        Map<String, long[]> wanted = new LinkedHashMap<>();
        for (ParameterLayout.Entry e : layout.entries()) {
            if (part.test(e.name())) {
                wanted.put(e.name(), e.shape());
            }
        }
        compare(file.file(), theirs, wanted);
    }

    /**
     * Compares tensors with what they should be.
     *
     * @param file for the message
     * @param theirs the tensors of a file
     * @param wanted names and shapes
     * @throws WeightsException listing every difference
     */
    static void compare(Path file, Map<String, TensorInfo> theirs, Map<String, long[]> wanted) {
        TreeSet<String> unexpected = new TreeSet<>(theirs.keySet());
        TreeSet<String> missing = new TreeSet<>();
        List<String> misshapen = new ArrayList<>();
        wanted.forEach((name, shape) -> {
            TensorInfo t = theirs.get(name);
            unexpected.remove(name);
            if (t == null) {
                missing.add(name);
            } else if (!Arrays.equals(t.shape(), shape) || !TensorFile.isReal(t.type())) {
                misshapen.add("%s, wanted %s".formatted(t, Arrays.toString(shape)));
            }
        });
        List<String> faults = new ArrayList<>();
        describe(faults, "missing", List.copyOf(missing));
        describe(faults, "unexpected", List.copyOf(unexpected));
        describe(faults, "of another shape or type", misshapen);
        if (!faults.isEmpty()) {
            throw new WeightsException("%s does not fit this model: %s".formatted(file, String.join("; ", faults)));
        }
    }

    private static void describe(List<String> faults, String what, List<String> names) {
        if (!names.isEmpty()) {
            String rest = names.size() > SHOWN ? " and %d more".formatted(names.size() - SHOWN) : "";
            faults.add("%d %s: %s%s"
                    .formatted(
                            names.size(),
                            what,
                            String.join(", ", names.subList(0, Math.min(SHOWN, names.size()))),
                            rest));
        }
    }
}
