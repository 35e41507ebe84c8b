"""Which words can change "it"? Three layers see three words back, dilated ones seven."""

import matplotlib.pyplot as plt
from matplotlib.collections import LineCollection
from style import ATTENTION, CONVOLUTION, FAINT, GRAY

# --8<-- [start:pair]
import torch
import torch.nn.functional as F
from torch import nn

words = "the cat followed the dogs because it wanted to play".split()
other = "the cow followed the dogs because it wanted to play".split()
it = words.index("it")

torch.manual_seed(0)
vectors = {word: torch.randn(16) for word in dict.fromkeys(words + other)}


def convolution(dilation=1):
    layer = nn.Conv1d(16, 16, 3, padding=dilation, dilation=dilation)
    return nn.Sequential(layer, nn.ReLU())


stacks = {
    "three plain layers": [convolution() for _ in range(3)],
    "five plain layers": [convolution() for _ in range(5)],
    "dilations 1, 2, 4": [convolution(dilation) for dilation in (1, 2, 4)],
    "one attention layer": [lambda x: F.scaled_dot_product_attention(*3 * [x.mT]).mT],
}
for name, layers in stacks.items():
    x, z = (torch.stack([vectors[w] for w in s]).T[None] for s in (words, other))
    for layer in layers:
        x, z = layer(x), layer(z)
    same = torch.allclose(x[..., it], z[..., it], atol=1e-7)
    print(f"{name}: the vector of it {'stays' if same else 'changes'}")
# --8<-- [end:pair]

# --8<-- [start:trace]
import torch


def reads(n, dilation=1):
    """(n, n): does output i of a 3-wide layer read input j?"""
    offset = torch.arange(n) - torch.arange(n)[:, None]
    return (offset.abs() == dilation) | (offset == 0)


def trace(layers, output):
    """Which positions feed one output, layer by layer, from the output down.

    >>> [feeds.nonzero().flatten().tolist() for feeds in trace([reads(9)] * 2, 4)]
    [[4], [3, 4, 5], [2, 3, 4, 5, 6]]
    """
    feeds = [torch.arange(len(layers[-1])) == output]
    for layer in reversed(layers):
        feeds.append(layer[feeds[-1]].any(dim=0))
    return feeds


words = "the cat followed the dogs because it wanted to play".split()
for dilations in (1, 1, 1), (1, 2, 4):
    inputs = trace([reads(10, dilation) for dilation in dilations], output=6)[-1]
    print(dilations, *(word for word, fed in zip(words, inputs) if fed))
# --8<-- [end:trace]

everything = torch.ones(10, 10).bool()
PANELS = {
    "three plain layers": [reads(10)] * 3,
    "three layers, dilations 1, 2, 4": [reads(10, step) for step in (1, 2, 4)],
    "one attention layer": [everything],
}


def results():
    """How many of the ten words feed "it".

    >>> results()
    {'reach_plain': 7, 'reach_dilated': 10, 'reach_attention': 10}

    The pattern is that of a real layer.

    >>> for dilation in 1, 2, 4:
    ...     kernel = torch.ones(1, 1, 3)
    ...     rows = F.conv1d(torch.eye(10)[:, None], kernel, padding=dilation,
    ...                                 dilation=dilation)[:, 0].T
    ...     print(torch.equal(rows > 0, reads(10, dilation)), end=" ")
    True True True
    """
    plain, dilated, attended = (int(trace(layers, it)[-1].sum()) for layers in PANELS.values())
    return {"reach_plain": plain, "reach_dilated": dilated, "reach_attention": attended}


def figure():
    fig, axes = plt.subplots(3, figsize=(5.2, 5.6), height_ratios=(3.5, 3.5, 1.6))
    for ax, (name, layers) in zip(axes, PANELS.items()):
        color = ATTENTION if "attention" in name else CONVOLUTION
        feeds = trace(layers, it)[::-1]  # input first
        ax.set_title(f"{name}: {int(feeds[0].sum())} of 10 words", color=color, pad=14)
        for level, layer in enumerate(layers):
            edges = {True: [], False: []}
            for i, j in layer.nonzero().tolist():
                edges[feeds[level + 1][i].item()].append([(j, level), (i, level + 1)])
            for fed, shade, width in ((False, FAINT, 0.5), (True, color, 2)):
                ax.add_collection(LineCollection(edges[fed], colors=shade, lw=width, zorder=1))
        for level, fed in enumerate(feeds):
            ax.plot(range(10), [level] * 10, "o", color=FAINT, ms=5)
            seen = fed.nonzero().flatten().tolist()
            ax.plot(seen, [level] * len(seen), "o", color=color, ms=8, label=f"{name}, {level}")
        for i, (word, seen) in enumerate(zip(words, feeds[0])):
            down = 21 if i % 2 else 7       # every other word is in a second line
            ax.annotate(word, (i, 0), (0, -down), textcoords="offset points", ha="center", va="top",
                        color="black" if seen else GRAY, weight="bold" if i in (1, it) else "normal")
        ax.annotate("it", (it, len(layers)), (0, 7), textcoords="offset points", ha="center", weight="bold")
        ax.set(xlim=(-0.5, 9.5), ylim=(-0.3, len(layers) + 0.3), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
