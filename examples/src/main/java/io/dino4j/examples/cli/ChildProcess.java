package io.dino4j.examples.cli;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How this program starts itself again for a part of the work: with the same flags of Java, and not to outlive its parent. */
final class ChildProcess {
    private ChildProcess() {}

    /**
     * A process that is to be started.
     *
     * @param threads processors that it may use
     * @param args the command and its options
     */
    static ProcessBuilder of(int threads, List<String> args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!flag.startsWith("-agentlib") && !flag.startsWith("-javaagent")) {
                command.add(flag);
            }
        }
        command.add("-XX:ActiveProcessorCount=" + threads);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ChildMain.class.getName()));
        command.add(Long.toString(ProcessHandle.current().pid()));
        command.addAll(args);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
        builder.environment().putIfAbsent("OMP_WAIT_POLICY", "passive");
        return builder;
    }
}
