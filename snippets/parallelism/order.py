"""Convolution and attention give the same in any order; a recurrence does not."""

import matplotlib.pyplot as plt
from matplotlib.collections import LineCollection
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:order]
import torch
import torch.nn.functional as F

torch.manual_seed(0)
n, d = 12, 8
x = torch.randn(n, d).double()
kernel = torch.randn(d, d, 3).double()
W_Q, W_K, W_V, W, U = torch.randn(5, d, d).double() / d**0.5


def convolution(at):
    """Outputs at the positions `at`; each needs 3 inputs."""
    windows = F.pad(x, (0, 0, 1, 1)).unfold(0, 3, 1)[at]  # (len(at), d, 3)
    return torch.einsum("ieo,ceo->ic", windows, kernel)   # (len(at), d)


def attention(at):
    """Each output needs all inputs."""
    scores = x[at] @ W_Q.T @ (x @ W_K.T).T / d**0.5       # (len(at), n)
    return torch.softmax(scores, dim=-1) @ x @ W_V.T      # (len(at), d)


def recurrent(at):
    """Each output needs its input and the output before it, h."""
    h, outputs = torch.zeros(d).double(), []
    for i in at:
        h = torch.tanh(W @ x[i] + U @ h)                  # (d,)
        outputs.append(h)
    return torch.stack(outputs)                           # (len(at), d)


everything, shuffled = list(range(n)), torch.randperm(n).tolist()
orders = {"all at once": [everything],
          "blocks of 4": [everything[i:i + 4] for i in (8, 0, 4)],
          "one by one": [[i] for i in shuffled]}
print("right, of", n, "     ", ", ".join(orders))
for layer in convolution, attention, recurrent:
    error = [torch.cat([(layer(at) - layer(everything)[at]).abs().amax(1)
                        for at in calls]) for calls in orders.values()]
    right = [(e < 1e-12).sum().item() for e in error]
    print(f"{layer.__name__:11}", *map("{:11}".format, right))
# --8<-- [end:order]


def count_right(layer, order):
    """How many positions come out as in one call for all of them."""
    whole = layer(everything)
    return sum(torch.allclose(row, whole[i], rtol=0, atol=1e-12)
               for at in orders[order] for i, row in zip(at, layer(at)))


def ready(layer, shown=6):
    """The step at which each output can be there: 1 if it can be made alone.

    >>> ready(attention), ready(recurrent)
    ([1, 1, 1, 1, 1, 1], [1, 2, 3, 4, 5, 6])
    """
    whole, steps = layer(everything), []
    for i in range(shown):
        alone = torch.allclose(layer([i])[0], whole[i], rtol=0, atol=1e-12)
        steps.append(1 if alone else steps[-1] + 1)
    return steps


def results():
    """How many of the 12 outputs are right in each order.

    >>> for layer in convolution, attention, recurrent:
    ...     print([count_right(layer, order) for order in orders])
    [12, 12, 12]
    [12, 12, 12]
    [12, 4, 1]

    All three are PyTorch's.

    >>> y = F.conv1d(x.T, kernel, padding=1).T
    >>> torch.allclose(convolution(everything), y)
    True
    >>> y = F.scaled_dot_product_attention(x @ W_Q.T, x @ W_K.T, x @ W_V.T)
    >>> torch.allclose(attention(everything), y)
    True
    >>> rnn = torch.nn.RNN(d, d, bias=False).double()
    >>> rnn.weight_ih_l0.data, rnn.weight_hh_l0.data = W, U
    >>> torch.allclose(recurrent(everything), rnn(x)[0])
    True
    """
    return {
        "n": n,
        "recurrent_blocks": count_right(recurrent, "blocks of 4"),
        "recurrent_one_by_one": count_right(recurrent, "one by one"),
    }


def figure(shown=6):
    fig, axes = plt.subplots(3, figsize=(5.2, 5.6))
    reads = {convolution: lambda i, j: abs(i - j) < 2,
             attention: lambda i, j: True, recurrent: lambda i, j: i == j}
    colors = CONVOLUTION, ATTENTION, GRAY
    for ax, (layer, pairs), color in zip(axes, reads.items(), colors):
        steps = ready(layer)
        lines = [[(j, 0.1), (i, 0.82)] for i in range(shown)
                 for j in range(shown) if pairs(i, j)]
        ax.add_collection(LineCollection(lines, colors=color, lw=1.5))
        ax.plot(range(shown), [0] * shown, "o", color=color, ms=6)
        ax.plot(range(shown), [1] * shown, "o", color=color, ms=22, mfc="none",
                label=f"{layer.__name__}, outputs")
        for i, step in enumerate(steps):
            ax.text(i, 0.985, step, ha="center", va="center")
            if step > 1:
                ax.annotate("", (i - 0.19, 1), (i - 0.81, 1), arrowprops={
                    "arrowstyle": "-|>", "color": color, "lw": 1.5})
        ax.set_title(layer.__name__, weight="bold",
                     color="black" if layer is recurrent else color)
        ax.set(xlim=(-0.4, shown - 0.6), ylim=(-0.15, 1.3), xticks=[])
        ax.set_yticks([0, 1], ["inputs", "outputs"])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
