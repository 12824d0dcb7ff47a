package io.dino4j.train.live;

import com.fasterxml.jackson.core.JsonGenerator;
import io.dino4j.train.metrics.MetricsLog;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Every metric of a run, thinned as it grows: the steps fall into buckets of equal width, of which there are never more than {@value
 * #MOST}; where one more is needed, two by two become one. A bucket knows the mean, the smallest and the largest value of each metric,
 * so that no peak is lost. Memory and answers stay as large however long the run is. Values that are not finite are left out.
 */
final class MetricBuckets {
    /** More buckets than a chart has pixels would not be seen. */
    static final int MOST = 1024;

    private final Map<String, Series> series = new LinkedHashMap<>();
    private long width = 1;
    private int used;

    /** Steps in a bucket: a power of two. Buckets of another width are other buckets. */
    long width() {
        return width;
    }

    /** First step of the last bucket, which may still grow; 0 if there is none. */
    long last() {
        return Math.max(0, used - 1) * width;
    }

    /** Adds a step; those before it may be missing. */
    void add(MetricsLog.Record record) {
        while (record.step() / width >= MOST) {
            series.values().forEach(Series::halve);
            used = (used + 1) / 2;
            width *= 2;
        }
        int bucket = (int) (record.step() / width);
        used = Math.max(used, bucket + 1);
        record.values().forEach((name, value) -> {
            if (Double.isFinite(value)) {
                series.computeIfAbsent(name, n -> new Series()).add(bucket, value);
            }
        });
    }

    /**
     * Writes the buckets from that of a step on: {@code "steps":[...],"metrics":{"loss":{"mean":[...],"min":[...],"max":[...]}}}. A
     * bucket without a value is null. While each bucket is one step, only the mean is written.
     */
    void write(JsonGenerator json, long fromStep) throws IOException {
        int from = (int) Math.min(used, Math.max(0, fromStep) / width);
        json.writeArrayFieldStart("steps");
        for (int i = from; i < used; i++) {
            json.writeNumber(i * width);
        }
        json.writeEndArray();
        json.writeObjectFieldStart("metrics");
        for (Map.Entry<String, Series> e : series.entrySet()) {
            Series s = e.getValue();
            json.writeObjectFieldStart(e.getKey());
            write(json, "mean", s, s.mean(), from);
            if (width > 1) {
                write(json, "min", s, s.min, from);
                write(json, "max", s, s.max, from);
            }
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    private void write(JsonGenerator json, String name, Series s, double[] values, int from) throws IOException {
        json.writeArrayFieldStart(name);
        for (int i = from; i < used; i++) {
            if (s.count[i] == 0) {
                json.writeNull();
            } else {
                json.writeNumber((float) values[i]); // seven digits are more than a chart shows
            }
        }
        json.writeEndArray();
    }

    /** One metric. */
    private static final class Series {
        private final long[] count = new long[MOST];
        private final double[] sum = new double[MOST];
        private final double[] min = new double[MOST];
        private final double[] max = new double[MOST];

        Series() {
            clear(0);
        }

        void add(int bucket, double value) {
            count[bucket]++;
            sum[bucket] += value;
            min[bucket] = Math.min(min[bucket], value);
            max[bucket] = Math.max(max[bucket], value);
        }

        double[] mean() {
            double[] mean = new double[MOST];
            Arrays.setAll(mean, i -> sum[i] / count[i]);
            return mean;
        }

        void halve() {
            for (int i = 0; i < MOST / 2; i++) {
                count[i] = count[2 * i] + count[2 * i + 1];
                sum[i] = sum[2 * i] + sum[2 * i + 1];
                min[i] = Math.min(min[2 * i], min[2 * i + 1]);
                max[i] = Math.max(max[2 * i], max[2 * i + 1]);
            }
            clear(MOST / 2);
        }

        private void clear(int from) {
            Arrays.fill(count, from, MOST, 0);
            Arrays.fill(sum, from, MOST, 0);
            Arrays.fill(min, from, MOST, Double.POSITIVE_INFINITY);
            Arrays.fill(max, from, MOST, Double.NEGATIVE_INFINITY);
        }
    }
}
