package io.dino4j.train;

import java.util.List;

/**
 * What the targets of a step take over from the steps before it, as a row of floats for whoever keeps it elsewhere: the centres of both heads
 * with softmax-centring, nothing with Sinkhorn-Knopp. All devices and all workers have the same.
 */
final class TargetState {
    private final List<SslModel> replicas;
    private final float[] floats;

    /**
     * The state of a model.
     *
     * @param replicas the same model on every device; their precision is F32 or BF16
     * @param length floats, as {@link Recipe#extras} says
     */
    TargetState(List<SslModel> replicas, int length) {
        this.replicas = replicas;
        this.floats = new float[length];
    }

    /** As it is now; valid until the next call of a method of this object. */
    float[] saved() {
        if (floats.length > 0) {
            SslModel model = replicas.get(0);
            model.patchCenter().save(floats, model.clsCenter().save(floats, 0));
        }
        return floats;
    }

    /** Room for a state, for {@link #load}. */
    float[] room() {
        return floats;
    }

    /** Takes over what has been written to {@link #room}. */
    void load() {
        if (floats.length > 0) {
            for (SslModel model : replicas) {
                model.patchCenter().load(floats, model.clsCenter().load(floats, 0));
            }
        }
    }
}
