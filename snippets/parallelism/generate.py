"""Training is one pass over all positions; generation is a chain."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION

# --8<-- [start:generate]
from functools import cache

import torch
import torch.nn.functional as F

torch.manual_seed(0)
d, k = 16, 3
kernel = torch.randn(d, d, k).double() / (k * d)**0.5
W_Q, W_K, W_V = torch.randn(3, d, d).double() / d**0.5
COMPUTES = "Convolution", "Mm", "Div", "Softmax"


def convolution(x):
    """Causal: output i reads the inputs i - 2, i - 1, i."""
    return F.conv1d(F.pad(x.T, (k - 1, 0)), kernel).T       # (n, d)


def attention(x):
    """Causal: output i reads the inputs 0 ... i."""
    scores = (x @ W_Q.T) @ (x @ W_K.T).T / d**0.5           # (n, n)
    future = torch.ones_like(scores).triu(1).bool()
    A = torch.softmax(scores.masked_fill(future, -torch.inf), dim=-1)
    return A @ (x @ W_V.T)


def generate(layer, start, n):
    """Each output is the next input: (1, d) -> (n + 1, d)."""
    x = start
    for _ in range(n):
        x = torch.cat([x, layer(x)[-1:]])
    return x


@cache
def steps(node):
    """Computing operations on the longest path to a node of the graph."""
    before = [steps(source) for source, _ in node.next_functions if source]
    return node.name().startswith(COMPUTES) + max(before, default=0)


x = torch.randn(32, d).double().requires_grad_()
for layer in convolution, attention:
    prefixes = torch.stack([layer(x[:i + 1])[-1] for i in range(32)])
    print(f"{layer.__name__}: pass equals 32 prefixes:",
          torch.allclose(layer(x), prefixes))
    print("    steps:", steps(layer(x).grad_fn), "in the pass,",
          [steps(generate(layer, x[:1], n).grad_fn) for n in (8, 16, 32)],
          "to generate 8, 16, 32")
# --8<-- [end:generate]

LENGTHS = 4, 8, 16, 32


@cache
def pair(layer, n):
    """Steps of one pass over n given positions, and of generating n."""
    given = torch.randn(n, d).double().requires_grad_()
    one_pass, generated = layer(given), generate(layer, given[:1], n)
    return steps(one_pass.grad_fn), steps(generated.grad_fn)


def results():
    """Steps of a pass and for each generated token.

    >>> [pair(convolution, n) == (1, n) for n in LENGTHS]
    [True, True, True, True]
    >>> [pair(attention, n) == (5, 5 * n) for n in LENGTHS]
    [True, True, True, True]

    Given the generated tokens, one pass finds each of them again.

    >>> for layer in convolution, attention:
    ...     tokens = generate(layer, x[:1], 9)
    ...     torch.allclose(layer(tokens[:-1]), tokens[1:])
    True
    True
    """
    return {
        "n": len(x),
        "convolution_pass": pair(convolution, 32)[0],
        "attention_pass": pair(attention, 32)[0],
        "convolution_generate": pair(convolution, 32)[1],
        "attention_generate": pair(attention, 32)[1],
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    layers = (convolution, CONVOLUTION), (attention, ATTENTION)
    for layer, color in layers:
        for way, style in enumerate(("o--", "s-")):
            values = [pair(layer, n)[way] for n in LENGTHS]
            name = f"{layer.__name__}, {('one pass', 'generation')[way]}"
            ax.loglog(LENGTHS, values, style, color=color, label=name)
            ax.text(32, values[-1] * 1.25, name, color=color, ha="right")
    ax.set_xticks(LENGTHS, LENGTHS)
    ax.set_yticks([1, 10, 100], ["1", "10", "100"])
    ax.minorticks_off()
    ax.set(xlabel="positions $n$", ylabel="steps in sequence",
           ylim=(0.7, 300))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
