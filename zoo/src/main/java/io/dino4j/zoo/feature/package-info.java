/** Where extracted features go: {@link io.dino4j.zoo.feature.FeatureStore}. */
package io.dino4j.zoo.feature;
