"""Attention in one block with convolution: instead of it, beside it, before it."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, HYBRID, shades
from torch.utils.flop_counter import FlopCounterMode

# --8<-- [start:inside]
import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, d, h=4):
        super().__init__()
        self.h, self.qkv = h, nn.Conv2d(d, 3 * d, 1, bias=False)

    def forward(self, x):                           # (b, d, side, side)
        qkv = self.qkv(x).flatten(2).unflatten(1, (3, self.h, -1))
        q, k, v = qkv.mT.unbind(1)                  # (b, h, n, d_head) each
        A = (q @ k.mT / q.shape[-1]**0.5).softmax(-1)       # (b, h, n, n)
        return (A @ v).mT.flatten(1, 2).unflatten(2, x.shape[2:])


class Beside(nn.ModuleList):
    def forward(self, x):               # half of the channels to each
        a, b = x.chunk(2, dim=1)
        return torch.cat([self[0](a), self[1](b)], dim=1)


def conv(d):
    return nn.Conv2d(d, d, 3, padding=1, bias=False)


mixers = {
    "convolution": conv,
    "instead": Attention,
    "beside": lambda d: Beside([conv(d // 2), Attention(d // 2)]),
    "before": lambda d: nn.Sequential(Attention(d), conv(d))}


def branch(mix, d=2048, narrow=512):
    """ResNet's bottleneck, without the skip: narrow, mix, widen."""
    return nn.Sequential(
        nn.Conv2d(d, narrow, 1, bias=False), nn.BatchNorm2d(narrow),
        nn.ReLU(), mix(narrow), nn.BatchNorm2d(narrow),
        nn.ReLU(), nn.Conv2d(narrow, d, 1, bias=False), nn.BatchNorm2d(d))


x = torch.randn(2, 2048, 14, 14)
for name, mix in mixers.items():
    f = branch(mix)
    assert (x + f(x)).shape == x.shape
    weights = sum(w.numel() for w in f.parameters())
    print(f"{name}: {weights / 1e6:.2f} million parameters")
# --8<-- [end:inside]

D, SIDE = 64, 14


@cache
def seen(name):
    """Which of 14 x 14 inputs can change an output: two maps (side, side) of bools.

    One map for the first half of the mixer's channels, one for the second.

    >>> [tuple(half.sum().item() for half in seen(name)) for name in mixers]
    [(9, 9), (196, 196), (9, 196), (196, 196)]
    """
    torch.manual_seed(0)
    x = torch.randn(1, D, SIDE, SIDE, requires_grad=True)
    halves = mixers[name](D)(x)[0, :, 6, 6].chunk(2)
    return [torch.autograd.grad(half.square().sum(), x, retain_graph=True)[0][0]
            .abs().sum(0) > 0 for half in halves]


@torch.no_grad()
def order_matters(name):
    """Whether each half of the channels notices a shuffle of the positions.

    >>> [order_matters(name) for name in mixers]
    [(True, True), (False, False), (True, False), (True, True)]
    """
    torch.manual_seed(0)
    mix, x = mixers[name](D), torch.randn(1, D, SIDE**2)
    order = torch.randperm(SIDE**2)
    y, z = (mix(image.unflatten(2, (SIDE, SIDE))).flatten(2)
            for image in (x, x[..., order]))
    return tuple(not torch.allclose(a, b, atol=1e-5)
                 for a, b in zip(y[..., order].chunk(2, 1), z.chunk(2, 1)))


@cache
def gflops(name, side):
    """Work of the mixer alone, 512 channels.

    >>> [round(1e9 * gflops(name, 14)) for name in mixers] == [
    ...     18 * 196 * 512**2, 6 * 196 * 512**2 + 4 * 196**2 * 512,
    ...     18 * 196 * 256**2 + 6 * 196 * 256**2 + 4 * 196**2 * 256,
    ...     24 * 196 * 512**2 + 4 * 196**2 * 512]
    True

    At n = 3 d the work of attention meets that of convolution.

    >>> 18 * 1536 * 512**2 == 6 * 1536 * 512**2 + 4 * 1536**2 * 512
    True
    """
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        mixers[name](512)(torch.empty(1, 512, side, side))
    return 1e-9 * counter.get_total_flops()


@cache
def million(name):
    with torch.device("meta"):
        return sum(w.numel() for w in branch(mixers[name]).parameters()) / 1e6


def results():
    """The numbers the page quotes.

    Three blocks with attention instead save 3 (9 - 3) 512² weights.

    >>> r = results()
    >>> abs(r["saved"] - 18 * 512**2 / 1e6) < 1e-9
    True
    >>> r["parameters_beside"] == r["parameters_instead"]
    True
    """
    numbers = {"saved": 3 * (million("convolution") - million("instead"))}
    for name in mixers:
        numbers |= {f"parameters_{name}": million(name),
                    f"gflops_{name}": gflops(name, 14),
                    f"gflops_{name}_64": gflops(name, 64)}
    return numbers


def figure():
    fig, axes = plt.subplots(2, 4, figsize=(5.2, 3.6))
    titles = {"convolution": "convolution", "instead": "attention\ninstead",
              "beside": "beside", "before": "before"}
    for column, (name, title) in zip(axes.T, titles.items()):
        for row, (ax, half) in enumerate(zip(column, seen(name))):
            color = HYBRID if name == "before" else (
                CONVOLUTION if half.sum() == 9 else ATTENTION)
            ax.imshow(half, cmap=shades(color, 0, 0.56), vmin=0, vmax=1,
                      interpolation="none",
                      label=f"{name}, {('first', 'second')[row]} half")
            ax.plot(6, 6, "o", ms=4, color="black", label="_")
            ax.set(xticks=[], yticks=[], xlabel=f"{half.sum()} of 196")
            ax.spines[:].set(visible=True, color=FAINT)
        column[0].set_title(title, loc="center")
    axes[0, 0].set_ylabel("first half\nof channels")
    axes[1, 0].set_ylabel("second half")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
