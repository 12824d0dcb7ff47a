package io.dino4j.train.scaling;

import io.dino4j.train.cluster.message.Attempt;
import io.dino4j.train.cluster.message.Codec;
import io.dino4j.train.cluster.message.GradientEncoding;
import io.dino4j.train.cluster.message.Limits;
import io.dino4j.train.cluster.message.Message;
import io.dino4j.train.cluster.message.StateVector;
import io.dino4j.train.cluster.worker.ParameterClient;
import java.nio.ByteBuffer;

/** Bytes of messages of a step without what they carry: measured by writing them, not counted by hand. */
final class MessageSizes {
    /** Parameters of a block whose squares are summed. */
    private static final int BLOCK = 4096;

    /** What a commit leaves for workers that join: values of a step as text. */
    private static final int NOTE = 1024;

    private static final int SUB_NETWORKS = 3;
    private static final Attempt ATTEMPT = new Attempt(1, 1, 1);
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    static final int PUSH = of(new Message.Push(ATTEMPT, 0, 1, 0, 1, GradientEncoding.F32, EMPTY));
    static final int REDUCE = of(new Message.Reduce(1, ATTEMPT, 0, 0, 1, Message.Op.SUM, new double[0]));
    static final int REDUCED = of(new Message.Reduced(1, 0, new double[0]));
    static final int NORMS = of(new Message.Norms(1, ATTEMPT, 0));
    static final int SQUARES = of(new Message.BlockSquares(1, 1, 0, 0, new double[0]));
    static final int COMMIT = of(new Message.Commit(1, ATTEMPT, 1, 1, 1, 1, new double[SUB_NETWORKS], new byte[NOTE]));
    static final int COMMITTED = of(new Message.Committed(1, 1));
    static final int PULL = of(new Message.Pull(1, StateVector.STUDENT, 1, 0, 1));
    static final int FLOATS = of(new Message.Floats(1, StateVector.STUDENT, 1, 0, EMPTY));

    private MessageSizes() {}

    private static int of(Message message) {
        ByteBuffer bytes = ByteBuffer.allocate(Limits.FRAME);
        Codec.write(message, bytes);
        return bytes.position();
    }

    /** Messages that gradients take. */
    static long pushes(long values) {
        return messages(values, ParameterClient.PUSHED_AT_ONCE);
    }

    /**
     * Messages that parameters take.
     *
     * @param rangeLength parameters of their server
     */
    static long pulls(long values, long rangeLength) {
        return messages(values, ParameterClient.pulledAtOnce(rangeLength));
    }

    /** Values whose squares are sent. */
    static long blocks(long parameters) {
        return messages(parameters, BLOCK);
    }

    private static long messages(long values, int each) {
        return (values + each - 1) / each;
    }
}
