package io.dino4j.graph.kernel.onednn;

import static io.dino4j.graph.kernel.onednn.Dnnl.check;
import static org.bytedeco.dnnl.global.dnnl.*;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/** Owns the native objects of one program and frees them in the end; the C objects have no finalisers of their own. */
final class Native implements AutoCloseable {
    private final List<Runnable> release = new ArrayList<>();

    dnnl_memory_desc desc(Tensor t) {
        if (t.packed() != null) {
            return t.packed();
        }
        dnnl_memory_desc md = new dnnl_memory_desc();
        check(
                dnnl_memory_desc_create_with_strides(md, t.dims().length, t.dims(), t.type(), t.strides()),
                "describing " + t.layout());
        release.add(() -> dnnl_memory_desc_destroy(md));
        return md;
    }

    /** The layout of {@code b}, in the type of {@code a}, with which oneDNN multiplies fastest. */
    dnnl_memory_desc preferred(Tensor a, Tensor b, Tensor bias, Tensor c, PostOps postOps) {
        dnnl_memory_desc any = new dnnl_memory_desc();
        check(
                dnnl_memory_desc_create_with_tag(any, b.dims().length, b.dims(), a.type(), dnnl_format_tag_any),
                "describing " + b.layout());
        dnnl_primitive_desc pd = new dnnl_primitive_desc();
        check(
                dnnl_matmul_primitive_desc_create(
                        pd,
                        Dnnl.engine(),
                        desc(a),
                        any,
                        bias == null ? null : desc(bias),
                        desc(c),
                        attributes(postOps)),
                "describing a product with any layout");
        dnnl_memory_desc preferred = new dnnl_memory_desc();
        check(
                dnnl_memory_desc_clone(preferred, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0)),
                "copying a layout");
        release.add(() -> dnnl_memory_desc_destroy(preferred));
        dnnl_primitive_desc_destroy(pd);
        dnnl_memory_desc_destroy(any);
        return preferred;
    }

    /** A memory object; its address is set later if it is not known yet. */
    dnnl_memory memory(Tensor t) {
        dnnl_memory m = new dnnl_memory();
        check(dnnl_memory_create(m, desc(t), Dnnl.engine(), null), "making memory " + t.layout());
        release.add(() -> dnnl_memory_destroy(m));
        return m;
    }

    /** Attributes: scratchpads are ours, so that a primitive may run on another thread than the one that made it. */
    dnnl_primitive_attr attributes(PostOps postOps) {
        dnnl_primitive_attr attr = new dnnl_primitive_attr();
        check(dnnl_primitive_attr_create(attr), "making attributes");
        release.add(() -> dnnl_primitive_attr_destroy(attr));
        check(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user), "setting the scratchpad mode");
        if (!postOps.list().isEmpty()) {
            dnnl_post_ops list = new dnnl_post_ops();
            check(dnnl_post_ops_create(list), "making post-ops");
            for (PostOps.PostOp op : postOps.list()) {
                check(append(list, op), "adding post-op " + op.layout());
            }
            check(dnnl_primitive_attr_set_post_ops(attr, list), "setting post-ops");
            dnnl_post_ops_destroy(list);
        }
        return attr;
    }

    private int append(dnnl_post_ops list, PostOps.PostOp op) {
        if (op.algorithm() == PostOps.SUM) {
            return dnnl_post_ops_append_sum(list, 1, 0, dnnl_data_type_undef);
        }
        return op.operand() == null
                ? dnnl_post_ops_append_eltwise(list, op.algorithm(), op.alpha(), 0)
                : dnnl_post_ops_append_binary(list, op.algorithm(), desc(op.operand()));
    }

    dnnl_primitive primitive(dnnl_primitive_desc pd, String what) {
        dnnl_primitive p = new dnnl_primitive();
        check(dnnl_primitive_create(p, pd), "making " + what);
        release.add(() -> dnnl_primitive_destroy(p));
        return p;
    }

    /** Adds something to release. */
    void onClose(Runnable r) {
        release.add(r);
    }

    @Override
    public void close() {
        for (int i = release.size() - 1; i >= 0; i--) {
            release.get(i).run();
        }
        release.clear();
    }
}
