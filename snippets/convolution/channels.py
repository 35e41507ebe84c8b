"""Which channels a layer connects, and how many parameters that takes."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, FAINT

# --8<-- [start:channels]
import torch
from torch import nn

torch.manual_seed(0)
d, k = 8, 3
layers = {
    "dense": nn.Conv1d(d, d, k),
    "2 groups": nn.Conv1d(d, d, k, groups=2),
    "depthwise": nn.Conv1d(d, d, k, groups=d),
    "1×1": nn.Conv1d(d, d, 1),
}


def counted(layer):
    """Number of weights and of biases."""
    return layer.weight.numel(), layer.bias.numel()


def formula(k, d_in, d_out, groups=1):
    """k weights a connected pair of channels, one bias an output channel.

    >>> formula(9, 64, 128) == counted(nn.Conv2d(64, 128, (3, 3)))
    True
    >>> formula(1, 64, 128) == counted(nn.Linear(64, 128))
    True
    """
    return k * d_in * d_out // groups, d_out


for name, layer in layers.items():
    (size,), groups = layer.kernel_size, layer.groups
    assert counted(layer) == formula(size, d, d, groups)
    print(f"{name}: {layer.weight.numel()} weights, {d} biases")

pointwise, linear = layers["1×1"], nn.Linear(d, d)
linear.weight.data = pointwise.weight.data[..., 0]   # (d, d, 1) -> (d, d)
linear.bias = pointwise.bias
x = torch.randn(4, d, 50)                            # (batch, d, n)
print("1×1 is a linear layer at each position:",
      torch.allclose(pointwise(x), linear(x.mT).mT, atol=1e-6))
# --8<-- [end:channels]


def pattern(layer):
    """Which output reads which input channel, at which offset: (d, d, k).

    Answered by the layer itself: a unit in one channel, at one position.
    """
    (size,) = layer.kernel_size
    units = torch.eye(d * size).view(d * size, d, size)   # (d k, d, k)
    y = layer(units) - layer(torch.zeros(1, d, size))     # (d k, d, 1)
    return y[..., 0].T.reshape(d, d, size).detach() != 0


def results():
    """Weights of the four layers.

    >>> r = results()
    >>> r["dense"], r["groups"], r["depthwise"], r["pointwise"], r["separable"]
    (192, 96, 24, 64, 88)
    >>> torch.allclose(pointwise(x), linear(x.mT).mT, atol=1e-6)
    True
    >>> r["two_channels"] == (1 * 3 + 2 * 1) + (0 * 4 - 1 * 2)
    True

    Two groups are two layers side by side.

    >>> both = layers["2 groups"]
    >>> halves = [nn.functional.conv1d(part, weight, bias) for part, weight, bias
    ...           in zip(x.chunk(2, 1), both.weight.chunk(2), both.bias.chunk(2))]
    >>> torch.allclose(torch.cat(halves, 1), both(x), atol=1e-6)
    True

    Depthwise, then 1x1, is a dense layer whose kernels are products.

    >>> depthwise = layers["depthwise"]
    >>> P, D = pointwise.weight, depthwise.weight        # (d, d, 1), (d, 1, k)
    >>> product = P * D.transpose(0, 1)                  # (d, d, k)
    >>> dense = nn.functional.conv1d(x, product, P[..., 0] @ depthwise.bias
    ...                              + pointwise.bias)
    >>> torch.allclose(pointwise(depthwise(x)), dense, atol=1e-6)
    True
    """
    dense, groups, depthwise, one = (
        layer.weight.numel() for layer in layers.values())
    two = nn.functional.conv1d(torch.tensor([[[3, 4], [1, 2]]]),     # (1, 2, n)
                               torch.tensor([[[1, 0], [2, -1]]]))    # (1, 2, k)
    return {
        "d": d,
        "k": k,
        "two_channels": two.item(),
        "dense": dense,
        "groups": groups,
        "depthwise": depthwise,
        "pointwise": one,
        "separable": depthwise + one,
    }


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.2))
    output, at = 2, k + 1.5                                   # what is shown, and where
    for ax, (name, layer) in zip(axes.flat, layers.items()):
        read = pattern(layer)[output].nonzero()               # (., 2): channel, offset
        middle = (k - layer.kernel_size[0]) // 2
        every = torch.cartesian_prod(torch.arange(d), torch.arange(k))
        ax.plot(every[:, 1], every[:, 0], "o", color=FAINT, ms=5)
        for channel, m in read.tolist():
            ax.plot([middle + m, at], [channel, output], color=CONVOLUTION, lw=0.7)
        ax.plot(middle + read[:, 1], read[:, 0], "o", color=CONVOLUTION, ms=6, label=name)
        ax.plot([at] * d, range(d), "s", color=FAINT, ms=6)
        ax.plot(at, output, "s", color=CONVOLUTION, ms=9)
        ax.set(title=f"{name}: {layer.weight.numel()}", xticks=[], yticks=[],
               xlim=(-0.7, at + 0.7), ylim=(d - 0.4, -0.6))
        ax.spines[:].set_visible(False)
    for ax in axes[1]:
        ax.set_xticks([(k - 1) / 2, at], ["input", "output"])
        ax.tick_params(length=0)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
