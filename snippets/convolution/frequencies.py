"""On a ring a convolution multiplies each complex wave by a gain of its own."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, GRAY

# --8<-- [start:gain]
import torch
import torch.nn.functional as F

n = 64
kernels = {"average": torch.tensor([1., 1, 1]).double() / 3,
           "difference": torch.tensor([-1., 0, 1]).double() / 2}


def gain(kernel, x):
    """What each wave in x (n,) is multiplied by, on a ring: (n // 2 + 1,)"""
    ring = F.pad(x[None, None], (1, 1), mode="circular")
    y = F.conv1d(ring, kernel[None, None])[0, 0]     # (n,)
    return torch.fft.rfft(y) / torch.fft.rfft(x)


torch.manual_seed(0)
one, another = torch.randn(2, n, dtype=torch.float64)
for name, kernel in kernels.items():
    same = torch.allclose(gain(kernel, one), gain(kernel, another))
    print(f"{name}: the same gain for two inputs: {same}")
# --8<-- [end:gain]


def sizes(name):
    return gain(kernels[name], one).abs()


def results():
    """Largest distance from the formulas: (1 + 2 cos f) / 3 and sin f.

    >>> results()["error"] < 1e-9
    True
    """
    f = 2 * torch.pi * torch.arange(n // 2 + 1).double() / n
    errors = (sizes("average") - ((1 + 2 * f.cos()) / 3).abs(),
              sizes("difference") - f.sin().abs())
    return {"error": max(error.abs().max().item() for error in errors)}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 2.4))
    for name, color in ("average", GRAY), ("difference", CONVOLUTION):
        ax.plot(sizes(name), color=color, label=name)
    ax.text(1, 1.04, "average", color=GRAY)
    ax.text(n // 4, 1.04, "difference", color=CONVOLUTION, ha="center")
    ax.set(xlabel="waves round the ring", ylabel="gain", ylim=(0, 1.15),
           xticks=[0, n // 4, n // 2], yticks=[0, 1])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
