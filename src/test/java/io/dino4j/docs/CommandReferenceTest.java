package io.dino4j.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.dino4j.examples.cli.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** {@code docs/cli.md} is what the commands say of themselves now. */
final class CommandReferenceTest {
    private static final Path PAGE =
            Path.of(System.getProperty("dino4j.root", "../..")).resolve("docs/cli.md");

    @Test
    void thePageIsUpToDate() throws IOException {
        StringWriter made = new StringWriter();
        CommandLine main = Main.commandLine();
        main.setOut(new PrintWriter(made));
        assertEquals(0, main.execute("reference"));
        assertFalse(made.toString().contains(System.getProperty("user.home")), "depends on the machine");
        String page = Files.readString(PAGE);
        assertEquals(
                made.toString(),
                page,
                "docs/cli.md is not what the commands say; run: ./dino4j reference --out docs/cli.md");
    }
}
