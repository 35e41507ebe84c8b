"""Convolution in the early stages, attention in the late: where its square is small."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY

# --8<-- [start:stages]
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

BLOCKS, WIDTHS = (2, 3, 5, 2), (96, 192, 384, 768)


class Attention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.qkv, self.out = nn.Conv2d(d, 3 * d, 1), nn.Conv2d(d, d, 1)

    def forward(self, x):                           # (b, d, side, side)
        q, k, v = self.qkv(x).flatten(2).mT.chunk(3, dim=-1)    # (b, n, d)
        A = (q @ k.mT / q.shape[-1]**0.5).softmax(-1)           # (b, n, n)
        return self.out((A @ v).mT.unflatten(2, x.shape[2:]))


class Plus(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


def block(letter, d):
    """One layer that mixes positions, then an MLP."""
    mix = {"A": Attention(d), "C": nn.Conv2d(d, d, 3, padding=1, groups=d)}
    mlp = nn.Conv2d(d, 4 * d, 1), nn.GELU(), nn.Conv2d(4 * d, d, 1)
    return nn.Sequential(Plus(nn.GroupNorm(1, d), mix[letter]),
                         Plus(nn.GroupNorm(1, d), *mlp))


def network(layout):
    """(b, 3, 224, 224) -> (b, 768, 7, 7), with a letter for each stage."""
    layers, c = [nn.Conv2d(3, 64, 3, stride=2, padding=1)], 64
    for letter, blocks, d in zip(layout, BLOCKS, WIDTHS):
        layers.append(nn.Conv2d(c, d, 3, stride=2, padding=1))
        layers += [block(letter, d) for _ in range(blocks)]
        c = d
    return nn.Sequential(*layers)


for layout in "CCCC", "CCCA", "CCAA", "CAAA", "AAAA":
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        network(layout)(torch.empty(1, 3, 224, 224))
    print(f"{layout}: {counter.get_total_flops() / 1e9:.1f} GFLOPs")
# --8<-- [end:stages]

SIDES = (56, 28, 14, 7)
LAYOUTS = "CCCC", "CCCA", "CCAA", "CAAA", "AAAA"


def gflops(make, *shape):
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        make()(torch.empty(shape))
    return counter.get_total_flops() / 1e9


@cache
def total(layout):
    """GFLOPs of the network on an image of 224 x 224 pixels.

    >>> with torch.device("meta"):
    ...     network("CCAA")(torch.empty(1, 3, 224, 224)).shape
    torch.Size([1, 768, 7, 7])
    """
    return gflops(lambda: network(layout), 1, 3, 224, 224)


@cache
def parts(stage):
    """GFLOPs of one attention block: MLP, projections, core.

    The first two are the same in every stage. The core shrinks to an eighth.

    >>> [round(parts(s)[0] / parts(0)[0], 9) for s in range(4)]
    [1.0, 1.0, 1.0, 1.0]
    >>> [round(parts(s)[2] / parts(s + 1)[2], 9) for s in range(3)]
    [8.0, 8.0, 8.0]

    All three are what the formulas say: 16 n d², 8 n d², 4 n² d.

    >>> n, d = 28**2, 192
    >>> [round(1e9 * part) for part in parts(1)] == [
    ...     16 * n * d**2, 8 * n * d**2, 4 * n**2 * d]
    True
    """
    d, side = WIDTHS[stage], SIDES[stage]
    whole = gflops(lambda: block("A", d), 1, d, side, side)
    layer = gflops(lambda: Attention(d), 1, d, side, side)
    projections = gflops(lambda: nn.Conv2d(d, 4 * d, 1), 1, d, side, side)
    return whole - layer, projections, layer - projections


@cache
def in_blocks(stage, letter):
    """GFLOPs of all blocks of a stage.

    What is left of the network, between the stages, is the same in every layout.

    >>> rests = [total(layout) - sum(map(in_blocks, range(4), layout)) for layout in LAYOUTS]
    >>> max(rests) - min(rests) < 1e-9 < min(rests)
    True
    """
    d, side = WIDTHS[stage], SIDES[stage]
    return BLOCKS[stage] * gflops(lambda: block(letter, d), 1, d, side, side)


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["CCCC"] < r["CCCA"] < r["CCAA"] < r["CAAA"] < r["AAAA"]
    True
    """
    mlp, projections, _ = parts(0)
    cores = [parts(stage)[2] for stage in range(4)]
    return {
        **{layout: total(layout) for layout in LAYOUTS},
        **{f"core_{stage}": core for stage, core in enumerate(cores, 1)},
        "share_3": cores[2] / cores[0], "share_4": cores[3] / cores[0],
        "mlp": mlp, "projections": projections,
        "late": total("CCAA") / total("CCCC") - 1,
        "early": total("AAAA") / total("CCAA") - 1}


def figure():
    fig, (top, bottom) = plt.subplots(2, figsize=(5.2, 5.8), height_ratios=(1, 1.1))
    styles = (("MLP", FAINT, 1), ("projections", ATTENTION, 0.35),
              ("core", ATTENTION, 1))
    left = [0] * 4
    for i, (name, color, alpha) in enumerate(styles):
        widths = [parts(stage)[i] for stage in range(4)]
        top.barh(range(4), widths, 0.65, left=left, color=color, alpha=alpha,
                 label=name)
        left = [a + b for a, b in zip(left, widths)]
    for stage in range(4):
        top.text(left[stage] + 0.06, stage, f"core {parts(stage)[2]:.2g}",
                 color=ATTENTION, va="center")
    mlp, projections, _ = parts(0)
    top.text(mlp / 2, -0.45, "MLP", color=GRAY, ha="center", va="bottom")
    top.text(mlp + 0.12, -0.45, "projections", color=ATTENTION, va="bottom")
    top.set(xlim=(0, 5.4), ylim=(3.5, -1), xlabel="GFLOPs of one attention block",
            ylabel="side×side, channels")
    top.set_yticks(range(4), [f"{side}×{side}, {d}" for side, d in zip(SIDES, WIDTHS)])
    colors = {"C": CONVOLUTION, "A": ATTENTION}
    for y, layout in enumerate(LAYOUTS):
        works = [in_blocks(stage, letter) for stage, letter in enumerate(layout)]
        rest = total(layout) - sum(works)
        bottom.barh(y, rest, 0.65, color=FAINT, label=f"{layout}: between stages")
        left = rest
        for stage, (letter, work) in enumerate(zip(layout, works)):
            bottom.barh(y, work, 0.65, left=left, color=colors[letter],
                        label=f"{layout}: stage {stage + 1}")
            bottom.plot([left, left], [y - 0.325, y + 0.325], color=FAINT, lw=1.5, label="_")
            bottom.text(-2.6 + 0.62 * stage, y, letter, color=colors[letter],
                        ha="center", va="center")
            if y == 0:
                bottom.text(left + work / 2, -0.45, stage + 1, color=CONVOLUTION,
                            ha="center", va="bottom")
            left += work
        bottom.text(left + 0.2, y, f"{left:.1f}", va="center")
    bottom.text(-0.4, -0.45, "stage", color=CONVOLUTION, ha="right", va="bottom")
    bottom.set(ylim=(4.5, -1), xlabel="GFLOPs of the network", xlim=(0, 21), yticks=[])
    for ax in top, bottom:
        ax.tick_params(axis="y", length=0)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
