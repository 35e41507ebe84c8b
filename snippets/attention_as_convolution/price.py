"""The price: how many heads, how wide a head, how many multiply-accumulates."""

import matplotlib.pyplot as plt
from style import ATTENTION, GRAY

# --8<-- [start:rank]
import torch

torch.manual_seed(0)
d = 16
kernel = torch.randn(d, d, 3, 3).double()
W = kernel.permute(2, 3, 0, 1).reshape(9, d, d)     # a matrix for each offset


def missed(found):
    """The part of the output's variance that is missed on images of noise."""
    return ((found - W).square().sum() / W.square().sum()).item()


def closest(matrix, rank):
    """The closest matrix of that rank (Eckart and Young 1936)."""
    U, S, V = torch.linalg.svd(matrix, full_matrices=False)
    return (U[..., :rank] * S[..., None, :rank]) @ V[..., :rank, :]


table = W.flatten(1)                                # a row per offset: (9, d * d)
for h in 8, 9:
    print(f"{h} heads of width 16: {missed(closest(table, h).view_as(W)):.2f}")
half = closest(W, 8)                                # through 8 of 16 channels
rest = closest(W - half, 8)                         # and through the other 8
print(f"9 heads of width 8, one per offset: {missed(half):.2f}")
print(f"18 of them, two per offset: {missed(half + rest):.2f}")
# --8<-- [end:rank]


# --8<-- [start:search]
import torch

torch.manual_seed(0)
d = 16
W = torch.randn(d, d, 3, 3).double().permute(2, 3, 0, 1).reshape(9, d, d)


def search(heads, width, seed=0):
    """Heads with any patterns over the nine offsets, and any W of that width."""
    torch.manual_seed(seed)
    scores = torch.randn(9, heads).double().requires_grad_()
    W_O = (0.3 * torch.randn(heads, d, width).double()).requires_grad_()
    W_V = (0.3 * torch.randn(heads, width, d).double()).requires_grad_()
    steps = torch.optim.LBFGS(
        [scores, W_O, W_V], max_iter=300, history_size=30,
        line_search_fn="strong_wolfe", tolerance_change=1e-12, tolerance_grad=1e-10)

    def loss():
        steps.zero_grad()
        shares = scores.softmax(0)                  # each head: 9 shares, sum 1
        found = torch.einsum("oh,hij->oij", shares, W_O @ W_V)
        error = (found - W).square().sum() / W.square().sum()
        error.backward()
        return error

    steps.step(loss)
    return loss().item()


for heads in 9, 15:
    print(f"{heads} heads of width 8: {search(heads, 8):.2f} is missed")
# --8<-- [end:search]

# --8<-- [start:macs]
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode


def convolve(x, W, side):
    """x: (n, d), W: (9, d, d)."""
    kernel = W.mT.reshape(3, 3, *W.shape[1:]).permute(3, 2, 0, 1)
    F.conv2d(x.T.view(1, -1, side, side), kernel, padding=1)


def attend(x, W, side):
    """Nine heads: W x, the scores, and the weighted mean."""
    Q, K = x.new_empty(2, 9, len(x), 3)         # three numbers a position
    A = torch.softmax(Q @ K.mT, dim=-1)         # (9, n, n)
    A @ (x @ W)                                 # (9, n, d)


def macs(layer, side, d):
    """Counted on the meta device: shapes only, nothing is computed."""
    x = torch.empty(side**2, d, device="meta")
    with FlopCounterMode(display=False) as counter:
        layer(x, x.new_empty(9, d, d), side)
    return counter.get_total_flops() // 2       # 1 MAC is 2 FLOPs


for side, width in (14, 768), (32, 64), (224, 64):
    both = [macs(layer, side, width) / 1e6 for layer in (convolve, attend)]
    print(f"{side:3} x {side:3} pixels, {width:3} channels:",
          f"{both[0]:6.1f} and {both[1]:9.1f} million MACs")
# --8<-- [end:macs]

# A record of `search`: {width: {heads: the lower of two starts}}. `record` prints it anew.
FOUND = {
    16: {1: 0.87, 2: 0.73, 4: 0.47, 6: 0.25, 8: 0.082, 9: 5e-11},
    8: {2: 0.75, 4: 0.52, 6: 0.31, 9: 0.064, 12: 0.0006, 14: 4e-9, 15: 1e-10, 18: 4e-11},
    4: {4: 0.66, 8: 0.36, 12: 0.14, 18: 0.008, 24: 5e-9, 30: 8e-11},
    2: {8: 0.58},
    1: {16: 0.54, 30: 0.25, 45: 0.057, 60: 0.0036, 70: 1e-5, 80: 6e-10, 100: 3e-11},
}
SIZES = (14, 768), (32, 64), (224, 64)                  # of the page's table
USUAL = {16: 1, 8: 2, 4: 4, 2: 8, 1: 16}                # width: heads, 16 channels in all


def record():
    """Prints FOUND anew; takes about four minutes on one core."""
    for width, heads in FOUND.items():
        for h in heads:
            print(width, h, f"{min(search(h, width, seed) for seed in range(2)):.1g}")


def count(width):
    """The fewest heads that have as many free numbers as the kernel.

    Each has a pattern of 8 free numbers, and a matrix of that rank.
    """
    return -(-9 * d * d // (8 + 2 * d * width - width**2))


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> 0.05 < r["eight"] < 0.11, missed(closest(table, 9).view_as(W)) < 1e-12
    (True, True)

    The bound is reached: 8 softmax heads can have patterns that span the same space. The
    ninth direction has both signs, so there is a positive vector at right angles to it.

    >>> U = torch.linalg.svd(table)[0]
    >>> ninth = U[:, 8]
    >>> positive = torch.where(ninth > 0, -ninth.clamp(max=0).sum(), ninth.clamp(min=0).sum())
    >>> patterns = torch.stack([positive + 0.1 * u for u in U.T[:8]])
    >>> bool((patterns > 0).all()), torch.linalg.matrix_rank(patterns).item()
    (True, 8)
    >>> A = torch.softmax(patterns.log(), dim=1)
    >>> fit = A.T @ torch.linalg.lstsq(A.T, table).solution
    >>> torch.allclose(fit, closest(table, 8))
    True

    Two heads for each offset, of half the width, are exact; one is not.

    >>> missed(half + rest) < 1e-12, missed(half) > 0.05
    (True, True)

    The search finds nothing below the bound, and what it needs is little more than a count.

    >>> [search(heads, 16) > missed(closest(table, heads).view_as(W)) for heads in (4, 8)]
    [True, True]
    >>> search(15, 8) < 1e-6
    True

    Nine heads that share patterns can be narrower than nine of which each has one offset.

    >>> search(9, 15) < 2e-5 < missed(closest(W, 15))
    True
    >>> [count(width) for width in (16, 8, 4, 1)]
    [9, 12, 20, 60]

    Each usual layer misses much, and has too few numbers.

    >>> min(FOUND[width][heads] for width, heads in USUAL.items()) > 0.4
    True
    >>> all(count(width) > heads for width, heads in USUAL.items())
    True

    MACs: 9 n d d for the convolution, and 9 n n (d + 3) more for the detour.

    >>> all(macs(attend, s, 64) - macs(convolve, s, 64) == 9 * s**4 * 67 for s in (4, 8, 32))
    True
    >>> 1.25 < r["times_14"] == 1 + 14**2 * (768 + 3) / 768**2 < 1.27
    True
    """
    return {
        "eight": missed(closest(table, 8).view_as(W)),
        "usual": min(FOUND[width][heads] for width, heads in USUAL.items()),
        **{f"count_{width}": count(width) for width in (16, 8, 4, 1)},
        **{f"{layer.__name__}_{side}": round(macs(layer, side, d) / 1e6)
           for layer in (convolve, attend) for side, d in SIZES},
        **{f"times_{side}": macs(attend, side, d) / macs(convolve, side, d)
           for side, d in SIZES},
    }


def figure():
    fig, axes = plt.subplots(4, sharex=True, figsize=(5.2, 4.6))
    for ax, width in zip(axes, (16, 8, 4, 1)):
        found, usual = FOUND[width], USUAL[width]
        done = min(h for h, missing in found.items() if missing < 1e-6)
        ax.fill_between(list(found), list(found.values()), color=ATTENTION, alpha=0.25, lw=0)
        ax.plot(list(found), list(found.values()), color=ATTENTION, label=f"width {width}: missed")
        ax.plot(usual, found[usual], "o", ms=10, color=GRAY, label=f"width {width}, usual layer: missed")
        ax.annotate(f"a usual layer misses {100 * found[usual]:.0f} %", (usual, found[usual]), (10, 4),
                    textcoords="offset points", color=GRAY, va="center")
        ax.annotate(f"{done} heads", (done, 0), (0, 10), textcoords="offset points",
                    weight="bold", color=ATTENTION)
        ax.set(xscale="log", xlim=(0.9, 200), ylim=(0, 1.05), yticks=[])
        ax.set_ylabel(f"width {width}", rotation=0, ha="right", va="center")
        ax.spines["left"].set_visible(False)
    axes[3].set(xlabel="number of heads")
    axes[3].set_xticks([1, 2, 4, 9, 14, 24, 80], [1, 2, 4, 9, 14, 24, 80])
    axes[3].minorticks_off()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
