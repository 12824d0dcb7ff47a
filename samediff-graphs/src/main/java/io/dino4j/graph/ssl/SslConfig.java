package io.dino4j.graph.ssl;

import java.util.Optional;

/**
 * What a training step works out: networks, crops and weights of the losses (official {@code ssl_meta_arch.py}).
 *
 * <p>Without a frozen teacher, the teacher is the average of the student, and patches are masked from the student. With one (paper section 5,
 * distillation), the student sees every patch and is compared with the teacher on all of them, and nothing is dropped.
 *
 * @param student the network that is trained
 * @param frozenTeacher the network that is distilled, with heads of its own; empty if the student's average makes the targets
 * @param batch {@code B}, images that are worked on at once: a micro-batch
 * @param microBatches {@code k}, micro-batches that are worked through here in a step, those of all ranks of the share; targets and
 *     losses are those of all {@code k B} images together
 * @param globalSize pixels on a side of the two global crops
 * @param localSize pixels on a side of the local crops
 * @param localCrops {@code L}, local crops of an image, 0 or more
 * @param maxMasked room for masked patches in a micro-batch; 0 with a frozen teacher
 * @param targets how the teacher's logits become targets
 * @param studentTemp temperature of the student's softmax
 * @param dinoWeight weight of the cls losses
 * @param koleoWeight weight of KoLeo
 * @param ibotWeight weight of the patch loss
 * @param dropRate stochastic depth of the student; 0 with a frozen teacher
 * @param dropUniform the same rate in all blocks, else rising linearly from 0
 * @param share the ranks that are worked out here
 */
public record SslConfig(
        Network student,
        Optional<Network> frozenTeacher,
        int batch,
        int microBatches,
        int globalSize,
        int localSize,
        int localCrops,
        int maxMasked,
        Targets targets,
        double studentTemp,
        double dinoWeight,
        double koleoWeight,
        double ibotWeight,
        double dropRate,
        boolean dropUniform,
        Share share) {
    /** Prefix of the backbone's parameters. */
    public static final String BACKBONE = "backbone.";

    /** Prefix of the DINO head's parameters. */
    public static final String DINO_HEAD = "dino_head.";

    /** Prefix of the iBOT head's parameters. */
    public static final String IBOT_HEAD = "ibot_head.";

    /** Number of global crops. */
    public static final int GLOBAL_CROPS = 2;

    /** How the teacher's logits become targets. */
    public enum Targets {
        /** Sinkhorn-Knopp, three iterations. */
        SINKHORN_KNOPP,
        /** Softmax of centred logits. */
        CENTERING
    }

    /**
     * The part of a step that is worked out here. A step is divided among ranks (official: one for each GPU), each with as many
     * micro-batches. Its objective is the mean over ranks, and what a share has of it is divided by all of them: losses and gradients
     * of all shares add up. Targets are balanced over all ranks; KoLeo compares the images of a rank with each other only.
     *
     * @param ranks how many of them are here, at least 1; their micro-batches follow each other
     * @param worldSize how many there are
     */
    public record Share(int ranks, int worldSize) {
        /** A step that is not divided. */
        public static final Share WHOLE = new Share(1, 1);

        /** Checks the numbers. */
        public Share {
            if (ranks < 1 || ranks > worldSize) {
                throw new IllegalArgumentException("%d of %d ranks cannot be worked out".formatted(ranks, worldSize));
            }
        }
    }

    /** A step that is worked out here as a whole. */
    public SslConfig(
            Network student,
            Optional<Network> frozenTeacher,
            int batch,
            int microBatches,
            int globalSize,
            int localSize,
            int localCrops,
            int maxMasked,
            Targets targets,
            double studentTemp,
            double dinoWeight,
            double koleoWeight,
            double ibotWeight,
            double dropRate,
            boolean dropUniform) {
        this(
                student,
                frozenTeacher,
                batch,
                microBatches,
                globalSize,
                localSize,
                localCrops,
                maxMasked,
                targets,
                studentTemp,
                dinoWeight,
                koleoWeight,
                ibotWeight,
                dropRate,
                dropUniform,
                Share.WHOLE);
    }

    /**
     * Checks what the losses need.
     *
     * @throws IllegalArgumentException naming what does not fit
     */
    public SslConfig {
        if (batch < 1 || microBatches < 1 || localCrops < 0) {
            throw new IllegalArgumentException(
                    "a step needs images, got %d batches of %d".formatted(microBatches, batch));
        }
        if (microBatches % share.ranks() != 0) {
            throw new IllegalArgumentException(
                    "%d micro-batches cannot be those of %d ranks".formatted(microBatches, share.ranks()));
        }
        if (koleoWeight != 0 && (long) batch * microBatches / share.ranks() < 2) {
            throw new IllegalArgumentException(
                    "KoLeo compares the images of a batch: train.batch_size_per_gpu must be at least 2, or"
                            + " dino.koleo_loss_weight 0");
        }
        frozenTeacher.ifPresent(teacher -> {
            requireSame(
                    "patch size",
                    student.backbone().patchSize(),
                    teacher.backbone().patchSize());
            requireSame(
                    "number of prototypes for cls tokens",
                    student.dinoHead().prototypes(),
                    teacher.dinoHead().prototypes());
            requireSame(
                    "number of prototypes for patches",
                    student.patchHead().prototypes(),
                    teacher.patchHead().prototypes());
            if (maxMasked != 0 || dropRate != 0) {
                throw new IllegalArgumentException(
                        "distillation masks no patches and drops no branches, got room for %d masked patches and a drop rate of %s"
                                .formatted(maxMasked, dropRate));
            }
        });
    }

    private static void requireSame(String what, int student, int teacher) {
        if (student != teacher) {
            throw new IllegalArgumentException(
                    "the student must have the %s of the teacher it is distilled from, got %d and %d"
                            .formatted(what, student, teacher));
        }
    }

    /** The shape of the network that makes the targets. */
    public Network teacher() {
        return frozenTeacher.orElse(student);
    }

    /** True if the targets come from a frozen teacher. */
    public boolean distills() {
        return frozenTeacher.isPresent();
    }

    /** Patches of a global crop. */
    public int globalPatches() {
        int side = globalSize / student.backbone().patchSize();
        return side * side;
    }

    /** {@code M}, patch tokens of a micro-batch that go through heads: room for the masked ones, or all of them when distilling. */
    public int patchRows() {
        return distills() ? globalRows() * globalPatches() : maxMasked;
    }

    /** Student rows of a micro-batch that go through heads: cls tokens of local, then of global crops, then patches. */
    public int headRows() {
        return localRows() + globalRows() + patchRows();
    }

    /** Cls tokens of the local crops of a micro-batch, {@code L B}. */
    public int localRows() {
        return localCrops * batch;
    }

    /** Cls tokens of the global crops of a micro-batch, {@code 2 B}. */
    public int globalRows() {
        return GLOBAL_CROPS * batch;
    }

    /** Images of a step that are worked on here, {@code k B}. */
    public int stepImages() {
        return microBatches * batch;
    }

    /** Images of a step over all ranks: what losses are divided by. */
    public long worldImages() {
        return (long) stepImages() / share.ranks() * share.worldSize();
    }

    /** Cls tokens of the global crops of a step, {@code 2 k B}. */
    public int stepGlobalRows() {
        return microBatches * globalRows();
    }

    /** Rows of patch targets in a step, {@code k M}. */
    public int stepPatchRows() {
        return microBatches * patchRows();
    }

    /** Pairs of different crops that the cls losses compare: the divisor of both. */
    public int clsTerms() {
        return GLOBAL_CROPS * (GLOBAL_CROPS - 1) + Math.max(localCrops * GLOBAL_CROPS, 1);
    }
}
