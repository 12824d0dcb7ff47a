package io.dino4j.data;

import java.util.Map;

/** Who watches a run. All methods but {@link #say} are called by the thread that runs it. */
public interface Progress {
    /** Nobody watches. */
    Progress SILENT = new Progress() {
        @Override
        public void begin(String task, long done, long total) {
            // nobody watches
        }

        @Override
        public void advance(long done, Map<String, Double> values) {
            // nobody watches
        }

        @Override
        public void end() {
            // nobody watches
        }

        @Override
        public void say(String line) {
            // nobody watches
        }
    };

    /**
     * A task of more than a moment begins.
     *
     * @param task a word or two
     * @param done units already done, from an earlier run
     * @param total units in all
     */
    void begin(String task, long done, long total);

    /**
     * Units are done.
     *
     * @param done units done by now
     * @param values numbers of the moment, by name; may be empty
     */
    void advance(long done, Map<String, Double> values);

    /** The task is over. */
    void end();

    /** Something to tell: one line. Threads that read images tell of unreadable ones, so any thread may call. */
    void say(String line);
}
