package io.dino4j.train.schedule;

import io.dino4j.train.config.RunConfig;

/**
 * All schedules of a run (upstream train/train.py, {@code build_schedulers}).
 *
 * @param totalSteps length of the run
 * @param lr learning rate
 * @param weightDecay weight decay
 * @param momentum teacher momentum
 * @param teacherTemp teacher temperature
 * @param lastLayerLr learning rate of the prototypes
 */
public record Schedules(
        long totalSteps,
        Schedule lr,
        Schedule weightDecay,
        Schedule momentum,
        Schedule teacherTemp,
        Schedule lastLayerLr) {

    /**
     * The schedules of a configuration.
     *
     * @param config the run
     */
    public static Schedules of(RunConfig config) {
        RunConfig.Optim optim = config.optim();
        RunConfig.Teacher teacher = config.teacher();
        long epoch = config.train().officialEpochLength();
        long total = config.totalSteps();
        int batch = config.train().imagesPerStep();
        double peak = optim.scaledLr(batch);
        long tempSteps = teacher.warmupTeacherTempEpochs() * epoch;
        Schedule momentum = new CosineSchedule(teacher.momentumTeacher(), teacher.finalMomentumTeacher(), total, 0, 0);
        Schedule lr = new CosineSchedule(peak, optim.minLr(), total, optim.warmupEpochs() * epoch, 0);
        return new Schedules(
                total,
                lr,
                new CosineSchedule(optim.weightDecay(), optim.weightDecayEnd(), total, 0, 0),
                step -> teacher.scaledMomentum(momentum.at(step), batch),
                new CosineSchedule(
                        teacher.teacherTemp(),
                        teacher.teacherTemp(),
                        tempSteps,
                        tempSteps,
                        teacher.warmupTeacherTemp()),
                lr.heldAt(0, optim.freezeLastLayerEpochs() * epoch, total));
    }

    /** What a step uses. */
    public Hyper at(long step) {
        return new Hyper(
                lr.at(step), weightDecay.at(step), momentum.at(step), teacherTemp.at(step), lastLayerLr.at(step));
    }
}
