"""Shift the input and the output shifts along, until a stride drops positions; each wave has its gain."""

import matplotlib.pyplot as plt
from style import CONVOLUTION

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

# --8<-- [start:shift]
import torch
import torch.nn.functional as F

torch.manual_seed(0)
n, d = 16, 8
x = torch.randn(1, d, n, dtype=torch.float64)        # (1, d, n)
w = torch.randn(d, d, 3, dtype=torch.float64)


def conv(x, w=w, stride=1, mode="circular"):
    """Circular padding is a ring: after the end comes the start."""
    return F.conv1d(F.pad(x, (1, 1), mode=mode), w, stride=stride)


def error(y, expected):
    """Distance of two outputs, relative."""
    return ((y - expected).norm() / expected.norm()).item()


def best(y, expected):
    """The smallest error that any shift of the output can reach."""
    return min(error(y, expected.roll(s, -1)) for s in range(y.shape[-1]))


one, two = x.roll(1, -1), x.roll(2, -1)              # shifted inputs
print("ring: exact:", error(conv(one), conv(x).roll(1, -1)) < 1e-12)

y, y_1, y_2, other = (conv(x, stride=2)              # (1, d, n / 2)
                      for x in (x, one, two, torch.randn_like(x)))
print("stride 2, shift 2: exact:", error(y_2, y.roll(1, -1)) < 1e-12)
print(f"stride 2, shift 1: error {best(y_1, y):.1f},",
      f"unrelated input: {best(other, y):.1f}")
# --8<-- [end:shift]


LONG = 1024


def spike(shift, stride):
    """A single 1 on a ring of 12, shifted, under the kernel 1, 2, 3: (12 / stride,).

    >>> spike(0, 1).equal(spike(1, 1).roll(-1))
    True
    >>> spike(0, 2).equal(spike(2, 2).roll(-1))
    True
    >>> spike(0, 2).tolist(), spike(1, 2).tolist()
    ([0.0, 3.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0, 0.0, 0.0])
    """
    x = torch.zeros(1, 1, 12)
    x[..., 3 + shift] = 1
    return conv(x, torch.tensor([[[1.0, 2, 3]]]), stride)[0, 0]


def wrong():
    """Outputs that zero padding gets wrong when the ring is shifted by one.

    >>> wrong()
    [0, 1, 15]
    """
    shifted = conv(x, mode="constant").roll(1, -1)
    off = (conv(one, mode="constant") - shifted).abs().amax((0, 1))     # (n,)
    return (off > 1e-12).nonzero()[:, 0].tolist()


def mean_change(n, draws=60, **options):
    """By how much the mean over all positions, after a ReLU, changes when the input moves by 1.

    The median of random layers on white noise, as a share of the size of the mean.
    """
    changes = []
    for seed in range(draws):
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(1, d, n, dtype=torch.float64, generator=generator)
        w = torch.randn(d, d, 3, dtype=torch.float64, generator=generator)
        means = [conv(y, w, **options).relu().mean(-1) for y in (x.roll(1, -1), x)]
        changes.append(error(*means))
    return torch.tensor(changes).median().item()


def results():
    """Errors of the shifts, and where zero padding goes wrong.

    >>> r = results()
    >>> max(r["ring_error"], r["stride_even_error"], r["inside_error"]) < 1e-12
    True
    >>> r["stride_odd_error"] > 0.5
    True

    The mean over all positions, after a ReLU: invariant on the ring only.

    >>> r["mean_ring"] < 1e-12, r["mean_zeros"] > 0.01, r["mean_strided"] > 0.1
    (True, True, True)
    >>> r["mean_zeros_long"] < r["mean_zeros"] / 20, r["mean_strided_long"] < r["mean_strided"] / 4
    (True, True)

    In two dimensions, with a ReLU behind it (it acts on each position alone):

    >>> layer = torch.nn.Sequential(
    ...     torch.nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"),
    ...     torch.nn.ReLU()).double()
    >>> image = torch.randn(1, 3, 9, 9).double()
    >>> moved = layer(image.roll((2, 4), (2, 3))) - layer(image).roll((2, 4), (2, 3))
    >>> bool(moved.abs().max() < 1e-12)
    True

    What the kernels do to a wave that turns by f a position: (1 + 2 cos f) / 3 and i sin f.

    >>> wave, f = torch.randn(64).double(), 2 * torch.pi * torch.arange(33).double() / 64
    >>> torch.allclose(gain(kernels["average"], wave).real, (1 + 2 * f.cos()) / 3)
    True
    >>> torch.allclose(gain(kernels["difference"], wave).imag, f.sin())
    True
    """
    inside = x.clone()
    inside[..., :4] = inside[..., -4:] = 0      # stays clear of the border
    return {
        "n": n,
        "ring_error": max(error(conv(x.roll(s, -1)), conv(x).roll(s, -1))
                          for s in range(n)),
        "stride_even_error": error(y_2, y.roll(1, -1)),
        "stride_odd_error": best(y_1, y),
        "unrelated_error": best(other, y),
        "seam": len(wrong()),
        "inside_error": error(conv(inside.roll(2, -1), mode="constant"),
                              conv(inside, mode="constant").roll(2, -1)),
        "long": LONG,
        "mean_ring": mean_change(n),
        "mean_zeros": mean_change(n, mode="constant"),
        "mean_strided": mean_change(n, stride=2),
        "mean_zeros_long": mean_change(LONG, mode="constant"),
        "mean_strided_long": mean_change(LONG, stride=2),
    }


def figure():
    fig, axes = plt.subplots(3, 2, figsize=(5.2, 4.6))
    for shift, row in enumerate(axes):
        for stride, ax in zip((1, 2), row):
            y = spike(shift, stride)
            bars = ax.bar(range(len(y)), y, 0.7 / stride, color=CONVOLUTION,
                          label=f"stride {stride}, shift {shift}")
            ax.bar_label(bars, [f"{v:.0f}" if v else "" for v in y], padding=2)
            ax.set(xlim=(-0.6, len(y) - 0.4), ylim=(0, 4.4), yticks=[],
                   xticks=range(0, len(y), 4 // stride**2))
            ax.tick_params(length=0, labelbottom=shift == 2)
            ax.spines["left"].set_visible(False)
        row[0].set_ylabel(f"shift {shift}")
    fig.supxlabel("output $i$", size=12)
    axes[0, 0].set_title("stride 1")
    axes[0, 1].set_title("stride 2")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
