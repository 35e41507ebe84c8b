"""Six sparse patterns, each at the cost of the pairs that it keeps."""

import matplotlib.pyplot as plt
import torch.nn.functional as F
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from style import ATTENTION, GRAY

# --8<-- [start:patterns]
import torch
from torch.utils.flop_counter import FlopCounterMode

n, d, w, step = 36, 16, 3, 6                # w: positions to each side
torch.manual_seed(0)
Q, K, V = torch.randn(3, n, d)
j = torch.arange(n)                         # keys: along a row
i = j[:, None]                              # queries: one a row
near = (i - j).abs() <= w                   # (n, n)
star = near | (i < 2) | (j < 2)             # 2 see all, and all see them
masks = {
    "window": near,
    "dilated": ((i - j).abs() <= 4 * w) & ((i - j) % 4 == 0),
    "strided": near | ((i - j) % step == 0),
    "global": star,
    "random": star | (torch.rand(n, n).argsort(1) < 2),     # 2 a query
    "blocks": i // step == j // step,
}


def attend(Q, K, V, mask):
    """Query by query, with the keys that its row of the mask allows."""
    y = []
    for q, row in zip(Q.split(1), mask):
        keys = row.nonzero()[:, 0]          # p of the n positions
        scores = q @ K[keys].T / d**0.5     # (1, p)
        y.append(torch.softmax(scores, dim=1) @ V[keys])
    return torch.cat(y)


for name, mask in masks.items():
    with FlopCounterMode(display=False) as counter:
        y = attend(Q, K, V, mask)
    print(f"{name:8} {mask.sum():4} pairs of {n * n},",
          f"{counter.get_total_flops() / mask.sum():.0f} FLOPs a pair")
# --8<-- [end:patterns]


def results():
    """Pairs that each pattern keeps.

    What is kept is exact: all other scores are minus infinity.

    >>> all(torch.allclose(
    ...         attend(Q, K, V, mask),
    ...         F.scaled_dot_product_attention(Q, K, V, attn_mask=mask), atol=1e-6)
    ...     for mask in masks.values())
    True

    All pairs: full attention. Only the diagonal: the values.

    >>> full = attend(Q, K, V, torch.ones(n, n).bool())
    >>> torch.allclose(full, F.scaled_dot_product_attention(Q, K, V), atol=1e-6)
    True
    >>> torch.equal(attend(Q, K, V, torch.eye(n).bool()), V)
    True

    A window has 2w + 1 keys, less w(w + 1) at the two ends; blocks have n step.

    >>> int(masks["window"].sum()) == n * (2 * w + 1) - w * (w + 1)
    True
    >>> int(masks["blocks"].sum()) == n * step
    True
    """
    return {"n": n, "all": n * n} | {
        name: int(masks[name].sum()) for name in ("window", "strided", "blocks")}


def cells(mask):
    """One path around all allowed cells, a rectangle for each run in a row."""
    edges = F.pad(mask.int(), (1, 1)).diff(dim=1).nonzero()     # in, out, in, ...
    return Path.make_compound_path(*(
        Path([(start, row), (end, row), (end, row + 1), (start, row + 1), (start, row)])
        for (row, start), (_, end) in zip(edges[::2].tolist(), edges[1::2].tolist())))


def figure():
    fig, axes = plt.subplots(3, 2, figsize=(5.2, 7.8))
    for ax, (name, mask) in zip(axes.flat, masks.items()):
        ax.add_patch(PathPatch(cells(mask), color=ATTENTION, lw=0))
        ax.set_title(f"{name}: {mask.sum() / n:.1f} keys")
        ax.set(xlim=(0, n), ylim=(n, 0), aspect="equal", xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=GRAY)
    for ax in axes[:, 0]:
        ax.set_ylabel("query $i$")
    for ax in axes[-1]:
        ax.set_xlabel("key $j$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
