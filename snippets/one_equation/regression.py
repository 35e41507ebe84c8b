"""Smoothing scattered points is attention by hand; on a regular grid it is a convolution."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY

# --8<-- [start:regression]
import torch
from torch.nn.functional import scaled_dot_product_attention

torch.manual_seed(0)
b = 0.3                                             # width of the Gaussian


def smooth(t, points, values):
    """Nadaraya-Watson: at each t a mean of values, nearer points count more."""
    gaps = t[:, None] - points                      # (outputs, points)
    near = torch.exp(-(gaps / b)**2 / 2)
    return near @ values / near.sum(dim=1)


def as_attention(t, points, values):
    """The same: -(t - p)^2 / 2 is t p - p^2 / 2, less a number alike along a row."""
    Q = torch.stack([t, torch.ones_like(t)], dim=1) / b
    K = torch.stack([points, -points**2 / 2], dim=1) / b
    return scaled_dot_product_attention(Q, K, values[:, None], scale=1)[:, 0]


scattered = 6 * torch.rand(40).double()
noisy = torch.sin(scattered) + 0.3 * torch.randn(40).double()
t = torch.linspace(0, 6, 61).double()
print("Nadaraya-Watson is attention:",
      torch.allclose(smooth(t, scattered, noisy), as_attention(t, scattered, noisy)))

grid = torch.linspace(0, 6, 61).double()            # points at equal distances
regular = torch.sin(grid) + 0.3 * torch.randn(61).double()
offsets = torch.arange(-15, 16).double() * 0.1
kernel = torch.softmax(-(offsets / b)**2 / 2, dim=0)
same = torch.conv1d(regular[None, None], kernel[None, None])[0, 0]
error = (smooth(grid, grid, regular)[15:-15] - same).abs().max()
print("on a grid it is a convolution:", bool(error < 1e-5))
# --8<-- [end:regression]


def results():
    """How far the grid's estimate is from the convolution, inside and at the border.

    >>> results()["inside"] < 1e-5, results()["border"] > 0.01
    (True, True)
    """
    padded = torch.conv1d(regular[None, None], kernel[None, None], padding=15)[0, 0]
    border = (smooth(grid, grid, regular) - padded).abs().max().item()
    return {"inside": error.item(), "border": border}


def figure():
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 5.2), sharex=True)
    for ax, title, points, values, color in (
            (axes[0], "scattered points: attention", scattered, noisy, ATTENTION),
            (axes[1], "points on a grid: a convolution", grid, regular, CONVOLUTION)):
        ax.axhline(0, color=FAINT, lw=1)
        ax.plot(points, values, "o", color=GRAY, ms=4, mfc="none", label="noisy points")
        ax.plot(t, torch.sin(t), color=GRAY, lw=1, label="true curve")
        ax.plot(t, smooth(t, points, values), color=color, lw=3, label="estimate")
        ax.set_title(title, color=color, weight="bold")
        ax.set(ylim=(-1.9, 1.9), yticks=[-1, 0, 1])
        ax.text(3.45, 0.45, "estimate", color=color)
    axes[0].text(3.3, -0.45, "true curve", color=GRAY, ha="right")
    axes[0].text(0, -0.95, "noisy points", color=GRAY)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
