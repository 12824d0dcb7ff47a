package io.dino4j.train;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.Gradients;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.PlanOptions;
import io.dino4j.graph.op.Cost;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.ssl.SslConfig;
import io.dino4j.graph.ssl.StudentGraph;
import io.dino4j.graph.ssl.TargetsGraph;
import io.dino4j.graph.ssl.TeacherGraph;
import io.dino4j.graph.vit.DropPath;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The student's half of a step, compiled: losses and gradients, summed over the micro-batches. */
final class StudentPass implements AutoCloseable {
    private final SslConfig config;
    private final ParameterVector student;
    private final ParameterVector gradients;
    private final ParameterVector part; // the gradients of a micro-batch; the same vector if there is one only
    private final Exchange exchange;
    private final PlanOptions options;
    private final StudentGraph graph;
    private final SameDiff withGradients;
    private final Optional<INDArray>
            koLeoGradient; // with respect to the features of one micro-batch, if there are several
    private final Optional<KoLeoPass> koLeo;
    private final Map<String, int[]> pairs = new HashMap<>();
    private final double[] values;
    private final INDArray features; // of all micro-batches, if there are several
    private Plan plan;
    private RowCopy gather;
    private boolean frozen;
    private Optional<GradientListener> listener = Optional.empty();
    private Map<String, ParameterLayout.Entry> entries = Map.of(); // of the gradients, by the names of their outputs

    StudentPass(
            SslConfig config,
            Precision precision,
            ParameterVector student,
            ParameterVector gradients,
            Exchange exchange,
            PlanOptions options,
            boolean recomputeBlocks) {
        this.config = config;
        this.student = student;
        this.gradients = gradients;
        this.exchange = exchange;
        boolean single = config.microBatches() == 1;
        part = single
                ? gradients
                : ParameterVector.zeros(gradients.layout(), gradients.vector().dataType());
        graph = StudentGraph.of(config, precision);
        this.options = options.recomputingFrom(checkpoints(graph, recomputeBlocks));
        withGradients = Gradients.graph(graph.graph(), student.layout().names());
        graph.pairings().forEach(p -> pairs.put(p.placeholder(), new int[p.rows().length]));
        values = new double[graph.terms().size()];
        DataType type = student.vector().dataType();
        int width = config.student().backbone().embedDim();
        features = Nd4j.zeros(type, config.stepGlobalRows(), width);
        koLeoGradient = single || config.koleoWeight() == 0
                ? Optional.empty()
                : Optional.of(Nd4j.zeros(type, config.globalRows(), width));
        compile();
        koLeo = koLeoGradient.map(g -> new KoLeoPass(config, precision, student, exchange, g, options));
    }

    private void compile() {
        Map<String, INDArray> inputs = student.views("");
        inputs.put(TeacherGraph.GLOBAL_CROPS, exchange.globalCrops());
        inputs.put(TargetsGraph.CLS_TARGETS, exchange.clsTargets());
        inputs.put(TargetsGraph.PATCH_TARGETS, exchange.patchTargets());
        koLeoGradient.ifPresent(g -> inputs.put(StudentGraph.KOLEO_GRADIENT, g));
        List<String> trained = student.layout().names().stream()
                .filter(n -> !frozen || !n.startsWith(SslConfig.BACKBONE))
                .toList();
        Map<String, INDArray> targets = new HashMap<>();
        trained.forEach(n -> targets.put(Gradients.nameOf(graph.graph(), n), part.view(n)));
        List<String> outputs = outputs(config, graph, trained);
        plan = Plan.compile(withGradients, outputs, Map.of(), new Bindings(inputs, targets), options);
        gather = new RowCopy(plan.output(TeacherGraph.CLS_FEATURES), features);
        entries = new HashMap<>();
        trained.forEach(n ->
                entries.put(Gradients.nameOf(graph.graph(), n), student.layout().get(n)));
    }

    /** Tells somebody of gradients that are final while others are worked out; with several micro-batches there are none until the end. */
    void tell(GradientListener told) {
        listener = Optional.of(told);
    }

    private void finished(String output) {
        ParameterLayout.Entry e = entries.get(output);
        if (e != null) {
            listener.orElseThrow().ready(e.offset(), e.offset() + e.length());
        }
    }

    /** What the student's plan works out: values of the terms, features, and gradients of {@code trained} parameters. */
    static List<String> outputs(SslConfig config, StudentGraph graph, List<String> trained) {
        List<String> outputs = new ArrayList<>();
        graph.terms().stream()
                .map(StudentGraph.Term::name)
                .filter(t -> isOutput(config, t))
                .forEach(outputs::add);
        outputs.add(StudentGraph.LOSS);
        outputs.add(TeacherGraph.CLS_FEATURES);
        trained.forEach(n -> outputs.add(Gradients.nameOf(graph.graph(), n)));
        return outputs;
    }

    /** True if the graph works out the value of a term: KoLeo's over several micro-batches is not its own. */
    private static boolean isOutput(SslConfig config, String term) {
        return config.microBatches() == 1 || !term.equals(StudentGraph.KOLEO_LOSS);
    }

    /** What the gradients are worked out from if blocks are not kept. */
    static List<String> checkpoints(StudentGraph graph, boolean recomputeBlocks) {
        return recomputeBlocks ? graph.tokens().boundaries() : List.of();
    }

    /** Leaves the gradients of the backbone out, which then stay zero, or takes them in again. */
    void freezeBackbone(boolean freeze) {
        if (freeze != frozen) {
            frozen = freeze;
            plan.close();
            gradients.vector().assign(0);
            part.vector().assign(0);
            compile();
        }
    }

    /** The branches of stochastic depth. */
    DropPath dropPath() {
        return graph.tokens().dropPath();
    }

    /** Bytes of intermediate arrays beside the working memory of all plans. */
    long bytes() {
        long sum = part == gradients
                ? 0
                : part.vector().length() * part.vector().dataType().width();
        long gradient =
                koLeoGradient.map(g -> g.length() * g.dataType().width()).orElse(0L);
        return plan.bytes() + sum + gradient + koLeo.map(KoLeoPass::bytes).orElse(0L);
    }

    /** What the losses and gradients of a step cost. */
    Cost cost() {
        Cost own = plan.cost().times(config.microBatches());
        return koLeo.map(k -> own.plus(k.cost())).orElse(own);
    }

    /** Features of the global crops of the last step, {@code [2 k B, D]}. */
    INDArray features() {
        return config.microBatches() == 1
                ? plan.output(TeacherGraph.CLS_FEATURES)
                : koLeo.map(KoLeoPass::features).orElse(features);
    }

    /**
     * Losses and gradients of a step whose targets are made.
     *
     * @return the value of every term, in the order of the objective, and {@code loss}
     */
    Map<String, Double> run(List<StepInputs> in, Consumer<Plan> runner) {
        koLeo.ifPresent(k -> k.run(in, runner));
        Arrays.fill(values, 0);
        int masked = 0;
        for (int i = 0; i < in.size(); i++) {
            StepInputs batch = in.get(i);
            if (in.size() > 1) { // else the teacher has just read them
                exchange.globalCrops().assign(batch.globalCrops());
            }
            fill(plan, batch);
            fillOwn(i, batch, masked);
            if (listener.isPresent() && part == gradients) {
                plan.run(this::finished);
            } else {
                runner.accept(plan);
            }
            collect(i);
            masked += config.distills() ? config.patchRows() : batch.maskedCount();
        }
        return losses();
    }

    /** Writes what the pass over global crops needs besides them. */
    static void fill(Plan plan, StepInputs in) {
        if (plan.reads(StudentGraph.MASKS)) {
            plan.input(StudentGraph.MASKS).assign(in.masks());
        }
        in.dropRows().forEach((name, rows) -> Exchange.write(plan.input(name), rows));
    }

    private void fillOwn(int number, StepInputs in, int maskedBefore) {
        in.localCrops().ifPresent(x -> plan.input(StudentGraph.LOCAL_CROPS).assign(x));
        if (!config.distills()) {
            plan.input(StudentGraph.MASK_WEIGHTS).assign(in.maskWeights());
            Exchange.write(plan.input(TeacherGraph.ROWS), graph.rows().ofMasked(in.maskIndices(), in.maskedCount()));
        }
        for (StudentGraph.Pairing p : graph.pairings()) {
            int down = p.patches() ? maskedBefore : number * config.batch();
            int[] rows = pairs.get(p.placeholder());
            for (int i = 0; i < rows.length; i++) {
                rows[i] = p.rows()[i] + down;
            }
            Exchange.write(plan.input(p.placeholder()), rows);
        }
        koLeo.ifPresent(k -> k.select(number));
    }

    /** Adds up what the plan has worked out for a micro-batch. */
    private void collect(int number) {
        for (int t = 0; t < values.length; t++) {
            String name = graph.terms().get(t).name();
            values[t] += isOutput(config, name) ? plan.output(name).getDouble(0) : 0;
        }
        if (part == gradients) {
            return;
        }
        if (number == 0) {
            gradients.vector().assign(part.vector());
        } else {
            gradients.vector().addi(part.vector());
        }
        if (koLeo.isEmpty()) {
            gather.copyCrops(config.batch(), number, true);
        }
    }

    private Map<String, Double> losses() {
        Map<String, Double> losses = new LinkedHashMap<>();
        double sum = 0;
        for (int t = 0; t < values.length; t++) {
            StudentGraph.Term term = graph.terms().get(t);
            double value = isOutput(config, term.name())
                    ? values[t]
                    : koLeo.orElseThrow().value();
            losses.put(term.name(), value);
            sum += term.weight() * value;
        }
        boolean single = part == gradients;
        losses.put(StudentGraph.LOSS, single ? plan.output(StudentGraph.LOSS).getDouble(0) : sum);
        return losses;
    }

    @Override
    public void close() {
        plan.close();
        koLeo.ifPresent(KoLeoPass::close);
    }
}
