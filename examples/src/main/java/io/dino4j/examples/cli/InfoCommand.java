package io.dino4j.examples.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.train.Versions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says what this machine has: kernel provider, CPU features, versions. */
@Command(
        name = "info",
        description = "Show the kernel provider, CPU features and versions.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example:", "  ./dino4j info --json"})
final class InfoCommand implements Callable<Integer> {
    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        List<KernelProvider> providers = Providers.forThisMachine();
        Map<String, String> info = new LinkedHashMap<>(Versions.of(providers));
        info.put("kernels", providers.get(0).name());
        info.put("threads", System.getenv().getOrDefault("OMP_NUM_THREADS", "all"));
        var out = spec.commandLine().getOut();
        if (json) {
            out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(info));
        } else {
            info.forEach((name, value) -> out.printf("%-10s %s%n", name, value));
        }
        return 0;
    }

    /** For {@code --version}. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"dino4j " + (version == null ? "development" : version)};
        }
    }
}
