package io.dino4j.examples.cli;

import io.dino4j.data.file.Sha256;
import io.dino4j.data.source.ImageSource;
import io.dino4j.data.source.ImageSources;
import io.dino4j.examples.option.KernelsOption;
import io.dino4j.examples.serve.SearchNetwork;
import io.dino4j.examples.serve.SearchServer;
import io.dino4j.graph.Precision;
import io.dino4j.zoo.Dinov2;
import io.dino4j.zoo.weights.WeightFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Image search in the browser. */
@Command(
        name = "serve",
        description =
                "Search images in the browser, until Ctrl-C: the nearest pictures, patches alike across the set, near-duplicates, colours of patch features. With a JSON API.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Examples:",
            "  ./dino4j serve --images photos/ --weights dinov2_vits14           then open http://127.0.0.1:8080/",
            "  ./dino4j serve --images 'shards/*.tar' --weights runs/photos --port 9000",
            "  ./dino4j serve --images photos/ --weights runs/photos --size 448  finer patches, slower",
            "",
            "The first start makes an index, with time left; the next ones only look for images that are new, changed or",
            "gone. After an interruption the same command goes on. The API is listed in docs/serve.md."
        })
final class ServeCommand implements Callable<Integer> {
    private static final double GB = 1e9;
    private static final long CLOSE_SECONDS = 10;

    @Option(names = "--images", required = true, paramLabel = "PATH", description = Images.ACCEPTED)
    private String images;

    @Option(
            names = "--weights",
            required = true,
            paramLabel = "PATH",
            description =
                    "A .pth or .safetensors file, a run, a checkpoint of one, a folder of the Hugging Face hub, or a released model.")
    private Path weights;

    @Mixin
    private WeightOptions options;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "Port of the page, 0 for any free one; default ${DEFAULT-VALUE}.")
    private int port = SearchServer.DEFAULT_PORT;

    @Option(
            names = "--host",
            paramLabel = "HOST",
            defaultValue = "127.0.0.1",
            description =
                    "Address to listen at; default ${DEFAULT-VALUE}, this machine only. There is no password: 0.0.0.0 shows the images to the whole network.")
    private String host;

    @Option(
            names = "--index",
            paramLabel = "DIR",
            description = "Folder of the index; default one below ~/.cache/dino4j/serve for these images and weights.")
    private Path index;

    @Option(
            names = "--size",
            paramLabel = "PX",
            defaultValue = "0",
            description =
                    "Pixels of the longer side of what the network sees; default 224, or three times the backbone's own size if that is smaller.",
            showDefaultValue = picocli.CommandLine.Help.Visibility.NEVER)
    private int size;

    @Option(
            names = "--patch-limit",
            paramLabel = "GB",
            defaultValue = "4",
            description =
                    "Patch features kept on the disk, at most, in GB; of more images only a share can be found by patch. Default ${DEFAULT-VALUE}.")
    private double patchLimit;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            defaultValue = "f32",
            description = "f32, or bf16: faster where the processor has the instructions; default ${DEFAULT-VALUE}.")
    private Precision precision;

    @Mixin
    private KernelsOption kernels;

    @Spec
    private CommandSpec spec;

    private final CountDownLatch closed = new CountDownLatch(1);

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (precision == Precision.F64) {
            throw new IllegalArgumentException("--precision must be f32 or bf16, got f64");
        }
        if (!(patchLimit >= 0)) {
            throw new IllegalArgumentException("--patch-limit must be 0 or more, got " + patchLimit);
        }
        try (ConsoleProgress progress = new ConsoleProgress(System.err)) {
            ImageSource source = ImageSources.open(images, progress::say);
            try (SearchNetwork network = network();
                    SearchServer server = open(source, network, progress)) {
                untilInterrupted(server);
            }
        } finally {
            closed.countDown();
        }
        return 0;
    }

    private SearchNetwork network() throws IOException {
        Path file = WeightOptions.find(weights);
        Dinov2 model = Dinov2.load(file, options.on(kernels.list()).in(precision));
        String name = "%s, %s"
                .formatted(
                        Sha256.of(WeightFiles.find(file, options.role())),
                        precision.name().toLowerCase(Locale.ROOT));
        return new SearchNetwork(model, name, size);
    }

    private SearchServer open(ImageSource source, SearchNetwork network, ConsoleProgress progress) throws IOException {
        Path folder = index == null ? SearchServer.Setup.usualIndex(images, network) : index;
        SearchServer.Setup setup =
                new SearchServer.Setup(images, source, network, folder, (long) (patchLimit * GB), SearchServer.WAITING);
        return SearchServer.open(setup, host, port, progress);
    }

    /** The hook holds the end of the process back until all is closed. */
    private void untilInterrupted(SearchServer server) throws InterruptedException {
        CountDownLatch interrupted = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            interrupted.countDown();
            try {
                closed.await(CLOSE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        if (!server.isOfThisMachineOnly()) {
            System.err.println(
                    "dino4j: warning: whoever can reach this machine at %s sees these images; there is no password"
                            .formatted(host));
        }
        spec.commandLine()
                .getOut()
                .println(
                        "image search: %s of %,d images (Ctrl-C ends it)".formatted(server.address(), server.images()));
        spec.commandLine().getOut().flush();
        interrupted.await();
    }
}
