package io.dino4j.zoo.weights;

import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.vit.VitConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The parameters of a network under official names, sub-network first, put together from the tensors that hold them.
 *
 * @param file the tensors
 * @param names where they are
 * @param stored how the file holds the parameters of the backbone; those of heads it holds as they are
 */
record NetworkTensors(TensorFile file, NetworkNames names, Map<String, StoredParameter> stored) {
    /**
     * The parameters of a file.
     *
     * @param config of its backbone; the number of heads does not matter
     */
    static NetworkTensors of(TensorFile file, NetworkNames names, VitConfig config) {
        Map<String, StoredParameter> stored = new LinkedHashMap<>();
        names.scheme().stored(config).forEach(p -> stored.put(SslConfig.BACKBONE + p.name(), p));
        return new NetworkTensors(file, names, stored);
    }

    /** Parameters of the backbone that the file has nothing of: they are zeros. */
    List<String> absent() {
        return stored.values().stream()
                .filter(p -> p.parts().isEmpty())
                .map(StoredParameter::name)
                .toList();
    }

    /**
     * Compares the tensors with what a network needs.
     *
     * @param layout of the network; its position embedding may be for another grid
     * @param compared the names of the network, and those of the file that are of no part of it
     * @throws WeightsException listing every difference, in the names of the file
     */
    void requireComplete(ParameterLayout layout, Predicate<String> compared) {
        Map<String, TensorInfo> theirs = new TreeMap<>();
        names.sources().forEach((name, source) -> {
            if (compared.test(name)) {
                theirs.put(source, file.tensors().get(source));
            }
        });
        Map<String, long[]> wanted = new LinkedHashMap<>();
        for (ParameterLayout.Entry e : layout.entries()) {
            if (compared.test(e.name())) {
                parts(e.name(), e.shape()).forEach(p -> wanted.put(source(e.name(), p), p.shape()));
            }
        }
        StrictWeights.compare(file.file(), theirs, wanted);
    }

    private List<StoredParameter.Part> parts(String name, long[] shape) {
        StoredParameter p = stored.get(name);
        return p == null ? List.of(new StoredParameter.Part(name, shape)) : p.parts();
    }

    private String source(String parameter, StoredParameter.Part part) {
        return stored.containsKey(parameter)
                ? names.inFile(SslConfig.BACKBONE, part.name())
                : names.inFile("", part.name());
    }

    /**
     * Copies a parameter into a contiguous array of its shape.
     *
     * @param name official name, sub-network first
     */
    void readInto(String name, INDArray target) {
        StoredParameter p = stored.get(name);
        if (p == null) {
            file.readInto(names.inFile("", name), target);
        } else if (p.isWhole()) {
            file.readInto(names.inFile(SslConfig.BACKBONE, p.parts().get(0).name()), target);
        } else {
            putTogether(p, target);
        }
    }

    private void putTogether(StoredParameter p, INDArray target) {
        INDArray flat = target.reshape(target.length());
        long done = p.absent();
        if (done > 0) {
            flat.get(NDArrayIndex.interval(0, done)).assign(0);
        }
        for (StoredParameter.Part part : p.parts()) {
            INDArray read = file.read(names.inFile(SslConfig.BACKBONE, part.name()));
            flat.get(NDArrayIndex.interval(done, done + part.length()))
                    .assign(read.castTo(target.dataType()).reshape(part.length()));
            done += part.length();
        }
    }
}
