"""The official DINOv2 multi-crop augmentation on Pillow and torchvision, one core, timed on request.

usage: torchvision_crops.py FOLDER GLOBAL_SIZE LOCAL_SIZE LOCAL_CROPS   (relative file names on standard input, then an empty line)

Every further line on standard input, "FIRST COUNT", is answered by one line: seconds of wall clock and seconds of processor time for
decoding and cutting COUNT images from number FIRST on. The blur probabilities are those that take effect upstream.
"""
import os
import random
import sys
import time

import torch
from PIL import Image
from torchvision import transforms as T

torch.set_num_threads(1)
folder, global_size, local_size, local_crops = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
random.seed(0)
torch.manual_seed(0)

jitter = [
    T.RandomApply([T.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1)], p=0.8),
    T.RandomGrayscale(p=0.2),
]
normalize = [T.ToTensor(), T.Normalize(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))]


def blur(p):
    return T.RandomApply([T.GaussianBlur(kernel_size=9, sigma=(0.1, 2.0))], p=p)


def crop(size, scale):
    return [
        T.RandomResizedCrop(size, scale=scale, interpolation=T.InterpolationMode.BICUBIC),
        T.RandomHorizontalFlip(p=0.5),
    ]


first_global = T.Compose(crop(global_size, (0.32, 1.0)) + jitter + normalize)
second_global = T.Compose(
    crop(global_size, (0.32, 1.0)) + jitter + [blur(0.9), T.RandomSolarize(threshold=128, p=0.2)] + normalize
)
local = T.Compose(crop(local_size, (0.05, 0.32)) + jitter + [blur(0.5)] + normalize)


def views(name):
    with open(os.path.join(folder, name), "rb") as file:
        image = Image.open(file).convert("RGB")
    return [first_global(image), second_global(image)] + [local(image) for _ in range(local_crops)]


names = []
for line in sys.stdin:
    if line == "\n":
        break
    names.append(line.rstrip("\n"))
print(torch.__version__, __import__("torchvision").__version__, __import__("PIL").__version__, flush=True)
for line in sys.stdin:
    first, count = (int(word) for word in line.split())
    wall, cpu = time.perf_counter(), time.process_time()
    for i in range(first, first + count):
        views(names[i % len(names)])
    print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
