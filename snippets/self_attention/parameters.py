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

SHOWN = {0: 2, 6: 4, 12: 8}     # in the figure: at which place which length


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
    fig, ax = plt.subplots(figsize=(5.2, 2.8))
    for name, top, color in (("convolution", 0, CONVOLUTION), ("attention", 2, ATTENTION),
                             ("dense", 4, GRAY)):
        ax.text(-1, top, name, color=color, ha="right", va="center")
        for left, n in SHOWN.items():
            matrices = counts(n)[name] // d**2
            wide = n if name == "dense" else matrices
            ax.scatter([left + i % wide for i in range(matrices)],
                       [top + i // wide for i in range(matrices)],
                       s=85, marker="s", color=color, label=f"{name}, n = {n}")
    for left, n in SHOWN.items():
        ax.text(left - 0.4, -1.4, f"$n$ = {n}", va="center")
    ax.set(xlim=(-6.4, 19.6), ylim=(11.6, -2), aspect=1)
    ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
