"""Dilations 1, 3, 9, ... reach 3^L inputs, each along exactly one path."""

from itertools import accumulate, product

import matplotlib.pyplot as plt
from style import CONVOLUTION

# --8<-- [start:paths]
import torch
import torch.nn.functional as F


def paths(dilations, k=3):
    """Number of paths to one output from each input of its field: (r,).

    With all weights 1, the derivative of the output by an input counts them.

    >>> paths([1, 1]).tolist()
    [1.0, 2.0, 3.0, 2.0, 1.0]
    >>> paths([1, 3]).tolist() == [1.0] * 9
    True
    """
    r = 1 + (k - 1) * sum(dilations)
    x = torch.ones(1, 1, r, dtype=torch.float64, requires_grad=True)
    kernel = torch.ones(1, 1, k, dtype=torch.float64)
    y = x
    for dilation in dilations:
        y = F.conv1d(y, kernel, dilation=dilation)  # at the end (1, 1, 1)
    y.backward()
    return x.grad[0, 0]


L = 4
plain = paths([1] * L)
dilated = paths([3**layer for layer in range(L)])

print("plain reach:", len(plain), " paths:", plain.int().tolist())
print("dilated reach:", len(dilated), " paths:", dilated.unique().int().tolist())
# --8<-- [end:paths]


def results():
    """Reach, and paths from an input, after 4 layers of width 3.

    >>> r = results()
    >>> r["reach_plain"] == 1 + 2 * L, r["reach_dilated"] == 3**L
    (True, True)
    >>> r["paths_dilated_min"], r["paths_dilated_max"], r["paths_plain_max"]
    (1, 1, 19)
    >>> bool(plain.sum() == dilated.sum() == 3**L)
    True
    """
    return {
        "reach_plain": int(plain.count_nonzero()),
        "reach_dilated": int(dilated.count_nonzero()),
        "paths_plain_max": int(plain.max()),
        "paths_dilated_min": int(dilated.min()),
        "paths_dilated_max": int(dilated.max()),
    }


def figure():
    fig, (reach, few, many) = plt.subplots(3, figsize=(5.2, 6.8), height_ratios=(1, 1.4, 0.8))
    depths = range(1, 7)
    wide = [len(paths([3**layer for layer in range(L)])) for L in depths]
    narrow = [len(paths([1] * L)) for L in depths]
    reach.semilogy(depths, wide, "s-", color=CONVOLUTION, label="dilated")
    reach.semilogy(depths, narrow, "o--", color=CONVOLUTION, label="plain")
    reach.text(3.8, 90, "dilations 1, 3, 9, …", ha="right")
    reach.text(5, 17, "plain", ha="center")
    reach.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    reach.set(title="inputs reached", xlabel="layers L", ylim=(1, 1500))

    for ax, name, counts, jump in (few, "plain", plain, 1), (many, "dilated", dilated, 3):
        for steps in product((-1, 0, 1), repeat=L):         # one way, from the output down
            jumps = (step * jump**layer for layer, step in zip(range(L)[::-1], steps))
            ax.plot([0, *accumulate(jumps)], [16, 12, 8, 4, 0], color=CONVOLUTION,
                    lw=0.7, alpha=0.35, label="_")
        half = len(counts) // 2
        ax.bar(range(-half, half + 1), counts, bottom=-counts, color=CONVOLUTION, label=name)
        ax.plot(0, 16, "o", color="black", ms=5, label="_")
        ax.text(2, 16.2, "output", va="bottom")
        ax.set(title=f"4 {name} layers", xlim=(-42, 42))
        ax.set_yticks([-19, -10, -1], ["19", "10", "1"])
    few.text(7, 0, "inputs", va="center")
    few.set(ylabel="ways from each input", ylim=(-20, 22))
    many.set_ylim(-2, 22)
    many.set(xlabel="offset from the output")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
