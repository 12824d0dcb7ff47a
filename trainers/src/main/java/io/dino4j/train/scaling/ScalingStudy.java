package io.dino4j.train.scaling;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * How the speed of a run grows with its workers. The measure is one process without servers, which makes the same updates itself: a cluster
 * of {@code W} workers that is as fast as {@code W} such processes has an efficiency of 1. Results depend on the arguments and the seed
 * alone.
 *
 * @param machine what everything takes
 * @param servers number of servers for a number of workers
 * @param besideWorkers see {@link Cluster}
 * @param steps steps of each simulation, at least 1; those of many workers, whose slowest is much the same in every step, are cut short
 * @param seed of the compute times
 */
public record ScalingStudy(Machine machine, IntUnaryOperator servers, boolean besideWorkers, int steps, long seed) {
    /** The efficiency below which a curve is said to bend. */
    public static final double BEND = 0.8;

    /** Times of workers that are drawn in a simulation at least: then its mean is steady. */
    private static final int ENOUGH = 256;

    /**
     * A simulated cluster.
     *
     * @param cluster who takes part
     * @param step what a step came to
     * @param speedUp images a second over those of one process without servers
     * @param efficiency speed-up for each worker
     */
    public record Point(Cluster cluster, SimulatedStep step, double speedUp, double efficiency) {}

    /**
     * A workload with more and more workers.
     *
     * @param points in the order of workers
     * @param bend number of workers at which efficiency falls below {@link #BEND}, between simulated ones by its logarithm; empty if it does not
     */
    public record Curve(List<Point> points, OptionalDouble bend) {}

    /** Checks the number of steps. */
    public ScalingStudy {
        if (steps < 1) {
            throw new IllegalArgumentException("a simulation needs a step, got " + steps);
        }
    }

    /** As many servers as half of the workers, rounded up. */
    public static int halfOf(int workers) {
        return (workers + 1) / 2;
    }

    /** Seconds of a step of one process without servers. */
    public double alone(Workload work) {
        double p = work.parameters();
        return work.flopsPerImage() * work.images() / machine.flopsPerSecond()
                + 4 * p / machine.sumBytesPerSecond()
                + p / machine.updatesPerSecond();
    }

    /** One cluster. */
    public Point point(Workload work, int workers, double gradientBytes) {
        Cluster cluster = new Cluster(workers, servers.applyAsInt(workers), gradientBytes, besideWorkers);
        int few = Math.max(1, Math.min(steps, ENOUGH / workers));
        SimulatedStep step = new StepSimulation(work, cluster, machine, few, seed).run();
        double efficiency = alone(work) / step.seconds();
        return new Point(cluster, step, workers * efficiency, efficiency);
    }

    /**
     * Clusters of several sizes, each worker with the images of the workload.
     *
     * @param workers numbers of workers, ascending
     */
    public Curve curve(Workload work, int[] workers, double gradientBytes) {
        List<Point> points = IntStream.of(workers)
                .parallel()
                .mapToObj(w -> point(work, w, gradientBytes))
                .toList();
        return new Curve(points, bend(points));
    }

    /**
     * Clusters of several sizes that share the same images: a cluster whose workers cannot have equal parts is left out. What one process
     * with all of them would take is the measure.
     *
     * @param images of a step, over all workers
     */
    public Curve strongCurve(Workload work, int images, int[] workers, double gradientBytes) {
        double alone = alone(work.withImages(images));
        List<Point> points = IntStream.of(workers)
                .filter(w -> images % w == 0)
                .parallel()
                .mapToObj(w -> point(work.withImages(images / w), w, gradientBytes))
                .map(p -> {
                    double speedUp = alone / p.step().seconds();
                    return new Point(
                            p.cluster(),
                            p.step(),
                            speedUp,
                            speedUp / p.cluster().workers());
                })
                .toList();
        return new Curve(points, bend(points));
    }

    static OptionalDouble bend(List<Point> points) {
        for (int i = 0; i < points.size(); i++) {
            Point p = points.get(i);
            if (p.efficiency() >= BEND) {
                continue;
            }
            if (i == 0) {
                return OptionalDouble.of(p.cluster().workers());
            }
            Point before = points.get(i - 1);
            double share = (before.efficiency() - BEND) / (before.efficiency() - p.efficiency());
            double from = Math.log(before.cluster().workers());
            double to = Math.log(p.cluster().workers());
            return OptionalDouble.of(Math.exp(from + share * (to - from)));
        }
        return OptionalDouble.empty();
    }

    /** 1, 2, 4 and so on, at least up to the largest, which is among them. */
    public static int[] doubling(int largest) {
        List<Integer> all = new ArrayList<>();
        for (long w = 1; w < largest; w *= 2) {
            all.add((int) w);
        }
        all.add(largest);
        return all.stream().mapToInt(Integer::intValue).toArray();
    }
}
