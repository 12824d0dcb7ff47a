package io.dino4j.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * What everything was measured on.
 *
 * @param date when it began
 * @param processor its name, and how many there are
 * @param memory bytes
 * @param system operating system
 * @param java the Java machine
 * @param load of the machine over the minute before; negative where the system does not tell
 */
record Machine(String date, String processor, long memory, String system, String java, double load) {
    /** Above this share of the processors, others take time from us. */
    private static final double BUSY = 0.3;

    static Machine here() {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new Machine(
                OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                "%d x %s".formatted(system.getAvailableProcessors(), processorName()),
                system.getTotalMemorySize(),
                "%s %s %s".formatted(system.getName(), system.getVersion(), system.getArch()),
                System.getProperty("java.vm.name") + " " + Runtime.version(),
                system.getSystemLoadAverage());
    }

    /** True if the machine has other work. */
    boolean busy() {
        return load > BUSY * Runtime.getRuntime().availableProcessors();
    }

    private static String processorName() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                    .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("processor");
        } catch (IOException e) {
            return "processor";
        }
    }
}
