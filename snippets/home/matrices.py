"""Both operations as one matrix, whose row i says what output i takes from each input."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, shades

import torch

torch.manual_seed(0)
n, d = 12, 2
kernel = torch.tensor([0.3, 0.5, 0.2])
x = torch.randn(n, d)


def matrices():
    """The matrices of a convolution and of one head whose W_Q, W_K, W_V do nothing: (n, n) each.

    >>> convolution, attention = matrices()
    >>> y = torch.nn.functional.conv1d(x.T[:, None], kernel[None, None], padding=1)[:, 0].T
    >>> torch.allclose(convolution @ x, y, atol=1e-6)
    True
    >>> y = torch.nn.functional.scaled_dot_product_attention(x, x, x)
    >>> torch.allclose(attention @ x, y, atol=1e-6)
    True
    """
    convolution = sum(w * torch.diag(torch.ones(n - abs(o)), o) for o, w in zip((-1, 0, 1), kernel))
    return convolution, torch.softmax(x @ x.T / d**0.5, dim=1)


def results():
    convolution, attention = ((matrix > 0).sum(dim=1) for matrix in matrices())
    return {"all": n, "convolution": convolution.max().item(), "attention": attention.min().item()}


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(3.2, 2))
    names = ("convolution", CONVOLUTION), ("self-attention", ATTENTION)
    for ax, (name, color), matrix in zip(axes, names, matrices()):
        ax.imshow(matrix, cmap=shades(color), vmin=0, vmax=0.5)
        ax.set_title(name, color=color)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_color(FAINT)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
