package io.dino4j.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Subjects that are measured in turns, so that what else the machine does hits all of them. Each gets a warm-up; then in every round
 * each runs for about a second, after a run that is not measured and brings its data back into the caches, unless runs are so long
 * that it does not matter.
 *
 * @param rounds at most
 * @param seconds no further round begins after so many seconds, once there are three
 */
record Contest(int rounds, double seconds) {
    private static final int LEAST_ROUNDS = 3;
    private static final int WARM_UP = 4;
    private static final double WARM_UP_SECONDS = 6;
    private static final double TURN_SECONDS = 1;
    private static final double LONG_RUN = 0.6;
    private static final int MOST_RUNS = 20;
    private static final double SECOND = 1e9;

    /** What most lines use. */
    static final Contest USUAL = new Contest(9, 30);

    /** The state of one subject. */
    private static final class Turn {
        private final SubjectProcess subject;
        private final List<Double> seconds = new ArrayList<>();
        private double least = Double.POSITIVE_INFINITY;
        private double busy;
        private double allocated;

        Turn(SubjectProcess subject) {
            this.subject = subject;
        }

        /** TorchScript compiles in its second and third run, Java throughout. */
        void warmUp() throws LineFailure {
            double spent = 0;
            for (int i = 0; i < 2 || i < WARM_UP && spent < WARM_UP_SECONDS; i++) {
                double s = subject.run(1).get("seconds").get(0).asDouble();
                least = Math.min(least, s);
                spent += s;
            }
            subject.resetPeak();
        }

        void take() throws LineFailure {
            if (least < LONG_RUN) {
                subject.run(1);
            }
            int runs = (int) Math.max(1, Math.min(MOST_RUNS, Math.round(TURN_SECONDS / least)));
            JsonNode answer = subject.run(runs);
            for (JsonNode s : answer.get("seconds")) {
                seconds.add(s.asDouble());
                least = Math.min(least, s.asDouble());
            }
            busy += runs * answer.path("busy_processors").asDouble();
            allocated += answer.path("allocated_bytes").asDouble();
        }

        Measured end() throws LineFailure {
            ObjectNode facts = subject.facts();
            return new Measured(subject.name(), seconds, busy / seconds.size(), allocated / seconds.size(), facts);
        }
    }

    /** Measures all subjects; the result is in their order. */
    List<Measured> hold(Setting setting, List<SubjectProcess> subjects) throws LineFailure {
        List<Turn> turns = subjects.stream().map(Turn::new).toList();
        for (Turn turn : turns) {
            setting.tell().accept("  " + turn.subject.name() + ": warming up");
            turn.warmUp();
        }
        long start = System.nanoTime();
        for (int round = 0; round < rounds; round++) {
            if (round >= LEAST_ROUNDS && (System.nanoTime() - start) / SECOND > seconds) {
                break;
            }
            for (Turn turn : turns) {
                turn.take();
            }
        }
        List<Measured> measured = new ArrayList<>();
        for (Turn turn : turns) {
            Measured m = turn.end();
            measured.add(m);
            setting.tell()
                    .accept("  %s: %.3f s, %.1f processors busy".formatted(m.name(), m.median(), m.busyProcessors()));
        }
        return measured;
    }
}
