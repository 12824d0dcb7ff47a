/**
 * The released backbones as models of DL4J's zoo. Start at {@link io.dino4j.zoo.model.Dinov2VitS14}: its {@code initPretrained} gives an
 * ordinary {@code ComputationGraph} whose one large layer, {@link io.dino4j.zoo.model.BackboneLayer}, runs the compiled SameDiff graph on
 * DL4J's own parameters and gradients, without a copy.
 */
package io.dino4j.zoo.model;
