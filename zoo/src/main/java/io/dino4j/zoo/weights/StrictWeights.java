package io.dino4j.zoo.weights;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

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
    public static void load(Safetensors file, ParameterVector into) {
        load(file, into, "");
    }

    /**
     * Loads one part of a model.
     *
     * @param file its names are those of the part, without the prefix
     * @param into written where names start with the prefix
     * @param prefix such as {@code backbone.}, or empty
     * @throws WeightsException listing every difference
     */
    public static void load(Safetensors file, ParameterVector into, String prefix) {
        Map<String, TensorInfo> theirs = file.tensors();
        TreeSet<String> unexpected = new TreeSet<>(theirs.keySet());
        TreeSet<String> missing = new TreeSet<>();
        List<String> misshapen = new ArrayList<>();
        List<ParameterLayout.Entry> wanted = into.layout().entries().stream()
                .filter(e -> e.name().startsWith(prefix))
                .toList();
        for (ParameterLayout.Entry e : wanted) {
            String name = e.name().substring(prefix.length());
            TensorInfo t = theirs.get(name);
            unexpected.remove(name);
            if (t == null) {
                missing.add(name);
            } else if (!Arrays.equals(t.shape(), e.shape()) || !Safetensors.isReal(t.type())) {
                misshapen.add("%s, wanted %s".formatted(t, Arrays.toString(e.shape())));
            }
        }
        List<String> faults = new ArrayList<>();
        describe(faults, "missing", List.copyOf(missing));
        describe(faults, "unexpected", List.copyOf(unexpected));
        describe(faults, "of another shape or type", misshapen);
        if (!faults.isEmpty()) {
            throw new WeightsException(
                    "%s does not fit this model: %s".formatted(file.file(), String.join("; ", faults)));
        }
        for (ParameterLayout.Entry e : wanted) {
            file.readInto(e.name().substring(prefix.length()), into.view(e.name()));
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
