"""What makes the blob wider or narrower: few large kernels, or a skip around each layer."""

from functools import cache

import matplotlib.pyplot as plt
from style import CONVOLUTION, GRAY

# --8<-- [start:kernels]
from math import sqrt

import torch
import torch.nn.functional as F


def energy(L, k, skips=False, nets=8, d=32, b=8):
    """Mean squared gradient of one output at each input of its window: (r,), sums to 1.

    Random ReLU stacks of L layers; with skips, each layer is added to its input.
    """
    g = torch.Generator().manual_seed(L)
    total = 0
    for _ in range(nets):
        x = torch.randn(b, d, 1 + L * (k - 1), generator=g).requires_grad_()
        h = x
        for _ in range(L):
            w = torch.randn(d, d, k, generator=g) * sqrt(2 / (d * k))
            y = F.conv1d(h.relu(), w)  # (b, d, n) -> (b, d, n - k + 1)
            h = y + h[..., k // 2 : -(k // 2)] if skips else y
        h.backward(torch.randn(h.shape, generator=g))  # h is (b, d, 1)
        E = x.grad.square().sum((0, 1))  # (r,)
        total = total + E / E.sum()
    return total / nets


def sd(E):
    """Standard deviation, in inputs."""
    offset = torch.arange(len(E)) - len(E) // 2
    return (E * offset**2).sum().sqrt().item()


for L, k in (24, 3), (8, 7), (2, 25):
    print(f"{L:2} layers, k = {k:2}: window {1 + L * (k - 1)},",
          f"sd {sd(energy(L, k)):.0f}, with skips {sd(energy(L, k, True)):.0f}")
# --8<-- [end:kernels]

STACKS = (24, 3), (12, 5), (8, 7), (4, 13), (2, 25), (1, 49)


@cache
def measured(skips):
    return [sd(energy(L, k, skips)) for L, k in STACKS]


def law(L, k, skips):
    """Each layer adds (k^2 - 1) / 12 to the variance; with a skip, to half of the energy."""
    return sqrt(L * (k * k - 1) / (24 if skips else 12))


def results():
    """The numbers the page quotes: sd of the energy in a window of 49.

    >>> r = results()
    >>> 0.95 < r["worst_ratio"] < 1.05
    True
    >>> 3.8 < r["sd_small"] < 4.3, 13.5 < r["sd_large"] < 14.8, 2.7 < r["sd_skips"] < 3
    (True, True, True)
    """
    ratios = [s / law(*stack, skips) for skips in (False, True)
              for s, stack in zip(measured(skips), STACKS)]
    return {
        "window": 1 + 24 * 2,
        "sd_small": measured(False)[0],
        "sd_large": measured(False)[-1],
        "sd_skips": measured(True)[0],
        "worst_ratio": max(ratios, key=lambda ratio: abs(ratio - 1)),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.8))
    for skips, style, fill in (False, "-", CONVOLUTION), (True, "--", "none"):
        lines = [law(*stack, skips) for stack in STACKS]
        name = "with skips" if skips else "without skips"
        ax.plot(range(6), lines, style, color=CONVOLUTION, label=f"{name}, law")
        ax.plot(range(6), measured(skips), "o", color=CONVOLUTION, mfc=fill,
                label=f"{name}, measured")
        ax.text(2.9, law(4, 13, skips) + (0.9 if not skips else -1.9), name,
                ha="right" if not skips else "left", color=CONVOLUTION)
    ax.axhline(24, color=GRAY, ls="--", lw=1)
    ax.text(0, 23.4, "half of the window", color=GRAY, va="top")
    ax.set_xticks(range(6), [f"{L}×\n{k}" for L, k in STACKS])
    ax.set(xlabel="layers × kernel size, each with a window of 49", ylabel="sd of the effect",
           ylim=(0, 26), yticks=[0, 10, 20])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
