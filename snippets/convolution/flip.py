"""Frameworks do not flip the kernel; a flip is all that sets the two apart."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, GRAY

# --8<-- [start:flip]
import torch
import torch.nn.functional as F


def correlation(x, w):
    """What the frameworks call convolution: y_i = sum_m w_m x_{i+m}."""
    return F.conv1d(x[None, None], w[None, None])[0, 0]


def true_convolution(x, w):
    """y_i = sum_m w_m x_{i-m}, with zeros around x: (n + k - 1,).

    A product without carries, lowest digit first: 21 * 13 = 273.

    >>> true_convolution(torch.tensor([1., 2]), torch.tensor([3., 1]))
    tensor([3., 7., 2.])
    """
    k = len(w)
    return correlation(F.pad(x, (k - 1, k - 1)), w.flip(0))


spike = torch.tensor([0., 0, 0, 1, 0, 0, 0])
w = torch.tensor([1., 2, 3])
print("kernel as it is:", correlation(spike, w).int().tolist())
print("kernel flipped: ", correlation(spike, w.flip(0)).int().tolist())

u, v = torch.arange(4.), torch.tensor([2., 7, 1])
print("true convolution commutes:",
      true_convolution(u, v).equal(true_convolution(v, u)))
# --8<-- [end:flip]


def results():
    """What a spike shows, and the two laws that the flip buys.

    >>> correlation(spike, w).tolist(), correlation(spike, w.flip(0)).tolist()
    ([0.0, 3.0, 2.0, 1.0, 0.0], [0.0, 1.0, 2.0, 3.0, 0.0])
    >>> results()["commutes"]
    True

    True convolution is also associative, so a stack of kernels is one kernel.

    >>> a, b = (true_convolution(true_convolution(u, v), w),
    ...         true_convolution(u, true_convolution(v, w)))
    >>> a.equal(b)
    True

    The figure draws each output at its i: the sum with the plus needs 0 <= i <= 4,
    the one with the minus 2 <= i <= 6.

    >>> [sum(w[m] * spike[i - m] for m in range(3)).item() for i in range(2, 7)]
    [0.0, 1.0, 2.0, 3.0, 0.0]

    A palindrome does not notice the flip.

    >>> blur = torch.tensor([1., 2, 1])
    >>> correlation(u, blur).equal(correlation(u, blur.flip(0)))
    True
    """
    return {"commutes": true_convolution(u, v).equal(true_convolution(v, u))}


def figure():
    fig, axes = plt.subplots(3, figsize=(5.2, 4), sharex=True)
    panels = (("input: a single 1", spike, GRAY, 0),
              ("kernel 1, 2, 3 as it is", correlation(spike, w), CONVOLUTION, 0),
              ("kernel flipped: true convolution",
               correlation(spike, w.flip(0)), CONVOLUTION, 2))
    for ax, (title, values, color, start) in zip(axes, panels):
        places = range(start, start + len(values))
        bars = ax.bar(places, values, 0.7, color=color, label=title)
        ax.bar_label(bars, [f"{value:.0f}" for value in values], padding=2)
        ax.set(title=title, ylim=(0, 4.2), xticks=range(7), yticks=[])
        ax.tick_params(length=0)
        ax.spines["left"].set_visible(False)
    axes[-1].set_xlabel("position $i$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
