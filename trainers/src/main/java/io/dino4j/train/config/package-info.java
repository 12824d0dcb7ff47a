/**
 * What a run is made of: upstream's configuration tree, key by key, as records. Start at
 * {@link io.dino4j.train.config.ConfigLayers}, which stacks defaults, a preset, a file and command-line overrides and
 * resolves them to one {@link io.dino4j.train.config.RunConfig}. Depends on nothing else of dino4j.
 */
package io.dino4j.train.config;
