package io.dino4j.examples.benchmark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.dino4j.data.Seed;
import io.dino4j.data.file.Durable;
import io.dino4j.data.source.ImageFolder;
import io.dino4j.data.source.ImageSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How well altered copies are found. */
@Command(
        name = "copies",
        description = "Precision and recall of the search for altered copies, and what an image and a pair cost.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j benchmark copies --pool photos/ --altered 40",
            "  ./dino4j benchmark copies --pool ../shared/data/imagenet-sample --copies ../shared/data/copies --out table.md",
            "",
            "Without --copies some photos of the pool are altered in eight ways. The descriptor is learnt from the pool. A table is",
            "printed for the vector alone, for the look at the images alone (--all-pairs), and for both in turn."
        })
final class CopiesBenchmark implements Callable<Integer> {
    @Option(names = "--pool", required = true, paramLabel = "DIR", description = "Images to search in.")
    private Path pool;

    @Option(
            names = "--copies",
            paramLabel = "DIR",
            description = "Folder with copies/ and ground_truth.csv (copy,original,transform,...).")
    private Path copies;

    @Option(
            names = "--altered",
            paramLabel = "N",
            defaultValue = "40",
            description = "Without --copies: photos of the pool to alter; default ${DEFAULT-VALUE}.")
    private int altered;

    @Option(
            names = "--distractors",
            paramLabel = "DIR",
            description = "More images among which there are no copies; may be given again.")
    private List<Path> distractors = new ArrayList<>();

    @Option(
            names = "--k",
            paramLabel = "N",
            defaultValue = "64",
            description = "Nearest neighbours looked at; default ${DEFAULT-VALUE}.")
    private int k;

    @Option(names = "--all-pairs", description = "Look at every pair, not only at neighbours: takes minutes.")
    private boolean allPairs;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Seed; default ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Option(names = "--out", paramLabel = "FILE", description = "Write the tables to a Markdown file, too.")
    private Path out;

    @Option(
            names = "--pairs",
            paramLabel = "FILE",
            description =
                    "Write the pairs that are taken for copies among images without copies to a file, to be looked at.")
    private Path pairs;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        ImageFolder images = new ImageFolder(pool);
        Seed root = new Seed(seed);
        Map<String, ImageSource> more = new LinkedHashMap<>();
        for (Path folder : distractors) {
            more.put(String.valueOf(folder.getFileName()), new ImageFolder(folder));
        }
        CopyQueries queries = copies == null
                ? CopyQueries.make(images, altered, root.derive("alterations"))
                : CopyQueries.read(copies, images);
        CopyMeasurement measured = new CopyMeasurement(images, queries, more, k, root)
                .run(allPairs, line -> spec.commandLine().getErr().println(line));
        String table = CopyTables.markdown(measured);
        if (out != null) {
            Durable.write(out.toAbsolutePath(), draft -> Files.writeString(draft, table));
        }
        if (pairs != null) {
            Durable.write(pairs.toAbsolutePath(), draft -> Files.writeString(draft, CopyTables.csv(measured)));
        }
        spec.commandLine()
                .getOut()
                .println(
                        json
                                ? new ObjectMapper()
                                        .enable(SerializationFeature.INDENT_OUTPUT)
                                        .writeValueAsString(CopyTables.json(measured))
                                : table);
        return 0;
    }
}
