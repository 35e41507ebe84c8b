"""Steps in sequence, counted on the autograd graphs of three layers."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:steps]
import torch
from torch import nn

d, k = 64, 3
conv = nn.Conv1d(d, d, k, padding=k // 2)
qkv, out = nn.Linear(d, 3 * d), nn.Linear(d, d)
W, U = nn.Linear(d, d), nn.Linear(d, d)


def convolution(x):                             # (1, n, d) -> (1, n, d)
    return conv(x.transpose(1, 2)).transpose(1, 2)


def attention(x):
    Q, K, V = qkv(x).chunk(3, dim=-1)           # (1, n, d) each
    return out(torch.softmax(Q @ K.mT / d**0.5, dim=-1) @ V)


def recurrent(x):
    h, outputs, inputs = torch.zeros(1, d), [], W(x)
    for t in range(x.shape[1]):
        h = torch.tanh(inputs[:, t] + U(h))     # (1, d)
        outputs.append(h)
    return torch.stack(outputs, dim=1)          # (1, n, d)


def depths(y):
    """For each operation behind y, itself included: longest path to it."""
    depth, stack = {None: 0}, [y.grad_fn]
    while stack:
        sources = [source for source, _ in stack[-1].next_functions]
        todo = [source for source in sources if source not in depth]
        if not todo:                            # all it waits for is known
            longest = max(map(depth.get, sources), default=0)
            depth[stack.pop()] = longest + 1
        stack += todo
    return depth


for layer in convolution, attention, recurrent:
    ys = [layer(torch.randn(1, n, d))[:, -1].sum() for n in (16, 64, 256)]
    print(f"{layer.__name__:11}", [depths(y)[y.grad_fn] for y in ys])
# --8<-- [end:steps]


def restricted(x, w=32):
    """Attention to the position itself and the w - 1 (or zeros) before it."""
    Q, K, V = qkv(x).chunk(3, dim=-1)
    K, V = (nn.functional.pad(near, (0, 0, w - 1, 0)).unfold(1, w, 1)
            for near in (K, V))                 # (1, n, d, w) each
    A = torch.softmax(Q[:, :, None] @ K / d**0.5, dim=-1)   # (1, n, 1, w)
    return out((A @ V.mT)[:, :, 0])


COLORS = {convolution: CONVOLUTION, attention: ATTENTION, recurrent: GRAY}
LENGTHS = 16, 64, 256, 1024
COMPUTES = "Convolution", "Addmm", "Bmm", "Div", "Softmax", "Tanh", "Add"


@cache
def path(layer, n):
    """Operations on the longest path to the last output, from there back."""
    y = layer(torch.randn(1, n, d))[:, -1].sum()
    depth, node, names = depths(y), y.grad_fn, []
    while node:
        names.append(node.name().split("::")[-1].removesuffix("Backward0"))
        node = max((source for source, _ in node.next_functions),
                   key=depth.get, default=None)
    return names


def computing(layer, n):
    """How many operations on that path compute, and do not only move numbers."""
    return sum(name in COMPUTES for name in path(layer, n))


def results():
    """Lengths of the paths, S2a and S2b.

    >>> [len(path(convolution, n)) for n in LENGTHS]
    [5, 5, 5, 5]
    >>> [len(path(attention, n)) for n in LENGTHS]
    [21, 21, 21, 21]
    >>> [len(path(recurrent, n)) == 3 * n + 7 for n in LENGTHS]
    [True, True, True, True]
    >>> [computing(recurrent, n) == 3 * n for n in LENGTHS]
    [True, True, True, True]
    >>> path(recurrent, 1024).count("Tanh")
    1024
    >>> [computing(layer, 1024) for layer in (convolution, attention)]
    [1, 6]

    A window changes nothing: it takes as many operations at every length.

    >>> {computing(restricted, n) for n in LENGTHS} == {computing(attention, 16)}
    True

    Two operations on a tensor that needs a derivative.

    >>> y = torch.ones(3, requires_grad=True).exp().sum()
    >>> depths(y)[y.grad_fn]
    3
    """
    numbers = {}
    for layer in COLORS:
        if layer is not recurrent:
            numbers[layer.__name__] = len(path(layer, 1024))
        numbers[f"{layer.__name__}_computing"] = computing(layer, 1024)
    for layer in convolution, attention:
        lengths = {computing(layer, n) for n in LENGTHS}
        numbers[f"{layer.__name__}_growth"] = max(lengths) - min(lengths)
    slope = (len(path(recurrent, 1024)) - len(path(recurrent, 16))) // (1024 - 16)
    return numbers | {
        "attention_moving": numbers["attention"] - 3 - numbers["attention_computing"],
        "recurrent_16": computing(recurrent, 16),
        "recurrent_cells": path(recurrent, 1024).count("Tanh"),
        "recurrent_slope": slope,
        "recurrent_intercept": len(path(recurrent, 16)) - slope * 16,
        "restricted_computing": computing(restricted, 1024),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 2.9))
    for top, n in (0, 8), (4, 16):
        ax.text(0, top, f"{n} words", weight="bold", va="center")
        for y, (layer, color) in enumerate(COLORS.items(), top + 1):
            names = path(layer, n)[::-1]                # from the first to the last
            computes = [x for x, name in enumerate(names) if name in COMPUTES]
            ax.plot(range(len(names)), [y] * len(names), "s", ms=4.5, color=color, mew=0, alpha=0.3,
                    label=f"{layer.__name__}, {n} words")
            ax.plot(computes, [y] * len(computes), "s", ms=4.5, color=color, mew=0,
                    label=f"{layer.__name__}, {n} words, computing")
            ax.text(-1.5, y, layer.__name__, color="black" if color == GRAY else color, ha="right", va="center")
            ax.text(len(names), y, len(computes), color="black" if color == GRAY else color, va="center")
    ax.set(xlim=(-16, 60), ylim=(7.6, -0.6), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
