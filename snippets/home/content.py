"""Where the weight of one output goes when the input that fits it moves."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT

import torch

torch.manual_seed(0)
n, d, query, places = 9, 8, 4, (7, 1)
fits, others = torch.randn(d), torch.randn(n, d)
kernel = [0.25, 0.5, 0.25]


def attention(place):
    """The weights of one output, whose query is the vector fits, with this vector at a place: (n)."""
    x = others.clone()
    x[places[0]] = fits
    x[[places[0], place]] = x[[place, places[0]]]       # moved there, in exchange
    return torch.softmax(fits @ x.T / d**0.5, dim=0)


def convolution(place):
    """The same by a convolution: its kernel, wherever the vector is."""
    weights = torch.zeros(n)
    weights[query - 1 : query + 2] = torch.tensor(kernel)
    return weights


def results():
    """The share of the weight that moves when the vector moves.

    >>> results()["convolution"]
    0.0
    >>> results()["attention"] > 0.2
    True
    """
    return {f.__name__: (f(places[0]) - f(places[1])).abs().sum().item() / 2 for f in (convolution, attention)}


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(3.2, 1.8))
    names = (convolution, "convolution", CONVOLUTION), (attention, "self-attention", ATTENTION)
    for ax, (weights, name, color) in zip(axes, names):
        for top, place in zip((3, 0), places):
            for j, weight in enumerate(weights(place).tolist()):
                if weight > 0:
                    ax.plot([query, j], [top + 1.8, top], color=color, lw=0.3 + 7 * weight, solid_capstyle="round")
            ax.plot(query, top + 1.8, "o", color=color, ms=5)
            ax.plot(range(n), [top] * n, "o", color=FAINT, ms=4)
            ax.plot(place, top, "o", color="black", ms=8)
        ax.set_title(name, color=color)
        ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
