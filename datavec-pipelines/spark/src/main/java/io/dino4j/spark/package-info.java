/**
 * The stages of curation as Spark jobs over Parquet. What is computed is the code of {@link io.dino4j.data.vector} and
 * {@link io.dino4j.data.curation}; here is only what brings rows to it and results back, so that they are the same to the bit.
 */
package io.dino4j.spark;
