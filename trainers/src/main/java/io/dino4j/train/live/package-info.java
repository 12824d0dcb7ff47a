/**
 * The live page: a run in the browser, served over loopback. Start at {@link io.dino4j.train.live.LivePage}. Numbers come from the
 * files of the run's folder, so that a run of another process or one that is over can be shown as well; {@link
 * io.dino4j.train.live.LiveFeed} adds what only the process that trains knows: its task, its messages and its pictures.
 */
package io.dino4j.train.live;
