package io.dino4j.train.cluster.wire;

import io.aeron.Image;
import io.aeron.exceptions.AeronException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;

/** Aeron streams to a server that open no session: each has a log in shared memory, and is rejected after some seconds. */
final class Strangers {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(4);

    private final Map<Long, Long> seenAt = new HashMap<>();

    void turnAway(List<Image> images, IntPredicate isOfASession, Noise noise) {
        Map<Long, Long> still = new HashMap<>();
        long now = System.nanoTime();
        for (Image image : images) {
            if (isOfASession.test(image.sessionId())) {
                continue;
            }
            long since = seenAt.getOrDefault(image.correlationId(), now);
            if (now - since < PATIENCE_NANOS) {
                still.put(image.correlationId(), since);
                continue;
            }
            still.put(image.correlationId(), now); // and once more, if it stays
            try {
                image.reject("no session");
                noise.note("turned away a stream of %s that opened no session".formatted(image.sourceIdentity()));
            } catch (AeronException e) {
                noise.note("a stream of %s that opened no session stays: %s"
                        .formatted(image.sourceIdentity(), e.getMessage()));
            }
        }
        seenAt.clear();
        seenAt.putAll(still);
    }
}
