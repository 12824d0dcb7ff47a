package io.dino4j.examples.cli;

import java.util.Arrays;

/**
 * A process that another one of this program has started: a command that ends, with a checkpoint, when its parent is gone. Otherwise it would
 * train on after a sweep or a cluster was killed, and nobody would look at the result.
 */
final class ChildMain {
    private static final int ORPHANED = 143;

    private ChildMain() {}

    /**
     * Runs a command and exits with its code.
     *
     * @param args process id of the parent, then the command
     */
    public static void main(String[] args) {
        ProcessHandle.of(Long.parseLong(args[0]))
                .ifPresentOrElse(parent -> parent.onExit().thenRun(ChildMain::leave), ChildMain::leave);
        Main.main(Arrays.copyOfRange(args, 1, args.length));
    }

    /** The command's own hook finishes the step and saves. */
    private static void leave() {
        System.exit(ORPHANED);
    }
}
