"""Convolution and attention compute each output alone; a recurrence cannot."""

import matplotlib.pyplot as plt
from matplotlib.collections import LineCollection
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:order]
import torch
import torch.nn.functional as F

torch.manual_seed(0)
n, d = 10, 8                                  # ten words, eight channels
x = torch.randn(n, d).double()
kernel = torch.randn(d, 3 * d).double()
W_Q, W_K, W_V, W, U = torch.randn(5, d, d).double() / d**0.5


def convolution(at):                          # the outputs of the words `at`
    return F.pad(x, (0, 0, 1, 1)).unfold(0, 3, 1)[at].flatten(1) @ kernel.T


def attention(at):
    S = x[at] @ W_Q.T @ (x @ W_K.T).T / d**0.5        # (len(at), n)
    return torch.softmax(S, dim=1) @ x @ W_V.T        # (len(at), d)


def recurrent(at):
    h = [torch.zeros(d).double()]
    for t in at:
        h.append(torch.tanh(W @ x[t] + U @ h[-1]))    # (d,)
    return torch.stack(h[1:])                         # (len(at), d)


for layer in convolution, attention, recurrent:
    alone = torch.cat([layer([i]) for i in range(n)])
    right = ((alone - layer(range(n))).abs().amax(1) < 1e-12).sum()
    print(f"{layer.__name__}: {right} of {n} outputs right, each alone")
# --8<-- [end:order]

words = list(range(n))
SENTENCE = "the dogs followed the cat because it wanted to play".split()


def count_right(layer, calls):
    """How many outputs of several calls are those of one call for all words."""
    whole = layer(words)
    return sum(torch.allclose(row, whole[i], rtol=0, atol=1e-12)
               for at in calls for i, row in zip(at, layer(at)))


ORDERS = {"alone": [[i] for i in words],
          "backwards": [words[::-1]],
          "halves, second first": [words[5:], words[:5]]}


def results():
    """How many of the ten outputs are right: each alone, backwards, in halves.

    >>> for layer in convolution, attention, recurrent:
    ...     print([count_right(layer, calls) for calls in ORDERS.values()])
    [10, 10, 10]
    [10, 10, 10]
    [1, 0, 5]

    All three are PyTorch's.

    >>> y = F.conv1d(x.T, kernel.view(d, d, 3), padding=1).T
    >>> torch.allclose(convolution(words), y)
    True
    >>> y = F.scaled_dot_product_attention(x @ W_Q.T, x @ W_K.T, x @ W_V.T)
    >>> torch.allclose(attention(words), y)
    True
    >>> rnn = torch.nn.RNN(d, d, bias=False).double()
    >>> rnn.weight_ih_l0.data, rnn.weight_hh_l0.data = W, U
    >>> torch.allclose(recurrent(words), rnn(x)[0])
    True
    """
    return {"n": n, "recurrent_halves": count_right(
        recurrent, ORDERS["halves, second first"])}


def figure(shown=5):
    fig, axes = plt.subplots(3, figsize=(5.2, 5.4))
    reads = {"convolution": (lambda i, j: abs(i - j) < 2, CONVOLUTION),
             "attention": (lambda i, j: True, ATTENTION),
             "recurrent": (lambda i, j: i == j, GRAY)}
    for ax, (name, (pairs, color)) in zip(axes, reads.items()):
        lines = [[(j, 0.08), (i, 0.84)] for i in range(shown)
                 for j in range(shown) if pairs(i, j)]
        ax.add_collection(LineCollection(lines, colors=color, lw=1.5))
        ax.plot(range(shown), [1] * shown, "o", color=color, ms=16,
                label=f"{name}, outputs")
        for i, word in enumerate(SENTENCE[:shown]):
            ax.text(i, -0.04, word, ha="center", va="top")
            if name == "recurrent" and i:
                ax.annotate("", (i - 0.14, 1), (i - 0.86, 1), arrowprops={
                    "arrowstyle": "-|>", "color": "black", "lw": 2.5})
        ax.set_title(name, weight="bold", color="black" if color == GRAY else color)
        ax.set(xlim=(-0.6, shown - 0.4), ylim=(-0.4, 1.25), xticks=[])
        ax.set_yticks([-0.15, 1], ["inputs", "outputs"])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
