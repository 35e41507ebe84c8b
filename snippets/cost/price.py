"""What each position costs in three layers: in attention, the more the longer the input."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY

# --8<-- [start:price]
import torch
from torch.utils.flop_counter import FlopCounterMode


def convolution(x, W):              # (n, d), (d, d, k) -> (n, d)
    return torch.conv1d(x.T, W, padding="same").T


def separable(x, kernels, W):       # (n, d), (d, 1, k), (d, d) -> (n, d)
    return torch.conv1d(x.T, kernels, padding="same", groups=len(W)).T @ W.T


def attention(x, W_QKV, W_O):       # (n, d), (3d, d), (d, d) -> (n, d)
    Q, K, V = (x @ W_QKV.T).chunk(3, dim=1)
    return torch.softmax(Q @ K.T / len(W_O)**0.5, dim=1) @ V @ W_O.T


def macs(layer, *shapes):           # the counter counts FLOPs, 2 a MAC
    with FlopCounterMode(display=False) as counter:
        layer(*(torch.empty(shape, device="meta") for shape in shapes))
    return counter.get_total_flops() // 2


d, k = 768, 9
print("MACs for each position")
for n in 50, 196, 1000, 50_176:
    conv = macs(convolution, (n, d), (d, d, k))
    sep = macs(separable, (n, d), (d, 1, k), (d, d))
    att = macs(attention, (n, d), (3 * d, d), (d, d))
    print(f"{n:6,} positions: convolution {conv // n:,},",
          f"separable {sep // n:,}, attention {att // n:,}")
# --8<-- [end:price]

INPUTS = {"sentence": 50, "patches": 196, "page": 1000, "pixels": 224**2}
LENGTHS = [10 * 2**power for power in range(14)]


def counts(n, d=d, k=k):
    """MACs of a whole convolution, separable convolution and attention layer.

    >>> all(counts(n) == (n * k * d**2, n * (k * d + d**2), n * (4 * d**2 + 2 * n * d))
    ...     for n in [*LENGTHS, *INPUTS.values()])
    True

    A 3x3 kernel on a grid of 14 x 14 costs what a kernel of 9 costs on a line of 196.
    Groups divide the count, and so does a stride, which leaves fewer outputs.

    >>> def conv(groups=1, **options):
    ...     return macs(lambda x, W: torch.conv2d(x, W, groups=groups, **options),
    ...                 (d, 14, 14), (d, d // groups, 3, 3))
    >>> conv(padding=1) == counts(196)[0]
    True
    >>> conv(padding=1, groups=8) * 8 == conv(padding=1, stride=2) * 4 == counts(196)[0]
    True
    >>> conv(padding=1, groups=d) + 196 * d**2 == counts(196)[1]
    True

    Splitting into heads changes nothing.

    >>> heads = [(12, 196, 64)] * 3
    >>> core = macs(lambda Q, K, V: (Q @ K.mT).softmax(-1) @ V, *heads)
    >>> core + 4 * 196 * d**2 == counts(196)[2]
    True
    """
    return (macs(convolution, (n, d), (d, d, k)),
            macs(separable, (n, d), (d, 1, k), (d, d)),
            macs(attention, (n, d), (3 * d, d), (d, d)))


def results():
    """Million MACs a position, GFLOPs of the whole layer, and their ratios.

    >>> r = results()
    >>> [r[f"attention_{n}"] < r["convolution"] for n in INPUTS.values()]
    [True, True, True, False]
    >>> all(r["separable"] < r[f"attention_{n}"] / 4 for n in INPUTS.values())
    True

    Attention costs less than the convolution up to n = 2.5 d, not beyond.

    >>> [counts(n)[2] - counts(n)[0] for n in (5 * d // 2 - 1, 5 * d // 2)]
    [-2947584, 0]
    """
    numbers = {"d": d, "convolution": k * d**2 / 1e6,
               "separable": (k * d + d**2) / 1e6, "matrix": d**2 / 1e6,
               "four_matrices": 4 * d**2 / 1e6, "pair": 2 * d, "matrix_in_pairs": d // 2,
               "meets": (k - 4) * d // 2, "side_meets": 16 * ((k - 4) * d / 2)**0.5,
               "separable_saves": k * d / (k + d)}
    narrow, _, narrow_attention = counts(INPUTS["pixels"], d=64)
    numbers["ratio_64"] = narrow_attention / narrow
    for n in INPUTS.values():
        conv, sep, att = counts(n)
        numbers |= {f"attention_{n}": att / n / 1e6,
                    f"core_{n}": 2 * d * n / 1e6,
                    f"core_share_{n}": 2 * d * n**2 / att,
                    f"ratio_{n}": att / conv,
                    f"gflops_convolution_{n}": 2 * conv / 1e9,
                    f"gflops_separable_{n}": 2 * sep / 1e9,
                    f"gflops_attention_{n}": 2 * att / 1e9}
    return numbers


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.6))
    each = [[count / n / 1e6 for count in counts(n)] for n in LENGTHS]
    conv, sep, att = zip(*each)
    for name, n in INPUTS.items():
        ax.axvline(n, color=FAINT, lw=1.5, zorder=0)
        ax.text(n, 480 if name == "patches" else 290, name, ha="center")
        ax.plot([n] * 3, [count / n / 1e6 for count in counts(n)], "o",
                color="black", ms=4, label=name)
    ax.plot(LENGTHS, conv, color=CONVOLUTION, label="convolution")
    ax.plot(LENGTHS, sep, "--", color=CONVOLUTION, label="separable convolution")
    ax.plot(LENGTHS, att, color=ATTENTION, label="attention")
    ax.axhline(4 * d**2 / 1e6, color=GRAY, lw=1, ls=":", label="four matrices")
    ax.text(11, 6.1, "convolution", color=CONVOLUTION)
    ax.text(11, 0.68, "separable convolution", color=CONVOLUTION)
    ax.text(16_000, 40, "attention", color=ATTENTION, ha="right")
    ax.text(80_000, 2.65, "its four matrices", color=GRAY, ha="right")
    ax.loglog()
    ax.set_xticks([10, 100, 1000, 10_000, 100_000],
                  ["10", "100", "1,000", "10,000", "100,000"])
    ax.set_yticks([1, 10, 100], ["1", "10", "100"])
    ax.minorticks_off()
    ax.set(xlabel="positions $n$", ylabel="million multiplications for each position",
           xlim=(9, 110_000), ylim=(0.4, 260))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
