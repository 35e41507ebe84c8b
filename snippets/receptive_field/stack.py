"""Which inputs one output of a stack sees, and on how many paths: three stacks of layers."""

import matplotlib.pyplot as plt
from matplotlib.collections import LineCollection
from style import CONVOLUTION, FAINT

import torch
import torch.nn.functional as F


def paths(layers, output, n=64, causal=False):
    """On how many paths each of n inputs leads to one output: (n,).

    layers: (kernel, stride, dilation), input side first; (0, 1, w) is attention
    to w positions on each side. If all weights are 1, the gradient counts paths.
    """
    x = torch.zeros(1, 1, n, dtype=torch.float64, requires_grad=True)
    y = x
    for k, stride, dilation in layers:
        if k:
            wide = (k - 1) * dilation
            left = wide if causal else wide // 2
            kernel = torch.ones(1, 1, k, dtype=torch.float64)
            y = F.conv1d(F.pad(y, (left, wide - left)), kernel, None, stride, 0, dilation)
        else:
            offset = torch.arange(y.shape[2]) - torch.arange(y.shape[2])[:, None]
            sees = (offset.abs() <= dilation) & ((offset <= 0) | (not causal))
            y = y @ sees.T.double()
    y[0, 0, output].backward()
    return x.grad[0, 0].long()


STACKS = {      # layers, output, causal
    "three plain layers": ([(3, 1, 1)] * 3, 32, False),
    "stem of ResNet-50": ([(7, 2, 1), (3, 2, 1)], 8, False),
    "WaveNet, six layers": ([(2, 1, dilation) for dilation in (1, 2, 4, 8, 16, 32)], 63, True),
}


def results():
    """How far three stacks see, and how many paths they have.

    Two layers of size 3: one way to the edge of the window, three to its middle.

    >>> paths([(3, 1, 1)] * 2, 4, n=9).tolist()
    [0, 0, 1, 2, 3, 2, 1, 0, 0]

    Attention sees all, on one path each, and in windows its steps add up as in a convolution.

    >>> paths([(0, 1, 64)], 5).tolist() == [1] * 64
    True
    >>> paths([(0, 1, 2)] * 3, 30).equal(paths([(5, 1, 1)] * 3, 30))
    True

    A kernel of size 1 sees what stands at its place, and one that is longer than the input sees all.

    >>> paths([(1, 1, 1)] * 5, 7).nonzero().tolist()
    [[7]]
    >>> paths([(7, 1, 1)], 0, n=1).tolist()
    [1]
    """
    plain, stem, wavenet = (paths(*stack, causal=causal) for *stack, causal in STACKS.values())
    return {"plain_seen": int((plain > 0).sum()), "plain_most": int(plain.max()),
            "stem_seen": int((stem > 0).sum()),
            "wavenet_seen": int((wavenet > 0).sum()), "wavenet_most": int(wavenet.max())}


def cone(layers, output, causal):
    """The positions that lead to an output, level by level from the input up, with their lines.

    Each level has its positions as fractions of the width, and which of them are seen.
    """
    lengths = [64]
    for _, stride, _ in layers:
        lengths.append(-(-lengths[-1] // stride))
    seen = [paths(layers[level:], output, n, causal) > 0 for level, n in enumerate(lengths)]
    lines = []
    for level, (k, stride, dilation) in enumerate(layers):
        wide = (k - 1) * dilation
        for i in seen[level + 1].nonzero().flatten().tolist():
            first = i * stride - (wide if causal else wide // 2)
            lines += [((i + 0.5) / lengths[level + 1], level + 1, (j + 0.5) / lengths[level], level)
                      for j in range(first, first + wide + 1, dilation) if 0 <= j < lengths[level]]
    return lengths, seen, lines


def figure():
    fig, axes = plt.subplots(3, figsize=(5.2, 5.2), height_ratios=(3, 3, 6))
    for ax, (name, (layers, output, causal)) in zip(axes, STACKS.items()):
        lengths, seen, lines = cone(layers, output, causal)
        ax.add_collection(LineCollection(
            [((a, b), (c, d)) for a, b, c, d in lines], color=CONVOLUTION, lw=0.8))
        for level, (n, here) in enumerate(zip(lengths, seen)):
            for wanted, color, size in (False, FAINT, 2.5), (True, "black", 3.5):
                ax.plot([(i + 0.5) / n for i in range(n) if bool(here[i]) == wanted],
                        [level] * int((here == wanted).sum()), "o", ms=size, color=color, zorder=3,
                        label=f"{name}, level {level}, {'seen' if wanted else 'not seen'}")
        ax.set_title(f"{name}: {int(seen[0].sum())} inputs")
        ax.set(xlim=(0, 1), ylim=(-0.3, len(layers) + 0.3), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
