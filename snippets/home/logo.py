"""The logo: a convolution above, attention below, on the same four tokens."""

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from style import ATTENTION, CONVOLUTION


def matrices(n=4, d=4):
    """The mixing matrices (n, n) of a 3-wide convolution and of attention.

    >>> band, mesh = matrices()
    >>> band.count_nonzero().item(), mesh.count_nonzero().item()
    (10, 16)
    >>> torch.allclose(mesh.sum(dim=1), torch.ones(4))
    True
    """
    x = torch.randn(n, d, generator=torch.Generator().manual_seed(4))
    kernel = torch.tensor([[[0.5, 1, 0.5]]])
    band = F.conv1d(torch.eye(n).unsqueeze(1), kernel, padding=1).squeeze(1)
    return band, torch.softmax(x @ x.T, dim=1)


def results():
    return {}       # no page quotes a number of the logo


def figure():
    fig, ax = plt.subplots(figsize=(1, 1), layout="none")
    ax.set_position([0, 0, 1, 1])
    ax.set(xlim=(-0.4, 3.4), ylim=(-1.9, 1.9))
    ax.axis("off")
    for matrix, end, color in zip(matrices(), (1.5, -1.5), (CONVOLUTION, ATTENTION)):
        for i, row in enumerate(matrix.tolist()):
            for j, weight in enumerate(row):
                if weight:
                    ax.plot([j, i], [0, end], color=color, lw=0.8 + 3 * weight,
                            alpha=0.4 + 0.6 * weight, solid_capstyle="round")
        ax.plot(range(4), [end] * 4, "o", color=color, ms=9)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
