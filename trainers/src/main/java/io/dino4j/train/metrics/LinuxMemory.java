package io.dino4j.train.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** What Linux tells of memory; empty on other systems. */
public final class LinuxMemory {
    private LinuxMemory() {}

    /** The most bytes that this process had resident at a time: heap, native arrays, code, everything. */
    public static OptionalLong peakResident() {
        return read("/proc/self/status", "VmHWM:");
    }

    /** The bytes that this process has resident now. */
    public static OptionalLong resident() {
        return read("/proc/self/status", "VmRSS:");
    }

    /** Bytes that a new process can have without swapping. */
    public static OptionalLong available() {
        return read("/proc/meminfo", "MemAvailable:");
    }

    private static OptionalLong read(String file, String key) {
        try {
            return Files.readAllLines(Path.of(file)).stream()
                    .filter(line -> line.startsWith(key))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }
}
