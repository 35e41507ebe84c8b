"""How many layers until the last position has heard of the first."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:hops]
import math

import torch
import torch.nn.functional as F


def convolution(heard, k, dilation=1):
    """One causal layer: i reads i, i - dilation, ..., k positions."""
    past = F.pad(heard, ((k - 1) * dilation, 0))
    return F.conv1d(past[None, None], torch.ones(1, 1, k),
                    dilation=dilation)[0, 0]        # (n,)


def attention(heard, window):
    """One causal layer: i reads `window` positions, itself the last."""
    i = torch.arange(len(heard))
    allowed = (i <= i[:, None]) & (i[:, None] - i < window)
    scores = torch.randn(len(heard), len(heard))    # any will do
    A = torch.softmax(scores.masked_fill(~allowed, -torch.inf), dim=-1)
    return A @ heard                                # (n,)


def hops(layer, n):
    """Layers until a change at the first position reaches the last."""
    heard, count = torch.eye(n)[0], 0
    while not heard[-1]:
        heard = (layer(heard, count) > 0).float()
        count += 1
    return count


torch.manual_seed(0)
n, k, window = 1024, 3, 32
layers = {
    "plain": lambda heard, layer: convolution(heard, k),
    "dilated": lambda heard, layer: convolution(heard, k, k**layer),
    "restricted": lambda heard, layer: attention(heard, window),
    "attention": lambda heard, layer: attention(heard, len(heard)),
}
expected = (math.ceil((n - 1) / (k - 1)), math.ceil(math.log(n, k)),
            math.ceil((n - 1) / (window - 1)), 1)
for (name, layer), formula in zip(layers.items(), expected):
    print(f"{name:10} {hops(layer, n):4} layers, formula {formula}")
# --8<-- [end:hops]

LENGTHS = 4, 16, 64, 256, 1024


@cache
def measured(name, n):
    return hops(layers[name], n)


def formula(name, n):
    return {"plain": math.ceil((n - 1) / (k - 1)), "attention": 1,
            "restricted": math.ceil((n - 1) / (window - 1)),
            "dilated": next(L for L in range(99) if k**L >= n)}[name]


def results():
    """Layers at n = 1024; the formulas hold at every length.

    >>> all(measured(name, n) == formula(name, n) for name in layers for n in LENGTHS)
    True
    >>> all(hops(layers["dilated"], n) == formula("dilated", n) for n in range(2, 99))
    True

    The derivative says the same: zero one layer earlier, not zero then.

    >>> def derivative(L, n=20):
    ...     x = torch.ones(n, requires_grad=True)
    ...     y = x
    ...     for _ in range(L):
    ...         y = convolution(y, k)
    ...     return torch.autograd.grad(y[-1], x)[0][0].item()
    >>> derivative(formula("plain", 20) - 1), derivative(formula("plain", 20)) > 0
    (0.0, True)

    Kernels centred on their position look back half as far: twice the layers.

    >>> def centred(heard, layer):
    ...     return F.conv1d(heard[None, None], torch.ones(1, 1, k), padding=1)[0, 0]
    >>> hops(centred, 65), hops(layers["plain"], 65)
    (64, 32)
    """
    return {"n": 1024, "k": k, "window": window} | {
        name: measured(name, 1024) for name in layers}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4))
    styles = {"plain": ("o-", CONVOLUTION), "dilated": ("s--", CONVOLUTION),
              "restricted": ("D:", ATTENTION), "attention": ("o-", ATTENTION)}
    names = {"plain": "convolution\n(n−1)/2", "dilated": "dilated\nlog₃ n",
             "restricted": "restricted\n(n−1)/31", "attention": "attention\n1"}
    ax.loglog(LENGTHS, LENGTHS, "^--", color=GRAY, label="recurrent, cells")
    ax.annotate("recurrent\nn cells", (1024, 1024), (10, 4), va="center",
                textcoords="offset points")
    for name, (style, color) in styles.items():
        ax.loglog(LENGTHS, [measured(name, n) for n in LENGTHS], style, color=color,
                  label=f"{name}, layers")
        ax.annotate(names[name], (1024, measured(name, 1024)),
                    (10, {"plain": -6, "attention": 9}.get(name, 0)), va="center",
                    textcoords="offset points", color=color)
    ax.set_xticks(LENGTHS, LENGTHS)
    ax.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    ax.minorticks_off()
    ax.set(xlabel="positions $n$", ylabel="hops from first to last")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
