"""An image of 1024 x 1024 pixels: what attention costs at each stride."""

import math

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, HYBRID

# --8<-- [start:strides]
def layer(stride, side=1024):
    """MACs of what a layer may do at this stride; d = 24 x stride."""
    n, d = (side // stride)**2, 24 * stride
    return {"n": n,
            "3x3 convolution": 9 * n * d**2,
            "7x7 depthwise": 49 * n * d,        # each channel by itself
            "projections": 4 * n * d**2,        # Q, K, V and the output
            "core": 2 * n**2 * d,
            "core in 8x8 windows": 2 * n * 64 * d,
            "state space": n * (6 * d**2 + 8 * d * 16),     # 16 rows, one scan
            "MLP": 8 * n * d**2}


stages = (3, 4), (3, 8), (9, 16), (3, 32)       # blocks, stride


def network(layout, side):
    """Weights, MACs and peak; layout: a letter for each stage."""
    weights = macs = peak = 0
    for letter, (blocks, stride) in zip(layout, stages):
        cost, d = layer(stride, side), 24 * stride
        mixer = {"C": cost["7x7 depthwise"],
                 "A": cost["projections"] + cost["core"],
                 "W": cost["projections"] + cost["core in 8x8 windows"],
                 "S": cost["state space"]}[letter]
        own = {"C": 49 * d, "S": 6 * d**2 + 2 * d * 16}.get(letter, 4 * d**2)
        macs += blocks * (cost["MLP"] + mixer)
        weights += blocks * (8 * d**2 + own)
        peak = max(peak, (7 if letter == "S" else 5) * cost["n"] * d)
    return weights, macs, peak


for layout in "CCCC", "CCCA", "CCAA", "CAAA", "AAAA", "WWWW", "SSSS":
    weights, small, _ = network(layout, 256)
    _, large, peak = network(layout, 1024)
    print(f"{layout}  {weights / 1e6:3.0f} M weights,",
          f"GMACs: {small / 1e9:4.1f} at 256,",
          f"{large / 1e9:5.0f} at 1024, {4 * peak / 1e6:.0f} MB peak")
# --8<-- [end:strides]

SAVED = 11              # vectors of d numbers that a block keeps for each position


def fields():
    """Window and starting spread of the CCCC network, in pixels of one side.

    r = 1 + sum (k - 1) jump; the variances (k^2 - 1) / 12 jump^2 add up
    (Luo et al. 2016), the strided layers included.

    >>> window, spread = fields()
    >>> window, round(spread)
    (1688, 150)
    >>> window < 2 * 1023 + 1           # from corner to corner
    True
    """
    r, variance, jump = 1, 0, 1
    for joint, (blocks, _) in zip((4, 2, 2, 2), stages):
        for k, s in [(joint, joint)] + [(7, 1)] * blocks:
            r += (k - 1) * jump
            variance += (k * k - 1) / 12 * jump**2
            jump *= s
    return r, variance**0.5


def kept_for_gradients(side):
    """Numbers that the CCCC network keeps of one image, eleven vectors for each position.

    Counted by what PyTorch saves in one block, weights left out.

    >>> import torch
    >>> d, n = 8, 64
    >>> conv, norm = torch.nn.Conv2d(d, d, 7, padding=3, groups=d), torch.nn.LayerNorm(d)
    >>> mlp = torch.nn.Sequential(torch.nn.Linear(d, 4 * d), torch.nn.GELU(),
    ...                           torch.nn.Linear(4 * d, d))
    >>> weights = {p.data_ptr() for m in (conv, norm, mlp) for p in m.parameters()}
    >>> saved = {}
    >>> def pack(t):
    ...     if t.data_ptr() not in weights:
    ...         saved[t.data_ptr()] = t
    ...     return t
    >>> x = torch.randn(1, d, 8, 8, requires_grad=True)
    >>> with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
    ...     y = x + mlp(norm(conv(x).permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
    >>> sum(t.numel() for t in saved.values()) == SAVED * n * d + 2 * n     # means, deviations
    True
    """
    return sum(SAVED * blocks * (side // stride)**2 * 24 * stride for blocks, stride in stages)


def enlarging(side):
    """MACs of the half of a U-Net that enlarges again, up to a stride of 1, as wide as the way down.

    At each stride a 2x2 transposed convolution halves the channels, and two 3x3 convolutions follow.
    The first of them also reads what the same stride gave on the way down, from 4 on.

    >>> from torch import empty
    >>> from torch.nn.functional import conv2d, conv_transpose2d
    >>> from torch.utils.flop_counter import FlopCounterMode
    >>> with FlopCounterMode(display=False) as counter:
    ...     for stride in 16, 8, 4, 2, 1:
    ...         d, s, skip = 24 * stride, 64 // stride, stride >= 4
    ...         x = empty(1, 2 * d, s // 2, s // 2, device="meta")
    ...         x = conv_transpose2d(x, empty(2 * d, d, 2, 2, device="meta"), stride=2)
    ...         x = empty(1, d + skip * d, s, s, device="meta")
    ...         x = conv2d(x, empty(d, d + skip * d, 3, 3, device="meta"), padding=1)
    ...         x = conv2d(x, empty(d, d, 3, 3, device="meta"), padding=1)
    >>> counter.get_total_flops() == 2 * enlarging(64)
    True
    """
    return sum((2 + 9 + 9 + 9 * (stride >= 4)) * (side // stride)**2 * (24 * stride)**2
               for stride in (16, 8, 4, 2, 1))


def results():
    """The numbers the page quotes, with 63 tiles a part and half a second for each.

    The formulas against counts, at a size where counting is quick.

    >>> import torch
    >>> import torch.nn.functional as F
    >>> from torch.utils.flop_counter import FlopCounterMode
    >>> cost, n, d = layer(4, 64), 16 * 16, 96
    >>> def count(work):
    ...     with torch.device("meta"), FlopCounterMode(display=False) as counter:
    ...         work(torch.empty(n, d), torch.empty(d, d), torch.empty(d, 16, 16))
    ...     return counter.get_total_flops()
    >>> [count(work) == 2 * cost[name] for name, work in {
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

    No convolution of the half that enlarges reads and writes more than the last, at each pixel.

    >>> read = {s: ((1 + (s >= 4)) * 24 * s + 24 * s) * (512 // s)**2 for s in (16, 8, 4, 2, 1)}
    >>> 4 * max(read.values()) == 4 * read[1] == results()["unet_peak"]
    True
    """
    window, spread = fields()
    weights, tile, peak = network("CCCC", 512)
    again = enlarging(512)

    # A photograph of 4,000 x 3,000, a quarter of its side, two blocks at stride 16.
    n, d = math.ceil(1000 / 16) * math.ceil(750 / 16), 384

    def ratio(layout, side):
        return network(layout, side)[1] / network("CCCC", side)[1]

    return {"tile": tile, "tile_peak": 4 * peak, "unet_peak": 4 * 2 * 24 * 512**2,
            "part": 63 * tile, "a_second": 63 * tile / 0.5, "enlarging": again / tile,
            "unet_second": 63 * (tile + again) / 0.5,
            "kept_tile": 4 * kept_for_gradients(512), "weights": weights / 1e6,
            "training": 4 * (16 * kept_for_gradients(512) + 4 * weights),
            "window": window, "needed": 2 * 1023 + 1, "spread": spread,
            "compared": n, "compared_core": n / (6 * d + n),
            "compared_work": 2 * (12 * n * d**2 + 2 * n**2 * d),
            "detail": ((16 + 1 - 8) / 16)**2,
            "CCAA_ratio_256": ratio("CCAA", 256), "CCAA_ratio": ratio("CCAA", 1024),
            "CCCA_ratio": ratio("CCCA", 1024), "WWWW_ratio": ratio("WWWW", 1024),
            "SSSS_ratio": ratio("SSSS", 1024),
            "AAAA_ratio_256": ratio("AAAA", 256), "AAAA_ratio": ratio("AAAA", 1024),
            "a_16": 8 * layer(16)["n"]**2}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.7))
    layouts = (("AAAA", ATTENTION, ", all attention", 0), ("CAAA", HYBRID, "", 0), ("CCAA", HYBRID, "", 0),
               ("WWWW", ATTENTION, ", all in windows", 2), ("CCCA", HYBRID, ", the last stage only", 3),
               ("CCCC", CONVOLUTION, ", no attention", -5))
    for layout, color, where, shift in layouts:
        times = [network(layout, side)[1] / network("CCCC", side)[1] for side in (256, 1024)]
        ax.plot((0, 1), times, "o-", color=color, label=f"{layout}: times the work of CCCC")
        ax.annotate(f"{layout} {times[1]:.2g}{where}", (1, times[1]), (10, shift), color=color,
                    va="center", textcoords="offset points")
        if layout == "AAAA":
            ax.annotate(f"{times[0]:.2g}", (0, times[0]), (0, 10), color=color, ha="center",
                        textcoords="offset points")
    ax.set(yscale="log", xlim=(-0.15, 2.6), ylim=(0.8, 45), yticks=[])
    ax.set_title("times the work of CCCC")
    ax.set_xticks([0, 1], ["256²", "1024² pixels"], weight="bold")
    ax.minorticks_off()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
