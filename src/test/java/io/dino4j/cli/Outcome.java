package io.dino4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.dino4j.examples.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;

/**
 * What a command that ran in this process left on the screen.
 *
 * @param exit its exit code
 * @param out standard output
 * @param err standard error, with what goes around the command line's own writer
 */
record Outcome(int exit, String out, String err) {
    /** Runs {@code ./dino4j} with these arguments. */
    static Outcome of(Object... args) {
        StringWriter out = new StringWriter();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream before = System.err;
        try (PrintStream err = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            System.setErr(err);
            CommandLine main = Main.commandLine();
            main.setOut(new PrintWriter(out, true));
            main.setErr(new PrintWriter(err, true));
            String[] texts = Arrays.stream(args).map(Object::toString).toArray(String[]::new);
            int exit = main.execute(texts);
            return new Outcome(exit, out.toString(), bytes.toString(StandardCharsets.UTF_8));
        } finally {
            System.setErr(before);
        }
    }

    /** It went well. */
    Outcome succeeded() {
        assertEquals(0, exit, err);
        return this;
    }

    /** It failed with one line that holds all of these texts, and without a stack trace. */
    void failed(int code, String... texts) {
        assertEquals(code, exit, err);
        assertFalse(err.contains("\tat "), "a stack trace is no message: " + err);
        List<String> complaints =
                err.lines().filter(l -> l.startsWith("dino4j: ")).toList();
        assertEquals(1, complaints.size(), err);
        for (String text : texts) {
            assertTrue(complaints.get(0).contains(text), () -> "'%s' is not in: %s".formatted(text, complaints));
        }
    }
}
