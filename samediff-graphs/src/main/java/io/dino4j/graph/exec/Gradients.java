package io.dino4j.graph.exec;

import io.dino4j.graph.op.GraphOps;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.nd4j.autodiff.samediff.ArrayHolder;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.array.SingleThreadArrayHolder;

/** The gradient graph that SameDiff derives from a graph. */
public final class Gradients {
    private Gradients() {}

    /**
     * Derives the gradient graph of the loss variables. It holds the forward ops too, so that one run gives losses and gradients.
     *
     * @param graph a graph whose loss variables are set
     * @param wanted variables and placeholders whose gradients are wanted
     */
    public static synchronized SameDiff graph(SameDiff graph, List<String> wanted) {
        GraphOps.register();
        // SameDiff M2.1 prints a line for every op it differentiates
        PrintStream out = System.out;
        System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        Optional<BoundGraph.ShapesOnly> shapes = BoundGraph.shapes(graph);
        // SameDiff would take memory for what the graph it makes is to share with this one
        shapes.ifPresent(s -> graph.setVariablesArrays(new SingleThreadArrayHolder()));
        try {
            graph.createGradFunction(wanted.toArray(String[]::new));
        } finally {
            System.setOut(out);
            shapes.ifPresent(graph::setVariablesArrays);
        }
        SameDiff gradient = graph.getFunction("grad");
        shapes.ifPresent(s -> {
            ArrayHolder own = gradient.getVariablesArrays(); // what SameDiff added: the gradient of the loss, 1
            own.arrayNames().forEach(name -> s.keep(name, own.getArray(name)));
            gradient.setVariablesArrays(s);
        });
        return gradient;
    }

    /**
     * The name of a variable's gradient in the gradient graph.
     *
     * @throws IllegalArgumentException if the loss does not depend on it
     */
    public static String nameOf(SameDiff graph, String variable) {
        SDVariable g = graph.getVariable(variable).getGradient();
        if (g == null) {
            throw new IllegalArgumentException("the loss does not depend on '%s'".formatted(variable));
        }
        return g.name();
    }
}
