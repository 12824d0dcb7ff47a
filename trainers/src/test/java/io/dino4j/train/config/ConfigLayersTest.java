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
    void aFileThatIsNoYamlIsNamedWithItsLine(@TempDir Path dir) throws IOException {
        Path file = dir.resolve("bad.yaml");
        Files.writeString(file, "optim:\n  epochs: [1\nstudent: 3\n");
        String message = assertThrows(
                        ConfigException.class, () -> ConfigLayers.defaults().file(file))
                .getMessage();
        assertEquals(true, message.startsWith(file + ": line ") && message.endsWith("is not YAML"), message);
    }
}
