package io.dino4j.examples.benchmark;

/**
 * What a benchmark ran, in numbers and for people.
 *
 * @param mode {@code forward}, {@code train} or {@code step}
 * @param preset name of the backbone
 * @param images what an image is made into, such as {@code 224 x 224}
 * @param size pixels on a side of the (global) images
 * @param batch images of a run
 * @param precision {@code f32} or {@code bf16}
 * @param parameters of the network
 * @param tokensPerImage tokens that go through the (student's) backbone
 * @param flopsPerImage floating-point operations of the matrix products
 */
record Summary(
        String mode,
        String preset,
        String images,
        int size,
        int batch,
        String precision,
        long parameters,
        long tokensPerImage,
        double flopsPerImage) {}
