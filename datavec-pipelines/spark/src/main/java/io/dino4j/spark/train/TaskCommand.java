package io.dino4j.spark.train;

import io.dino4j.examples.cli.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine;

/**
 * A command of the command line that a task has carried out.
 *
 * @param ending how it has ended
 * @param transientFault true if it may go better another time: a fault of the machine or of the program, not of its input
 */
record TaskCommand(Ending ending, boolean transientFault) {
    private static final String PREFIX = "dino4j: ";

    /** Carries a command out on the calling thread; what it says goes to the log of the executor. */
    static TaskCommand execute(List<String> args) {
        AtomicReference<Exception> thrown = new AtomicReference<>();
        StringWriter said = new StringWriter();
        CommandLine main = Main.commandLine();
        PrintWriter log = main.getErr();
        main.setErr(new PrintWriter(said, true));
        CommandLine.IExecutionExceptionHandler usual = main.getExecutionExceptionHandler();
        main.setExecutionExceptionHandler((e, command, parsed) -> {
            thrown.set(e);
            return usual.handleExecutionException(e, command, parsed);
        });
        int code = main.execute(args.toArray(String[]::new));
        boolean unwanted = Thread.currentThread().isInterrupted(); // then it is the interrupt that it complains of
        log.print(unwanted ? "ended, as the run is over or begins anew\n" : said);
        log.flush();
        String line = said.toString()
                .lines()
                .filter(l -> l.startsWith(PREFIX))
                .findFirst()
                .map(l -> l.substring(PREFIX.length()))
                .orElse("");
        Exception e = thrown.get();
        boolean unforeseen = e != null && line.isEmpty();
        return new TaskCommand(
                new Ending(code, unforeseen ? oneLine(e) : line),
                unforeseen || e instanceof IOException || e instanceof UncheckedIOException);
    }

    private static String oneLine(Exception e) {
        return e.toString().lines().findFirst().orElse("");
    }
}
