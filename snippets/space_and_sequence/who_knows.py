"""Reorder the input: which layers only move their output along?"""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY, shades

# --8<-- [start:reorder]
import torch
from torch import nn

torch.manual_seed(0)
side, n, d = 6, 36, 8  # tokens of a grid, row by row
x, places = torch.randn(2, n, d).double()
dense = torch.randn(n, n).double() / side
M = torch.randn(d, d).double() / d  # W_Q.T @ W_K, scaled
ring = dict(kernel_size=3, padding=1, padding_mode="circular")
line = nn.Conv1d(d, d, **ring).double()
grid = nn.Conv2d(d, d, **ring).double()
by_steps, by_cells = torch.randn(n), torch.randn(side, side)
i = torch.arange(n)
steps, down, right = (at - at[:, None] for at in (i, i // side, i % side))


def attention(x, bias=0):
    return torch.softmax(x @ M @ x.T + bias, dim=1) @ x  # A is (n, n)


layers = {  # steps, cells: a negative index counts from the end
    "dense layer": lambda x: dense @ x,
    "attention, places": lambda x: attention(x + places),
    "attention, steps": lambda x: attention(x, by_steps[steps]),
    "1-D convolution": lambda x: line(x.T).T,
    "attention, cells": lambda x: attention(x, by_cells[down, right]),
    "2-D convolution": lambda x: grid(
        x.T.view(d, side, side)).flatten(1).T,
    "attention": attention,
}
reorderings = {  # x[p] is the input, reordered
    "next in line": i.roll(1),
    "next column": i.view(side, side).roll(1, dims=1).flatten(),
    "shuffle": torch.randperm(n),
}
for name, f in layers.items():
    errors = [(f(x[p]) - f(x)[p]).norm() / f(x).norm()
              for p in reorderings.values()]
    print(f"{name:17}", *(
        "exact" if e < 1e-12 else f"{e:5.1f}" for e in errors))
# --8<-- [end:reorder]


def moves_along(f, p):
    """Is f(Px) = P f(x), to rounding?

    >>> for p in reorderings.values():
    ...     print("; ".join(name for name, f in layers.items() if moves_along(f, p)))
    attention, steps; 1-D convolution; attention
    attention, cells; 2-D convolution; attention
    attention

    Each kind of shift, by any number of steps or cells; attention takes any shuffle.

    >>> all(moves_along(layers["1-D convolution"], i.roll(s))
    ...     and moves_along(layers["attention, steps"], i.roll(s)) for s in range(n))
    True
    >>> cells = [i.view(side, side).roll((a, b), (0, 1)).flatten()
    ...          for a in range(side) for b in range(side)]
    >>> all(moves_along(layers["2-D convolution"], p)
    ...     and moves_along(layers["attention, cells"], p) for p in cells)
    True
    >>> all(moves_along(attention, torch.randperm(n)) for _ in range(20))
    True

    One row down is `side` steps along the line, but for the seam: no layer of the line
    is confused by it.

    >>> moves_along(layers["1-D convolution"], i.roll(side))
    True
    >>> i.roll(side).equal(i.view(side, side).roll(1, 0).flatten())
    True
    """
    return ((f(x[p]) - f(x)[p]).norm() / f(x).norm()).item() < 1e-12


def results():
    """The number the page quotes."""
    return {"n": n}


def figure():
    fig, axes = plt.subplots(2, 4, figsize=(5.2, 5.4), height_ratios=(1, 2.6),
                             width_ratios=(2, 1, 1, 1))
    drawing = torch.zeros(side, side)
    drawing[1, 2:] = drawing[1:5, 2] = drawing[3, 2:5] = 1
    titles = "input", "next\nin line", "next\ncolumn", "shuffle"
    orders = i, *reorderings.values()
    for ax, title, p in zip(axes[0], titles, orders):
        ax.imshow(drawing.flatten()[p].view(side, side), cmap=shades(GRAY), vmin=0,
                  vmax=1.2, interpolation="none", label=title.replace("\n", " "))
        ax.set_title(title, loc="center", fontsize=12)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=GRAY)
    for ax, order in zip(axes[1], (None, *reorderings)):
        ax.set(xlim=(-1, 1), ylim=(len(layers) - 0.5, -0.5), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        for row, (name, f) in enumerate(layers.items()):
            color = (ATTENTION if "attention" in name else
                     CONVOLUTION if "convolution" in name else "black")
            if not order:
                ax.text(1, row, name, color=color, ha="right", va="center")
                continue
            ax.axhline(row, color=FAINT, lw=1, zorder=0)
            if moves_along(f, reorderings[order]):
                ax.plot(0, row, "o", color=color, ms=15, label=f"{name}: {order}")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
