"""What reaches an output through random 3 x 3 convolutions is a Gaussian blob."""

from functools import cache

import matplotlib.pyplot as plt
from style import CONVOLUTION, GRAY, shades

# --8<-- [start:effective]
from math import sqrt

import torch
import torch.nn.functional as F


def energy(L, k=3, nets=8, d=32, b=8):
    """Where the gradient of the centre output lands: (r, r), sums to 1.

    Averaged over random ReLU stacks of L layers and b random inputs each. Inputs
    are r x r, r = 1 + L (k - 1), and nothing is padded: one output is left.
    """
    g = torch.Generator().manual_seed(L)
    total = 0
    for _ in range(nets):
        r = 1 + L * (k - 1)
        x = torch.randn(b, d, r, r, generator=g).requires_grad_()
        h = x
        for _ in range(L):
            w = torch.randn(d, d, k, k, generator=g) * sqrt(2 / (d * k * k))
            h = F.conv2d(h.relu(), w)  # (b, d, r, r) -> (b, d, r - k + 1, ...)
        h.backward(torch.randn(h.shape, generator=g))  # h is (b, d, 1, 1)
        E = x.grad.square().sum((0, 1))  # (r, r)
        total = total + E / E.sum()
    return total / nets


def sd(E):
    """Standard deviation along one axis, the mean of both axes."""
    offset = torch.arange(len(E)) - len(E) // 2
    return ((E.sum(0) + E.sum(1)) / 2 * offset**2).sum().sqrt().item()


def theory(L, k=3):
    """One kernel is uniform, variance (k^2 - 1) / 12; L of them add up.

    Luo et al. 2016, section 2.
    """
    return sqrt(L * (k * k - 1) / 12)


for L in 1, 4, 12:
    print(f"{L:2} layers: field {1 + 2 * L:2} wide,",
          f"sd {sd(energy(L)):.1f}, theory {theory(L):.1f}")
# --8<-- [end:effective]

DEPTHS = range(1, 13)


@cache
def measured():
    """The energy map of each depth."""
    return {L: energy(L) for L in DEPTHS}


def slope(y):
    """Least-squares slope of log y over log L: y grows as L^slope.

    >>> abs(slope([L**0.5 for L in DEPTHS]) - 0.5) < 1e-4
    True
    """
    u, v = torch.tensor(DEPTHS).log(), torch.tensor(y).log()
    return (torch.cov(torch.stack([u, v]))[0, 1] / u.var()).item()


def threshold(E, share=0.95):
    """The largest level such that the pixels at or above it hold that share of E.

    >>> round(threshold(torch.tensor([0.5, 0.46, 0.04])), 2)
    0.46
    """
    levels = E.flatten().sort(descending=True).values
    return levels[(levels.cumsum(0) < share).sum()].item()


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> 0.47 < r["slope"] < 0.53, 0.95 < r["worst_ratio"] < 1.05, r["support"]
    (True, True, 25)

    The law itself: 12 uniform kernels in a row, and nothing random.

    >>> E = torch.ones(1, 1, 1, 1)
    >>> for _ in range(12):
    ...     E = F.conv2d(E, torch.ones(1, 1, 3, 3) / 9, padding=2)
    >>> abs(sd(E[0, 0]) - theory(12)) < 1e-5
    True
    """
    sds = [sd(E) for E in measured().values()]
    ratios = [s / theory(L) for L, s in zip(DEPTHS, sds)]
    E = measured()[12]
    return {
        "slope": slope(sds),
        "worst_ratio": max(ratios, key=lambda ratio: abs(ratio - 1)),
        "area_share_95": (E >= threshold(E)).float().mean().item(),
        "support": (E.sum(0) > 0).sum().item(),
    }


def figure():
    fig, (top, bottom) = plt.subplots(2, figsize=(5.2, 6))
    share = results()["area_share_95"]
    E, half = measured()[12].numpy(), 12.5
    top.imshow(E, cmap=shades(CONVOLUTION), vmin=0, interpolation="none",
               extent=(-half, half, -half, half), label="energy")
    offsets = range(-12, 13)
    top.contour(offsets, offsets, E, [threshold(measured()[12])], colors="black")
    top.add_patch(plt.Rectangle((-half, -half), 25, 25, fill=False, ec=GRAY, ls="--"))
    top.text(14, half, "window:\n25 × 25 pixels", color=GRAY, va="top")
    top.annotate(f"95 % of the effect\nin {100 * share:.0f} % of the area",
                 (6.6, 0), (14, 0), va="center", arrowprops={"arrowstyle": "-"})
    top.set(xlim=(-13, 40), ylim=(-13, 13), title="effect, 12 layers")
    top.axis("off")

    sds = [sd(E) for E in measured().values()]
    bottom.loglog(DEPTHS, DEPTHS, "--", color=GRAY, label="half of the window")
    law = [theory(L) for L in DEPTHS]
    bottom.loglog(DEPTHS, law, color=CONVOLUTION, label="effective sd, theory")
    bottom.loglog(DEPTHS, sds, "o", color=CONVOLUTION, label="effective sd, measured")
    bottom.text(3.8, 5.2, "half of the window: $L$", color=GRAY, ha="right")
    bottom.text(12, 0.85, "sd of the effect: measured (dots),\n√(2L/3) (line)",
                color=CONVOLUTION, ha="right")
    bottom.minorticks_off()
    bottom.set_xticks([1, 2, 4, 8, 12], "1 2 4 8 12".split())
    bottom.set_yticks([1, 2, 4, 8], "1 2 4 8".split())
    bottom.set(xlabel="layers $L$", ylabel="pixels")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
