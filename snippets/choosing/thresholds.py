"""Every length at which something changes, counted, in units of the channels."""

import matplotlib.pyplot as plt
from style import ATTENTION, GRAY

# --8<-- [start:thresholds]
import torch
from torch.utils.flop_counter import FlopCounterMode


def macs(work):
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        work(torch.empty)
    return counter.get_total_flops() // 2


def thresholds(d, k=9):
    """The n at which the two sides of each comparison do equal work."""
    matrix = macs(lambda t: t(1, d) @ t(d, d))          # for one position
    pair = macs(lambda t: (t(1, d) @ t(d, 1)) @ t(1, d))
    conv = macs(lambda t: torch.conv1d(t(d, k), t(d, d, k)))
    return {"core = its four matrices": 4 * matrix / pair,
            f"layer = convolution of {k}": (conv - 4 * matrix) / pair,
            f"core = convolution of {k}": conv / pair,
            "core = all else in a block": 12 * matrix / pair,
            "core = all else, two attentions": 16 * matrix / pair}


for name, n in thresholds(768).items():
    print(f"{name:32} n = {n:6,.0f} = {n / 768:.1f} d")
# --8<-- [end:thresholds]


def results():
    """In units of d, at a width of 768; the same at every width.

    >>> all([n / d for n in thresholds(d).values()] == [2, 2.5, 4.5, 6, 8]
    ...     for d in (16, 64, 4096))
    True

    A separable convolution is cheaper than attention unless its kernel reads more than
    3 d + 2 n positions.

    >>> d, n, k = 16, 5, 3 * 16 + 2 * 5
    >>> separable = macs(lambda t: (t(1, d) @ t(d, d),
    ...                             torch.conv1d(t(d, k), t(d, 1, k), groups=d)))
    >>> separable == 4 * d**2 + 2 * n * d
    True
    """
    return {name: round(n) for name, n in zip(NAMES, thresholds(768).values())}


NAMES = {   # what the core, or where it says so the layer, is equal to
    "matrices": "its own four matrices", "layer": "the layer: a 3×3 convolution",
    "core": "a 3×3 convolution", "block": "all else in a block",
    "two": "two cores: all else in their block"}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 2.8))
    for y, (name, n) in enumerate(zip(NAMES.values(), thresholds(768).values())):
        ax.plot([0, n / 768], [y, y], color=GRAY, lw=1)
        ax.plot(n / 768, y, "o", color=ATTENTION, ms=7, label=name)
        ax.text(n / 768 + 0.25, y, f"{n / 768:g} d  {name}", va="center")
    ax.invert_yaxis()
    ax.set(xlim=(0, 16.5), xticks=range(0, 10, 2), yticks=[], xlabel="tokens for each channel, $n / d$")
    ax.spines[["top", "right", "left"]].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
