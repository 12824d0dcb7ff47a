/**
 * Weight files: reading and writing {@code .safetensors}, and filling a parameter vector from them. Names are the official
 * ones and loading is total: every parameter must be there, in its shape, and nothing else. Start at
 * {@link io.dino4j.zoo.weights.Safetensors}. Depends on the parameter vector of samediff-graphs only.
 */
package io.dino4j.zoo.weights;
