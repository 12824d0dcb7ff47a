package io.dino4j.train.eval.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/** A report as JSON. */
record ReportJson(ObjectMapper mapper) {
    ObjectNode of(EvaluationReport report) {
        ObjectNode root = mapper.createObjectNode();
        root.put("title", report.title());
        root.put("command", report.command());
        root.set("versions", mapper.valueToTree(report.versions()));
        ArrayNode all = root.putArray("evaluations");
        report.evaluations().forEach(e -> all.add(of(e)));
        return root;
    }

    private ObjectNode of(Evaluation e) {
        ObjectNode node = mapper.createObjectNode();
        node.put("protocol", e.protocol());
        node.put("subject", e.subject());
        node.put("fingerprint", e.fingerprint());
        node.set("data", mapper.valueToTree(e.data()));
        node.set("settings", mapper.valueToTree(e.settings()));
        ArrayNode metrics = node.putArray("metrics");
        e.metrics().forEach(m -> metrics.add(of(m)));
        ArrayNode figures = node.putArray("figures");
        e.figures().stream()
                .filter(f -> !(f instanceof Figure.Gallery)) // pictures are for people
                .forEach(f -> figures.add(of(f)));
        return node;
    }

    private ObjectNode of(Metric m) {
        ObjectNode node = mapper.createObjectNode();
        node.put("name", m.name());
        node.put("value", m.value());
        m.interval().ifPresent(i -> node.put("low", i.low()).put("high", i.high()));
        node.put("scale", m.scale().name().toLowerCase(Locale.ROOT));
        node.put("higher_is_better", m.scale().higherIsBetter());
        return node;
    }

    private ObjectNode of(Figure f) {
        ObjectNode node = mapper.valueToTree(f);
        return mapper.createObjectNode()
                .put("kind", f.getClass().getSimpleName().toLowerCase(Locale.ROOT))
                .setAll(node);
    }
}
