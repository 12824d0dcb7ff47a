/** The networks of DINOv2 as SameDiff graphs; what all their parts share. */
package io.dino4j.graph;
