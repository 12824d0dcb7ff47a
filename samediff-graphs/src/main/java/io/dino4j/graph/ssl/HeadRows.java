package io.dino4j.graph.ssl;

import io.dino4j.graph.vit.TokenLayout;
import java.util.Arrays;

/**
 * Which of a network's tokens go through its heads: the cls tokens of local crops, if it sees any, and of global crops, then patches of
 * global crops.
 */
public final class HeadRows {
    private final TokenLayout tokens;
    private final int patches;
    private final int firstPatch;
    private final int[] rows;

    HeadRows(SslConfig c, TokenLayout tokens) {
        this.tokens = tokens;
        this.patches = c.globalPatches();
        boolean local = tokens.groups().size() > 1;
        int locals = local ? c.localRows() : 0;
        this.firstPatch = locals + c.globalRows();
        this.rows = new int[firstPatch + c.patchRows()];
        for (int i = 0; i < locals; i++) {
            rows[i] = tokens.clsRow(1, i);
        }
        for (int i = 0; i < c.globalRows(); i++) {
            rows[locals + i] = tokens.clsRow(0, i);
        }
    }

    /**
     * With the masked patches; the room left over points at row 0, which counts nothing there.
     *
     * @param indices numbers {@code crop * n + patch}
     * @param count how many of them
     * @return rows of the tokens; the next call overwrites them
     */
    public int[] ofMasked(int[] indices, int count) {
        for (int i = 0; i < count; i++) {
            rows[firstPatch + i] = tokens.patchRow(0, indices[i] / patches, indices[i] % patches);
        }
        Arrays.fill(rows, firstPatch + count, rows.length, 0);
        return rows;
    }

    /** With every patch of every global crop. */
    int[] ofAll() {
        int[] all = new int[rows.length - firstPatch];
        Arrays.setAll(all, i -> i);
        return ofMasked(all, all.length).clone();
    }
}
