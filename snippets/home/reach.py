"""What one output is computed from: a cone of neighbours after each layer, or everything at once."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

import torch

torch.manual_seed(0)
n, middle, d = 13, 6, 4


def reached(layer, times):
    """How many inputs the output in the middle depends on, after a layer for (1, d, n) a number of times.

    >>> reached(torch.nn.Identity(), 3)
    1
    """
    x = torch.randn(1, d, n, requires_grad=True)
    y = x
    for _ in range(times):
        y = torch.tanh(layer(y))
    y[0, :, middle].sum().backward()
    return (x.grad.abs().sum(dim=(0, 1)) > 0).sum().item()


def attention(x):
    tokens = x.transpose(1, 2)
    return torch.nn.functional.scaled_dot_product_attention(tokens, tokens, tokens).transpose(1, 2)


def results():
    """Inputs that one output sees after 1, 2 and 3 convolutions, and after one layer of attention.

    >>> results()
    {'all': 13, 'one': 3, 'two': 5, 'three': 7, 'attention': 13}
    """
    convolution = torch.nn.Conv1d(d, d, 3, padding=1)
    one, two, three = (reached(convolution, times) for times in (1, 2, 3))
    return {"all": n, "one": one, "two": two, "three": three, "attention": reached(attention, 1)}


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(3.2, 1.8))
    reach = results()
    cone = [1, reach["one"], reach["two"]]
    for layer, wide in enumerate(cone):
        for i in range(middle - wide // 2, middle + wide // 2 + 1):
            for j in (i - 1, i, i + 1):
                axes[0].plot([i, j], [3 - layer, 2 - layer], color=CONVOLUTION, lw=1)
    for j in range(n):
        axes[1].plot([middle, j], [3, 0], color=ATTENTION, lw=1)
    names = ("convolution", CONVOLUTION, 4), ("self-attention", ATTENTION, 2)
    for ax, (name, color, rows) in zip(axes, names):
        for row in range(rows):
            ax.plot(range(n), [3 * row / (rows - 1)] * n, ".", color=GRAY, ms=3)
        ax.plot(middle, 3, "o", color=color, ms=6)
        ax.set_title(name, color=color)
        ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
