/** Options that several commands share: {@link io.dino4j.examples.option.KernelsOption}. */
package io.dino4j.examples.option;
