package io.dino4j.train.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class ConfigLayersTest {
    static List<String> presets() {
        return ConfigLayers.presets();
    }

    @Test
    void defaultsAreUpstreams() {
        RunConfig c = ConfigLayers.defaults().resolve();
        assertEquals(65536, c.dino().headNPrototypes());
        assertEquals(1250, c.train().officialEpochLength());
        assertEquals(List.of(0.32, 1.0), c.crops().globalCropsScale());
        assertEquals(new RunConfig.Shape(1024, 24, 16, 4.0), c.student().shape());
        assertEquals(125_000, c.totalSteps());
        assertEquals(4e-3 * Math.sqrt(2), c.optim().scaledLr(2048), 1e-18);
    }

    @ParameterizedTest
    @MethodSource("presets")
    void everyPresetResolvesAndSurvivesItsOwnYaml(String name, @TempDir Path dir) throws IOException {
        RunConfig c = ConfigLayers.defaults().preset(name).resolve();
        Path file = dir.resolve("config.yaml");
        c.write(file);
        RunConfig back = ConfigLayers.defaults().file(file).resolve();
        assertEquals(c, back);
        assertEquals(c.hash(), back.hash());
    }

    @Test
    void laterLayersWin(@TempDir Path dir) throws IOException {
        Path file = dir.resolve("mine.yaml");
        Files.writeString(file, "optim:\n  epochs: 7\n  warmup_epochs: 2\nstudent:\n  embed_dim: null\ncrops:\n");
        RunConfig c = ConfigLayers.defaults()
                .preset("nano")
                .file(file)
                .overrides(List.of("optim.epochs=3", "optim.min_lr=1e-7", "crops.local_crops_scale=[0.1, 0.2]"))
                .resolve();
        assertEquals(3, c.optim().epochs());
        assertEquals(2, c.optim().warmupEpochs());
        assertEquals(1e-7, c.optim().minLr());
        assertEquals(List.of(0.1, 0.2), c.crops().localCropsScale());
        assertEquals(128, c.student().shape().embedDim());
    }

    @Test
    void anOfficialTrainingFileLoadsAsItIs(@TempDir Path dir) throws IOException {
        Path file = dir.resolve("official.yaml");
        Files.writeString(
                file,
                """
                MODEL:
                  WEIGHTS: ''
                compute_precision:
                  grad_scaler: true
                  teacher:
                    backbone:
                      sharding_strategy: SHARD_GRAD_OP
                      mixed_precision:
                        param_dtype: fp16
                teacher:
                  final_momentum_teacher: 1
                optim:
                  base_lr: 2.0e-04  # learning rate for a batch size of 1024
                  lr: 0. # will be set after applying scaling rule
                student:
                  patch_size: 14
                  layerscale: 1.0e-05
                  drop_path_uniform: True
                crops:
                  local_crops_size: 98
                """);
        RunConfig c = ConfigLayers.defaults().file(file).resolve();
        assertEquals(2e-4, c.optim().baseLr());
        assertEquals(1.0, c.teacher().finalMomentumTeacher());
    }

    @Test
    void aShortRunGetsShortWarmUps() {
        RunConfig c = ConfigLayers.defaults().preset("nano").epochs(2).resolve();
        assertEquals(2, c.optim().epochs());
        assertEquals(1, c.optim().warmupEpochs());
        assertEquals(2, c.teacher().warmupTeacherTempEpochs());
        RunConfig preset = ConfigLayers.defaults().preset("nano").resolve();
        RunConfig longer = ConfigLayers.defaults().preset("nano").epochs(500).resolve();
        assertEquals(preset.optim().warmupEpochs(), longer.optim().warmupEpochs());
        assertThrows(
                ConfigException.class,
                () -> ConfigLayers.defaults().preset("nano").epochs(0).resolve());
    }

    @Test
    void theHashFollowsNumbersAndNotFolders() {
        RunConfig a = ConfigLayers.defaults().preset("nano").resolve();
        RunConfig b = ConfigLayers.defaults()
                .preset("nano")
                .overrides(List.of("train.output_dir=/x"))
                .resolve();
        RunConfig c = ConfigLayers.defaults()
                .preset("nano")
                .overrides(List.of("train.seed=1"))
                .resolve();
        assertEquals(a.hash(), b.hash());
        assertNotEquals(a.hash(), c.hash());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "optim.base_rl=1 | command line: unknown key 'optim.base_rl'; did you mean 'optim.base_lr'?",
                "optim.batch_size_per_gpu=1 | command line: unknown key 'optim.batch_size_per_gpu'; did you mean 'train.batch_size_per_gpu'?",
                "optmi.epochs=1 | command line: unknown key 'optmi'; did you mean 'optim'?",
                "optim.epochs=many | command line: optim.epochs is 'many'; allowed: a whole number",
                "optim.epochs=1.5 | command line: optim.epochs is 1.5; allowed: a whole number",
                "train.cache_dataset=maybe | command line: train.cache_dataset is 'maybe'; allowed: true or false",
                "crops.local_crops_scale=[0.1] | command line: crops.local_crops_scale is [0.1]; allowed: a list of 2 numbers",
                "student.drop_path_rate=1 | command line: student.drop_path_rate is 1.0; allowed: 0 <= value < 1",
                "train.batch_size_per_gpu=0 | command line: train.batch_size_per_gpu is 0; allowed: 1 or more",
                "crops.global_crops_size=33 | command line: crops.global_crops_size is 33; allowed: a multiple of student.patch_size (8)",
                "student.arch=vit_huge | command line: student.arch is 'vit_huge'; allowed: vit_nano, vit_tiny, vit_small, vit_base, vit_large, vit_giant2",
                "student.num_heads=3 | command line: student.num_heads is 3; allowed: a width (128) that the heads (3) divide",
                "optim.scaling_rule=cubic | command line: optim.scaling_rule is 'cubic'; allowed: sqrt_wrt_1024, sqrt_wrt_64, linear_wrt_256",
                "train.precision=f16 | command line: train.precision is 'f16'; allowed: f32, bf16",
                "train.accumulation_steps=0 | command line: train.accumulation_steps is 0; allowed: 1 or more",
                "sentinel.action=pray | command line: sentinel.action is 'pray'; allowed: stop, rollback",
                "sentinel.rollback_lr_factor=0 | command line: sentinel.rollback_lr_factor is 0.0; allowed: 0 < value <= 1",
                "phases=3 | command line: phases is 3; allowed: a list of blocks of keys, such as [{optim: {epochs: 10}}]",
                "phases=[{}, 3] | command line: phases[1] is not a tree of 'key: value' lines",
                "phases=[{optmi: {epochs: 1}}] | command line: unknown key 'phases[0].optmi'; did you mean 'phases[0].optim'?",
                "phases=[{}, {crops: {global_crop_size: 1}}] | command line: unknown key 'phases[1].crops.global_crop_size'; did you mean 'phases[1].crops.global_crops_size'?",
                "phases=[{optim: {epochs: many}}] | command line: phases[0].optim.epochs is 'many'; allowed: a whole number",
                "phases=[{crops: {global_crops_size: 33}}] | command line: phases[0].crops.global_crops_size is 33; allowed: a multiple of student.patch_size (8)",
                "phases=[{student: {depth: 3}}] | command line: phases[0].student.depth is 3; allowed: what the first phase has (0)",
                "phases=[{phases: []}] | command line: unknown key 'phases[0].phases'; did you mean 'phases[0].name'?",
                "optim.min_lr=NaN | command line: optim.min_lr is NaN; allowed: 0 or more",
                "optim | command line: 'optim' is no override; write key=value, such as optim.epochs=5",
            })
    void faultsAreOneClearLine(String assignment, String message) {
        ConfigException e = assertThrows(ConfigException.class, () -> ConfigLayers.defaults()
                .preset("nano")
                .overrides(List.of(assignment))
                .resolve());
        assertEquals(message, e.getMessage());
    }

    @Test
    void aPhaseIsTheRunWithWhatItChanges(@TempDir Path dir) throws IOException {
        Path file = dir.resolve("mine.yaml");
        Files.writeString(
                file,
                """
                optim: {epochs: 40, warmup_epochs: 4, freeze_last_layer_epochs: 2, freeze_backbone_steps: 7}
                teacher: {warmup_teacher_temp_epochs: 10}
                phases:
                - name: high_resolution
                  optim: {epochs: 10, base_lr: 1e-4, freeze_last_layer_epochs: 3}
                  crops: {global_crops_size: 64}
                -
                """);
        RunConfig c = ConfigLayers.defaults().preset("nano").file(file).resolve(640);
        assertEquals(3, c.phaseCount());
        assertEquals(
                List.of("phase 0", "high_resolution", "phase 2"),
                List.of(c.phaseName(0), c.phaseName(1), c.phaseName(2)));
        assertEquals(
                List.of(0L, 400L, 500L, 900L),
                List.of(c.stepsBefore(0), c.stepsBefore(1), c.stepsBefore(2), c.stepsBefore(3)));
        RunConfig high = c.phase(1);
        assertEquals(List.of(), high.phases());
        assertEquals(64, high.crops().globalCropsSize());
        assertEquals(c.crops().localCropsSize(), high.crops().localCropsSize());
        assertEquals(1e-4, high.optim().baseLr());
        assertEquals(1, high.optim().warmupEpochs(), "a quarter of the epochs, a quarter of the warm-up");
        assertEquals(3, high.optim().freezeLastLayerEpochs(), "what a phase sets, it sets");
        assertEquals(3, high.teacher().warmupTeacherTempEpochs());
        assertEquals(0, high.optim().freezeBackboneSteps(), "its heads are not fresh");
        assertEquals(c.optim().baseLr(), c.phase(2).optim().baseLr(), "not over the phase before");
        c.write(file);
        assertEquals(c, ConfigLayers.defaults().file(file).resolve());
        assertEquals(c.hash(), c.phase(0).hash(), "what follows may change");
        assertNotEquals(c.hash(), high.hash());
    }

    @Test
    void anEpochOfEachPhaseIsOnePassWithItsOwnBatch() {
        RunConfig c = ConfigLayers.defaults()
                .preset("nano")
                .overrides(List.of("phases=[{train: {batch_size_per_gpu: 8, accumulation_steps: 2}}]"))
                .resolve(1000);
        assertEquals(1000 / 64, c.train().officialEpochLength());
        assertEquals(1000 / 16, c.phase(1).train().officialEpochLength());
    }

    @Test
    void theScalingRules() {
        RunConfig.Optim sqrt64 = optim("sqrt_wrt_64");
        assertEquals(0.004, sqrt64.scaledLr(64), 1e-18);
        assertEquals(0.008, sqrt64.scaledLr(256), 1e-18);
        RunConfig.Optim linear = optim("linear_wrt_256");
        assertEquals(0.004, linear.scaledLr(256), 1e-18);
        assertEquals(0.001, linear.scaledLr(64), 1e-18);
    }

    private static RunConfig.Optim optim(String rule) {
        return ConfigLayers.defaults()
                .overrides(List.of("optim.scaling_rule=" + rule))
                .resolve()
                .optim();
    }

    @Test
    void aFileThatIsNoYamlIsNamedWithItsLine(@TempDir Path dir) throws IOException {
        Path file = dir.resolve("bad.yaml");
        Files.writeString(file, "optim:\n  epochs: [1\nstudent: 3\n");
        String message = assertThrows(
                        ConfigException.class, () -> ConfigLayers.defaults().file(file))
                .getMessage();
        assertEquals(true, message.startsWith(file + ": line ") && message.endsWith("is not YAML"), message);
    }
}
