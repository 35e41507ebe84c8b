"""Four d x d matrices, however long the input and however many the heads."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:parameters]
import torch
from torch import nn


def size(layer):
    return sum(p.numel() for p in layer.parameters())


d = 64
for h, n in (1, 10), (8, 10), (8, 1000):
    layer = nn.MultiheadAttention(d, h, bias=False)
    x = torch.randn(n, 1, d)        # (n, batch, d)
    y, A = layer(x, x, x, average_attn_weights=False)  # A: (batch, h, n, n)
    print(f"h = {h}, n = {n}: {size(layer):,} parameters,",
          f"{A.numel():,} shares in A")
# --8<-- [end:parameters]

lengths = [2**power for power in range(0, 13, 2)]


def counts(n, k=3):
    """Parameters, without biases, of three layers from (n, d) to (n, d).

    >>> counts(10) == {"attention": 4 * d**2, "convolution": 3 * d**2,
    ...                "dense": 100 * d**2}
    True
    """
    with torch.device("meta"):      # shapes only: nothing is allocated
        return {
            "attention": size(nn.MultiheadAttention(d, 8, bias=False)),
            "convolution": size(nn.Conv1d(d, d, k, bias=False)),
            "dense": size(nn.Linear(n * d, n * d, bias=False)),
        }


def results():
    """Parameters at d = 64.

    >>> size(nn.MultiheadAttention(512, 8)) == 4 * 512**2 + 4 * 512
    True
    """
    count = counts(1024)
    return {
        "attention": count["attention"],
        "convolution": count["convolution"],
        "dense_1024": count["dense"],
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    rows = [counts(n) for n in lengths]
    for name, style, color, offset, side in (
            ("dense", "^:", GRAY, (-10, 0), "right"),
            ("attention", "s-", ATTENTION, (0, 10), "left"),
            ("convolution", "o--", CONVOLUTION, (0, -18), "left")):
        values = [row[name] for row in rows]
        ax.plot(lengths, values, style, color=color, label=name)
        ax.annotate(name, (lengths[3], values[3]), offset, color=color, ha=side,
                    textcoords="offset points")
    ax.loglog()
    ax.set_xticks([1, 16, 256, 4096], ["1", "16", "256", "4096"])
    ax.set_yticks([1e4, 1e6, 1e8, 1e10], ["10⁴", "10⁶", "10⁸", "10¹⁰"])
    ax.minorticks_off()
    ax.set(xlabel="positions $n$", ylabel="parameters", ylim=(2e3, 1e11))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
