package io.dino4j.train.cluster.server;

import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.optim.GradientClip;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;

/** What is gathered of the present step and of those that may come early, and what is remembered of those that are made. */
final class StepSums implements AutoCloseable {
    /** What is told of a step that is made to who asks late. */
    record Made(long step, double[] squares, Reductions reductions) {}

    private final Deque<StepSum> sums = new ArrayDeque<>(); // of the present step and those after it
    private final Deque<Made> made = new ArrayDeque<>(); // newest first
    private long step;

    /**
     * Nothing yet.
     *
     * @param maxStaleness steps that may be gathered before they are due
     * @param pool memory for what waits
     */
    StepSums(Plan plan, int maxStaleness, PiecePool pool) {
        int extras = Math.toIntExact(plan.length(StateVector.EXTRAS));
        for (int i = 0; i <= maxStaleness; i++) {
            GradientSum gradients = new GradientSum(plan.part().layout(), plan.worldSize(), pool);
            sums.add(new StepSum(gradients, plan.worldSize(), extras));
        }
    }

    /** Forgets everything. */
    void clear() {
        sums.forEach(StepSum::clear);
        made.clear();
    }

    /** Sets the present step, with nothing gathered. */
    void begin(long presentStep) {
        clear();
        step = presentStep;
    }

    /**
     * What is gathered of a step.
     *
     * @throws IllegalArgumentException if it is not due
     */
    StepSum of(long wanted) {
        long ahead = wanted - step;
        if (ahead < 0 || ahead >= sums.size()) {
            throw new IllegalArgumentException(
                    "step %d is not due: %d are made, and none may come %d early".formatted(wanted, step, sums.size()));
        }
        Iterator<StepSum> all = sums.iterator();
        for (long i = 0; i < ahead; i++) {
            all.next();
        }
        return all.next();
    }

    /** What is remembered of a step that is made: the last one, and as many more as may come early. */
    Optional<Made> made(long wanted) {
        return made.stream().filter(m -> m.step == wanted).findFirst();
    }

    /** The present step, which is prepared, is made: on to the next. */
    void next(GradientClip clip) {
        StepSum sum = sums.removeFirst();
        made.addFirst(new Made(step, sum.squares(clip).orElseThrow(), sum.reductions()));
        sum.clear();
        sums.addLast(sum);
        step++;
        if (made.size() > sums.size()) {
            made.removeLast();
        }
    }

    @Override
    public void close() {
        sums.forEach(StepSum::close);
    }
}
