"""Sparse patterns: the pairs that each keeps, and how far layers of it see, by gradient."""

import matplotlib.pyplot as plt
import torch.nn.functional as F
from style import ATTENTION, CONVOLUTION, FAINT, GRAY, shades

# --8<-- [start:patterns]
import torch
from torch.utils.flop_counter import FlopCounterMode

n, d, w, block = 256, 8, 4, 16              # w: positions to each side
torch.manual_seed(0)
j = torch.arange(n)                         # keys: along a row
i = j[:, None]                              # queries: one a row
near = (i - j).abs() <= w                   # (n, n)


def blocks(shift):
    return (i + shift) // block == (j + shift) // block


stacks = {                                  # layer 1, layer 2, layer 1, ...
    "window": [near],
    "dilated": [((i - j).abs() <= 4 * w) & ((i - j) % 4 == 0)],
    "blocks": [blocks(0)],
    "moved": [blocks(0), blocks(block // 2)],
    "strided": [near | ((i - j) % (2 * w) == 0)],
    "two random": [near | (torch.rand(n, n).argsort(1) < 2)],
    "one global": [near | (i == 0) | (j == 0)],
}


def attend(Q, K, V, mask):
    """Query by query, with the keys that its row of the mask allows."""
    y = []
    for q, row in zip(Q.split(1), mask):
        keys = row.nonzero()[:, 0]          # p of the n positions
        scores = q @ K[keys].T / d**0.5     # (1, p)
        y.append(torch.softmax(scores, dim=1) @ V[keys])
    return torch.cat(y)


def reached(masks, layers):
    """Inputs that output n / 2 depends on, by its gradient: (n,)."""
    x = torch.randn(n, d, dtype=torch.float64, requires_grad=True)
    y = x
    for layer in range(layers):
        scores = y @ y.T / d**0.5                       # (n, n)
        scores = scores.masked_fill(~masks[layer % len(masks)], -torch.inf)
        y = torch.softmax(scores, dim=1) @ y
    y[n // 2].sum().backward()
    return x.grad.ne(0).any(dim=1)


x = torch.randn(n, d)
for name, masks in stacks.items():
    with FlopCounterMode(display=False) as counter:
        attend(x, x, x, masks[0])
    pairs = masks[0].sum().item()
    print(f"{name:10} {pairs / n:4.1f} keys a query,",
          f"{counter.get_total_flops() / pairs / d:.0f}d FLOPs a pair,",
          f"seen: {[int(reached(masks, L).sum()) for L in (1, 2, 4, 8)]}")
# --8<-- [end:patterns]

LAYERS = 1, 2, 4, 8


def convolution(layers):
    """The same for convolutions with k = 2w + 1: (n,).

    >>> int(convolution(5).sum()) == int(reached([near], 5).sum()) == 1 + 2 * w * 5
    True
    """
    x = torch.ones(1, 1, n, dtype=torch.float64, requires_grad=True)
    y = x
    for _ in range(layers):
        y = F.conv1d(y, torch.ones(1, 1, 2 * w + 1).double(), padding=w)
    y[0, 0, n // 2].backward()
    return x.grad[0, 0].ne(0)


def spread(layers, draws=8):
    """Standard deviation of where an output's shares lie, for the window.

    The share of input j in output n / 2 is row n / 2 of the product of the A's.
    """
    torch.manual_seed(1)
    row = 0
    for _ in range(draws):
        y = torch.randn(n, d, dtype=torch.float64)
        product = torch.eye(n, dtype=torch.float64)
        for _ in range(layers):
            scores = (y @ y.T / d**0.5).masked_fill(~near, -torch.inf)
            A = torch.softmax(scores, dim=1)
            y, product = A @ y, A @ product
        row = row + product[n // 2] / draws
    return ((j - n // 2)**2 * row).sum().sqrt().item()


def seen(name, layers):
    return int(reached(stacks[name], layers).sum())


def results():
    """The numbers the page quotes.

    What is kept is exact: all other scores are minus infinity.

    >>> Q, K, V = torch.randn(3, n, d)
    >>> all(torch.allclose(
    ...         attend(Q, K, V, masks[0]),
    ...         F.scaled_dot_product_attention(Q, K, V, attn_mask=masks[0]), atol=1e-6)
    ...     for masks in stacks.values())
    True

    All pairs: full attention. Only the diagonal: the values.

    >>> full = attend(Q, K, V, torch.ones(n, n).bool())
    >>> torch.allclose(full, F.scaled_dot_product_attention(Q, K, V), atol=1e-6)
    True
    >>> torch.equal(attend(Q, K, V, torch.eye(n).bool()), V)
    True

    A window has 2w + 1 keys, less w(w + 1) at the two ends; blocks have n block.

    >>> int(near.sum()) == n * (2 * w + 1) - w * (w + 1), int(blocks(0).sum()) == n * block
    (True, True)
    >>> all(seen("window", L) == 1 + 2 * w * L for L in range(1, 13))
    True
    >>> [int(reached([(i - j).abs() <= w], 3).sum()) for w in (0, 1, n)]
    [1, 7, 256]

    A fixed dilation never leaves its residue; blocks never leave their block.

    >>> seen("dilated", 100) == n // 4, seen("blocks", 100) == block
    (True, True)
    >>> seen("one global", 2) == n and seen("strided", 2) == n
    True

    Four times the layers: four times the reach, about twice the spread.

    >>> 2 < spread(24) / spread(6) < 2.5
    True
    """
    deep = 16
    return {
        "n": n, "w": w, "keys": 2 * w + 1, "block": block, "deep": deep,
        "dilated_most": seen("dilated", 12),
        "random_layers": next(L for L in range(1, 13) if seen("two random", L) == n),
        "window_8": seen("window", 8),
        "window_deep": seen("window", deep), "spread_deep": spread(deep),
        "spread_theory": (deep * ((2 * w + 1)**2 - 1) / 12)**0.5,
    }


def figure():
    rows = {"convolution, $k$ = 9": None, "window": "window", "window, every 4th": "dilated",
            "blocks that move": "moved", "window, 2 random": "two random",
            "window, 1 global": "one global"}
    fig, axes = plt.subplots(len(rows), 2, figsize=(5.2, 6.6), width_ratios=(1, 4.6))
    for (title, name), (map_, strips) in zip(rows.items(), axes):
        color = ATTENTION if name else CONVOLUTION
        part = stacks[name or "window"][0][:40, :40]
        map_.imshow(part, cmap=shades(color), extent=(0, 40, 40, 0), interpolation="none")
        map_.set(xlim=(0, 40), ylim=(40, 0), aspect="equal", xticks=[], yticks=[])
        map_.spines[:].set(visible=True, color=GRAY)
        for line, layers in enumerate(LAYERS):
            got = reached(stacks[name], layers) if name else convolution(layers)
            strips.axhline(line, color=FAINT, lw=1, zorder=0)
            strips.plot(j[got], [line] * int(got.sum()), "|", color=color, ms=9, mew=1.3,
                        label=f"{title}, {layers} layers")
            strips.text(262, line, int(got.sum()), va="center")
            strips.text(-6, line, layers, va="center", ha="right")
        strips.set_title(title, loc="left")
        strips.set(xlim=(0, n), ylim=(3.6, -0.6))
        strips.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
