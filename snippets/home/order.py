"""The outputs for an input, and for the same input in another order, put back: equal, or not."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, shades

import torch

torch.manual_seed(0)
n, d = 12, 8
x = torch.randn(n, d)
shuffle = torch.randperm(n)
conv = torch.nn.Conv1d(d, d, 3, padding=1)


def convolution(x):
    return conv(x.T).T.detach()


def attention(x):
    return torch.nn.functional.scaled_dot_product_attention(x, x, x)


def both(layer):
    """The outputs (n, d) of x, and those of x in another order, in the order of x."""
    back = torch.argsort(shuffle)
    return layer(x), layer(x[shuffle])[back]


def results():
    """How many of the n outputs are another vector after the shuffle.

    >>> results()
    {'all': 12, 'convolution': 12, 'attention': 0}
    """
    changed = {f.__name__: both(f) for f in (convolution, attention)}
    return {"all": n} | {name: ((a - b).abs().amax(dim=1) > 1e-4).sum().item() for name, (a, b) in changed.items()}


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(3.2, 1.8))
    names = (convolution, "convolution", CONVOLUTION), (attention, "self-attention", ATTENTION)
    for (layer, name, color), column in zip(names, axes.T):
        pair = both(layer)
        low, high = pair[0].aminmax()
        for ax, outputs in zip(column, pair):
            ax.imshow(outputs.T[:4], cmap=shades(color), vmin=low, vmax=high, aspect="auto")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_color(FAINT)
        column[0].set_title(name, color=color)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
