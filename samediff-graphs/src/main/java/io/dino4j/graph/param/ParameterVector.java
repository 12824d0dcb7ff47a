package io.dino4j.graph.param;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The parameters of a model (or their gradients, or a moment of the optimiser) as one contiguous vector with named views.
 * Writing through a view writes the vector.
 */
public final class ParameterVector {
    private final ParameterLayout layout;
    private final INDArray vector;

    private ParameterVector(ParameterLayout layout, INDArray vector) {
        this.layout = layout;
        this.vector = vector;
    }

    /** A vector of zeros. */
    public static ParameterVector zeros(ParameterLayout layout, DataType type) {
        return new ParameterVector(layout, Nd4j.zeros(type, layout.length()));
    }

    /**
     * Parameters in memory that somebody else owns, such as a part of DL4J's flat vector.
     *
     * @param vector as many elements as the layout, one after another: {@code [length]} or {@code [1, length]}
     * @throws IllegalArgumentException if the length differs, or elements do not follow each other
     */
    public static ParameterVector over(ParameterLayout layout, INDArray vector) {
        boolean adjacent = vector.length() == 1 || vector.stride(vector.rank() - 1) == 1;
        if (vector.length() != layout.length() || !adjacent || vector.size(vector.rank() - 1) != vector.length()) {
            throw new IllegalArgumentException("expected %d elements one after another, got shape %s, stride %s"
                    .formatted(layout.length(), Arrays.toString(vector.shape()), Arrays.toString(vector.stride())));
        }
        return new ParameterVector(layout, vector.reshape(vector.length()));
    }

    /** Where each parameter lies. */
    public ParameterLayout layout() {
        return layout;
    }

    /** All elements, {@code [length]}, contiguous. */
    public INDArray vector() {
        return vector;
    }

    /** The parameter of this name in its own shape: a view, not a copy. */
    public INDArray view(String name) {
        ParameterLayout.Entry e = layout.get(name);
        long[] stride = Nd4j.getStrides(e.shape(), 'c');
        return Nd4j.create(vector.data(), e.shape(), stride, vector.offset() + e.offset(), 'c');
    }

    /**
     * The parameters whose names start with a prefix, by the rest of their names: views, not copies. {@code ""} gives all,
     * {@code "backbone."} a backbone under its own names.
     */
    public Map<String, INDArray> views(String prefix) {
        Map<String, INDArray> views = new LinkedHashMap<>();
        for (String name : layout.names()) {
            if (name.startsWith(prefix)) {
                views.put(name.substring(prefix.length()), view(name));
            }
        }
        return views;
    }
}
