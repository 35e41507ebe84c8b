"""What makes the blob wider or narrower: few large kernels, or a skip around each layer."""

from functools import cache

import matplotlib.pyplot as plt
from style import CONVOLUTION, GRAY

# --8<-- [start:kernels]
from math import sqrt

import torch
import torch.nn.functional as F


def energy(L, k, skips=False, nets=8, d=32, b=8):
    """Mean squared gradient of one output at each input in its window: (r,), sum 1.

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
SHOWN = (24, 3), (8, 7), (2, 25), (1, 49)


@cache
def energies(skips):
    return [energy(L, k, skips) for L, k in STACKS]


def measured(skips):
    return [sd(E) for E in energies(skips)]


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
    fig, axes = plt.subplots(len(SHOWN), figsize=(5.2, 5), sharex=True)
    offset = range(-24, 25)
    for ax, (L, k) in zip(axes, SHOWN):
        E = energies(skips=False)[STACKS.index((L, k))]
        ax.bar(offset, (E / E.max()).tolist(), color=CONVOLUTION, alpha=0.35, label=f"{L} layers of size {k}")
        for y, skips, style in (-0.22, False, "-"), (-0.5, True, ":"):
            spread = law(L, k, skips)
            ax.plot([-spread, spread], [y, y], style, color=CONVOLUTION, lw=3,
                    label=f"sd, skips: {skips}")
        ax.set_title(f"{L} layers of size {k}" if L > 1 else f"1 layer of size {k}")
        for edge in -24.5, 24.5:
            ax.axvline(edge, color=GRAY, ls="--", lw=1.5)
        ax.spines[:].set_visible(False)
        ax.set(yticks=[], ylim=(-0.7, 1.05), xlim=(-25, 25))
        ax.tick_params(bottom=False)
    axes[0].text(law(*SHOWN[0], False) + 0.8, -0.05, "typical distance\nwith skips", va="top")
    axes[0].text(-24, 0.9, "edge of the\nwindow", color=GRAY, va="top")
    axes[-1].set(xlabel="offset from the output", xticks=[-24, 0, 24])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
