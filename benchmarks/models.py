#!/usr/bin/env python3
"""Makes the files that the benchmarks compare: one ViT-S/14 with fixed random weights, as safetensors, TorchScript and ONNX.

    models.py DINOV2 OUT

DINOV2 is a folder that holds the official package `dinov2`; OUT gets vits14.safetensors, vits14-f32.pt, vits14-bf16.pt and
vits14.onnx. Needs PyTorch 1.13 or newer; every network takes images [B, 3, 224, 224] and gives normalised tokens [B, 257, 384].
"""
import json
import os
import re
import struct
import sys
import warnings
import zipfile

os.environ["XFORMERS_DISABLED"] = "1"  # before the package is imported
warnings.filterwarnings("ignore")

import torch  # noqa: E402

SIZE = 224
SEED = 1
OPSET = 17  # the newest of PyTorch 1.13; has layer norm as one operator
NEW_NAME = "torch.scaled_dot_product_attention"
OLD_CALL = re.compile(r"(\w+), \w+,? = torch\._scaled_dot_product_attention\((\w+), (\w+), (\w+)\)")


class Tokens(torch.nn.Module):
    """Images in, tokens after the final norm out, both in f32."""

    def __init__(self, backbone, dtype):
        super().__init__()
        self.backbone = backbone
        self.dtype = dtype

    def forward(self, images):
        out = self.backbone.forward_features(images.to(self.dtype))
        return torch.cat((out["x_norm_clstoken"].unsqueeze(1), out["x_norm_patchtokens"]), dim=1).float()


def old_fused_attention(q, k, v, **_):
    """The name that PyTorch 1.13 had for the fused operator; the file is mended afterwards."""
    return torch.nn.functional._scaled_dot_product_attention(q, k, v, None, 0.0, False, False)[0]


def plain_attention(q, k, v, **_):
    """The definition; ONNX had no operator for it before opset 23."""
    return torch.softmax((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1), dim=-1) @ v


def randomise(backbone):
    """Values of a size that a trained network has, and no zeros: a forgotten bias must show."""
    torch.manual_seed(SEED)
    with torch.no_grad():
        for name, p in backbone.named_parameters():
            p.copy_(0.02 * torch.randn(p.shape))
            if name.endswith("gamma") or "norm" in name and name.endswith("weight"):
                p.add_(1)


def write_safetensors(state, path):
    header, offset = {}, 0
    for name, tensor in state.items():
        size = 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in state.values():
            file.write(tensor.contiguous().numpy().tobytes())


def use_todays_attention(path):
    """Renames the fused operator in the code of a TorchScript file, so that libtorch 2 runs its own fused kernel."""
    mended, calls = path + ".tmp", 0
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(mended, "w", zipfile.ZIP_STORED) as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename.endswith(".py"):
                text, n = OLD_CALL.subn(rf"\1 = {NEW_NAME}(\2, \3, \4)", data.decode())
                data, calls = text.encode(), calls + n + text.count(NEW_NAME) - n
            new.writestr(item.filename, data)
    os.replace(mended, path)
    if calls == 0:
        sys.exit(f"{path}: found no attention in the traced code; is this an untried version of PyTorch ({torch.__version__})?")


def main(package, out):
    sys.path.insert(0, package)
    from dinov2.models.vision_transformer import vit_small

    functional = torch.nn.functional
    old = not hasattr(functional, "scaled_dot_product_attention")
    os.makedirs(out, exist_ok=True)
    backbone = vit_small(patch_size=14, img_size=SIZE, init_values=1.0, block_chunks=0).eval()
    randomise(backbone)
    write_safetensors(backbone.state_dict(), os.path.join(out, "vits14.safetensors"))
    images = torch.randn(2, 3, SIZE, SIZE)

    fused = functional.scaled_dot_product_attention if not old else None
    functional.scaled_dot_product_attention = plain_attention
    path = os.path.join(out, "vits14.onnx")
    torch.onnx.export(
        Tokens(backbone, torch.float32),
        images,
        path,
        opset_version=OPSET,
        input_names=["images"],
        output_names=["tokens"],
        dynamic_axes={"images": {0: "batch"}, "tokens": {0: "batch"}},
    )
    print(path)

    functional.scaled_dot_product_attention = fused or old_fused_attention
    for name, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
        path = os.path.join(out, f"vits14-{name}.pt")
        torch.jit.trace(Tokens(backbone.to(dtype), dtype), images, check_trace=False).save(path)
        use_todays_attention(path)
        print(path)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
