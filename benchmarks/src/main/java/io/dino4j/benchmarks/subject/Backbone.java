package io.dino4j.benchmarks.subject;

import io.dino4j.graph.Precision;
import io.dino4j.graph.exec.Bindings;
import io.dino4j.graph.exec.BoundGraph;
import io.dino4j.graph.exec.Gradients;
import io.dino4j.graph.exec.Plan;
import io.dino4j.graph.exec.Providers;
import io.dino4j.graph.kernel.Collective;
import io.dino4j.graph.kernel.KernelProvider;
import io.dino4j.graph.kernel.WeightVersion;
import io.dino4j.graph.op.GraphOps;
import io.dino4j.graph.op.Linear;
import io.dino4j.graph.param.Initialization;
import io.dino4j.graph.param.ParameterLayout;
import io.dino4j.graph.param.ParameterVector;
import io.dino4j.graph.vit.Crops;
import io.dino4j.graph.vit.DropPath;
import io.dino4j.graph.vit.Tokens;
import io.dino4j.graph.vit.Vit;
import io.dino4j.graph.vit.VitConfig;
import io.dino4j.train.Recipe;
import io.dino4j.train.Versions;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.zoo.weights.Safetensors;
import io.dino4j.zoo.weights.StrictWeights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Our backbone, compiled: images to tokens, or to the gradient of every parameter. Arguments: {@code preset}; {@code crops}, such as
 * {@code 8x224,32x98}; {@code passes=true} to send each size through on its own; {@code training}; {@code precision}; {@code drop}, the rate of
 * stochastic depth; {@code weights}, a file, else random ones.
 */
final class Backbone implements Subject {
    static final String TOKENS = "tokens";
    private static final String LOSS = "loss";
    private static final long SEED = 1;

    /** Layer-scale of a trained network rather than of a fresh one, whose gradients would be next to nothing. */
    private static final double LAYER_SCALE = 1;

    private final VitConfig vit;
    private final List<int[]> crops; // count and size of each group
    private final boolean training;
    private final ParameterVector gradients;
    private final List<String> tokens = new ArrayList<>();
    private final List<KernelProvider> providers = Providers.forThisMachine();
    private final Plan plan;

    Backbone(Arguments a) {
        GraphOps.register();
        crops = List.of(a.text("crops").split(",")).stream()
                .map(c -> List.of(c.split("x")).stream()
                        .mapToInt(Integer::parseInt)
                        .toArray())
                .toList();
        training = a.flag("training");
        vit = Recipe.backbone(ConfigLayers.defaults().preset(a.text("preset")).resolve())
                .withImageSize(crops.get(0)[1]);
        ParameterVector parameters = ParameterVector.zeros(ParameterLayout.of(vit.parameters()), DataType.FLOAT);
        Initialization.fill(parameters, LAYER_SCALE, SEED);
        if (a.has("weights")) {
            try (Safetensors file = Safetensors.open(Path.of(a.text("weights")))) {
                StrictWeights.load(file, parameters);
            }
        }
        gradients = training ? ParameterVector.zeros(parameters.layout(), DataType.FLOAT) : null;
        plan = new Builder(a.precision(), a.real("drop", 0), a.flag("passes")).compile(parameters);
    }

    /** The graph on its way to a plan. */
    private final class Builder {
        private final Precision precision;
        private final double drop;
        private final boolean passes;
        private final SameDiff sd = BoundGraph.create();
        private final Map<String, INDArray> bound = new HashMap<>();

        Builder(Precision precision, double drop, boolean passes) {
            this.precision = precision;
            this.drop = drop;
            this.passes = passes;
        }

        Plan compile(ParameterVector parameters) {
            bound.putAll(parameters.views(""));
            Vit network = new Vit(sd, vit, "", precision);
            List<SDVariable> losses = new ArrayList<>();
            for (List<Crops> pass : passes()) {
                Tokens out = network.forward(pass, drop, true);
                keep(out.dropPath());
                SDVariable norm = network.norm(out.prenorm()).rename(TOKENS + tokens.size()); //     [T, D]
                tokens.add(norm.name());
                if (training) {
                    losses.add(loss(norm, out));
                }
            }
            SameDiff graph = sd;
            List<String> outputs = tokens;
            Map<String, INDArray> targets = new HashMap<>();
            if (training) {
                losses.stream().reduce(SDVariable::add).orElseThrow().rename(LOSS);
                sd.setLossVariables(LOSS);
                List<String> names = parameters.layout().names();
                graph = Gradients.graph(sd, names);
                outputs = new ArrayList<>(List.of(LOSS));
                for (String name : names) {
                    String gradient = Gradients.nameOf(sd, name);
                    outputs.add(gradient);
                    targets.put(gradient, gradients.view(name));
                }
            }
            // training ends with new weights; inference does not
            Optional<WeightVersion> weights = training ? Optional.empty() : Optional.of(new WeightVersion());
            Bindings bindings = new Bindings(bound, targets, weights);
            return Plan.compile(graph, outputs, Map.of(), bindings, providers, Collective.ALONE);
        }

        private List<List<Crops>> passes() {
            List<Crops> all = new ArrayList<>();
            for (int g = 0; g < crops.size(); g++) {
                int count = crops.get(g)[0];
                int size = crops.get(g)[1];
                INDArray images =
                        Nd4j.createFromArray(Noise.images(g, count, size)).reshape(count, 3, size, size);
                all.add(new Crops(placeHolder("images" + g, images), count, size, size));
            }
            return passes ? all.stream().map(List::of).toList() : List.of(all);
        }

        /** The first images of every group are kept, which takes as long as any others. */
        private void keep(DropPath path) {
            for (DropPath.Branch branch : path.branches()) {
                List<int[]> kept = new ArrayList<>();
                for (int n : branch.kept()) {
                    kept.add(IntStream.range(0, n).toArray());
                }
                bound.put(branch.placeholder(), Nd4j.createFromArray(branch.rows(kept)));
            }
        }

        /** A loss that takes no time, of which every token and channel gets a gradient of its own. */
        private SDVariable loss(SDVariable norm, Tokens out) {
            int rows = out.layout().numRows();
            int pass = tokens.size();
            SDVariable w = placeHolder(
                    "loss_direction" + pass,
                    Nd4j.createFromArray(Noise.lossDirection(vit.embedDim())).reshape(1, vit.embedDim()));
            SDVariable a = placeHolder(
                    "loss_weights" + pass,
                    Nd4j.createFromArray(Noise.lossWeights(rows)).reshape(rows, 1));
            SDVariable along = Linear.logits(sd, norm, w).outputVariable(); // [T, 1]
            return sd.sum(along.mul(a));
        }

        private SDVariable placeHolder(String name, INDArray value) {
            bound.put(name, value);
            return sd.placeHolder(name, value.dataType(), value.shape());
        }
    }

    @Override
    public void run() {
        plan.run();
    }

    @Override
    public void results(Results to) {
        run();
        if (training) {
            gradients.views("").forEach((name, g) -> to.put(name, g.ravel().toFloatVector()));
        } else {
            to.put(
                    TOKENS,
                    plan.output(tokens.get(0)).castTo(DataType.FLOAT).ravel().toFloatVector());
        }
    }

    @Override
    public Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("version", Versions.of(providers));
        facts.put("plan_bytes", plan.bytes());
        facts.put("flops", plan.cost().flops());
        facts.put(
                "tokens",
                crops.stream().mapToInt(c -> vit.numTokens(c[1], c[1])).sum());
        return facts;
    }

    @Override
    public void close() {
        plan.close();
    }
}
