/** The front door to a trained backbone: {@link io.dino4j.zoo.FeatureExtractor} turns images into features. */
package io.dino4j.zoo;
