package io.dino4j.examples.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.dino4j.train.scaling.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConstantsFileTest {
    private static final Machine USUAL = Machine.MEASURED;

    @TempDir
    Path folder;

    private Path path;
    private ConstantsFile file;

    @BeforeEach
    void name() {
        path = folder.resolve("machine.json");
        file = new ConstantsFile(path);
    }

    @Test
    void whatIsMeasuredComesBackToTheLastBit() throws IOException {
        Machine measured = USUAL.withRates(2.4915797076846730e8, 1e9 / 3, 1e-300, Math.PI * 1e9, 1e18 + 1024, 1.0 / 7e4)
                .withFlops(1.3313657555717426e11);
        file.write(measured);
        assertEquals(measured, file.read(USUAL));
    }

    @Test
    void whatAFileDoesNotSayIsAsUsual() throws IOException {
        Files.writeString(path, "{\"sumBytesPerSecond\": 5}");
        Machine read = file.read(USUAL.withFlops(3));
        assertEquals(5, read.sumBytesPerSecond());
        assertEquals(3, read.flopsPerSecond());
        assertEquals(USUAL.sharedCore(), read.sharedCore());
    }

    private void refuses(String content, String wanted) throws IOException {
        Files.writeString(path, content);
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> file.read(USUAL));
        String line = e.getMessage().replace(path.toString(), "FILE");
        assertEquals(wanted, line.substring(0, Math.min(line.length(), wanted.length())));
        assertEquals(1, line.lines().count(), line);
    }

    @Test
    void whatIsWrongIsSaidInALine() throws IOException {
        refuses("{\"sumBytesPerSecond\": 5", "FILE: is no JSON: Unexpected end-of-input");
        refuses("", "FILE: expected a JSON object");
        refuses("[1]", "FILE: expected a JSON object");
        refuses("{\"sumBytesPerSecond\": 0}", "FILE: sumBytesPerSecond must be above 0, got 0.0");
        refuses("{\"sharedCore\": 1}", "FILE: 'sharedCore' is not a constant, or not of its type");
        refuses("{\"sharedCore\": \"yes\"}", "FILE: 'sharedCore' is not a constant, or not of its type");
    }
}
