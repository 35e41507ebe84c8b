"""One token at a time: what each layer keeps, and that the result is the same."""

from functools import cache, partial

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY
from torch.utils.flop_counter import FlopCounterMode

# --8<-- [start:streaming]
import torch
from torch import nn

torch.manual_seed(0)
n, d, k, L = 512, 64, 3, 4
convs = nn.ModuleList(nn.Conv1d(d, d, k) for _ in range(L)).double()
qkvs = nn.ModuleList(nn.Linear(d, 3 * d) for _ in range(L)).double()
outs = nn.ModuleList(nn.Linear(d, d) for _ in range(L)).double()


def convolution(x, state, convs=convs):
    """m new tokens x (m, d); state: for each layer its last inputs."""
    for layer, conv in enumerate(convs):
        window = torch.cat([state[layer], x])           # (k - 1 + m, d)
        state[layer] = window[len(x):]                  # (k - 1, d)
        x = x + conv(window.T).T.relu()                 # (m, d)
    return x


def attention(x, state):
    """m new tokens x (m, d); state: for each layer all keys and values."""
    for layer, (qkv, out) in enumerate(zip(qkvs, outs)):
        q, new = qkv(x).split((d, 2 * d), dim=-1)       # (m, d), (m, 2d)
        state[layer] = torch.cat([state[layer], new])   # (t, 2d)
        K, V = state[layer].chunk(2, dim=-1)            # (t, d) each
        future = torch.ones(len(x), len(K)).triu(len(K) - len(x) + 1)
        scores = (q @ K.T / d**0.5).masked_fill(future > 0, -torch.inf)
        x = x + out(torch.softmax(scores, dim=-1) @ V)  # (m, d)
    return x


@torch.no_grad()
def stream(layers, empty, x, m):
    """Feed x in pieces of m tokens: all outputs, and the last state."""
    state = list(empty)
    return torch.cat([layers(piece, state) for piece in x.split(m)]), state


x = torch.randn(n, d).double()
empty = {convolution: [x.new_zeros(k - 1, d)] * L,
         attention: [x.new_zeros(0, 2 * d)] * L}
for layers in empty:
    batch, state = stream(layers, empty[layers], x, m=n)
    equal = [torch.allclose(stream(layers, empty[layers], x, m)[0], batch)
             for m in (1, 100)]
    print(f"{layers.__name__}: tokens one by one, by 100, equal: {equal},",
          f"kept: {sum(s.numel() for s in state):,}")
# --8<-- [end:streaming]

LENGTHS = 8, 16, 128, 512


def dilated(depth):
    """Kernels of 2 with dilations 1, 2, 4, ...: field 2^depth. Layers, empty state."""
    torch.manual_seed(depth)
    wide = [nn.Conv1d(d, d, 2, dilation=2**layer).double() for layer in range(depth)]
    return partial(convolution, convs=wide), [x.new_zeros(2**layer, d)
                                              for layer in range(depth)]


@cache
def kept(name, n):
    """Numbers in the state after n tokens."""
    layers, start = {
        "convolution": (convolution, empty[convolution]),
        "attention": (attention, empty[attention]),
        "dilated": dilated((n - 1).bit_length())}[name]
    tokens = torch.zeros(n, d).double()
    return sum(s.numel() for s in stream(layers, start, tokens, m=512)[1])


@cache
def counted(layers, tokens, m):
    """Multiply-accumulates of so many tokens in pieces of m."""
    with FlopCounterMode(display=False) as counter:
        stream(layers, empty[layers], x[:tokens], m)
    return counter.get_total_flops() // 2


def macs(layers, tokens, m):
    """The same as a formula, for one piece or pieces of one token."""
    if layers is convolution:
        return L * tokens * k * d * d
    pairs = tokens * tokens if m == tokens else tokens * (tokens + 1) // 2
    return L * (4 * tokens * d * d + 2 * pairs * d)


@cache
def float32_difference():
    """How far tokens one by one are from the batch, in 32 bits."""
    both = nn.ModuleList([convs, qkvs, outs]).float()     # made in float32: nothing is lost
    far = []
    for layers, start in empty.items():
        start = [s.float() for s in start]
        one, batch = (stream(layers, start, x.float(), m)[0] for m in (1, n))
        far.append((one - batch).abs().max().item())
    both.double()
    return max(far)


def results():
    """Numbers kept after 512 tokens, S2b.

    >>> r = results()
    >>> r["attention"], r["convolution"]
    (262144, 512)
    >>> all(kept("attention", n) == L * 2 * n * d for n in LENGTHS)
    True
    >>> all(kept("convolution", n) == L * (k - 1) * d for n in LENGTHS)
    True

    Read in one pass or written in n: a convolution multiplies as often, attention
    less often, since one pass also compares each token with the later ones.

    >>> all(counted(layers, tokens, m) == macs(layers, tokens, m)
    ...     for layers in empty for tokens, m in ((n, n), (64, 64), (64, 1), (9, 1)))
    True

    A dilated stack with a field of n keeps n - 1 vectors, and streams too.

    >>> all(kept("dilated", n) == (n - 1) * d for n in LENGTHS)
    True
    >>> layers, start = dilated(5)
    >>> one, batch = (stream(layers, start, x, m)[0] for m in (1, n))
    >>> torch.allclose(one, batch)
    True

    The batch is PyTorch's, with a causal mask, and padded on the left.

    >>> def library(x):
    ...     for qkv, out in zip(qkvs, outs):
    ...         q, K, V = qkv(x).chunk(3, dim=-1)
    ...         x = x + out(nn.functional.scaled_dot_product_attention(
    ...             q, K, V, is_causal=True))
    ...     return x
    >>> torch.allclose(stream(attention, empty[attention], x, n)[0], library(x))
    True
    >>> def library(x):
    ...     for conv in convs:
    ...         x = x + conv(nn.functional.pad(x.T, (k - 1, 0))).T.relu()
    ...     return x
    >>> torch.allclose(stream(convolution, empty[convolution], x, n)[0], library(x))
    True
    """
    return {
        "n": n,
        "convolution": kept("convolution", n),
        "attention": kept("attention", n),
        "attention_layer": kept("attention", n) // L,
        "dilated": kept("dilated", n),
        "dilated_layers": (n - 1).bit_length(),
        "float32": float32_difference(),
        "field": 1 + L * (k - 1),
        "convolution_macs": macs(convolution, n, n) / 1e6,
        "attention_macs_read": macs(attention, n, n) / 1e6,
        "attention_macs_write": macs(attention, n, 1) / 1e6,
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.8))
    short, long = 16, 512
    stacks = (("attention", "attention", ATTENTION, [short] * L),
              ("dilated", "dilated convolutions, see all", CONVOLUTION, [2**layer for layer in range(L)]),
              ("convolution", "convolutions, see the last 9", CONVOLUTION, [k - 1] * L),
              ("recurrent", "recurrent", GRAY, [1] * L))
    ax.text(-0.4, -1.8, "kept for the next word:", va="center")
    ax.text(19, -1.8, f"{short}\nwords", ha="right", va="center")
    ax.text(24, -1.8, f"{long}\nwords", ha="right", va="center")
    for top, (name, title, color, words) in zip(range(0, 24, 6), stacks):
        ink = "black" if color == GRAY else color
        ax.text(-0.4, top, title, color=ink, va="center")
        for layer, last in enumerate(words):
            y = top + L - layer
            ax.plot(range(short), [y] * short, ".", color=FAINT, ms=3)
            for shift in (-0.22, 0.22) if name == "attention" else (0,):    # a key and a value
                ax.plot([x + shift for x in range(short - last, short)], [y] * last, "s", color=color,
                        ms=3.5 if shift else 5.5, mew=0, label=f"{title}, layer {layer + 1}")
        for x, n in (19, short), (24, long):
            vectors = L if name == "recurrent" else kept(name, n) // d
            ax.text(x, top + 2.5, f"{vectors:,}", color=ink, ha="right", va="center")
    ax.set(xlim=(-0.6, 24.2), ylim=(22.5, -2.8), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
