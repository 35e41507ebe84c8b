"""A band mask still makes all pairs; blocks make only those near the diagonal."""

import math
import time
from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION
from torch.utils.flop_counter import FlopCounterMode

# --8<-- [start:window]
import torch
import torch.nn.functional as F


def masked(Q, K, V, w):
    """|i - j| <= w: all n^2 scores, of which the band is kept."""
    i = torch.arange(len(Q))
    scores = Q @ K.T / Q.shape[1]**0.5                  # (n, n)
    scores.masked_fill_((i - i[:, None]).abs() > w, -torch.inf)
    return torch.softmax(scores, dim=1) @ V


def blocked(Q, K, V, w):
    """The same: w queries against the 3w keys around them."""
    n, d = Q.shape
    b = max(w, 1)                           # block length
    m = -(-n // b)                          # blocks, the last one filled up
    i = torch.arange(m * b).view(m, b, 1)               # queries
    j = i[:, :1] + torch.arange(-b, 2 * b)              # (m, 1, 3b): keys
    Q = F.pad(Q, (0, 0, 0, m * b - n)).view(m, b, d)
    K, V = (F.pad(x, (0, 0, b, b + m * b - n)).unfold(0, 3 * b, b)
            for x in (K, V))                            # (m, d, 3b)
    scores = Q @ K / d**0.5                             # (m, b, 3b)
    off = (j < 0) | (j >= n) & (i < n)      # fill is seen by fill only
    scores.masked_fill_(off | ((i - j).abs() > w), -torch.inf)
    y = torch.softmax(scores, dim=2) @ V.mT             # (m, b, d)
    return y.reshape(m * b, d)[:n]


torch.manual_seed(0)
Q, K, V = torch.randn(3, 1000, 64)
for w in 0, 1, 32, 1000:
    error = (blocked(Q, K, V, w) - masked(Q, K, V, w)).abs().max()
    print(f"w = {w:4}: equal to the masked one: {bool(error < 1e-6)}")
# --8<-- [end:window]

d, W = 64, 64
# AMD EPYC, threads: 1, torch 2.13.0+cpu, 2026-11-22
RECORDED = {                                # milliseconds a call, w = 64
    "full": [0.249, 0.906, 4.45, 32.2, 169, 890],
    "band mask": [0.383, 1.61, 7.26, 86.2, 374, 1650],
    "fused": [0.227, 0.853, 3.4, 13.2, 55, 232],
    "fused, band mask": [0.286, 1.06, 4.57, 18.1, 109, 509],
    "blocks": [0.455, 0.818, 1.66, 3.55, 8.29, 15.6]}


def attention(Q, K, V, w):
    """Without a window."""
    return torch.softmax(Q @ K.T / Q.shape[1]**0.5, dim=1) @ V


def fused(Q, K, V, w, mask=None):
    """PyTorch's own kernel."""
    return F.scaled_dot_product_attention(Q[None, None], K[None, None],
                                          V[None, None], attn_mask=mask)[0, 0]


def fused_masked(Q, K, V, w):
    """The same with a band mask, that is made before."""
    return fused(Q, K, V, w, band(len(Q), w))


@cache
def band(n, w):
    i = torch.arange(n)
    return (i - i[:, None]).abs() <= w


def flops(layer, n, w=W):
    """Counted on tensors without contents.

    >>> flops(attention, 1024) == flops(masked, 1024) == 4 * 1024**2 * d
    True
    >>> flops(blocked, 1024) == 4 * 1024 * 3 * W * d
    True
    """
    with FlopCounterMode(display=False) as counter, torch.device("meta"):
        layer(*torch.empty(3, n, d), w)
    return counter.get_total_flops()


def slope(layer):
    """The exponent of n in the work.

    >>> slope(masked), slope(blocked)
    (2.0, 1.0)
    """
    return math.log2(flops(layer, 8192) / flops(layer, 4096))


LENGTHS = [2**power for power in range(8, 14)]
LAYERS = {"full": attention, "band mask": masked, "fused": fused,
          "fused, band mask": fused_masked, "blocks": blocked}


@torch.no_grad()
def record(passes=10):
    """Prints milliseconds, the least of several passes, for RECORDED."""
    best = {name: [float("inf")] * len(LENGTHS) for name in LAYERS}
    for _ in range(passes):
        for at, n in enumerate(LENGTHS):
            inputs = torch.randn(3, n, d)
            for name, layer in LAYERS.items():
                layer(*inputs, W)
                start = time.perf_counter()
                layer(*inputs, W)
                ms = 1e3 * (time.perf_counter() - start)
                best[name][at] = min(best[name][at], ms)
    for name, row in best.items():
        print(f'    "{name}":', [float(f"{ms:.3g}") for ms in row], ",")


def results():
    """The numbers the page quotes.

    >>> all(torch.allclose(blocked(Q, K, V, w), masked(Q, K, V, w), atol=1e-6)
    ...     for w in (0, 1, 2, 63, 64, 499, 500, 999, 1000, 2000))
    True
    >>> all(torch.allclose(fused_masked(*x, w), blocked(*x, w), atol=1e-6)
    ...     for x in (torch.randn(3, n, d) for n in (1, 2, 5, 9)) for w in (0, 1, 20))
    True

    w = 0 leaves each position alone, w = n is full attention.

    >>> torch.equal(blocked(Q, K, V, 0), V)
    True
    >>> torch.allclose(blocked(Q, K, V, 1000), F.scaled_dot_product_attention(Q, K, V),
    ...                atol=1e-6)
    True

    The times of the record: a mask never saves any.

    >>> all(RECORDED["band mask"][at] > RECORDED["full"][at] and
    ...     RECORDED["fused, band mask"][at] > RECORDED["fused"][at]
    ...     for at in range(len(LENGTHS)))
    True
    """
    numbers = {
        "w": W, "d": d, "slope_masked": slope(masked), "slope_blocked": slope(blocked),
        "masked_8192": flops(masked, 8192) / 1e9,
        "blocked_8192": flops(blocked, 8192) / 1e9,
        "novel": 2 * 100_000 * 768 / (4 * 768**2),      # meetings, for the four matrices
        "novel_window": 2 * (2 * 512 + 1) * 768 / (4 * 768**2),
        "novel_shares": 4 * 100_000**2,                 # bytes
        "work_8192": flops(masked, 8192) / flops(blocked, 8192),
    }
    return numbers | {f"{name.replace(',', '').replace(' ', '_')}_ms": times[-1]
                      for name, times in RECORDED.items()}


def figure():
    fig, (work, clock) = plt.subplots(1, 2, figsize=(5.2, 3), sharey=True)
    ways = "full", "with a mask", "in blocks"
    for y, layer in enumerate((attention, masked, blocked)):
        gflops = flops(layer, LENGTHS[-1]) / 1e9
        work.barh(y, gflops, 0.7, color=ATTENTION, ec=ATTENTION, lw=1, label=f"GFLOPs, {ways[y]}")
        work.annotate(f"{gflops:.1f}", (gflops, y), (4, 0), textcoords="offset points", va="center")
    for name, y, height, alpha, text in (
            ("full", -0.18, 0.34, 1, ""), ("fused", 0.18, 0.34, 0.5, " fused"),
            ("band mask", 0.82, 0.34, 1, ""), ("fused, band mask", 1.18, 0.34, 0.5, " fused"),
            ("blocks", 2, 0.7, 1, "")):
        ms = RECORDED[name][-1]
        clock.barh(y, ms, height, color=ATTENTION, ec=ATTENTION, lw=int(alpha), alpha=alpha,
                   label=f"milliseconds, {name}")
        clock.annotate(f"{ms:,.0f}{text}", (ms, y), (4, 0), textcoords="offset points", va="center")
    work.set(title="GFLOPs, counted", xlim=(0, 25), yticks=range(3), yticklabels=ways, ylim=(2.5, -0.5))
    clock.set(title="milliseconds, recorded", xlim=(0, 2500))
    for ax in work, clock:
        ax.set_xticks([])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
