package io.dino4j.data.curation.copy;

/** Sets of rows that are joined by pairs: union-find with the lowest row as the name of a set. */
final class Components {
    private final int[] parent;

    Components(int size) {
        parent = new int[size];
        for (int i = 0; i < size; i++) {
            parent[i] = i;
        }
    }

    void join(int row, int another) {
        int a = find(row);
        int b = find(another);
        parent[Math.max(a, b)] = Math.min(a, b);
    }

    /** The lowest row of the set that a row is in. Paths are halved on the way, which keeps them short. */
    int find(int row) {
        int at = row;
        while (parent[at] != at) {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        return at;
    }
}
