package io.dino4j.train.live;

import com.fasterxml.jackson.core.JsonGenerator;
import io.dino4j.data.crop.Batch;
import io.dino4j.data.crop.MultiCropConfig;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.Normalization;
import io.dino4j.data.page.Page;
import io.dino4j.data.source.ImageSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The crops of a few images of a batch as the network sees them, copied.
 *
 * @param step whose batch it was
 * @param images the images, with all their crops
 */
record Crops(long step, List<Sample> images) {
    /** How much of a masked patch still shines through. */
    private static final double SHINE = 0.18;

    /** What covers a masked patch: a colour that images seldom have. */
    private static final int[] COVER = {122, 76, 224};

    /**
     * The crops of one image.
     *
     * @param name of the image
     * @param globals global crops
     * @param locals local crops
     */
    record Sample(String name, List<Crop> globals, List<Crop> locals) {}

    /**
     * One crop.
     *
     * @param chw (3, size, size) normalised
     * @param size side in pixels
     * @param mask 1 where a patch is masked, row by row; empty if there are no masks
     */
    record Crop(float[] chw, int size, float[] mask) {}

    /** Copies the crops of the first images of a batch. */
    static Crops copy(Batch batch, ImageSource source, int count) {
        int[] samples = batch.sampleIndices();
        List<Sample> images = new ArrayList<>();
        for (int i = 0; i < Math.min(count, samples.length); i++) {
            List<Crop> globals = new ArrayList<>();
            for (int c = 0; c < MultiCropConfig.GLOBAL_CROPS; c++) {
                int row = c * samples.length + i;
                globals.add(crop(batch.globals(), row, row(batch.masks(), row)));
            }
            List<Crop> locals = new ArrayList<>();
            long crops = batch.locals() == null ? 0 : batch.locals().size(0) / samples.length;
            for (int c = 0; c < crops; c++) {
                locals.add(crop(batch.locals(), c * samples.length + i, new float[0]));
            }
            images.add(new Sample(source.name(samples[i]), globals, locals));
        }
        return new Crops(batch.step(), images);
    }

    private static Crop crop(INDArray crops, int row, float[] mask) {
        return new Crop(row(crops, row), (int) crops.size(3), mask);
    }

    private static float[] row(INDArray array, int row) {
        INDArray copy = array.get(NDArrayIndex.point(row)).dup('c');
        float[] values = copy.data().asFloat();
        copy.close(); // native memory must not wait for the collector
        return values;
    }

    /** Writes {@code "step":..,"images":[{"name":..,"globals":[{"size":..,"masked":..,"src":..}],"locals":[..]}]}. */
    void write(JsonGenerator json, Normalization normalization) throws IOException {
        json.writeNumberField("step", step);
        json.writeArrayFieldStart("images");
        for (Sample sample : images) {
            json.writeStartObject();
            json.writeStringField("name", sample.name);
            write(json, "globals", sample.globals, normalization);
            write(json, "locals", sample.locals, normalization);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void write(JsonGenerator json, String field, List<Crop> crops, Normalization normalization)
            throws IOException {
        json.writeArrayFieldStart(field);
        for (Crop crop : crops) {
            int masked = 0;
            for (float m : crop.mask) {
                masked += m > 0 ? 1 : 0;
            }
            json.writeStartObject();
            json.writeNumberField("size", crop.size);
            json.writeNumberField("patches", crop.mask.length);
            json.writeNumberField("masked", masked);
            json.writeStringField("src", Page.png(picture(crop, normalization)));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /** The crop with its masked patches covered. */
    static Image picture(Crop crop, Normalization normalization) {
        Image plain = normalization.restore(crop.chw, crop.size, crop.size);
        if (crop.mask.length == 0) {
            return plain;
        }
        int grid = (int) Math.round(Math.sqrt(crop.mask.length));
        byte[] rgb = plain.rgb().clone();
        for (int y = 0; y < crop.size; y++) {
            for (int x = 0; x < crop.size; x++) {
                int patch = y * grid / crop.size * grid + x * grid / crop.size;
                for (int c = 0; c < 3 && crop.mask[patch] > 0; c++) {
                    double covered = SHINE * plain.at(x, y, c) + (1 - SHINE) * COVER[c];
                    rgb[3 * (y * crop.size + x) + c] = (byte) Math.round(covered);
                }
            }
        }
        return new Image(crop.size, crop.size, rgb);
    }
}
