"""A kernel slides along a signal: each output is one short weighted sum."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, GRAY, minus

# --8<-- [start:sum]
import torch
import torch.nn.functional as F


def convolution(x, w):
    """y_i = sum_m w_m x_{i+m}: as many outputs as places for w inside x.

    >>> convolution([5, 7, 9], [1]), convolution([5, 7, 9], [1, 1, 1])
    ([5, 7, 9], [21])
    """
    n, k = len(x), len(w)
    return [sum(w[m] * x[i + m] for m in range(k))
            for i in range(n - k + 1)]


x, w = [4, 5, 1, 0, 3, 4, 1], [1, 0, -2]
y = convolution(x, w)
print("plain Python:", y)

# F.conv1d takes several inputs and several channels: here one of each
same = F.conv1d(torch.tensor([[x]]), torch.tensor([[w]]))
print("F.conv1d:    ", same[0, 0].tolist())
# --8<-- [end:sum]


def convolution_2d(x, w):
    """The same for rows and columns; x (n, n) and w (k, k) as lists.

    >>> X, W = torch.randint(10, (6, 6)), torch.randint(10, (3, 3))
    >>> plane = F.conv2d(X[None, None], W[None, None])[0, 0]      # (4, 4)
    >>> convolution_2d(X.tolist(), W.tolist()) == plane.tolist()
    True
    """
    n, k = len(x), len(w)
    return [[sum(w[a][b] * x[i + a][j + b]
                 for a in range(k) for b in range(k))
             for j in range(n - k + 1)] for i in range(n - k + 1)]


def results():
    """The sum that the page works out by hand, and the sizes.

    >>> r = results()
    >>> r["first"] == 4 * 1 + 5 * 0 + 1 * -2, y == same[0, 0].tolist()
    (True, True)
    """
    return {
        "n": len(x),
        "outputs": len(y),
        "first": y[0],
    }


def cell(ax, column, row, number, filled=False, step=None):
    """A square with a number in it."""
    color = CONVOLUTION if filled else GRAY
    ax.add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, lw=1, ec=color,
                               fc=CONVOLUTION if filled else "none",
                               alpha=0.25 if filled else 1, gid=step))
    ax.text(column, row, minus(number), ha="center", va="center_baseline", gid=step)


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.8))
    out = len(x) + 1.6
    for j, number in enumerate(x):
        cell(ax, j, 0, number)
    for i, total in enumerate(y):
        row, step = i + 1.5, f"step-{i + 1}"
        for m, weight in enumerate(w):
            cell(ax, i + m, row, weight, filled=True, step=step)
        ax.annotate("", (out - 0.6, row), (i + len(w) - 0.4, row),
                    arrowprops={"arrowstyle": "->", "color": GRAY, "gid": step})
        cell(ax, out, row, total, step=step)
    ax.text(-0.8, 0, "input", ha="right", va="center_baseline")
    ax.text(-0.8, 1.5, "kernel", ha="right", va="center_baseline",
            color=CONVOLUTION)
    ax.text(out, 0.55, "output", ha="center", va="center_baseline")
    ax.set(xlim=(-2.6, out + 1), ylim=(len(y) + 1.1, -0.6), aspect="equal")
    ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
