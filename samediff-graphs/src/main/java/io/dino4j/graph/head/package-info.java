/** The projection heads that the DINO and iBOT losses are taken on. */
package io.dino4j.graph.head;
