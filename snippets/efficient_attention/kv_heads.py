"""Query heads that share keys and values: a smaller cache, the same work."""

import matplotlib.pyplot as plt
import torch.nn.functional as F  # noqa: F401 (a doctest)
from style import ATTENTION, FAINT
from torch.utils.flop_counter import FlopCounterMode  # noqa: F401 (a doctest)

# --8<-- [start:grouped]
import torch


def grouped(x, W_Q, W_K, W_V, h):
    """h query heads and g key-value heads: W_K, W_V are (g d_head, d).

    g = h is ordinary attention, g = 1 is multi-query attention.
    """
    n, d = x.shape
    Q = (x @ W_Q.T).view(n, h, -1).transpose(0, 1)      # (h, n, d_head)
    K, V = ((x @ W.T).view(n, -1, d // h).transpose(0, 1)
            for W in (W_K, W_V))                        # (g, n, d_head)
    cache = K.numel() + V.numel()
    K, V = (t.repeat_interleave(h // len(t), 0)         # (h, ...)
            for t in (K, V))
    A = torch.softmax(Q @ K.mT / (d // h)**0.5, dim=-1)     # (h, n, n)
    return (A @ V).transpose(0, 1).reshape(n, d), cache


def pooled(W, h, g):
    """The mean over the heads of each group: (g d_head, d)."""
    d = W.shape[1]
    return W.view(g, h // g, d // h, d).mean(1).reshape(-1, d)


torch.manual_seed(0)
n, d, h = 256, 128, 8
x = torch.randn(n, d, dtype=torch.float64)
W_Q, W_K, W_V = torch.randn(3, d, d, dtype=torch.float64) / d**0.5
full, _ = grouped(x, W_Q, W_K, W_V, h)
for g in 8, 4, 2, 1:
    y, cache = grouped(x, W_Q, pooled(W_K, h, g), pooled(W_V, h, g), h)
    error = (y - full).norm() / full.norm()
    print(f"{g} key-value heads: cache {cache:6} numbers,",
          f"pooled from 8: error {error:.2f}")
# --8<-- [end:grouped]

HEADS = 8, 4, 2, 1


def layer(g):
    return grouped(x, W_Q, pooled(W_K, h, g), pooled(W_V, h, g), h)


def flops(g, n=n):
    """Of the whole layer: the matrices for Q, K, V and the output, and the core.

    >>> for g in HEADS:
    ...     W_Kg, W_Vg = pooled(W_K, h, g), pooled(W_V, h, g)
    ...     with FlopCounterMode(display=False) as counter:
    ...         y = grouped(x, W_Q, W_Kg, W_Vg, h)[0] @ W_Q     # as W_O
    ...     print(counter.get_total_flops() == flops(g))
    True
    True
    True
    True
    """
    return 2 * n * d * (2 * d + 2 * d * g // h) + 4 * n**2 * d


def results():
    """The numbers the page quotes.

    The library has it too, and with g = h it is ordinary attention.

    >>> for g in HEADS:
    ...     Q, K, V = ((x @ W.T).view(n, -1, d // h).transpose(0, 1)[None]
    ...                for W in (W_Q, pooled(W_K, h, g), pooled(W_V, h, g)))
    ...     y = F.scaled_dot_product_attention(Q, K, V, enable_gqa=True)
    ...     print(torch.allclose(layer(g)[0], y[0].transpose(0, 1).reshape(n, d)))
    True
    True
    True
    True

    If the heads of a group are equal to begin with, nothing is lost.

    >>> W_K2, W_V2 = (pooled(W, h, 2).view(2, 1, d // h, d).expand(2, 4, -1, d)
    ...               .reshape(d, d) for W in (W_K, W_V))
    >>> ordinary, _ = grouped(x, W_Q, W_K2, W_V2, h)
    >>> torch.allclose(ordinary, layer(2)[0])
    True
    >>> [layer(g)[1] == 2 * n * d * g // h for g in HEADS]
    [True, True, True, True]
    """
    return {
        "n": n, "d": d, "cache": layer(h)[1], "cache_1": layer(1)[1],
        "work_1": flops(1) / flops(h), "work_1_4096": flops(1, 4096) / flops(h, 4096),
    }


def figure():
    fig, axes = plt.subplots(3, figsize=(5.2, 4.6))
    names = {8: "multi-head, $g$ = 8", 2: "grouped, $g$ = 2", 1: "multi-query, $g$ = 1"}
    for ax, (g, name) in zip(axes, names.items()):
        at = [(i + 0.5) * h / g - 0.5 for i in range(g)]
        for i in range(h):
            ax.plot([i, at[i * g // h]], [1, 0], color=FAINT, lw=1.5, zorder=0)
        ax.plot(range(h), [1] * h, "o", color=ATTENTION, ms=10,
                label=f"queries, g = {g}")
        ax.plot(at, [0] * g, "s", color="black", ms=10, label=f"keys, values, g = {g}")
        ax.text(-0.7, 1, "Q", ha="right", va="center")
        ax.text(-0.7, 0, "K, V", ha="right", va="center")
        ax.text(h - 0.3, 0.5, f"cache\n{layer(g)[1]:,}", va="center")
        ax.set_title(name)
        ax.set(xlim=(-1.9, h + 1.6), ylim=(-0.35, 1.35))
        ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
