package io.dino4j.train;

import io.dino4j.graph.kernel.KernelProvider;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.factory.Nd4j;

/** What a run ran on: recorded with everything that it leaves behind. */
public final class Versions {
    private Versions() {}

    /** Program, Java, libraries and machine, by name. */
    public static Map<String, String> of(List<KernelProvider> providers) {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("dino4j", versionOf(Versions.class));
        versions.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
        versions.put(
                "nd4j",
                versionOf(Nd4j.class) + " " + Nd4j.getBackend().getClass().getSimpleName());
        providers.forEach(p -> versions.put(p.name(), p.describe()));
        versions.put(
                "machine",
                "%s %s, %d processors"
                        .formatted(
                                System.getProperty("os.name"),
                                System.getProperty("os.arch"),
                                Runtime.getRuntime().availableProcessors()));
        return versions;
    }

    private static String versionOf(Class<?> c) {
        String version = c.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
