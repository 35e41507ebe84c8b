"""Six cases: how much of a block's work is attention's core, before and after one step."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT

# --8<-- [start:share]
import torch
from torch.utils.flop_counter import FlopCounterMode


def share(keys, d, attentions=1):
    """The part of a block's work that is attention's core.

    keys: how many a query meets in all; the block has four d x d matrices
    for each attention, and an MLP that is worth eight.
    """
    counts = []
    with torch.device("meta"):              # shapes, no numbers
        Q, K, W = torch.empty(1, d), torch.empty(keys, d), torch.empty(d, d)
        for work in (lambda: (Q @ K.T) @ K,
                     lambda: [Q @ W for _ in range(4 * attentions + 8)]):
            with FlopCounterMode(display=False) as counter:
                work()
            counts.append(counter.get_total_flops())
    return counts[0] / sum(counts)


cases = {   # all at once, and after one step: (keys, channels, attentions)
    "a second of sound": [(16_000, 64), (100, 64)],
    "photograph": [(250 * 187, 384), (32 * 32, 384)],
    "200 pages": [(130_000 // 2, 4096), (4000 // 2, 4096)],     # causal: half of them
    "medical image": [(256 * 256, 96), (64 * 64, 384)],
    "video": [(250 * 196, 768), (250 + 196, 768, 2)],
    "small image": [(32 * 32, 64), (8 * 8, 64)]}
for name, sizes in cases.items():
    print(f"{name:18}", "  ->  ".join(
        f"{m:7,} keys, d = {d:4}: {share(m, d, *more):4.0%}"
        for m, d, *more in sizes))
# --8<-- [end:share]

STEPS = {"a second of sound": "frames of 10 ms", "photograph": "tiles of 512×512",
         "200 pages": "8 passages", "medical image": "patches of 16×16",
         "video": "space, then time", "small image": "patches of 4×4"}


def thresholds(d, k=9):
    """The n at which the two sides of each comparison do equal work, counted.

    In units of d they are the same at every width, and so are those of what is kept: a block's
    weights against its keys and values, which four heads may share.

    >>> all([n / d for n in thresholds(d).values()] == [1, 2, 2.5, 3, 4.5, 6, 8, 6, 21]
    ...     for d in (16, 64, 4096))
    True

    A separable convolution is cheaper than attention unless its kernel reads more than
    3 d + 2 n positions, and a line of n has only 2 n - 1 offsets: so always.

    >>> d, n, k = 16, 5, 3 * 16 + 2 * 5
    >>> separable = macs(lambda t: (t(1, d) @ t(d, d),
    ...                             torch.conv1d(t(d, k), t(d, 1, k), groups=d)))
    >>> separable == 4 * d**2 + 2 * n * d
    True
    """
    matrix = macs(lambda t: t(1, d) @ t(d, d))          # for one position
    pair = macs(lambda t: (t(1, d) @ t(d, 1)) @ t(1, d))
    conv = macs(lambda t: torch.conv1d(t(d, k), t(d, d, k)))
    return {"recurrent": 2 * matrix / pair,             # core = a recurrent layer
            "matrices": 4 * matrix / pair,              # core = its four matrices
            "layer": (conv - 4 * matrix) / pair,        # layer = a convolution
            "bare": (conv - 3 * matrix) / pair,         # the same, without W_O
            "core": conv / pair,                        # core = a convolution
            "block": 12 * matrix / pair,                # core = all else in a block
            "two": 16 * matrix / pair,                  # the same, two attentions
            "kept": 12 * d**2 / (2 * d),                # keys and values = a block's weights
            "shared": (2 + 2 / 4 + 8) * d**2 / (2 * d / 4)}     # the same, 4 heads share


def macs(work):
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        work(torch.empty)
    return counter.get_total_flops() // 2


def results():
    """The shares, the thresholds at a width of 768, and the patches of a photograph.

    >>> share(6 * 64, 64), share(8 * 64, 64, 2)
    (0.5, 0.5)
    >>> all(abs(share(m, d, *more) - m / ((4 + 2 * sum(more or [1])) * d + m)) < 1e-12
    ...     for sizes in cases.values() for m, d, *more in sizes)
    True
    """
    n, d = cases["small image"][1]
    return {f"{name.replace(' ', '_')}_{when}": share(*size)
            for name, sizes in cases.items()
            for when, size in zip(("before", "after"), sizes)} | {
        name: round(n) for name, n in thresholds(768).items()} | {
        "patches": 250 * 187, "in_tiles": 63 * 32 * 32, "small_image_weights": 12 * d**2,
        "small_image_macs": (12 * n * d**2 + 2 * n**2 * d) / 1e6,
        "small_image_peak": 5 * n * d}  # before the MLP's second matrix, with the skip


def figure():
    fig, (left, right) = plt.subplots(1, 2, sharey=True, figsize=(5.2, 4.2))
    for y, (name, sizes) in enumerate(cases.items()):
        for ax, size, what in (left, sizes[0], name), (right, sizes[1], STEPS[name]):
            part = 100 * share(*size)
            ax.barh(y, 100, color=FAINT, height=0.45)
            ax.barh(y, part, color=ATTENTION, height=0.45, label=f"{what}: % core")
            ax.text(0, y - 0.32, what, ha="left", va="bottom",
                    weight="bold" if ax is left else None)
            ax.text(102, y, f"{part:.0f} %", va="center")
    for ax, title in (left, "all at once"), (right, "after one step"):
        ax.set_title(title, pad=18)
        ax.set(xlim=(0, 122), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    left.invert_yaxis()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
