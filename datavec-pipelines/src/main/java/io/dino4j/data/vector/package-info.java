/** Vectors of images: files larger than memory, nearest neighbours, clusters. */
package io.dino4j.data.vector;
