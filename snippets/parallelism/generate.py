"""A given text is read in one pass; a text that is being written takes one pass a word."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY

# --8<-- [start:generate]
import torch
import torch.nn.functional as F

torch.manual_seed(0)
n, d, k = 10, 16, 3
kernel = torch.randn(d, d, k).double() / (k * d)**0.5
W_Q, W_K, W_V, W_O = torch.randn(4, d, d).double() / d**0.5


def convolution(x):                       # output i reads i - 2, i - 1, i
    return F.conv1d(F.pad(x.T, (k - 1, 0)), kernel).T           # (n, d)


def attention(x):                         # output i reads 0 ... i
    S = x @ W_Q.T @ (x @ W_K.T).T / d**0.5                      # (n, n)
    S = S.masked_fill(torch.ones_like(S).triu(1) > 0, -torch.inf)
    return torch.softmax(S, dim=1) @ (x @ W_V.T) @ W_O.T


text = torch.randn(n, d).double()
for layer in convolution, attention:
    each = [layer(text[:i + 1])[-1] for i in range(n)]          # n passes
    print(f"{layer.__name__}: one pass gives what {n} passes give:",
          torch.allclose(layer(text), torch.stack(each)))
# --8<-- [end:generate]

def write(layer, x, n):                   # each output is the next input
    for _ in range(n):
        x = torch.cat([x, layer(x)[-1:]])
    return x


W, U = torch.randn(2, d, d).double() / d**0.5
COMPUTES = "Convolution", "Mm", "Mv", "Div", "Softmax", "Tanh", "Add"
LENGTHS = 4, 8, 16, 32


def recurrent(x):
    h, outputs = torch.zeros(d).double(), []
    for x_t in x:
        h = torch.tanh(W @ x_t + U @ h)
        outputs.append(h)
    return torch.stack(outputs)


def keep(x, n):
    """Writes with the recurrent layer, which keeps h instead of reading again."""
    h = torch.zeros(d).double()
    for _ in range(n):
        h = torch.tanh(W @ x[-1] + U @ h)
        x = torch.cat([x, h[None]])
    return x


def steps(y):
    """Computing operations on the longest path to a tensor."""
    known, todo = {None: 0}, [y.grad_fn]
    while todo:
        before = [source for source, _ in todo[-1].next_functions]
        missing = [node for node in before if node not in known]
        if not missing:
            node = todo.pop()
            name = node.name().split("::")[-1]
            known[node] = name.startswith(COMPUTES) + max(map(known.get, before), default=0)
        todo += missing
    return known[y.grad_fn]


@cache
def when(layer, written):
    """For each of ten outputs, after how many outputs' time it is there.

    A time is what the first output takes.

    >>> for layer in convolution, attention, recurrent:
    ...     print(when(layer, False), when(layer, True))
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1] [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1] [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    """
    given = text.clone().requires_grad_()
    if written:
        outputs = [keep(given[:1], i + 1)[-1] if layer is recurrent
                   else write(layer, given[:1], i + 1)[-1] for i in range(n)]
    else:
        outputs = [layer(given[:i + 1])[-1] for i in range(n)]
    one = steps(outputs[0])
    return [steps(y) // one for y in outputs]


def results():
    """Operations in one pass, and for each word that is written.

    >>> x = torch.randn(32, d).double().requires_grad_()
    >>> for layer, one in (convolution, 1), (attention, 6):
    ...     for m in LENGTHS:
    ...         assert steps(layer(x[:m])) == one
    ...         assert steps(write(layer, x[:1], m)) == one * m
    >>> [steps(keep(x[:1], m)) == 3 * m for m in LENGTHS]
    [True, True, True, True]
    >>> torch.allclose(recurrent(keep(text[:1], 9)[:-1]), keep(text[:1], 9)[1:])
    True

    Given the written words, one pass finds each of them again.

    >>> for layer in convolution, attention:
    ...     words = write(layer, text[:1], 9)
    ...     torch.allclose(layer(words[:-1]), words[1:])
    True
    True
    """
    return {}


def figure():
    fig, axes = plt.subplots(3, 2, figsize=(5.2, 6), sharex=True, sharey=True)
    layers = (convolution, CONVOLUTION), (attention, ATTENTION), (recurrent, GRAY)
    for row, (layer, color) in zip(axes, layers):
        for ax, written in zip(row, (False, True)):
            at = when(layer, written)
            ax.hlines(range(1, n + 1), -0.5, n - 0.5, color=FAINT, lw=1, zorder=0)
            ax.bar(range(n), [1] * n, 0.84, [step - 0.5 for step in at], color=color,
                   label=f"{layer.__name__}, {'written' if written else 'given'}")
            ax.set(ylim=(n + 0.8, 0.2), yticks=[1, n], yticklabels=["1", f"{n}"])
            ax.tick_params(length=0)
            ax.spines[:].set_visible(False)
        row[0].set_ylabel(f"{layer.__name__}\nstep", weight="bold",
                          color="black" if color == GRAY else color)
    axes[0, 0].set_title("the text\nis given")
    axes[0, 1].set_title("the text\nis being written")
    for ax in axes[-1]:
        ax.set_xticks(range(n), "the dogs followed the cat because it wanted to play".split(),
                      rotation=90)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
