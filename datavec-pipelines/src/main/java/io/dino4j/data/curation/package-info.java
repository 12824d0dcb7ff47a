/** Choosing images to learn from: near-duplicates, clusters, retrieval, balance. It knows no network: see {@link io.dino4j.data.curation.Embedder}. */
package io.dino4j.data.curation;
