"""What a layer costs for n positions, and for twice as many."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

import torch

n, d, k = 1024, 64, 3


def convolution(n):
    """The multiplications of a convolution with a kernel of size k and d channels."""
    return n * k * d**2


def attention(n):
    """Those of a head: d × d for each of queries, keys, values and output; n × n × d for scores and sum."""
    return 4 * n * d**2 + 2 * n**2 * d


def results():
    """How often the cost of n is contained in that of 2n.

    >>> from torch.utils.flop_counter import FlopCounterMode
    >>> with FlopCounterMode(display=False) as counter:
    ...     _ = torch.nn.Conv1d(d, d, k, padding="same")(torch.randn(1, d, 100))
    >>> counter.get_total_flops() == 2 * convolution(100), results()["convolution"]
    (True, 2.0)
    """
    return {f.__name__: f(2 * n) / f(n) for f in (convolution, attention)} | {"n": n, "d": d}


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(3.2, 1.8))
    names = (convolution, "convolution", CONVOLUTION), (attention, "self-attention", ATTENTION)
    for ax, (cost, name, color) in zip(axes, names):
        lengths = torch.linspace(0, 2.1 * n, 50)
        ax.plot(lengths, cost(lengths) / cost(n), color=color)
        for times in (1, 2):
            high = cost(times * n) / cost(n)
            ax.plot([times * n, times * n], [0, high], color=GRAY, lw=1)
            ax.plot(times * n, high, "o", color=color, ms=5)
            ax.annotate(f"×{high:.2g}", (times * n, high), (-5, 2), textcoords="offset points", ha="right", color=color)
        ax.set_title(name, color=color)
        ax.set(xticks=[n, 2 * n], xticklabels=["n", "2n"], yticks=[], ylim=(0, 4.6))
        ax.spines[["left", "top", "right"]].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
