"""A step, through a kernel that subtracts, and through one head, which can only blend."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

import torch

n = 24
step = (torch.arange(n) >= n // 2).float()


def convolution(x):
    """Each value of x (n) less the one before it."""
    kernel = torch.tensor([-1.0, 1.0])
    return torch.nn.functional.conv1d(x[None, None], kernel[None, None])[0, 0]


def attention(x):
    """One head that looks at what is near: shares that fall with the distance, times the values."""
    far = (torch.arange(n)[:, None] - torch.arange(n)).abs()
    return torch.softmax(-far.float(), dim=1) @ x


def results():
    """The least output for a step down: below all inputs, or not.

    >>> results()["convolution"], results()["attention"] >= 0
    (-1.0, True)
    """
    return {f.__name__: f(1 - step).min().item() for f in (convolution, attention)}


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(3.2, 1.8))
    names = (convolution, "convolution", CONVOLUTION), (attention, "self-attention", ATTENTION)
    for ax, (layer, name, color) in zip(axes, names):
        outputs = layer(1 - step)
        ax.step(range(n), 1 - step, color=GRAY, lw=1, where="mid")
        ax.plot(range(n - len(outputs), n), outputs, color=color, lw=2.5)
        ax.set_title(name, color=color)
        ax.set(xticks=[], yticks=[-1, 0, 1], yticklabels=["−1", "0", "1"], ylim=(-1.15, 1.15))
        ax.spines[["left", "top", "right", "bottom"]].set_visible(False)
        ax.axhline(0, color=GRAY, lw=0.5)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
