"""Three linear 3 x 3 layers are one 7 x 7 layer; the kernel can be computed."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, FAINT

# --8<-- [start:composed]
from functools import reduce

import torch
import torch.nn.functional as F


def compose(first, second):
    """The kernel that does at once what `first`, then `second` do.

    first (b, a, k, k), second (c, b, m, m) -> (c, a, k + m - 1, k + m - 1).
    At p it holds the sum over q, and over the b channels between them,
    of first[q] second[p - q]: a convolution of the two kernels.
    """
    m = second.shape[-1]
    images = first.transpose(0, 1)                  # (a, b, k, k)
    return F.conv2d(images, second.flip(2, 3), padding=m - 1).transpose(0, 1)


def stack(x, kernels):
    """One layer after the other, nothing between them, no padding."""
    return reduce(F.conv2d, kernels, x)


torch.manual_seed(0)
x = torch.randn(1, 3, 32, 32).double()
shapes = (16, 3, 3, 3), (16, 16, 3, 3), (8, 16, 3, 3)
layers = [torch.randn(shape).double() / 12 for shape in shapes]
kernel = reduce(compose, layers)                    # (8, 3, 7, 7)
error = (stack(x, layers) - F.conv2d(x, kernel)).abs().max()
print("three 3x3 layers are one", tuple(kernel.shape), "kernel:",
      bool(error < 1e-12))
print("parameters:", sum(w.numel() for w in layers), "and", kernel.numel())

shapes = [(1, 1, 3, 3)] * 3                         # one channel throughout
single = tuple(torch.randn(shape).double() for shape in shapes)
parts = torch.autograd.functional.jacobian(
    lambda *w: reduce(compose, w).flatten(), single)
J = torch.cat([part.flatten(1) for part in parts], dim=1)   # (49, 27)
print("directions:", torch.linalg.matrix_rank(J).item(), "of", len(J))
# --8<-- [end:composed]


def padded(x, kernels):
    """The stack with zero padding in each layer, as networks do it."""
    return reduce(lambda x, w: F.conv2d(x, w, padding=1), kernels, x)


def results():
    """The numbers the page quotes.

    S3a: equal to rounding; one channel reaches 27 - 2 of the 49 directions.

    >>> r = results()
    >>> r["error"] < 1e-12, r["directions"], r["entries"]
    (True, 25, 49)

    A 1 x 1 kernel of 1 changes nothing, and the order of composing is free.

    >>> one = torch.eye(8).double()[:, :, None, None]
    >>> torch.equal(compose(kernel, one), kernel)
    True
    >>> first, second, third = layers
    >>> torch.allclose(compose(first, compose(second, third)), kernel)
    True

    Padded in each layer, the stack differs in a border 2 pixels wide.

    >>> same = torch.isclose(padded(x, layers), F.conv2d(x, kernel, padding=3))
    >>> same[..., 2:-2, 2:-2].all().item(), same[..., 1:-1, 1:-1].all().item()
    (True, False)
    """
    wide = F.conv2d(x, kernel, padding=3)
    gap = (padded(x, layers) - wide).abs().amax((0, 1))
    return {
        "error": error.item(),
        "parameters_stack": sum(w.numel() for w in layers),
        "parameters_one": kernel.numel(),
        "weights_single": J.shape[1],
        "entries": len(J),
        "directions": torch.linalg.matrix_rank(J).item(),
        "border": int((gap[16] > 1e-9).sum()) // 2,
    }


def draw(ax, weights, label):
    """A kernel as squares: area is size, filled is positive, hollow negative."""
    largest = weights.abs().max()
    for (row, column), weight in zip(torch.cartesian_prod(
            torch.arange(len(weights)), torch.arange(len(weights))).tolist(),
            weights.flatten()):
        side = 0.88 * (weight.abs() / largest).sqrt().item()
        ax.add_patch(plt.Rectangle(
            (column - side / 2, row - side / 2), side, side, ec=CONVOLUTION,
            lw=1.5, fc=CONVOLUTION if weight > 0 else "none"))
    edge = len(weights) - 0.5
    ax.set(xlim=(-0.5, edge), ylim=(edge, -0.5), xticks=[], yticks=[], aspect=1)
    ax.set_title(label, loc="center")
    ax.spines[:].set(visible=True, color=FAINT)


def figure():
    fig = plt.figure(figsize=(5.2, 5.4))
    names = ["first", "second", "third", "all three: one 7×7 kernel"]
    axes = fig.subplot_mosaic(
        [names[:3], names[3:] * 3], height_ratios=(1, 2.1))
    single_kernels = [w[0, 0] for w in (*single, reduce(compose, single))]
    for name, weights in zip(names, single_kernels):
        draw(axes[name], weights, name)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
