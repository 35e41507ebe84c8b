"""Six words in eight untrained layers: bare attention makes them one point, skips keep them apart."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT

# --8<-- [start:alike]
import torch

torch.manual_seed(26)
n, d, L = 6, 32, 8
words = torch.randn(n, d).double()                      # a random vector per word
W = torch.randn(L, 3, d, d).double() / d**0.5           # W_Q, W_K, W_V of each layer


def norm(x):
    return (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True)


def attention(x, layer):
    Q, K, V = (x @ W[layer, i].T for i in range(3))             # (n, d) each
    return torch.softmax(Q @ K.T / d**0.5, dim=1) @ V


def spread(x):
    """The part of the vectors that is not their mean: 0 if all are equal."""
    return ((x - x.mean(0)).norm() / x.norm()).item()


for skip in (0, 1):
    x = words
    for layer in range(L):
        x = skip * x + attention(norm(x), layer)
    print("skip" if skip else "bare", f"{spread(words):.1f} -> {spread(x):.3f}")
# --8<-- [end:alike]

DEPTHS = 0, 1, 2, 4, 8
NAMES = ["key", "box", "bag", "coin", "tin", "sack"]


def convolution(x, layer):
    """Three offsets on a ring, a matrix for each; no ReLU."""
    return sum(x.roll(1 - o, 0) @ W[layer, o].T for o in range(3)) / 3**0.5


ROWS = {
    "bare attention": (attention, 0, ATTENTION),
    "attention with skips": (attention, 1, ATTENTION),
    "bare convolution": (convolution, 0, CONVOLUTION),
}


@cache
def states(name):
    """The words after each layer."""
    f, skip, _ = ROWS[name]
    found = [words]
    for layer in range(L):
        found.append(skip * found[-1] + f(norm(found[-1]), layer))
    return found


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["bare_4"] < 0.01, r["skip_8"] > 0.3, r["convolution_8"] > 0.5
    (True, True, True)

    Shuffled words give shuffled outputs; equal words stay equal.

    >>> p = torch.randperm(n)
    >>> torch.allclose(attention(words[p], 0), attention(words, 0)[p])
    True
    >>> spread(attention(words[:1].expand(n, d), 0)) < 1e-12
    True
    """
    return {
        "bare_4": spread(states("bare attention")[4]),
        "skip_8": spread(states("attention with skips")[8]),
        "convolution_8": spread(states("bare convolution")[8]),
    }


def places(x):
    """The words x in the two directions in which they themselves differ most, over their size.

    Each x has its own directions: a layer turns all vectors, so fixed axes would show less.
    """
    seen = torch.linalg.svd(x - x.mean(0)).Vh[:2]
    return (x - x.mean(0)) @ seen.T / x.norm() * n**0.5


def figure(narrow=False):
    rows = len(ROWS), len(DEPTHS)
    fig, axes = plt.subplots(*(rows[::-1] if narrow else rows),
                             figsize=(5.2, 8.6) if narrow else (7.2, 4.9))
    for line, (name, (_, _, color)) in zip(axes.T if narrow else axes, ROWS.items()):
        for ax, depth in zip(line, DEPTHS):
            at = places(states(name)[depth])
            for word, (u, v) in zip(NAMES, at.tolist()):
                ax.plot(u, v, "o", color=color, ms=7, alpha=0.7, label=f"{name}: {word}")
                if depth == 0:
                    ax.annotate(word, (u, v), (0, 5), textcoords="offset points",
                                ha="center", size=11.5)
            ax.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), xticks=[], yticks=[], aspect=1)
            ax.spines[:].set(visible=True, color=FAINT)
        line[0].set_title(name.replace(" ", "\n", 1) if narrow else name, color=color)
    for ax, depth in zip(axes[:, 0] if narrow else axes[-1], DEPTHS):
        set_label = ax.set_ylabel if narrow else ax.set_xlabel
        set_label("1 layer" if depth == 1 else f"{depth} layers")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
