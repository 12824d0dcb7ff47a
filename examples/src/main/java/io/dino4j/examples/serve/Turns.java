package io.dino4j.examples.serve;

import java.util.concurrent.Semaphore;

/** Keeps work in a line of bounded length: some is done at a time, some more may wait, and the rest is turned away. */
final class Turns {
    private static final int BUSY = 503;

    private final Semaphore places;
    private final Semaphore workers;

    /**
     * A line.
     *
     * @param atOnce pieces of work at a time, 1 or more
     * @param waiting pieces that may wait, 0 or more
     */
    Turns(int atOnce, int waiting) {
        places = new Semaphore(atOnce + waiting);
        workers = new Semaphore(atOnce, true);
    }

    /** What is done when its turn has come. */
    @FunctionalInterface
    interface Work<T, E extends Exception> {
        /** Does it. */
        T run() throws E, Refusal;
    }

    /** A place in the line, to be left. */
    final class Place implements AutoCloseable {
        /** Waits for its turn, and works. */
        <T, E extends Exception> T work(Work<T, E> work) throws E, Refusal {
            workers.acquireUninterruptibly();
            try {
                return work.run();
            } finally {
                workers.release();
            }
        }

        @Override
        public void close() {
            places.release();
        }
    }

    /**
     * Joins the line.
     *
     * @throws Refusal with status 503 if it is full
     */
    Place enter() throws Refusal {
        if (!places.tryAcquire()) {
            throw new Refusal(BUSY, "too many requests are waiting; try again in a moment");
        }
        return new Place();
    }

    /** Joins the line, waits and works. */
    <T, E extends Exception> T take(Work<T, E> work) throws E, Refusal {
        try (Place place = enter()) {
            return place.work(work);
        }
    }
}
