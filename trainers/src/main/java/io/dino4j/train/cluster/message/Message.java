package io.dino4j.train.cluster.message;

import java.nio.ByteBuffer;

/**
 * What a worker asks of a server, and what the server answers. A server shard holds one range of the flat parameter vector; offsets are
 * those of the whole vector, in floats. Arrays and buffers are not copied: whoever is handed a message uses them during the call only.
 */
public sealed interface Message {
    /** Number of the request; an answer repeats it. 0 where no answer is wanted, and in what nobody asked for. */
    long request();

    /**
     * What a server is to hold; the first thing a worker says. Answered with {@link Status}, or {@link Refused} if the server is configured
     * otherwise. A server that holds something else drops it if {@code generation} is greater than its own.
     *
     * @param generation 0 to take the server's as it is; more than the server's to begin another phase of the run
     * @param yaml the configuration of this phase
     * @param configHash what must be equal for two configurations to belong to one run
     * @param shard number of the server, 0 to below {@code shards}
     * @param shards servers
     * @param worldSize ranks of a step (W), at least 1
     * @param workers workers that are expected, 1 to W
     * @param totalLength floats of the whole vector
     * @param extras floats of {@link StateVector#EXTRAS}, 0 if there are none
     */
    record Configure(
            long request,
            long generation,
            String yaml,
            String configHash,
            int shard,
            int shards,
            int worldSize,
            int workers,
            long totalLength,
            long extras)
            implements Message {}

    /**
     * Asks shard 0 for a seat. Answered with {@link Seat}, {@link Waiting} or {@link Refused}. Asking again gives the same seat.
     *
     * @param name of the worker, unique in the run
     * @param after the newest view that the worker has heard of, 0 at first: the seat's is greater, unless the worker holds a seat of it
     */
    record Join(long request, String name, long after) implements Message {}

    /**
     * A worker's place.
     *
     * @param view of the membership
     * @param firstRank first of its ranks
     * @param rankCount how many ranks it has, at least 1
     * @param workers workers of this view
     */
    record Seat(long request, long view, int firstRank, int rankCount, int workers) implements Message {}

    /**
     * Not all workers are there yet: ask again.
     *
     * @param present workers that are there
     * @param expected workers that there will be
     */
    record Waiting(long request, int present, int expected) implements Message {}

    /**
     * Gives a seat back. Answered with {@link Ack}.
     *
     * @param name of the worker
     */
    record Leave(long request, String name) implements Message {}

    /**
     * From now on the server refuses older views. Answered with {@link Status}, or {@link Stale} if the server knows a newer view; shard 0
     * answers so if the view is not the one it has given out.
     *
     * @param view of the worker's seat
     */
    record Fence(long request, long view) implements Message {}

    /**
     * Told to shard 0 about once a second while the worker waits for the answer of any server: it is alive, and held up by others. Answered
     * with {@link Ack}, or {@link Stale} if the view has changed.
     *
     * @param attempt the worker's
     */
    record Blocked(long request, Attempt attempt) implements Message {}

    /**
     * Where a server stands.
     *
     * @param generation of its state
     * @param view the newest it was fenced with
     * @param step steps done
     * @param optimizerSteps updates made, t of AdamW's bias correction
     * @param prepared true if it holds the sum of all gradients of the next step, and what {@link Keep} brings
     * @param loaded true if it has a state at all
     * @param snapshots steps that it can be restored to, newest first
     * @param note of the last commit
     */
    record Status(
            long request,
            long generation,
            long view,
            long step,
            long optimizerSteps,
            boolean prepared,
            boolean loaded,
            long[] snapshots,
            byte[] note)
            implements Message {}

    /**
     * Part of a state to start from. The first of a generation greater than the server's drops what the server holds. Answered with
     * {@link Ack}.
     *
     * @param generation of the state that is being loaded
     * @param view of the sender, which must be the chief
     * @param vector which vector
     * @param offset first float, inside the server's range
     * @param floats 32-bit floats, little-endian
     */
    record Load(long request, long generation, long view, StateVector vector, long offset, ByteBuffer floats)
            implements Message {}

    /**
     * Ends loading. Answered with {@link Status}, or {@link Refused} if a part is missing.
     *
     * @param generation of the parts
     * @param view of the sender
     * @param step steps done
     * @param optimizerSteps updates made, t of AdamW's bias correction
     * @param note as if the last commit had brought it
     */
    record Loaded(long request, long generation, long view, long step, long optimizerSteps, byte[] note)
            implements Message {}

    /**
     * Goes back to a step that {@link Status} offers: the present one or a snapshot. Answered with {@link Status} or {@link Refused}.
     *
     * @param generation greater than the server's
     * @param view of the sender, which must be the chief
     * @param step steps done
     */
    record Restore(long request, long generation, long view, long step) implements Message {}

    /** How values of several ranks become one. */
    enum Op {
        /** Added in the order of the ranks. */
        SUM,
        /** The largest; NaN if one is. */
        MAX
    }

    /**
     * Values to be summed over all ranks, which shard {@code tag % shards} does. Answered with {@link Reduced} when all are there.
     *
     * @param attempt the worker's
     * @param tag tells the sums of a step apart, 0 or more
     * @param firstRank first of the ranks that the values are the sum of
     * @param rankCount how many those are
     * @param op the same from all ranks
     * @param values as many from all ranks
     */
    record Reduce(long request, Attempt attempt, int tag, int firstRank, int rankCount, Op op, double[] values)
            implements Message {}

    /**
     * The values of all ranks together.
     *
     * @param tag of the request
     * @param values as many as each rank sent
     */
    record Reduced(long request, int tag, double[] values) implements Message {}

    /**
     * Gradients of a step. Not answered; a fault is told by {@link Stale} or {@link Refused} with request 0.
     *
     * @param attempt the worker's
     * @param firstRank first of the ranks that the gradients are the sum of
     * @param rankCount how many those are
     * @param offset first float, inside the server's range
     * @param count how many gradients
     * @param encoding how they are packed
     * @param bytes the packed gradients
     */
    record Push(
            Attempt attempt,
            int firstRank,
            int rankCount,
            long offset,
            int count,
            GradientEncoding encoding,
            ByteBuffer bytes)
            implements Message {
        @Override
        public long request() {
            return 0;
        }
    }

    /**
     * Part of what a step leaves for the next beside its gradients, {@link StateVector#EXTRAS}: the worker that has rank 0 tells it to shard
     * 0. It counts from the moment that the step is made, which cannot be before all of it is there. Not answered; a fault is told by {@link
     * Stale} or {@link Refused} with request 0.
     *
     * @param attempt the worker's
     * @param offset first float, from 0
     * @param floats 32-bit floats, little-endian
     */
    record Keep(Attempt attempt, long offset, ByteBuffer floats) implements Message {
        @Override
        public long request() {
            return 0;
        }
    }

    /**
     * Asks for the squares of the summed gradients. Answered with {@link BlockSquares} once the gradients of all ranks are there, and what
     * {@link Keep} brings; for the last committed step at once.
     *
     * @param attempt the worker's
     * @param firstBlock first block wanted, from 0 at the beginning of the server's range; only a shard of more than
     *     {@link Limits#DOUBLES} blocks needs to be asked twice
     */
    record Norms(long request, Attempt attempt, int firstBlock) implements Message {}

    /**
     * Sums of squares of the blocks of a server's range.
     *
     * @param step of the gradients
     * @param firstBlock number of the first block here
     * @param blocks blocks of the range
     * @param squares from {@code firstBlock} on, all or as many as a message holds
     */
    record BlockSquares(long request, long step, int firstBlock, int blocks, double[] squares) implements Message {}

    /**
     * Makes the step. The first is applied, the others change nothing. Answered with {@link Committed}.
     *
     * @param attempt the worker's; the gradients may be those of an older view
     * @param lr learning rate before the multipliers of the parameters
     * @param lastLayerLr that of the prototypes
     * @param weightDecay before the multipliers
     * @param momentum of the teacher
     * @param factors by which the gradients of each sub-network are multiplied
     * @param note kept, for workers that join
     */
    record Commit(
            long request,
            Attempt attempt,
            double lr,
            double lastLayerLr,
            double weightDecay,
            double momentum,
            double[] factors,
            byte[] note)
            implements Message {}

    /**
     * A step is made.
     *
     * @param step steps done by now
     */
    record Committed(long request, long step) implements Message {}

    /**
     * Asks for part of a vector. Answered with {@link Floats} once the server has done {@code minStep} steps.
     *
     * @param vector which vector
     * @param minStep steps done at least
     * @param offset first float, inside the server's range
     * @param count how many, 1 to {@link Limits#FLOATS}
     */
    record Pull(long request, StateVector vector, long minStep, long offset, int count) implements Message {}

    /**
     * Part of a vector.
     *
     * @param vector which vector
     * @param step steps done
     * @param offset first float
     * @param floats 32-bit floats, little-endian
     */
    record Floats(long request, StateVector vector, long step, long offset, ByteBuffer floats) implements Message {}

    /** It is done. */
    record Ack(long request) implements Message {}

    /**
     * What was said belongs to another attempt, or to no state that there is: join and fence again.
     *
     * @param view newest view that the server knows
     * @param generation of the server's state
     */
    record Stale(long request, long view, long generation) implements Message {}

    /**
     * What was asked cannot be.
     *
     * @param reason one line for people
     */
    record Refused(long request, String reason) implements Message {}
}
