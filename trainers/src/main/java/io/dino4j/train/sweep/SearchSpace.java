package io.dino4j.train.sweep;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.arbiter.optimize.api.ParameterSpace;

/**
 * The keys that are searched, as Arbiter sees them: a candidate is one number from 0 to 1 for each, its genes, and stands for the assignments
 * {@code key=value} in the order of the keys.
 */
@SuppressWarnings("rawtypes") // Arbiter's interfaces are
final class SearchSpace implements ParameterSpace<String[]> {
    private final List<Dimension> dimensions;
    private final List<ParameterSpace<?>> leaves = new ArrayList<>();

    SearchSpace(List<Dimension> dimensions) {
        this.dimensions = List.copyOf(dimensions);
        dimensions.forEach(d -> leaves.add(d.leaf()));
    }

    @Override
    public String[] getValue(double[] genes) {
        String[] assignments = new String[dimensions.size()];
        for (int i = 0; i < assignments.length; i++) {
            Dimension d = dimensions.get(i);
            assignments[i] = d.key() + "=" + d.text(leaves.get(i).getValue(genes));
        }
        return assignments;
    }

    @Override
    public int numParameters() {
        return leaves.size();
    }

    @Override
    public List<ParameterSpace> collectLeaves() {
        return new ArrayList<>(leaves);
    }

    @Override
    public Map<String, ParameterSpace> getNestedSpaces() {
        Map<String, ParameterSpace> nested = new LinkedHashMap<>();
        for (int i = 0; i < leaves.size(); i++) {
            nested.put(dimensions.get(i).key(), leaves.get(i));
        }
        return nested;
    }

    @Override
    public boolean isLeaf() {
        return false;
    }

    @Override
    public void setIndices(int... indices) {
        throw new UnsupportedOperationException("the leaves are numbered one by one");
    }
}
