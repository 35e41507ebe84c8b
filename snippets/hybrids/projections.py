"""Queries, keys and values by convolution: order matters, and the core is a quarter."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY
from torch.utils.flop_counter import FlopCounterMode

# --8<-- [start:projections]
import torch
from torch import nn


class ConvolutionalAttention(nn.Module):
    """q, k, v read k x k tokens each; of k and v, one in stride² is left."""

    def __init__(self, d, k=3, stride=2):
        super().__init__()
        self.near = nn.ModuleList(          # depthwise, on a ring
            nn.Conv2d(d, d, k, s, k // 2, groups=d, padding_mode="circular")
            for s in (1, stride, stride))
        self.linear = nn.ModuleList(nn.Linear(d, d) for _ in range(3))

    def forward(self, x):                           # (b, d, side, side)
        q, k, v = (linear(near(x).flatten(2).mT)    # (b, n, d), (b, m, d)
                   for near, linear in zip(self.near, self.linear))
        A = (q @ k.mT / q.shape[-1]**0.5).softmax(-1)           # (b, n, m)
        return (A @ v).mT.unflatten(2, x.shape[2:])


def shuffled(x):
    torch.manual_seed(1)
    return x.flatten(2)[..., torch.randperm(14 * 14)].unflatten(2, (14, 14))


def shifted(x, by=1):
    return x.roll(by, dims=3)


def error(layer, move):
    """|f(move(x)) - move(f(x))| / |f(x)|: 0 if the output moves along."""
    y = layer(x)
    return ((layer(move(x)) - move(y)).norm() / y.norm()).item()


torch.manual_seed(0)
x = 4 * torch.randn(1, 32, 14, 14).double()         # large: uneven weights
layers = {name: ConvolutionalAttention(32, k, stride).double()
          for name, k, stride in (("1x1", 1, 1), ("3x3", 3, 1),
                                  ("3x3, stride 2", 3, 2))}
for name, layer in layers.items():
    print(f"{name}: shuffle {error(layer, shuffled):.1f},",
          f"shift by 1 {error(layer, shifted):.1f},",
          f"by 2 {error(layer, lambda x: shifted(x, 2)):.1f}")
# --8<-- [end:projections]

SIDE, D = 56, 64                                    # the first stage of CvT-13
STRIDES = {"plain": (1, 1), "stride 1": (3, 1), "stride 2": (3, 2)}


def work(k, stride):
    """GFLOPs of one layer on 56 x 56 tokens: core, linear maps, convolutions.

    >>> n, d = SIDE**2, D
    >>> core, linear, near = work(3, 2)
    >>> [round(1e9 * part) for part in (core, linear, near)] == [
    ...     4 * n * (n // 4) * d, 2 * (n + n // 2) * d**2, 2 * 9 * (n + n // 2) * d]
    True
    >>> round(work(3, 1)[0] / core, 9)
    4.0
    """
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        ConvolutionalAttention(D, k, stride)(torch.empty(1, D, SIDE, SIDE))
    parts = {name: 1e-9 * sum(operations.values())
             for name, operations in counter.get_flop_counts().items()}
    near, linear = (sum(flops for name, flops in parts.items() if part in name)
                    for part in (".near.", ".linear."))
    return parts["Global"] - near - linear, linear, near


def results():
    """Errors on a ring of 14 x 14 random tokens, and the work of a layer.

    >>> r = results()
    >>> max(r["plain_shuffle"], r["plain_shift"]) < 1e-12
    True
    >>> max(r["near_shift"], r["strided_shift_2"]) < 1e-12
    True
    >>> r["near_shuffle"] > 0.5, r["strided_shuffle"] > 0.5, r["strided_shift"] > 0.5
    (True, True, True)

    A 1 x 1 depthwise convolution at stride 1 only scales channels: plain attention.

    >>> layer, tokens = layers["1x1"], x.flatten(2).mT
    >>> q, k, v = (linear(tokens * near.weight.flatten() + near.bias)
    ...            for near, linear in zip(layer.near, layer.linear))
    >>> y = nn.functional.scaled_dot_product_attention(q, k, v)
    >>> torch.allclose(layer(x).flatten(2).mT, y)
    True
    """
    plain, near, strided = layers.values()
    core_stride_2, _, near_stride_2 = work(3, 2)
    return {
        "plain_shuffle": error(plain, shuffled),
        "plain_shift": error(plain, shifted),
        "near_shuffle": error(near, shuffled),
        "near_shift": error(near, shifted),
        "strided_shuffle": error(strided, shuffled),
        "strided_shift": error(strided, shifted),
        "strided_shift_2": error(strided, lambda x: shifted(x, 2)),
        "core_plain": work(1, 1)[0],
        "core_stride_2": core_stride_2,
        "near_stride_2": near_stride_2,
    }


def figure():
    fig, (top, bottom) = plt.subplots(2, figsize=(5.2, 6.4), height_ratios=(2.7, 1))
    top.scatter(*torch.cartesian_prod(torch.arange(14), torch.arange(14)).T, s=14,
                color=GRAY, label="tokens")
    keys = torch.arange(0, 14, 2).tolist()
    query, key = (9, 5), (4, 10)
    for column in keys:
        for row in keys:
            top.plot([query[0], column], [query[1], row], color=ATTENTION, lw=0.7,
                     alpha=0.35, label="_")
    top.scatter(*torch.cartesian_prod(*[torch.tensor(keys)] * 2).T, s=60, marker="s",
                color=ATTENTION, label="keys and values")
    for (column, row), width in ((query, 2.5), (key, 2.5)):
        top.add_patch(plt.Rectangle((column - 1.4, row - 1.4), 2.8, 2.8, fc="none",
                                    ec=CONVOLUTION, lw=width))
    top.plot(*query, "o", ms=11, color="black", label="query")
    top.annotate("the query\nreads 3×3", query, (14.2, 5), color=CONVOLUTION,
                 va="center")
    top.annotate("so does\neach key", key, (14.2, 10), color=CONVOLUTION, va="center")
    top.set(aspect=1, xlim=(-0.8, 18), ylim=(13.6, -0.8))
    top.axis("off")
    left = [0] * 3
    for i, (name, color, alpha) in enumerate((("core", ATTENTION, 1),
                                              ("projections", ATTENTION, 0.35),
                                              ("convolutions", CONVOLUTION, 1))):
        widths = [work(*options)[i] for options in STRIDES.values()]
        bottom.barh(range(3), widths, 0.65, left=left, color=color, alpha=alpha,
                    label=name)
        left = [a + b for a, b in zip(left, widths)]
    for x, y, name, color in ((0, -0.62, "core", ATTENTION), (2.63, 0, "projections", ATTENTION),
                              (2.63, 1, "convolutions", CONVOLUTION)):
        bottom.text(x, y, name, color=color, va="center")
    bottom.set_yticks(range(3), STRIDES)
    bottom.tick_params(axis="y", length=0)
    bottom.set(xlabel="GFLOPs of one layer, 56×56 tokens, d = 64", ylim=(2.5, -0.9), xlim=(0, 3.4))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
