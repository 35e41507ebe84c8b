"""Table 1 of Vaswani et al. (2017), counted: work, and layers from the first position to the last."""

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

WORK = {                                # each layer, and its multiply-accumulates
    "attention": (attention, lambda n: 2 * n * n * d),
    "restricted": (restricted, lambda n: 2 * n * window * d),
    "recurrent": (recurrent, lambda n: 2 * n * d * d),
    "convolution": (convolution, lambda n: n * k * d * d),
    "projections": (lambda x: x @ torch.zeros(4, d, d), lambda n: 4 * n * d * d),   # Q, K, V, output
}

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
def work(name, n):
    """Counted multiply-accumulates of a layer."""
    return macs(WORK[name][0], torch.zeros(n, d))


@cache
def measured(name, n):
    """Counted layers until the last position has heard of the first."""
    return hops(layers[name], n)


def formula(name, n):
    return {"plain": math.ceil((n - 1) / (k - 1)), "attention": 1,
            "restricted": math.ceil((n - 1) / (window - 1)),
            "dilated": next(L for L in range(99) if k**L >= n)}[name]


def growth(n):
    """How much more the whole layer of attention multiplies at twice the length."""
    short, long = (work("attention", m) + work("projections", m) for m in (n, 2 * n))
    return long / short


def results():
    """Work and layers at n = 1024; each formula is exact at each length.

    >>> all(work(name, n) == exact(n) for name, (_, exact) in WORK.items() for n in LENGTHS)
    True
    >>> all(measured(name, n) == formula(name, n) for name in layers for n in LENGTHS)
    True
    >>> all(hops(layers["dilated"], n) == formula("dilated", n) for n in range(2, 99))
    True

    The written-out attention is PyTorch's.

    >>> fused = F.scaled_dot_product_attention
    >>> x = torch.randn(50, d) / 8
    >>> torch.allclose(WORK["attention"][0](x), fused(x, x, x, scale=1), atol=1e-6)
    True

    The window's output is that of dense attention with a mask.

    >>> i = torch.arange(50)
    >>> near = (i[:, None] >= i) & (i[:, None] - i < window)
    >>> dense = fused(x, x, x, attn_mask=near, scale=1)
    >>> late = slice(window - 1, None)        # before it the window is cut off
    >>> torch.allclose(restricted(x)[late], dense[late], atol=1e-6)
    True

    The derivative says the same of the layers: zero one layer earlier, not zero then.

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
    numbers = {f"{name}_macs": work(name, n) for name in WORK}
    numbers |= {f"{name}_layers": measured(name, n) for name in layers}
    return numbers | {
        "d": d, "k": k, "window": window, "n": n,
        "growth_64": growth(64), "growth_1024": growth(1024),
        "attention_over_recurrent": work("attention", n) // work("recurrent", n),
    }


def connected():
    """To connect n positions: {name: (MACs, operations in sequence)} of all layers together.

    A layer of attention takes 6 operations, a convolution 1, a recurrent cell 3 (steps.py counts them).

    >>> {name: steps for name, (_, steps) in connected().items()}
    {'attention': 6, 'restricted': 198, 'plain': 512, 'dilated': 7, 'recurrent': 3072}
    >>> sorted(connected(), key=connected().get)
    ['recurrent', 'dilated', 'attention', 'restricted', 'plain']
    """
    matrices = work("projections", n)
    a_layer = {"attention": (work("attention", n) + matrices, 6),
               "restricted": (work("restricted", n) + matrices, 6),
               "plain": (work("convolution", n), 1), "dilated": (work("convolution", n), 1)}
    return {name: (measured(name, n) * macs, measured(name, n) * steps)
            for name, (macs, steps) in a_layer.items()} | {"recurrent": (work("recurrent", n), 3 * n)}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    marks = {"recurrent": ("recurrent", GRAY, (10, 0), "left"),
             "plain": ("plain\nconvolutions", CONVOLUTION, (0, -12), "center"),
             "restricted": ("restricted\nattention", ATTENTION, (0, 12), "center"),
             "dilated": ("dilated\nconvolutions", CONVOLUTION, (-10, 0), "right"),
             "attention": ("attention", ATTENTION, (10, 0), "left")}
    for name, (macs, steps) in connected().items():
        text, color, shift, side = marks[name]
        ax.plot(macs, steps, "o", color=color, ms=9, label=text.replace("\n", " "))
        ax.annotate(text, (macs, steps), shift, textcoords="offset points", ha=side,
                    va="center" if shift[0] else "top" if shift[1] < 0 else "bottom",
                    color="black" if color == GRAY else color)
    ax.loglog()
    ax.set_xticks([1e7, 1e8, 1e9, 1e10], ["10⁷", "10⁸", "10⁹", "10¹⁰"])
    ax.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    ax.minorticks_off()
    ax.set(xlim=(3e6, 3e10), ylim=(1, 9000), xlabel="work: MACs", title="waiting: operations in sequence")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
