"""The multiplications of a convolution and of attention, counted while they run."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION

# --8<-- [start:count]
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode


def convolution(x, W):              # (n, d), (d, d, k) -> (n, d)
    return F.conv1d(x.T, W, padding="same").T


def core(Q, K, V):                  # (n, d) each -> (n, d)
    A = torch.softmax(Q @ K.T / Q.shape[1]**0.5, dim=1)     # (n, n)
    return A @ V


def attention(x, W_QKV, W_O):       # (n, d), (3d, d), (d, d) -> (n, d)
    Q, K, V = (x @ W_QKV.T).chunk(3, dim=1)
    return core(Q, K, V) @ W_O.T


def flops(layer, *shapes):
    """Floating-point operations of layer, on inputs of these shapes."""
    with FlopCounterMode(display=False) as counter:
        layer(*(torch.empty(shape, device="meta") for shape in shapes))
    return counter.get_total_flops()


d, k = 768, 9
print("GFLOPs     convolution      core     attention    formulas hold")
for n in 196, 8192:
    conv = flops(convolution, (n, d), (d, d, k))
    mix = flops(core, *[(n, d)] * 3)
    whole = flops(attention, (n, d), (3 * d, d), (d, d))
    exact = (conv == 2 * n * k * d**2 and mix == 4 * n**2 * d
             and whole == mix + 8 * n * d**2)
    print(f"n = {n:4} {conv / 1e9:13.2f} {mix / 1e9:9.2f}",
          f"{whole / 1e9:13.2f}    {exact}")
# --8<-- [end:count]

LENGTHS = [2**power for power in range(6, 15)]


def counts(n, d=d, k=k):
    """FLOPs of the convolution, of the core and of the whole attention layer.

    A 3x3 kernel on a grid of 14 x 14 counts as k = 9 on a line of 196. Groups
    divide the count, and so does a stride, which leaves fewer outputs.

    >>> def conv(groups=1, **options):
    ...     return flops(lambda x, W: F.conv2d(x, W, groups=groups, **options),
    ...                  (d, 14, 14), (d, d // groups, 3, 3))
    >>> conv(padding=1) == counts(196)[0]
    True
    >>> conv(padding=1, groups=8) * 8 == conv(padding=1, stride=2) * 4 == counts(196)[0]
    True

    Splitting the core into heads changes nothing.

    >>> heads = [(12, 196, 64)] * 3
    >>> flops(lambda Q, K, V: (Q @ K.mT).softmax(-1) @ V, *heads) == counts(196)[1]
    True
    """
    return (flops(convolution, (n, d), (d, d, k)), flops(core, *[(n, d)] * 3),
            flops(attention, (n, d), (3 * d, d), (d, d)))


def results():
    """GFLOPs (or GMACs) and millions of parameters of one layer at d = 768.

    >>> r = results()
    >>> r["conv_196"] > r["attention_196"], r["conv_8192"] < r["attention_8192"]
    (True, True)
    >>> all(counts(n) == (2 * n * k * d**2, 4 * n**2 * d, 8 * n * d**2 + 4 * n**2 * d)
    ...     for n in LENGTHS)
    True
    """
    numbers = {"d": d, "k": k, "conv_parameters": k * d**2 / 1e6,
               "attention_parameters": 4 * d**2 / 1e6,
               "core_meets": k * d // 2, "attention_meets": (k - 4) * d // 2,
               "side_meets": 16 * ((k - 4) * d / 2)**0.5}
    for n in 196, 8192:
        conv, mix, whole = counts(n)
        numbers |= {f"conv_{n}": conv / 1e9, f"conv_macs_{n}": conv / 2e9,
                    f"attention_{n}": whole / 1e9, f"attention_macs_{n}": whole / 2e9,
                    f"core_share_{n}": mix / whole}
    return numbers | {"ratio_8192": whole / conv}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.4))
    conv, mix, whole = zip(*([flop / 1e9 for flop in counts(n)] for n in LENGTHS))
    linear = [w - m for w, m in zip(whole, mix)]
    ax.plot(LENGTHS, conv, color=CONVOLUTION, label="convolution")
    ax.plot(LENGTHS, whole, color=ATTENTION, label="attention, whole layer")
    ax.plot(LENGTHS, linear, "--", color=ATTENTION, lw=1.5, label="projections")
    ax.plot(LENGTHS, mix, ":", color=ATTENTION, label="core")
    for n, name in ((k - 4) * d // 2, "layer"), (k * d // 2, "core"):
        y = counts(n)[0] / 1e9
        ax.plot(n, y, "o", color="black", ms=6, label=f"meets the {name}")
        ax.annotate(f"{n:,}", (n, y), (-6, 8), ha="right",
                    textcoords="offset points")
    for text, n, y, color, side in (
            ("convolution, k = 9", 800, 16, CONVOLUTION, "right"),
            ("whole layer", 5000, 200, ATTENTION, "right"),
            ("projections", 3600, 9, ATTENTION, "left"),
            ("core", 300, 0.1, ATTENTION, "left")):
        ax.text(n, y, text, color=color, ha=side)
    ax.loglog()
    ax.set_xticks(LENGTHS[::2], [f"{n:,}" for n in LENGTHS[::2]])
    ticks = [0.01, 0.1, 1, 10, 100, 1000]
    ax.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
    ax.set(xlabel="positions $n$", ylabel="GFLOPs", title="one layer, d = 768")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
