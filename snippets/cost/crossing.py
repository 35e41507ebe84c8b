"""Who is cheaper, attention or a convolution: counted over n, d and k."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, shades

# --8<-- [start:crossing]
from bisect import bisect_left

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode


def flops(layer, *shapes):
    with FlopCounterMode(display=False) as counter:
        layer(*(torch.empty(shape, device="meta") for shape in shapes))
    return counter.get_total_flops()


def convolution(n, d, k):
    return flops(F.conv1d, (d, n + k - 1), (d, d, k))      # n outputs


def core(n, d):
    return flops(lambda Q, K, V: torch.softmax(Q @ K.T, 1) @ V,
                 (n, d), (n, d), (n, d))


def matrix(n, d):
    return flops(lambda x, W: x @ W.T, (n, d), (d, d))


def attention(n, d):                # Q, K, V and the output: four matrices
    return core(n, d) + 4 * matrix(n, d)


def separable(n, d, k):             # one kernel a channel, then one matrix
    return matrix(n, d) + flops(lambda x, W: F.conv1d(x, W, groups=d),
                                (d, n + k - 1), (d, 1, k))


def meets(layer, d, k, rival=convolution, longest=100_000):
    """The first n at which the layer does as many FLOPs as its rival, or more."""
    def dearer(n):
        return layer(n, d) >= rival(n, d, k)

    return 1 + bisect_left(range(1, longest), True, key=dearer)


d = 64
print("attention does as many FLOPs, or more, from n =")
for k in 3, 5, 9, 25:
    print(f"k = {k:2}: core {meets(core, d, k):3} (kd/2 = {k * d // 2:3}),",
          f"layer {meets(attention, d, k):3} ((k-4)d/2 = {(k - 4) * d // 2:3}),",
          f"against separable {meets(attention, d, k, separable)}")
# --8<-- [end:crossing]

READS = 9                           # positions that a 3x3 kernel reads
LENGTHS = [2**power for power in range(4, 17)]
WIDTHS = [2**power for power in range(4, 15)]
LAYERS = {                          # (n, d): layers that the page speaks of
    "ResNet-50, first": (56 * 56, 64), "ResNet-50, last": (7 * 7, 512),
    "ViT-B/16": (14 * 14, 768), "page": (1000, 768),
    "GPT-3": (2048, 12288)}


@cache
def ratio(n, d):
    """FLOPs of the whole attention layer, for one of the convolution.

    >>> [ratio(int(2.5 * d), d) for d in (16, 64, 1024)]
    [1.0, 1.0, 1.0]
    >>> flops(lambda x, W: F.conv2d(x, W, padding=1), (64, 56, 56), (64, 64, 3, 3)
    ...     ) == convolution(56 * 56, 64, READS)
    True
    """
    return attention(n, d) / convolution(n, d, READS)


def results():
    """The numbers the page quotes.

    >>> all(meets(core, d, k) == k * d // 2 for d in (16, 32, 128) for k in (3, 9, 25))
    True
    >>> all(meets(attention, d, k) == max(1, (k - 4) * d // 2)
    ...     for d in (16, 32, 128) for k in (1, 3, 4, 5, 9, 25))
    True

    Against a separable convolution attention wins only if the kernel is longer than 3d.

    >>> [meets(attention, 16, k, separable) for k in (9, 48, 50, 100)]
    [1, 1, 1, 26]
    >>> all(meets(attention, 16, k, separable) == (k - 3 * 16) // 2
    ...     for k in (52, 100, 200))
    True
    """
    cells = [ratio(n, d) for n in LENGTHS for d in WIDTHS]
    over = [attention(n, d) / separable(n, d, READS) for n in LENGTHS for d in WIDTHS]
    return {
        "cells": len(cells),
        "core_64_9": meets(core, 64, 9), "layer_64_9": meets(attention, 64, 9),
        "most_for_attention": 1 / min(cells), "most_for_convolution": max(cells),
        "over_separable": min(over),
        "resnet_first": ratio(*LAYERS["ResNet-50, first"]),
        "resnet_last": 1 / ratio(*LAYERS["ResNet-50, last"]),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 5))
    log = torch.tensor([[ratio(n, d) for n in LENGTHS] for d in WIDTHS]).log2()
    extent = 3.5, 16.5, 3.5, 14.5
    for name, color, sign in (("convolution", CONVOLUTION, 1),
                              ("attention", ATTENTION, -1)):
        part = (sign * log).masked_fill(sign * log < 0, float("nan"))
        ax.imshow(part, cmap=shades(color, 0.19, 0.63), vmin=0,
                  vmax=5 if sign > 0 else 1.2, origin="lower", extent=extent,
                  interpolation="none",
                  label=f"{name} cheaper: log2 of how many times")
    edge = [3.5 + 1.32193, 16.5]    # log2 n where n = 2.5 d
    ax.plot(edge, [n - 1.32193 for n in edge], color="black", label="n = 2.5 d")
    ax.text(7, 6.2, "n = 2.5 d", rotation=47, rotation_mode="anchor")
    ax.text(4, 13.7, "attention cheaper", weight="bold")
    ax.text(16.2, 4, "convolution cheaper", weight="bold", ha="right")
    for name, (n, d) in LAYERS.items():
        x, y = torch.tensor([n, d]).log2().tolist()
        ax.plot(x, y, "o", color="black", ms=6, label=name)
        ax.annotate(name, (x, y), (0, -17 if n == 49 else 7), ha="center",
                    textcoords="offset points")
    ax.set_xticks(range(4, 17, 3), [f"{2**power:,}" for power in range(4, 17, 3)])
    ax.set_yticks(range(4, 15, 2), [f"{2**power:,}" for power in range(4, 15, 2)])
    ax.set(xlabel="positions $n$", ylabel="channels $d$", aspect="auto",
           xlim=extent[:2], ylim=extent[2:])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
