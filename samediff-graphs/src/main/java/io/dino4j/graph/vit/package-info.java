/**
 * The Vision Transformer backbone as a SameDiff graph: {@link io.dino4j.graph.vit.VitConfig} says what it looks like,
 * {@link io.dino4j.graph.vit.Vit} builds it. Parameter names and semantics are those of the official DINOv2 code.
 */
package io.dino4j.graph.vit;
