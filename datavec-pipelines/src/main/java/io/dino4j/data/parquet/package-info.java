/**
 * Parquet files without Hadoop: the library's formats and encodings, with channels and codecs of our own. Start with
 * {@link io.dino4j.data.parquet.ParquetInput} and {@link io.dino4j.data.parquet.ParquetOutput}.
 *
 * <p>Knows columns and rows, no images. Must not depend on other packages of this module.
 */
package io.dino4j.data.parquet;
