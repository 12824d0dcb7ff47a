package io.dino4j.examples.cli;

import io.dino4j.data.Progress;
import io.dino4j.examples.option.KernelsOption;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.Subjects;
import io.dino4j.train.Versions;
import io.dino4j.train.eval.Protocol;
import io.dino4j.train.eval.feature.FeatureCache;
import io.dino4j.train.eval.feature.PixelSubject;
import io.dino4j.train.eval.feature.Subject;
import io.dino4j.train.eval.report.Evaluation;
import io.dino4j.train.eval.report.EvaluationReport;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.weights.PretrainedWeights;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** What all commands of {@code evaluate} take: what is evaluated, against what, and where the results go. */
final class EvaluationOptions {
    /** What weights are compared with. */
    enum Baseline {
        /** The network that training began with. */
        UNTRAINED,
        /** No network at all. */
        PIXELS
    }

    @Option(
            names = "--weights",
            required = true,
            paramLabel = "PATH",
            description = {
                "A run, whose newest teacher is used, or weights: a .pth or .safetensors file, a folder of the Hugging Face hub, or a"
                        + " released model. May be given several times, to compare."
            })
    private List<Path> weights;

    @Option(
            names = "--baseline",
            split = ",",
            paramLabel = "NAME",
            description =
                    "Compare with untrained (the same network before training), pixels (no network), or both, with a comma.")
    private List<Baseline> baselines;

    @Option(
            names = "--size",
            paramLabel = "PX",
            description =
                    "Side of the network's input, a multiple of the patch size; default a run's global crops, else 224 or the backbone's own if smaller.")
    private Integer size;

    @Option(names = "--out", paramLabel = "DIR", description = "Folder for report.html, results.json and results.md.")
    private Path out;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Folder that keeps features for the next time; default ~/.cache/dino4j/features.")
    private Path cache;

    @Option(names = "--no-cache", description = "Keep no features.")
    private boolean noCache;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Mixin
    private WeightOptions options;

    @Mixin
    private KernelsOption kernels;

    @Spec(Target.MIXEE)
    private CommandSpec spec;

    /** Something else to evaluate, made when its turn comes. */
    @FunctionalInterface
    interface OtherSubject {
        /** Makes it, to be closed by the caller. */
        Subject open(Progress progress) throws IOException;
    }

    /**
     * Evaluations, and the steps after which runs stood.
     *
     * @param report all of them
     * @param first title of the first weights
     * @param step of the first weights, if they are of a run
     * @param subjects how many were evaluated
     */
    record Results(EvaluationReport report, String first, OptionalLong step, int subjects) {
        /** The evaluation of the first weights by a protocol. */
        Evaluation ofFirst(String protocol) {
            return of(protocol, first).orElseThrow();
        }

        Optional<Evaluation> of(String protocol, String subject) {
            return report.evaluations().stream()
                    .filter(e -> e.protocol().equals(protocol) && e.subject().equals(subject))
                    .findFirst();
        }
    }

    boolean json() {
        return json;
    }

    /** The first weights, as they were named. */
    Path firstWeights() {
        return weights.get(0);
    }

    /** True if there is nothing but one network and the baselines that a command has by itself. */
    boolean isPlain() {
        return weights.size() == 1 && baselines == null;
    }

    /**
     * Evaluates all by all protocols and tells of it.
     *
     * @param title of the report
     * @return exit code
     */
    int run(String title, List<Protocol> protocols) throws IOException {
        return run(title, protocols, List.of());
    }

    /**
     * The same with other subjects beside the weights and baselines.
     *
     * @param others evaluated last
     */
    int run(String title, List<Protocol> protocols, List<OtherSubject> others) throws IOException {
        Results results = evaluate(title, protocols, List.of(), others);
        print(results.report());
        return 0;
    }

    /**
     * Evaluates everything and writes the report, if it is wanted.
     *
     * @param usual baselines if none are named
     */
    Results evaluate(String title, List<Protocol> protocols, List<Baseline> usual) throws IOException {
        return evaluate(title, protocols, usual, List.of());
    }

    private Results evaluate(String title, List<Protocol> protocols, List<Baseline> usual, List<OtherSubject> others)
            throws IOException {
        if (size != null && size < 1) {
            throw new IllegalArgumentException("--size must be 1 or more, got " + size);
        }
        if (out != null && Files.exists(out) && !Files.isDirectory(out)) {
            throw new IllegalArgumentException("%s is a file; name a folder for the report with --out".formatted(out));
        }
        List<Path> files = new ArrayList<>();
        for (Path w : weights) {
            Path file = RunDirectory.holdsRun(w) ? w : WeightOptions.find(w);
            files.add(file);
            if (weights.size() > 1) { // before hours of work, not after
                PretrainedWeights.open(RunDirectory.holdsRun(w) ? RunDirectory.weights(w) : file, options.role())
                        .close();
            }
        }
        Set<Baseline> wanted = new LinkedHashSet<>(baselines == null ? usual : baselines);
        Work work = new Work(protocols);
        List<Path> fresh = new ArrayList<>();
        try (ConsoleProgress progress = new ConsoleProgress(System.err);
                FeatureCache features = cache()) {
            for (int i = 0; i < files.size(); i++) {
                Subjects.Opened opened = Subjects.open(files.get(i), how(), side());
                Subject subject = opened.network().titled(title(i, opened.network()));
                try (Subject s = subject) {
                    work.first(s, opened.step());
                    if (work.run(s, features, progress)) {
                        fresh.add(files.get(i));
                    }
                    if (wanted.contains(Baseline.PIXELS)) {
                        work.later.putIfAbsent(PixelSubject.like(s).fingerprint(), PixelSubject.like(s));
                    }
                }
            }
            if (wanted.contains(Baseline.UNTRAINED)) {
                for (Path file : fresh) {
                    try (Subject s = Subjects.untrained(file, how(), side())) {
                        work.run(s, features, progress);
                    }
                }
            }
            for (Subject pixels : work.later.values()) {
                work.run(pixels, features, progress);
            }
            for (OtherSubject other : others) {
                try (Subject s = other.open(progress)) {
                    work.run(s, features, progress);
                }
            }
        }
        EvaluationReport report = new EvaluationReport(title, command(), Versions.of(kernels.list()), work.all);
        if (out != null) {
            report.write(out);
        }
        return new Results(report, work.first, work.step, work.titles.size());
    }

    private Dinov2.Options how() {
        return options.on(kernels.list());
    }

    private OptionalInt side() {
        return size == null ? OptionalInt.empty() : OptionalInt.of(size);
    }

    /** Several networks are told apart by the last part of their paths. */
    private String title(int i, Subject subject) {
        if (weights.size() == 1) {
            return subject.title();
        }
        Path name = weights.get(i).toAbsolutePath().normalize().getFileName();
        return "%s: %s".formatted(name, subject.title());
    }

    private FeatureCache cache() throws IOException {
        int threads = Runtime.getRuntime().availableProcessors();
        return noCache
                ? FeatureCache.temporary(threads)
                : FeatureCache.in(cache == null ? FeatureCache.usualFolder() : cache, threads);
    }

    private String command() {
        return "./dino4j "
                + String.join(" ", spec.root().commandLine().getParseResult().originalArgs());
    }

    /** Prints a report: as JSON, or its tables. */
    void print(EvaluationReport report) {
        PrintWriter to = spec.commandLine().getOut();
        to.print(json ? report.json() : report.markdown());
        told(to);
    }

    /** Tells where the report is. */
    void told(PrintWriter to) {
        if (out != null && !json) {
            to.println("%s: report.html, results.json, results.md".formatted(out));
        }
        to.flush();
    }

    /** Evaluations as they come. */
    private static final class Work {
        final List<Protocol> protocols;
        final List<Evaluation> all = new ArrayList<>();
        final Map<String, Subject> later = new LinkedHashMap<>();
        final Set<String> titles = new HashSet<>();
        final Set<String> done = new HashSet<>();
        String first = "";
        OptionalLong step = OptionalLong.empty();

        Work(List<Protocol> protocols) {
            this.protocols = protocols;
        }

        void first(Subject subject, OptionalLong after) {
            if (all.isEmpty()) {
                first = subject.title();
                step = after;
            }
        }

        /** Equal subjects are evaluated once; others of one title get numbers. Returns whether it had not been there before. */
        boolean run(Subject subject, FeatureCache features, ConsoleProgress progress) throws IOException {
            if (!done.add(subject.fingerprint())) {
                progress.say("%s: has weights and preprocessing of one before it, and is left out"
                        .formatted(subject.title()));
                return false;
            }
            String title = subject.title();
            for (int n = 2; !titles.add(title); n++) {
                title = "%s (%d)".formatted(subject.title(), n);
            }
            Subject named = subject.titled(title);
            for (Protocol p : protocols) {
                all.add(p.evaluate(named, features, progress));
            }
            return true;
        }
    }
}
