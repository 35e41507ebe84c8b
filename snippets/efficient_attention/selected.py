"""Keys that the content selects: find one name among many, with a fixed number of keys read."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT

# --8<-- [start:selected]
import torch
import torch.nn.functional as F


def by_block(Q, K, p, size=16):
    """The p / size blocks whose mean key fits the query best."""
    means = K.view(-1, size, K.shape[1]).mean(1)        # (n / size, d)
    best = (Q @ means.T).topk(p // size, dim=1).indices
    return (best[..., None] * size + torch.arange(size)).flatten(1)


def by_small_scores(Q, K, p, small=16):
    """The p keys that fit best, judged by a quarter of the channels."""
    return (Q[:, :small] @ K[:, :small].T).topk(p, dim=1).indices


def attend(Q, K, V, keys):                              # keys: (n, p)
    """Each query reads the keys that were selected for it."""
    scores = (K[keys] @ Q[:, :, None])[..., 0] / Q.shape[1]**0.5
    return (torch.softmax(scores, dim=1)[..., None] * V[keys]).sum(1)


torch.manual_seed(0)
n, d, p = 1024, 64, 64
K = F.normalize(torch.randn(n, d), dim=1)       # 1,024 names
V = torch.randn(n, d)                           # what they own
Q = 15 * d**0.5 * K                             # a query asks for each
asked = torch.arange(n)
for name, keys in (("the last 64", asked[-p:].expand(n, p)),
                   ("by the mean of a block", by_block(Q, K, p)),
                   ("by small scores", by_small_scores(Q, K, p))):
    near = torch.cdist(attend(Q, K, V, keys), V).argmin(1)
    print(f"{name:22} {(near == asked).float().mean():.0%} right")
# --8<-- [end:selected]

BUDGETS = 16, 32, 64, 128, 256, 512
WAYS = {"small": by_small_scores, "block": by_block,
        "window": lambda Q, K, p: torch.arange(n)[-p:].expand(len(Q), p)}


def right(way, p, seed=0):
    """Answers that are nearest to the value of the name; every fourth is asked for."""
    torch.manual_seed(seed)
    K = F.normalize(torch.randn(n, d), dim=1)
    V = torch.randn(n, d)
    asked = torch.arange(0, n, 4)
    Q = 15 * d**0.5 * K[asked]
    near = torch.cdist(attend(Q, K, V, WAYS[way](Q, K, p)), V).argmin(1)
    return (near == asked).float().mean().item()


def work(way, p):
    """Part of the FLOPs of full attention, those for the selection included.

    >>> from torch.utils.flop_counter import FlopCounterMode
    >>> for way in WAYS:
    ...     with FlopCounterMode(display=False) as counter:
    ...         y = attend(Q, K, V, WAYS[way](Q, K, 64))
    ...     counted = counter.get_total_flops() + 2 * n * 64 * d    # the sum over values
    ...     print(counted == work(way, 64) * 4 * n**2 * d)
    True
    True
    True
    """
    choosing = {"small": 2 * n * n * 16, "block": 2 * n * (n // 16) * d, "window": 0}
    return (choosing[way] + 4 * n * p * d) / (4 * n**2 * d)


def nsa(n):
    """Keys read by a query after n tokens, with the sizes of Yuan et al. (2025).

    Blocks of 32 tokens, one every 16, are read as one key each; 16 blocks of 64 are
    selected; and the last 512 tokens are read.

    >>> nsa(65_536)
    5631
    """
    return ((n - 32) // 16 + 1) + 16 * 64 + 512


def results():
    """The numbers the page quotes, least and most of five draws.

    All keys: full attention.

    >>> full = F.scaled_dot_product_attention(Q, K, V)
    >>> some = slice(0, n, 16)
    >>> all(torch.allclose(attend(Q[some], K, V, way(Q[some], K, n)), full[some], atol=1e-5)
    ...     for way in WAYS.values())
    True
    >>> all(right("small", p, seed) > 0.99 for p in (16, 64) for seed in range(5))
    True
    >>> abs(right("window", 64) - 64 / n) < 0.01
    True
    """
    scores = [right("block", p, seed) for seed in range(5)]
    return {"p": p, "nsa_65536": nsa(65_536),
            "small_min": min(right("small", p, seed) for seed in range(5)),
            "block_min": min(scores), "block_max": max(scores),
            **{f"{way}_work": work(way, p) for way in WAYS}}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    styles = {"small": "o-", "block": "s-", "window": "o:"}
    for way, style in styles.items():
        ax.plot(BUDGETS, [right(way, p) for p in BUDGETS], style, color=ATTENTION,
                lw=2, ms=6, label=way)
    ax.axhline(1, color=FAINT, lw=1.5, zorder=0)
    ax.text(16, 1.06, "keys with the best small scores")
    ax.text(580, 0.94, "blocks with\nthe best mean", va="center")
    ax.text(580, 0.5, "the last keys", va="center")
    ax.set_xscale("log", base=2)
    ax.set_xticks(BUDGETS, [f"{b:,}" for b in BUDGETS])
    ax.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    ax.set(xlabel="keys that a query reads, of 1,024", ylabel="right answers",
           xlim=(14, 1500), ylim=(0, 1.18))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
