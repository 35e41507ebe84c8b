"""A kernel may favour fine patterns; one head, an average, never does."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:gain]
import torch

kernel = torch.tensor([0, -0.25, 0.5, -0.25, 0])  # for offsets -2 ... 2
frequency = torch.arange(0, 0.51, 0.01)  # cycles per position
angle = 2 * torch.pi * frequency[:, None] * torch.arange(-2, 3)


def gain(a):
    """How much of each frequency the weights a, (5,), let through: (51,)."""
    return torch.complex(a @ angle.cos().T, a @ angle.sin().T).abs()


def fitted(heads, starts=20):
    """The kernel, imitated by a sum of heads, each W times a softmax."""
    torch.manual_seed(0)
    scores = torch.randn(starts, heads, 5, requires_grad=True)
    W = torch.randn(starts, heads, 1, requires_grad=True)
    adam = torch.optim.Adam([scores, W], lr=0.1)
    for _ in range(500):
        mix = (W * scores.softmax(dim=2)).sum(1)  # (starts, 5)
        error = (mix - kernel).square().sum(1) / kernel.square().sum()
        adam.zero_grad()
        error.sum().backward()
        adam.step()
    return mix[error.argmin()].detach(), error.min().item()


print(f"kernel: gain {gain(kernel)[0]:.2f} on a constant,",
      f"{gain(kernel)[-1]:.2f} on the finest pattern")
for heads in 1, 2:
    mix, error = fitted(heads)
    print(f"heads: {heads}: gain {gain(mix)[0]:.2f} and {gain(mix)[-1]:.2f},",
          f"error {error:.2f}")
# --8<-- [end:gain]

N = 96
j = torch.arange(N)
x = torch.ones(N)  # flat, coarse, fine
x[32:64] += torch.sin(2 * torch.pi * j[32:64] / 16)
x[64:] += torch.sin(torch.pi * (j[64:] + 0.5))
one_left, two_left = fitted(1)[1], fitted(2)[1]


def apply(a):
    """The weights at each position that has two neighbours on both sides."""
    return torch.conv1d(x[None, None], a[None, None])[0, 0]


def results():
    """The numbers the page quotes.

    A single head leaves a third: the two negative weights.

    >>> round(one_left, 2), two_left < 0.001
    (0.33, True)
    >>> negative = kernel.clamp(max=0).square().sum() / kernel.square().sum()
    >>> bool(abs(negative - 1 / 3) < 1e-6)
    True

    Of 1,000 random rows of a softmax, none has a gain above that on a constant.

    >>> r = results()
    >>> r["above_constant"], abs(r["constant_gain"] - 1) < 1e-6
    (0, True)

    On a constant the kernel gives 0, and its gain is sin^2(pi f).

    >>> theory = torch.sin(torch.pi * frequency) ** 2
    >>> torch.allclose(gain(kernel), theory, atol=1e-6)
    True
    """
    torch.manual_seed(2)
    gains = torch.stack([gain(a) for a in torch.randn(1000, 5).softmax(1)])
    return {
        "one_left": one_left,
        "two_left": two_left,
        "rows": len(gains),
        "above_constant": int((gains > gains[:, :1] + 1e-6).any(1).sum()),
        "constant_gain": gains[:, 0].mean().item(),
    }


def figure():
    mean = torch.full((5,), 0.2)
    fig, axes = plt.subplots(4, figsize=(5.2, 7.2), height_ratios=(1, 1, 1, 2.2))
    rows = ((x[2:-2], "a flat, a coarse and a fine pattern", GRAY),
            (apply(kernel), "kernel −¼, ½, −¼", CONVOLUTION),
            (apply(mean), "one head: a mean of 5", ATTENTION))
    for ax, (signal, title, color) in zip(axes, rows):
        ax.plot(j[2:-2], signal, color=color, label=title)
        ax.set_title(title, color="black" if color == GRAY else color)
        ax.set(ylim=(-1.3, 2.2), yticks=[0, 1], xticks=[])
    bottom = axes[-1]
    bottom.plot(frequency, gain(kernel), color=CONVOLUTION, label="kernel −¼, ½, −¼")
    torch.manual_seed(2)
    for row, a in enumerate(torch.randn(8, 5).softmax(1)):
        bottom.plot(frequency, gain(a), color=ATTENTION, lw=1, alpha=0.5,
                    label=f"random softmax row {row + 1}")
    bottom.plot(frequency, gain(mean), color=ATTENTION, label="mean of 5")
    bottom.text(0.42, 1.0, "kernel", color=CONVOLUTION, ha="right")
    bottom.text(0.08, 1.08, "heads", color=ATTENTION)
    bottom.set(title="gain", xlabel="cycles per position", ylim=(0, 1.2))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
