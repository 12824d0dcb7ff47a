package io.dino4j.train.scaling;

/**
 * The cards of all machines. A message takes the sender's card and, a latency later, the receiver's, both at once as far as they are free:
 * only what queues is counted twice. Between processes of one machine it takes no time.
 */
final class Network {
    private final Resource[] out;
    private final Resource[] in;
    private final double secondsPerByte;
    private final double latency;

    Network(int machines, Machine m) {
        out = new Resource[machines];
        in = new Resource[machines];
        for (int i = 0; i < machines; i++) {
            out[i] = new Resource();
            in[i] = new Resource();
        }
        secondsPerByte = m.packetOverhead() / m.networkBytesPerSecond();
        latency = m.latencySeconds();
    }

    /** Takes the sender's card; returns when the first byte leaves. */
    double leave(double now, int from, int to, double bytes) {
        return from == to ? now : out[from].take(now, bytes * secondsPerByte) - bytes * secondsPerByte;
    }

    /** Takes the receiver's card for a message that has begun to leave now; returns when its last byte is there. */
    double arrive(double left, int from, int to, double bytes) {
        return from == to ? left : in[to].take(left + latency, bytes * secondsPerByte);
    }

    /** The same for a message that is too small to queue. */
    double arriveAlone(double left, int from, int to, double bytes) {
        return from == to ? left : left + latency + bytes * secondsPerByte;
    }

    /** When the card of a machine is free to send. */
    double free(double now, int from) {
        return out[from].start(now);
    }

    /** Keeps a sender from sending until a receiver, who is a latency away, has room. */
    void hold(int from, int to, double room) {
        if (from != to) {
            out[from].hold(room - latency);
        }
    }

    /** Seconds that a machine has sent. */
    double sending(int machine) {
        return out[machine].busy();
    }

    /** Seconds that a machine has received. */
    double receiving(int machine) {
        return in[machine].busy();
    }
}
