/** An application in a few lines: learn classes of pixels from a few masks, then colour photos. */
package io.dino4j.examples.segmentation;
