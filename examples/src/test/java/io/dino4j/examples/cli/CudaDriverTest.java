package io.dino4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

final class CudaDriverTest {
    @Test
    void cudaWithoutACardIsSaidInOneLine() {
        String line = CudaDriver.missing(true, false).orElseThrow();
        assertTrue(line.contains("no NVIDIA card"), line);
        assertFalse(line.contains("\n"), line);
        assertEquals(Optional.empty(), CudaDriver.missing(true, true));
        assertEquals(Optional.empty(), CudaDriver.missing(false, false));
        assertEquals(Optional.empty(), CudaDriver.missing());
    }
}
