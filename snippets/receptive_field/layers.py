"""Which inputs feed one output: trace it back, layer by layer."""

import matplotlib.pyplot as plt
from matplotlib.collections import LineCollection
from style import ATTENTION, CONVOLUTION, FAINT

# --8<-- [start:trace]
import torch
import torch.nn.functional as F


def convolution(n, dilation=1):
    """Matrix (n, n) of a 3-wide convolution: row i is what output i reads."""
    units = torch.eye(n).unsqueeze(1)  # (n, 1, n): a 1 at each position
    kernel = torch.ones(1, 1, 3)
    y = F.conv1d(units, kernel, padding=dilation, dilation=dilation)
    return y.squeeze(1).T  # (n, n): column j answers unit j


def attention(n, d=8):
    """Matrix A (n, n) of one attention layer, for n random tokens."""
    x = torch.randn(n, d, generator=torch.Generator().manual_seed(0))
    return torch.softmax(x @ x.T / d**0.5, dim=-1)


def trace(layers, output):
    """Positions that feed one output: a list per layer, output first.

    layers: matrices (n, n), input side first.

    >>> trace([convolution(15)] * 2, output=7)
    [[7], [6, 7, 8], [5, 6, 7, 8, 9]]
    """
    feeds = [[output]]
    for matrix in reversed(layers):
        read = matrix[feeds[-1]].ne(0).any(dim=0)  # (n,)
        feeds.append(read.nonzero().flatten().tolist())
    return feeds


n = 15
stacks = {
    "three plain convolutions": [convolution(n)] * 3,
    "dilations 1, 2, 4": [convolution(n, step) for step in (1, 2, 4)],
    "one attention layer": [attention(n)],
}
for name, layers in stacks.items():
    feeds = trace(layers, output=n // 2)
    print(f"{name}:", " <- ".join(str(len(row)) for row in feeds))
# --8<-- [end:trace]


def results():
    """How many of the 15 inputs feed the middle output.

    >>> results()
    {'reach_plain': 7, 'reach_dilated': 15, 'reach_attention': 15}

    The product of a stack's matrices says the same in one step.

    >>> first, second, third = stacks["dilations 1, 2, 4"]
    >>> int((third @ second @ first)[n // 2].count_nonzero())
    15
    """
    plain, dilated, attended = (
        len(trace(layers, n // 2)[-1]) for layers in stacks.values())
    return {"reach_plain": plain, "reach_dilated": dilated,
            "reach_attention": attended}


def figure():
    fig, axes = plt.subplots(3, figsize=(5.2, 6), height_ratios=(3.4, 3.4, 2))
    colors = CONVOLUTION, CONVOLUTION, ATTENTION
    for ax, (name, layers), color in zip(axes, stacks.items(), colors):
        feeds = trace(layers, n // 2)[::-1]  # input first
        ax.set_title(f"{name}: reach {len(feeds[0])}")
        for level, matrix in enumerate(layers):
            edges = {True: [], False: []}
            for i, j in matrix.nonzero().tolist():
                fed = i in feeds[level + 1]
                edges[fed].append([(j, level), (i, level + 1)])
            for fed, shade, width in ((False, FAINT, 0.5), (True, color, 2)):
                ax.add_collection(LineCollection(
                    edges[fed], colors=shade, lw=width, zorder=1))
        for level, positions in enumerate(feeds):
            ax.plot(range(n), [level] * n, "o", color=FAINT, ms=5)
            ax.plot(positions, [level] * len(positions), "o", color=color, ms=8,
                    label=f"{name}, layer {level}")
        ax.set_ylim(-0.2, len(layers) + 0.2)
        ax.set_yticks([0, len(layers)], ["input", "output"])
        ax.set_xticks([])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
