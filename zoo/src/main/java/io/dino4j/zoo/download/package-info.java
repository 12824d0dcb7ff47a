/** Where the released weights are, and how they get here: {@link io.dino4j.zoo.download.Release}. */
package io.dino4j.zoo.download;
