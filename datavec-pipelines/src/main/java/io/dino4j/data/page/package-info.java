/** Reports as HTML pages that need no other file. */
package io.dino4j.data.page;
