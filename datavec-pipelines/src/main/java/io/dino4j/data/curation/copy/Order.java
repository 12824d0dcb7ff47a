package io.dino4j.data.curation.copy;

/** Orders numbers without boxing them. */
final class Order {
    private Order() {}

    /** The positions of the numbers from the least to the largest; equal ones stay in their order. A merge sort, from runs of one upwards. */
    static int[] of(long[] keys) {
        int n = keys.length;
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        int[] next = new int[n];
        for (long run = 1; run < n; run *= 2) {
            for (long from = 0; from < n; from += 2 * run) {
                merge(keys, order, next, (int) from, (int) Math.min(n, from + run), (int) Math.min(n, from + 2 * run));
            }
            int[] done = next;
            next = order;
            order = done;
        }
        return order;
    }

    private static void merge(long[] keys, int[] order, int[] next, int from, int middle, int to) {
        int left = from;
        int right = middle;
        for (int o = from; o < to; o++) {
            boolean takeLeft = left < middle && (right >= to || keys[order[left]] <= keys[order[right]]);
            next[o] = takeLeft ? order[left++] : order[right++];
        }
    }
}
