"""Reorder the input: which layers only move their output along?"""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY, shades

# --8<-- [start:reorder]
import torch
from torch import nn

torch.manual_seed(0)
side, n, d = 6, 36, 8  # 36 tokens: 6 rows of 6, one row after the other
x, places = torch.randn(2, n, d).double()
M = torch.randn(d, d).double() / d  # W_Q.T @ W_K, scaled
ring = dict(kernel_size=3, padding=1, padding_mode="circular")
line, grid = nn.Conv1d(d, d, **ring).double(), nn.Conv2d(d, d, **ring).double()
for_step, for_cell, i = torch.randn(n), torch.randn(side, side), torch.arange(n)
# from each token to each; on a ring, so [-1] is the last
steps, down, right = (at - at[:, None] for at in (i, i // side, i % side))


def attention(x, bias=0):
    return torch.softmax(x @ M @ x.T + bias, dim=1) @ x  # the shares are (n, n)


layers = {
    "attention": attention,
    "attention, steps": lambda x: attention(x, for_step[steps]),
    "1-D convolution": lambda x: line(x.T).T,
    "attention, cells": lambda x: attention(x, for_cell[down, right]),
    "2-D convolution": lambda x: grid(x.T.view(d, side, side)).flatten(1).T,
    "attention, places": lambda x: attention(x + places),
}
moves = {"along the list": i.roll(1), "within the rows": i.view(side, side)
         .roll(1, dims=1).flatten(), "shuffle": torch.randperm(n)}
for name, f in layers.items():  # x[p] is the input, reordered
    same = [torch.allclose(f(x[p]), f(x)[p]) for p in moves.values()]
    print(f"{name:17}", *("moves along" if s else "changes    " for s in same))
# --8<-- [end:reorder]

dense = torch.randn(n, n).double() / side
everyone = layers | {"dense layer": lambda x: dense @ x}
KNOWS = ["a set", "a line", "a line", "a grid", "a grid", "numbers", "numbers"]


def error(f, p):
    """How far f(Px) is from P f(x), by the size of the output.

    >>> for p in moves.values():
    ...     print("; ".join(name for name, f in everyone.items() if error(f, p) < 1e-12))
    attention; attention, steps; 1-D convolution
    attention; attention, cells; 2-D convolution
    attention

    What is not rounding is far from it.

    >>> all(error(f, p) < 1e-12 or error(f, p) > 0.01
    ...     for f in everyone.values() for p in moves.values())
    True

    Each kind of shift, by any number of steps or cells; attention takes any shuffle.

    >>> all(error(layers[name], i.roll(s)) < 1e-12 for s in range(n)
    ...     for name in ("1-D convolution", "attention, steps"))
    True
    >>> cells = [i.view(side, side).roll((a, b), (0, 1)).flatten()
    ...          for a in range(side) for b in range(side)]
    >>> all(error(layers[name], p) < 1e-12 for p in cells
    ...     for name in ("2-D convolution", "attention, cells"))
    True

    And no bag of rows: where whole rows change places, they notice it.

    >>> rows = i.view(side, side)[[1, 0, 2, 3, 4, 5]].flatten()
    >>> any(error(layers[name], rows) < 0.01 for name in ("2-D convolution", "attention, cells"))
    False
    >>> all(error(attention, torch.randperm(n)) < 1e-12 for _ in range(20))
    True

    One row down is `side` steps along the list, but for the seam.

    >>> i.roll(side).equal(i.view(side, side).roll(1, 0).flatten())
    True
    """
    return ((f(x[p]) - f(x)[p]).norm() / f(x).norm()).item()


def results():
    """The numbers the page quotes."""
    return {"n": n}


def figure():
    fig, axes = plt.subplots(2, 5, figsize=(5.2, 5.2), height_ratios=(1, 2.6),
                             width_ratios=(1.9, 1, 1, 1, 1))
    drawing = torch.zeros(side, side)
    drawing[1, 2:] = drawing[1:5, 2] = drawing[3, 2:5] = 1
    titles = "input", "along\nthe list", "within\nthe rows", "shuffle", ""
    orders = [i, *moves.values(), None]
    for ax, title, p in zip(axes[0], titles, orders):
        if p is None:
            ax.set_axis_off()
            continue
        ax.imshow(drawing.flatten()[p].view(side, side), cmap=shades(GRAY), vmin=0,
                  vmax=1.2, interpolation="none", label=title.replace("\n", " "))
        ax.set_title(title, loc="center")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=GRAY)
    for ax, order in zip(axes[1], ("name", *moves, "knows")):
        ax.set(xlim=(-1, 1), ylim=(len(everyone) - 0.5, -0.9), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        if order == "knows":
            ax.text(-1, -0.75, "so it\nknows", color=GRAY, va="center")
        for row, (name, f) in enumerate(everyone.items()):
            color = (ATTENTION if "attention" in name else
                     CONVOLUTION if "convolution" in name else "black")
            if order == "name":
                ax.text(1, row, name, color=color, ha="right", va="center")
            elif order == "knows":
                ax.text(-1, row, KNOWS[row], color=color, va="center")
            else:
                ax.axhline(row, color=FAINT, lw=1, zorder=0)
                if error(f, moves[order]) < 1e-12:
                    ax.plot(0, row, "o", color=color, ms=14, label=f"{name}: {order}")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
