"""An image of 1024 x 1024 pixels: what attention costs at each stride."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:strides]
def layer(stride, side=1024):
    """FLOPs of what a layer may do at this stride; d = 24 x stride."""
    n, d = (side // stride)**2, 24 * stride
    return {"n": n,
            "3x3 convolution": 18 * n * d**2,
            "7x7 depthwise": 2 * 49 * n * d,    # each channel by itself
            "projections": 8 * n * d**2,        # Q, K, V and the output
            "core": 4 * n**2 * d,
            "core in 8x8 windows": 4 * n * 64 * d,
            "MLP": 16 * n * d**2}


def network(layout, side):
    """Stages of 3, 3, 9, 3 blocks at strides 4, 8, 16, 32; no stem."""
    total = 0
    for letter, blocks, stride in zip(layout, (3, 3, 9, 3), (4, 8, 16, 32)):
        cost = layer(stride, side)
        total += blocks * (cost["MLP"] + {
            "C": cost["7x7 depthwise"],
            "A": cost["projections"] + cost["core"],
            "W": cost["projections"] + cost["core in 8x8 windows"]}[letter])
    return total


for stride in 1, 4, 16, 32:
    cost = layer(stride)
    print(f"stride {stride:2}: n = {cost['n']:9,}, GFLOPs: 3x3",
          f"{cost['3x3 convolution'] / 1e9:.0f}, core "
          f"{cost['core'] / 1e9:,.0f}, windows "
          f"{cost['core in 8x8 windows'] / 1e9:.1f}")
for layout in "CCCC", "CCCA", "CCAA", "CAAA", "AAAA", "WWWW":
    print(layout, *(f"{network(layout, side) / 1e9:6,.0f} GFLOPs at {side}"
                    for side in (256, 1024)), sep="  ")
# --8<-- [end:strides]

STRIDES = [1, 2, 4, 8, 16, 32]


def fields():
    """Window and starting spread of the CCCC network, in pixels of one side.

    r = 1 + sum (k - 1) jump; the variances (k^2 - 1) / 12 jump^2 add up
    (Luo et al. 2016), the strided layers included.

    >>> window, spread = fields()
    >>> window, round(spread)
    (1688, 150)
    """
    r, variance, jump = 1, 0, 1
    for (kernel, stride), blocks in zip(((4, 4), (2, 2), (2, 2), (2, 2)), (3, 3, 9, 3)):
        for k, s in [(kernel, stride)] + [(7, 1)] * blocks:
            r += (k - 1) * jump
            variance += (k * k - 1) / 12 * jump**2
            jump *= s
    return r, variance**0.5


def results():
    """The numbers the page quotes.

    The formulas against counts, at a size where counting is quick.

    >>> import torch
    >>> import torch.nn.functional as F
    >>> from torch.utils.flop_counter import FlopCounterMode
    >>> cost, n, d = layer(4, 64), 16 * 16, 96
    >>> def count(work):
    ...     with torch.device("meta"), FlopCounterMode(display=False) as counter:
    ...         work(torch.empty(n, d), torch.empty(d, d), torch.empty(d, 16, 16))
    ...     return counter.get_total_flops()
    >>> [count(work) == cost[name] for name, work in {
    ...     "projections": lambda x, W, image: [x @ W for _ in range(4)],
    ...     "core": lambda x, W, image: (x @ x.T) @ x,
    ...     "core in 8x8 windows": lambda x, W, image: (
    ...         x.view(4, 64, d) @ x.view(4, 64, d).mT) @ x.view(4, 64, d),
    ...     "3x3 convolution": lambda x, W, image: F.conv2d(
    ...         image, torch.empty(d, d, 3, 3), padding=1),
    ...     "7x7 depthwise": lambda x, W, image: F.conv2d(
    ...         image, torch.empty(d, 1, 7, 7), padding=3, groups=d)}.items()]
    [True, True, True, True, True]

    From one stride to the next the core falls to an eighth, the matrices stay.

    >>> layer(4)["core"] == 8 * layer(8)["core"]
    True
    >>> layer(4)["projections"] == layer(8)["projections"]
    True
    """
    window, spread = fields()
    numbers = {"window": window, "spread": spread, "detail": ((16 + 1 - 8) / 16)**2,
               "CCAA_ratio_256": network("CCAA", 256) / network("CCCC", 256)}
    for layout in "CCCA", "CCAA", "WWWW":
        numbers[f"{layout}_ratio"] = network(layout, 1024) / network("CCCC", 1024)
    return numbers | {f"core_{stride}": layer(stride)["core"] / 1e9
                      for stride in (1, 4, 16, 32)} | {
        f"a_{stride}": 8 * layer(stride)["n"]**2 for stride in (1, 4, 16)}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.8))
    for key, style, color in (("core", "s-", ATTENTION),
                              ("core in 8x8 windows", "s--", ATTENTION),
                              ("3x3 convolution", "o-", CONVOLUTION),
                              ("7x7 depthwise", "o--", CONVOLUTION)):
        ax.plot(STRIDES, [layer(stride)[key] / 1e9 for stride in STRIDES], style,
                color=color, ms=5, label=f"{key}, GFLOPs")
    matrices = [24 * layer(s)["n"] * (24 * s)**2 / 1e9 for s in STRIDES]
    ax.plot(STRIDES, matrices, ":", color=GRAY, label="projections and MLP, GFLOPs")
    ax.text(1, 20, "projections and MLP", color=GRAY)
    ax.text(2.9, 1.5e4, "core of attention,\nall pairs", color=ATTENTION)
    ax.text(4.4, 1.75, "core in 8×8 windows", color=ATTENTION)
    ax.text(5.6, 5.6, "3×3 convolution", color=CONVOLUTION)
    ax.text(1, 0.19, "7×7, each\nchannel by itself", color=CONVOLUTION)
    ax.loglog()
    ax.set_xticks(STRIDES, [f"{s}\n{1024 // s}²" for s in STRIDES])
    ax.set_yticks([0.1, 1, 10, 100, 1e3, 1e4, 1e5],
                  ["0.1", "1", "10", "100", "1,000", "10,000", "100,000"])
    ax.minorticks_off()
    ax.set(xlabel="stride, and positions left", ylabel="GFLOPs of one layer",
           ylim=(0.1, 2e5))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
