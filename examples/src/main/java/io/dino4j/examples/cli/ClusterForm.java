package io.dino4j.examples.cli;

import io.dino4j.train.config.ConfigException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code --cluster} says.
 *
 * @param place who starts servers and workers
 * @param servers parameter servers, at least 1
 * @param workers workers, at least 1; the first records the run
 */
record ClusterForm(Place place, int servers, int workers) {
    private static final Pattern FORM = Pattern.compile("(local|spark):(\\d{1,3})x(\\d{1,3})");

    /** Who starts servers and workers. */
    enum Place {
        LOCAL,
        SPARK
    }

    /** Reads {@code local:2x2}. */
    static ClusterForm parse(String text) {
        Matcher m = FORM.matcher(text);
        if (!m.matches() || Integer.parseInt(m.group(2)) == 0 || Integer.parseInt(m.group(3)) == 0) {
            throw new ConfigException(
                    "--cluster is %s; servers and workers on this machine are written as local:2x2, on Spark as spark:2x2"
                            .formatted(text));
        }
        Place place = m.group(1).equals("spark") ? Place.SPARK : Place.LOCAL;
        return new ClusterForm(place, Integer.parseInt(m.group(2)), Integer.parseInt(m.group(3)));
    }
}
