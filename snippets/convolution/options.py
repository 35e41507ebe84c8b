"""Padding, stride and dilation decide which inputs an output reads."""

import matplotlib.pyplot as plt
from matplotlib.collections import LineCollection
from style import CONVOLUTION, FAINT, GRAY

# --8<-- [start:options]
import random

import torch
import torch.nn.functional as F


def reads(i, k, padding=0, stride=1, dilation=1):
    """Positions that output i reads; outside 0 ... n - 1 is padding."""
    return [i * stride + m * dilation - padding for m in range(k)]


def length(n, k, padding=0, stride=1, dilation=1):
    """Number of outputs: how often the stretched kernel fits.

    (Dumoulin & Visin 2016; the documentation of torch.nn.Conv1d)

    >>> length(9, 3), length(9, 3, padding=1), length(9, 3, stride=2)
    (7, 9, 4)
    """
    reach = dilation * (k - 1) + 1           # what one output spans
    return (n + 2 * padding - reach) // stride + 1


def agrees(n, k, **options):
    """Does F.conv1d have that length, and read exactly those positions?"""
    x = torch.eye(n).unsqueeze(1)            # (n, 1, n): unit j in row j
    y = F.conv1d(x, torch.ones(1, 1, k), **options)[:, 0]
    expected = torch.zeros(n, length(n, k, **options))
    for i in range(expected.shape[1]):
        for j in reads(i, k, **options):
            if 0 <= j < n:
                expected[j, i] = 1
    return y.equal(expected)


rng = random.Random(0)
checks = [agrees(rng.randint(20, 50), rng.randint(1, 7),
                 padding=rng.randint(0, 4), stride=rng.randint(1, 4),
                 dilation=rng.randint(1, 3)) for _ in range(300)]
print("length and positions right:", sum(checks), "of", len(checks))
# --8<-- [end:options]

N = 9
PANELS = {
    "plain": {},
    "padding 1": {"padding": 1},
    "padding 1, stride 2": {"padding": 1, "stride": 2},
    "dilation 2": {"dilation": 2},
}


def results():
    """How many settings agree, and the output lengths in the figure.

    >>> results()["agree"] == results()["settings"] == 300
    True

    "Same" padding for an odd kernel: as many outputs as inputs.

    >>> all(length(n, k, padding=d * (k - 1) // 2, dilation=d) == n
    ...     for n in (7, 50) for k in (1, 3, 5) for d in (1, 2))
    True
    """
    numbers = {name.replace(",", "").replace(" ", "_"): length(N, 3, **options)
               for name, options in PANELS.items()}
    return {"settings": len(checks), "agree": sum(checks), "n": N} | numbers


def figure():
    fig, axes = plt.subplots(4, figsize=(5.2, 7))
    for ax, (name, options) in zip(axes, PANELS.items()):
        outputs = length(N, 3, **options)
        middle, faint, strong = outputs // 2, [], []
        for i in range(outputs):
            read = reads(i, 3, **options)
            lines = [[(j, 0), (read[1], 1)] for j in read]
            (strong if i == middle else faint).extend(lines)
        ax.add_collection(LineCollection(faint, colors=FAINT, lw=1))
        ax.add_collection(LineCollection(strong, colors=CONVOLUTION, lw=2))
        ax.plot(range(N), [0] * N, "o", color=GRAY, label=f"{name}, inputs")
        if "padding" in options:
            ax.plot([-1, N], [0, 0], "o", mfc="none", mec=GRAY,
                    label=f"{name}, zeros")
        centres = [reads(i, 3, **options)[1] for i in range(outputs)]
        ax.plot(centres, [1] * outputs, "s", color=GRAY,
                label=f"{name}, outputs")
        ax.plot(centres[middle], 1, "s", color=CONVOLUTION, ms=9,
                label=f"{name}, one output")
        ax.set_title(f"{name}: {N} inputs, {outputs} outputs")
        ax.set(xlim=(-1.5, N + 0.5), ylim=(-0.25, 1.25), xticks=[])
        ax.set_yticks([0, 1], ["input", "output"])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
