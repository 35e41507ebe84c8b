"""What a layer costs: multiply-accumulates counted, not derived."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:cost]
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

d, k, window = 64, 3, 32                    # channels, kernel size, positions


def attention(x):
    return torch.softmax(x @ x.T, dim=-1) @ x           # 2 (n, n) products


def restricted(x):
    """Each position sees itself and those (or zeros) before it."""
    near = F.pad(x, (0, 0, window - 1, 0)).unfold(0, window, 1)  # (n, d, window)
    A = torch.softmax(x[:, None] @ near, dim=-1)        # (n, 1, window)
    return (A @ near.mT)[:, 0]                          # (n, d)


def recurrent(x):
    h, W, U = torch.zeros(1, d), *torch.zeros(2, d, d)
    for input in (x @ W).split(1):
        h = torch.tanh(input + h @ U)                   # (1, d)


def convolution(x):
    F.conv1d(x.T, torch.zeros(d, d, k), padding=k // 2)


def macs(layer, *inputs):
    """Multiply-accumulates of the matrix products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        layer(*inputs)
    return counter.get_total_flops() // 2   # 1 MAC is 2 FLOPs


torch.manual_seed(0)
n = 512
x = torch.randn(n, d)
print("attention  ", macs(attention, x) / (n * n * d), "n n d")
print("restricted ", macs(restricted, x) / (n * window * d), "n window d")
print("recurrent  ", macs(recurrent, x) / (n * d * d), "n d d")
print("convolution", macs(convolution, x) / (n * k * d * d), "n k d d")
# --8<-- [end:cost]

FORMULAS = {
    attention: lambda n: 2 * n * n * d,
    restricted: lambda n: 2 * n * window * d,
    recurrent: lambda n: 2 * n * d * d,
    convolution: lambda n: n * k * d * d,
}
LENGTHS = 64, 256, 1024


def projections(x):
    return x @ torch.zeros(4, d, d)         # queries, keys, values, output


@cache
def counted(layer, n):
    return macs(layer, torch.zeros(n, d))


def growth(n):
    """How much more the whole layer of attention multiplies at twice the length."""
    short, long = (counted(attention, m) + counted(projections, m) for m in (n, 2 * n))
    return long / short


def results():
    """Counted MACs at n = 1024; each formula is exact at each length.

    >>> all(counted(f, n) == exact(n) for f, exact in FORMULAS.items() for n in LENGTHS)
    True

    The written-out attention is PyTorch's.

    >>> fused = F.scaled_dot_product_attention
    >>> x = torch.randn(50, d) / 8
    >>> torch.allclose(attention(x), fused(x, x, x, scale=1), atol=1e-6)
    True

    The window's output is that of dense attention with a mask.

    >>> i = torch.arange(50)
    >>> near = (i[:, None] >= i) & (i[:, None] - i < window)
    >>> dense = fused(x, x, x, attn_mask=near, scale=1)
    >>> late = slice(window - 1, None)        # before it the window is cut off
    >>> torch.allclose(restricted(x)[late], dense[late], atol=1e-6)
    True
    """
    numbers = {layer.__name__: counted(layer, 1024) for layer in FORMULAS}
    return numbers | {
        "d": d,
        "k": k,
        "window": window,
        "n": 1024,
        "projections": counted(projections, 1024),
        "growth_64": growth(64),
        "growth_1024": growth(1024),
        "attention_over_recurrent": numbers["attention"] // numbers["recurrent"],
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4))
    styles = {attention: ("o", "-", ATTENTION), convolution: ("s", "-", CONVOLUTION),
              recurrent: ("^", "--", GRAY), restricted: ("D", ":", ATTENTION)}
    names = ("attention\n2n²d", "convolution 3nd²", "recurrent 2nd²",
             "restricted 64nd")
    for name, shift, (layer, (marker, line, color)) in zip(
            names, (0, 3, 0, -2), styles.items()):
        exact = FORMULAS[layer]
        ax.loglog(LENGTHS, [exact(n) for n in LENGTHS], line, color=color,
                  label=f"{layer.__name__}, formula")
        ax.loglog(LENGTHS, [counted(layer, n) for n in LENGTHS], marker,
                  color=color, label=f"{layer.__name__}, counted")
        ax.annotate(name, (1024, exact(1024)), (10, shift), va="center",
                    textcoords="offset points",
                    color="black" if color == GRAY else color)
    ax.set_xticks(LENGTHS, LENGTHS)
    ax.minorticks_off()
    ax.set(xlabel="positions $n$", ylabel="multiply-accumulates",
           ylim=(1e5, 5e8))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
