package io.dino4j.spark.train;

import io.dino4j.data.file.FileTree;
import io.dino4j.examples.cli.ClusterRun;
import io.dino4j.graph.kernel.KernelThreads;
import io.dino4j.train.RunDirectory;
import io.dino4j.train.TrainingException;
import io.dino4j.train.cluster.wire.Wire;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.spark.BarrierTaskContext;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/**
 * A task of the barrier stage: the first are servers, the next records the run, the others are workers. All tasks meet three times: to tell
 * where the servers are, when the run is over, and when no worker needs a server any more. A task that fails ends all: Spark starts the
 * stage again.
 */
final class ClusterTask extends AbstractFunction1<Iterator<Integer>, Iterator<String>> implements Serializable {
    private static final long serialVersionUID = 1L;

    /** What a worker may take to see that the run is over. */
    private static final Duration FAREWELL = Duration.ofSeconds(30);

    /** What the news that the run is over may take longer than its consequences. */
    private static final long NEWS_SECONDS = 3;

    private final ClusterRun run;

    ClusterTask(ClusterRun run) {
        this.run = run;
    }

    /** How the run has ended, as the text of an {@link Ending}. */
    @Override
    public Iterator<String> apply(Iterator<Integer> numbers) {
        BarrierTaskContext context = BarrierTaskContext.get();
        try {
            return scala.collection.Iterator$.MODULE$.single(take(context).text());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Ending take(BarrierTaskContext context) throws IOException {
        int number = context.partitionId();
        boolean serves = number < run.servers();
        Greeting own = Greeting.of(serves ? freePort() : 0, fault(context, serves));
        List<Greeting> all =
                Stream.of(context.allGather(own.text())).map(Greeting::parse).toList();
        for (Greeting g : all) {
            if (!g.fault().isEmpty()) {
                return new Ending(2, g.fault());
            }
        }
        KernelThreads.limit(context.cpus());
        Path place = run.prepare(all.get(0).key());
        try {
            List<String> addresses = addresses(context, all);
            if (serves) {
                return serve(context, run.server(number, addresses.get(number), place));
            }
            int worker = number - run.servers();
            if (worker == 0) {
                awaitFolder(context);
            }
            List<String> command = run.worker(worker, addresses, place);
            return worker == 0 ? lead(context, command) : work(context, command);
        } finally {
            FileTree.delete(place);
        }
    }

    private static int freePort() throws IOException {
        try (DatagramSocket socket = new DatagramSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private String fault(BarrierTaskContext context, boolean serves) {
        String host = host(context, context.partitionId());
        try {
            Wire.requireFlag();
        } catch (IllegalStateException e) {
            return "executor on %s: %s (spark.executor.extraJavaOptions; with a local master --driver-java-options)"
                    .formatted(host, e.getMessage());
        }
        List<String> needed = new ArrayList<>(run.inputs());
        needed.add(run.folder());
        return serves
                ? ""
                : needed.stream()
                        .filter(path -> !Files.exists(Path.of(path)))
                        .findFirst()
                        .map(path -> "%s is not there on %s; driver and executors must see it under the same path"
                                .formatted(path, host))
                        .orElse("");
    }

    private static String host(BarrierTaskContext context, int task) {
        String address = context.getTaskInfos()[task].address(); // host:port
        return address.substring(0, address.lastIndexOf(':'));
    }

    private List<String> addresses(BarrierTaskContext context, List<Greeting> all) {
        List<String> addresses = new ArrayList<>();
        for (int s = 0; s < run.servers(); s++) {
            addresses.add(host(context, s) + ":" + all.get(s).port());
        }
        return addresses;
    }

    /** The worker that recorded the run in the attempt before may need a moment to end. */
    private void awaitFolder(BarrierTaskContext context) {
        long limit = System.nanoTime() + FAREWELL.toNanos();
        while (context.stageAttemptNumber() > 0 && System.nanoTime() < limit) {
            try {
                RunDirectory.open(Path.of(run.folder()), true).close();
                return;
            } catch (TrainingException e) {
                context.killTaskIfInterrupted();
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
            }
        }
    }

    private Ending serve(BarrierTaskContext context, List<String> command) {
        CompletableFuture<Ending> news = new CompletableFuture<>();
        Interrupter interrupter = new Interrupter(context::isInterrupted);
        await(context, news, ending -> {
            context.allGather("");
            interrupter.endWithin(Duration.ZERO);
        });
        TaskCommand own = interrupter.guard(() -> TaskCommand.execute(command));
        context.killTaskIfInterrupted();
        return over(news, own, "server " + context.partitionId());
    }

    private Ending work(BarrierTaskContext context, List<String> command) {
        CompletableFuture<Ending> news = new CompletableFuture<>();
        Interrupter interrupter = new Interrupter(context::isInterrupted);
        await(context, news, ending -> interrupter.endWithin(ending.isGood() ? FAREWELL : Duration.ZERO));
        TaskCommand own = interrupter.guard(() -> TaskCommand.execute(command));
        context.killTaskIfInterrupted();
        Ending ending = over(news, own, "worker " + (context.partitionId() - run.servers()));
        context.allGather("");
        return ending;
    }

    private Ending lead(BarrierTaskContext context, List<String> command) {
        Interrupter interrupter = new Interrupter(context::isInterrupted);
        TaskCommand own = interrupter.guard(() -> TaskCommand.execute(command));
        context.killTaskIfInterrupted();
        if (own.transientFault()) {
            throw new IllegalStateException("worker 0: " + own.ending().message());
        }
        context.allGather(own.ending().text());
        context.allGather("");
        return own.ending();
    }

    /** Waits beside a command until the run is over; if Spark gives the task up before, the command is interrupted by itself. */
    private void await(BarrierTaskContext context, CompletableFuture<Ending> news, Consumer<Ending> then) {
        Thread thread = new Thread(
                () -> {
                    try {
                        Ending ending = Ending.parse(context.allGather("")[run.servers()]);
                        news.complete(ending);
                        then.accept(ending);
                    } catch (Exception e) { // Scala throws checked ones undeclared
                        news.completeExceptionally(e);
                    }
                },
                "dino4j-end-of-run");
        thread.setDaemon(true);
        thread.start();
    }

    /** How the run has ended, once it has; a command that ends badly before that ends it. */
    private static Ending over(CompletableFuture<Ending> news, TaskCommand own, String who) {
        try {
            return own.ending().isGood() ? news.get() : news.get(NEWS_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IllegalStateException(who + ": " + own.ending().message());
        } catch (ExecutionException e) {
            throw new IllegalStateException(who + " was given up by Spark", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(who + " was interrupted", e);
        }
    }
}
