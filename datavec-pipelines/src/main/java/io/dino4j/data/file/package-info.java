/** Files that are whole or not there: locks, hashes, writing that survives a crash. */
package io.dino4j.data.file;
