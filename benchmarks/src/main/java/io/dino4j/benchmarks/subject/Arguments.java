package io.dino4j.benchmarks.subject;

import io.dino4j.graph.Precision;
import io.dino4j.train.config.ConfigLayers;
import io.dino4j.train.config.RunConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The {@code key=value} words that say what a subject is. */
record Arguments(Map<String, String> values) {
    static Arguments of(String[] words, int from) {
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = from; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            values.put(words[i].substring(0, equals), words[i].substring(equals + 1));
        }
        return new Arguments(values);
    }

    String text(String key) {
        String value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException("a subject needs " + key + "=, got " + values);
        }
        return value;
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    int number(String key) {
        return Integer.parseInt(text(key));
    }

    double real(String key, double otherwise) {
        return has(key) ? Double.parseDouble(text(key)) : otherwise;
    }

    /** The run of {@code preset}, and of {@code set}: changes to it as {@code key=value;key=value}. */
    RunConfig config() {
        return ConfigLayers.defaults()
                .preset(text("preset"))
                .overrides(List.of(text("set").split(";")))
                .resolve();
    }

    Precision precision() {
        return has("precision") ? Precision.valueOf(text("precision")) : Precision.F32;
    }

    boolean flag(String key) {
        return Boolean.parseBoolean(values.get(key));
    }
}
