package io.dino4j.train.scaling;

/**
 * Memory of the processes of a run in bytes, by formula. A server holds
 *
 * <pre>
 * 20 P / S      student, teacher, both moments and the sum of the gradients
 * </pre>
 *
 * and at most {@code 4 (W − 1) P / S} more while gradients of later ranks wait for those of earlier ones; the sums over ranks come on top,
 * at most {@code 8 W} bytes for each value of the largest. A worker holds the same for any number of servers: student, teacher, gradients
 * and what it computes with; moments are not with it.
 *
 * @param server what is always there
 * @param serverAtMost with everything that may wait
 * @param worker of one worker
 */
public record MemoryByServers(double server, double serverAtMost, double worker) {
    /** The memory of a step. */
    public static MemoryByServers of(Workload work, Cluster c) {
        double share = (double) work.parameters() / c.servers();
        double sum = work.targetSums().stream().mapToInt(n -> n).max().orElse(0);
        return new MemoryByServers(
                20 * share, 20 * share + 4 * (c.workers() - 1) * share + 8 * sum * c.workers(), work.workerBytes());
    }
}
