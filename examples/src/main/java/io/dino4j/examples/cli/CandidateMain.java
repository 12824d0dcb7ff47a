package io.dino4j.examples.cli;

import java.util.Arrays;

/**
 * The process of a candidate of a sweep: a command that ends, with a checkpoint, when the process that started it is gone. Otherwise it would
 * train on after a sweep was killed, and nobody would look at the result.
 */
final class CandidateMain {
    private static final int ORPHANED = 143;

    private CandidateMain() {}

    /**
     * Runs a command and exits with its code.
     *
     * @param args process id of the sweep, then the command
     */
    public static void main(String[] args) {
        ProcessHandle.of(Long.parseLong(args[0]))
                .ifPresentOrElse(sweep -> sweep.onExit().thenRun(CandidateMain::leave), CandidateMain::leave);
        Main.main(Arrays.copyOfRange(args, 1, args.length));
    }

    /** The command's own hook finishes the step and saves. */
    private static void leave() {
        System.exit(ORPHANED);
    }
}
