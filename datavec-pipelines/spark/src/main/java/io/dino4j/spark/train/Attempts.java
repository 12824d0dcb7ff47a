package io.dino4j.spark.train;

import io.dino4j.data.Progress;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** Tells where the run is recorded, and why the stage had to be started again. */
final class Attempts extends SparkListener {
    /** What Spark says when it does not start the stage again. */
    static final String TOO_MANY = "maximum allowable number of times";

    private final int chief;
    private final Progress progress;

    Attempts(int chief, Progress progress) {
        this.chief = chief;
        this.progress = progress;
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart start) {
        if (start.taskInfo().index() == chief) {
            progress.say("attempt %d: executor %s on %s records the run; its log is there"
                    .formatted(
                            start.stageAttemptId() + 1,
                            start.taskInfo().executorId(),
                            start.taskInfo().host()));
        }
    }

    @Override
    public void onStageCompleted(SparkListenerStageCompleted stage) {
        if (stage.stageInfo().failureReason().isDefined()) {
            progress.say("attempt %d has failed: %s"
                    .formatted(
                            stage.stageInfo().attemptNumber() + 1,
                            reason(stage.stageInfo().failureReason().get())));
        }
    }

    /** Of what Spark says, the line that is not about its own insides. */
    static String reason(String text) {
        return text.lines()
                .filter(l ->
                        !l.startsWith("\tat ") && !l.contains("barrier task") && !l.contains("Stage failed because"))
                .filter(l -> !l.isBlank() && !l.contains(TOO_MANY))
                .findFirst()
                .map(l -> l.replaceFirst("^java\\.lang\\.IllegalStateException: ", "")
                        .strip())
                .orElse(text.lines().findFirst().orElse(""));
    }
}
