"""The price: how many heads, how wide a head, how many multiply-accumulates."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION

# --8<-- [start:rank]
import torch

torch.manual_seed(0)
d = 16
kernel = torch.randn(d, d, 3, 3, dtype=torch.float64)
taps = kernel.permute(2, 3, 0, 1).reshape(9, d, d)      # W_h: (9, d, d)


def closest(matrix, rank):
    """The closest matrix of that rank (Eckart & Young 1936)."""
    U, S, V = torch.linalg.svd(matrix, full_matrices=False)
    return (U[..., :rank] * S[..., None, :rank]) @ V[..., :rank, :]


def too_few_heads(h):
    """h patterns over the 9 places, the best there are, with h W's."""
    return closest(taps.flatten(1), h).view_as(taps)


def too_narrow_heads(d_head):
    """Nine shifts, each W squeezed through d_head channels."""
    return closest(taps, d_head)


def error(found):
    return ((found - taps).norm() / taps.norm()).item()


for h in 4, 8, 9:
    print(f"{h} heads:     error {error(too_few_heads(h)):.3f}")
for d_head in 1, 8, 15, 16:
    print(f"d_head {d_head:2}:  error {error(too_narrow_heads(d_head)):.3f}")
# --8<-- [end:rank]

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


def macs(layer, side, d=64):
    """Counted on the meta device: shapes only, nothing is computed."""
    x = torch.empty(side**2, d, device="meta")
    with FlopCounterMode(display=False) as counter:
        layer(x, x.new_empty(9, d, d), side)
    return counter.get_total_flops() // 2       # 1 MAC is 2 FLOPs


for side in 8, 32, 224:
    times = macs(attend, side) / macs(convolve, side)
    print(f"{side:3} x {side:3} pixels: {times:6.1f} times the MACs")
# --8<-- [end:macs]


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> 0.2 < r["heads_8"] < 0.33, r["heads_9"] < 1e-12, r["d_head_16"] < 1e-12
    (True, True, True)
    >>> 0.001 < r["d_head_15"] < 0.03
    True

    The bound is reached: 8 softmax heads can have patterns that span the same space.

    >>> U = torch.linalg.svd(taps.flatten(1))[0]
    >>> positive = torch.ones(9).double() - U[:, 8] * U[:, 8].sum()
    >>> patterns = torch.stack([positive + 0.1 * u for u in U.T[:8]])
    >>> bool((patterns > 0).all()), torch.linalg.matrix_rank(patterns).item()
    (True, 8)
    >>> A = torch.softmax(patterns.log(), dim=1)
    >>> fit = A.T @ torch.linalg.lstsq(A.T, taps.flatten(1)).solution
    >>> torch.allclose(fit.view_as(taps), too_few_heads(8))
    True

    MACs: 9 n d d for the convolution, and 9 n n (d + 3) more for the detour.

    >>> all(macs(attend, s) - macs(convolve, s) == 9 * s**4 * 67 for s in (4, 8, 32))
    True
    """
    return {
        "d": d,
        **{f"heads_{h}": error(too_few_heads(h)) for h in (1, 8, 9)},
        **{f"d_head_{w}": error(too_narrow_heads(w)) for w in (1, 8, 15, 16)},
        **{f"times_{s}": macs(attend, s) / macs(convolve, s) for s in (32, 224)},
    }


def figure():
    fig, (heads, width, cost) = plt.subplots(3, figsize=(5.2, 7.6))
    heads.plot(range(1, 10), [error(too_few_heads(h)) for h in range(1, 10)], "o-",
               color=ATTENTION, label="too few heads")
    heads.text(7.8, 0.08, f"8 heads: {error(too_few_heads(8)):.3f}", ha="right")
    heads.set(title="error with $h$ heads", xlabel="heads $h$", ylim=(-0.03, 1.03),
              xticks=range(1, 10))
    width.plot(range(1, 17), [error(too_narrow_heads(w)) for w in range(1, 17)], "o-",
               color=ATTENTION, label="too narrow heads")
    width.set(title="error with nine heads of width $d_{head}$", xlabel="$d_{head}$",
              ylim=(-0.03, 1.03), xticks=(1, 4, 8, 12, 16))
    sides = 4, 8, 16, 32, 64, 128, 224
    for layer, name, color, marker in ((attend, "nine heads", ATTENTION, "o-"),
                                       (convolve, "convolution", CONVOLUTION, "s-")):
        cost.loglog(sides, [macs(layer, side) for side in sides], marker, color=color,
                    label=name)
    cost.text(60, 2e11, "nine heads", color=ATTENTION, ha="right")
    cost.text(70, 3e7, "convolution", color=CONVOLUTION)
    cost.set_xticks(sides, sides)
    cost.set_yticks([1e6, 1e9, 1e12], ["10⁶", "10⁹", "10¹²"])
    cost.minorticks_off()
    cost.set(title="multiply-accumulates, $d$ = 64",
             xlabel="side of the image (pixels)")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
