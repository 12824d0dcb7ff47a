package io.dino4j.train.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** What each value may be. Types are already right when these run. */
final class ConfigRules {
    private static final List<String> POSITIVE = List.of(
            "dino.head_n_prototypes",
            "dino.head_bottleneck_dim",
            "dino.head_nlayers",
            "dino.head_hidden_dim",
            "ibot.head_n_prototypes",
            "ibot.head_bottleneck_dim",
            "ibot.head_nlayers",
            "ibot.head_hidden_dim",
            "train.batch_size_per_gpu",
            "train.saveckp_freq",
            "train.num_workers",
            "train.accumulation_steps",
            "train.world_size",
            "sentinel.patience",
            "sentinel.min_prototypes",
            "student.patch_size",
            "optim.epochs",
            "crops.global_crops_size",
            "crops.local_crops_size");
    private static final List<String> NOT_NEGATIVE = List.of(
            "train.OFFICIAL_EPOCH_LENGTH",
            "dino.loss_weight",
            "dino.koleo_loss_weight",
            "ibot.loss_weight",
            "student.layerscale",
            "student.init_std",
            "student.pos_embed_init_std",
            "dino.head_init_std",
            "student.block_chunks",
            "student.num_register_tokens",
            "student.interpolate_offset",
            "student.embed_dim",
            "student.depth",
            "student.num_heads",
            "student.mlp_ratio",
            "teacher.warmup_teacher_temp_epochs",
            "teacher.momentum_reference_batch",
            "optim.weight_decay",
            "optim.weight_decay_end",
            "optim.base_lr",
            "optim.min_lr",
            "optim.clip_grad",
            "optim.warmup_epochs",
            "optim.freeze_last_layer_epochs",
            "optim.freeze_backbone_steps",
            "optim.patch_embed_lr_mult",
            "crops.local_crops_number",
            "crops.color_jitter_brightness",
            "crops.color_jitter_contrast",
            "crops.color_jitter_saturation",
            "evaluation.eval_period_iterations",
            "distillation.teacher_num_heads",
            "distillation.head_warmup_steps",
            "sentinel.period",
            "sentinel.max_rollbacks",
            "sentinel.grace_steps");
    private static final List<String> SHARE = List.of(
            "ibot.mask_sample_probability",
            "teacher.momentum_teacher",
            "teacher.final_momentum_teacher",
            "crops.horizontal_flip_probability",
            "crops.color_jitter_probability",
            "crops.grayscale_probability",
            "crops.global1_blur_probability",
            "crops.global2_blur_probability",
            "crops.local_blur_probability",
            "crops.solarize_probability",
            "sentinel.min_feature_std",
            "sentinel.max_entropy_share");

    /** What the shapes of the networks follow from: a phase goes on with the networks of the one before. */
    private static final List<String> SHAPES = List.of(
            "dino.head_n_prototypes",
            "dino.head_bottleneck_dim",
            "dino.head_nlayers",
            "dino.head_hidden_dim",
            "ibot.separate_head",
            "ibot.head_n_prototypes",
            "ibot.head_bottleneck_dim",
            "ibot.head_nlayers",
            "ibot.head_hidden_dim",
            "student.arch",
            "student.patch_size",
            "student.ffn_layer",
            "student.num_register_tokens",
            "student.embed_dim",
            "student.depth",
            "student.num_heads",
            "student.mlp_ratio");

    private final ConfigTree config;

    private ConfigRules(ConfigTree config) {
        this.config = config;
    }

    /**
     * Checks every rule, for each phase.
     *
     * @throws ConfigException naming the first key that breaks one
     */
    static void check(ConfigTree config) {
        ConfigRules rules = new ConfigRules(config);
        rules.all();
        for (int i = 0; i < config.phases(); i++) {
            ConfigTree phase = config.phase(i);
            new ConfigRules(phase).all();
            for (String k : SHAPES) {
                if (!phase.at(k).equals(config.at(k))) {
                    throw phase.fault(
                            k,
                            "what the first phase has (%s)"
                                    .formatted(config.at(k).asText()));
                }
            }
        }
    }

    private void all() {
        singles();
        choices();
        relations();
    }

    private void singles() {
        POSITIVE.forEach(k -> require(k, number(k) >= 1, "1 or more"));
        NOT_NEGATIVE.forEach(k -> require(k, number(k) >= 0 && number(k) < Double.POSITIVE_INFINITY, "0 or more"));
        SHARE.forEach(k -> require(k, number(k) >= 0 && number(k) <= 1, "0 to 1"));
        for (String k : List.of("student.drop_path_rate", "optim.adamw_beta1", "optim.adamw_beta2")) {
            require(k, number(k) >= 0 && number(k) < 1, "0 <= value < 1");
        }
        for (String k : List.of("teacher.warmup_teacher_temp", "teacher.teacher_temp")) {
            require(k, number(k) > 0 && number(k) < Double.POSITIVE_INFINITY, "above 0");
        }
        for (String k : List.of("optim.layerwise_decay", "sentinel.rollback_lr_factor")) {
            require(k, number(k) > 0 && number(k) <= 1, "0 < value <= 1");
        }
        require(
                "crops.color_jitter_hue",
                number("crops.color_jitter_hue") >= 0 && number("crops.color_jitter_hue") <= 0.5,
                "0 to 0.5");
        for (String k : List.of("ibot.mask_ratio_min_max", "crops.global_crops_scale", "crops.local_crops_scale")) {
            double low = config.at(k).get(0).doubleValue();
            double high = config.at(k).get(1).doubleValue();
            boolean mayBeZero = k.startsWith("ibot.");
            require(
                    k,
                    (mayBeZero ? low >= 0 : low > 0) && low <= high && high <= 1,
                    "[low, high] with %s low <= high <= 1".formatted(mayBeZero ? "0 <=" : "0 <"));
        }
    }

    private void choices() {
        choice("train.centering", RunConfig.Centering.class);
        choice("train.precision", RunConfig.Precision.class);
        choice("sentinel.action", RunConfig.SentinelAction.class);
        choice("student.arch", RunConfig.Arch.class);
        choice("student.ffn_layer", RunConfig.FfnLayer.class);
        choice("optim.scaling_rule", RunConfig.ScalingRule.class);
    }

    private <E extends Enum<E>> void choice(String key, Class<E> type) {
        JsonNode names = ConfigTree.YAML.valueToTree(type.getEnumConstants());
        boolean known = false;
        StringBuilder list = new StringBuilder();
        for (JsonNode name : names) {
            known |= name.asText().equals(config.at(key).asText());
            list.append(list.isEmpty() ? "" : ", ").append(name.asText());
        }
        require(key, known, list.toString());
    }

    private void relations() {
        int patch = (int) number("student.patch_size");
        for (String k : List.of("crops.global_crops_size", "crops.local_crops_size")) {
            boolean used = !k.contains("local") || number("crops.local_crops_number") > 0;
            require(k, !used || number(k) % patch == 0, "a multiple of student.patch_size (%d)".formatted(patch));
        }
        double epochs = number("optim.epochs");
        for (String k : List.of("optim.warmup_epochs", "optim.freeze_last_layer_epochs")) {
            require(k, number(k) <= epochs, "at most optim.epochs (%d)".formatted((int) epochs));
        }
        RunConfig.Student student = ConfigTree.YAML.convertValue(config.at("student"), RunConfig.Student.class);
        RunConfig.Shape shape = student.shape();
        String key = number("student.num_heads") > 0 ? "student.num_heads" : "student.embed_dim";
        require(
                key,
                shape.embedDim() % shape.numHeads() == 0,
                "a width (%d) that the heads (%d) divide".formatted(shape.embedDim(), shape.numHeads()));
    }

    private double number(String key) {
        return config.at(key).doubleValue();
    }

    private void require(String key, boolean holds, String allowed) {
        if (!holds) {
            throw config.fault(key, allowed);
        }
    }
}
