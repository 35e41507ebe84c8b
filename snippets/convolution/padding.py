"""Zero padding tells each position how far it is from the border."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, FAINT, GRAY, shades

# --8<-- [start:padding]
import torch
from torch import nn


def output(L, mode, n=16, d=16):
    """A constant n x n image after L random layers: (n n, d)."""
    torch.manual_seed(0)
    layers = []
    for index in range(L):
        layer = nn.Conv2d(d if index else 1, d, 3, padding=1, padding_mode=mode)
        layers += [layer, nn.ReLU()]
    image = torch.ones(1, 1, n, n, dtype=torch.float64)
    y = nn.Sequential(*layers).double()(image)        # (1, d, n, n)
    return y[0].flatten(1).T.detach()                 # (n n, d)


def distinct(vectors):
    """How many different vectors there are, to 9 decimals.

    >>> distinct(torch.tensor([[0.5, 1], [0.5, 1], [0.5, 2]]))
    2
    """
    return len(vectors.round(decimals=9).unique(dim=0))


for L in 1, 2, 3:
    print(f"L = {L}: zero padding {distinct(output(L, 'zeros'))},",
          f"circular {distinct(output(L, 'circular'))}")
# --8<-- [end:padding]


def results():
    """Distinct vectors after 3 layers, and the rule min(2L + 1, n)^2.

    >>> all(distinct(output(L, "zeros", n)) == min(2 * L + 1, n)**2
    ...     for L in (1, 2, 3, 4) for n in (5, 9, 12, 16))
    True
    >>> {distinct(output(L, mode)) for L in (1, 2, 3)
    ...  for mode in ("circular", "replicate", "reflect")}
    {1}
    """
    return {
        "pixels": len(output(3, "zeros")),
        "zeros_1": distinct(output(1, "zeros")),
        "zeros_2": distinct(output(2, "zeros")),
        "zeros_3": distinct(output(3, "zeros")),
        "circular_3": distinct(output(3, "circular")),
    }


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.6))
    blue = shades(CONVOLUTION, 1 / 3).with_extremes(under="none")
    panels = (1, "zeros"), (2, "zeros"), (3, "zeros"), (3, "circular")
    for ax, (L, mode) in zip(axes.flat, panels):
        y = output(L, mode)
        centre = y.view(16, 16, -1)[8, 8]
        far = (y - centre).norm(dim=1).view(16, 16) / centre.norm()
        name = "1 layer" if L == 1 else f"{L} layers"
        if mode == "circular":
            name += ", circular"
        ax.imshow(far, cmap=blue, vmin=1e-9, vmax=1, interpolation="none", label=name)
        ax.set(title=f"{name}: {distinct(y)}", xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=FAINT)
        inside = "all pixels\nalike" if mode == "circular" else "alike"
        ax.text(7.5, 7.5, inside, color=GRAY, ha="center", va="center")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
