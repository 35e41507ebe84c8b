"""Shift the input and the output shifts along, until a stride drops positions."""

import matplotlib.pyplot as plt

# --8<-- [start:shift]
import torch
import torch.nn.functional as F

torch.manual_seed(0)
n, d = 16, 8
x = torch.randn(1, d, n, dtype=torch.float64)        # (1, d, n)
w = torch.randn(d, d, 3, dtype=torch.float64)


def ring(x, w=w, stride=1):
    """Circular padding: the end of the signal continues at its start."""
    return F.conv1d(F.pad(x, (1, 1), mode="circular"), w, stride=stride)


def strided(x):
    """Every second output: (1, d, n) -> (1, d, n / 2)."""
    return ring(x, stride=2)


def error(layer, shift, out_shift):
    """How far layer(shifted x) is from shifted layer(x), relative."""
    y = layer(x).roll(out_shift, -1)
    return ((layer(x.roll(shift, -1)) - y).norm() / y.norm()).item()


print("shift 5, output shifts by 5:", error(ring, 5, 5) < 1e-12)
print("stride 2: shift 2, output shifts by 1:",
      error(strided, 2, 1) < 1e-12)
best = min(error(strided, 1, s) for s in range(n // 2))
print(f"stride 2: shift 1, smallest error of any shift: {best:.1f}")
# --8<-- [end:shift]

CONVOLUTION = "#0072B2"


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
    return ring(x, torch.tensor([[[1.0, 2, 3]]]), stride)[0, 0]


def results():
    """Errors of the shifts, and where zero padding goes wrong.

    >>> r = results()
    >>> r["ring_error"], r["stride_even_error"], r["stride_odd_error"] > 0.5
    ('below 1e-12', 'below 1e-12', True)
    >>> r["seam"], r["inside_error"]
    (3, 'below 1e-12')

    In two dimensions, with a ReLU behind it (it acts on each position alone):

    >>> layer = torch.nn.Sequential(
    ...     torch.nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"),
    ...     torch.nn.ReLU()).double()
    >>> image = torch.randn(1, 3, 9, 9).double()
    >>> moved = layer(image.roll((2, 4), (2, 3))) - layer(image).roll((2, 4), (2, 3))
    >>> bool(moved.abs().max() < 1e-12)
    True
    """
    def below(value):
        return "below 1e-12" if value < 1e-12 else f"{value:.0e}"

    def zeros(x):
        return F.conv1d(x, w, padding=1)

    seam = (zeros(x.roll(1, -1)) - zeros(x).roll(1, -1)).abs().amax((0, 1))
    inside = x.clone()
    inside[..., :4] = inside[..., -4:] = 0      # stays clear of the border
    stays = zeros(inside.roll(2, -1)) - zeros(inside).roll(2, -1)
    return {
        "n": n,
        "ring_error": below(max(error(ring, s, s) for s in range(n))),
        "stride_even_error": below(error(strided, 2, 1)),
        "stride_odd_error": round(best, 1),
        "seam": int((seam > 1e-12).sum()),
        "inside_error": below(stays.abs().max()),
    }


def figure():
    fig, axes = plt.subplots(3, 2, figsize=(5.2, 4.6))
    for shift, row in enumerate(axes):
        for stride, ax in zip((1, 2), row):
            y = spike(shift, stride)
            bars = ax.bar(range(len(y)), y, 0.75, color=CONVOLUTION,
                          label=f"stride {stride}, shift {shift}")
            ax.bar_label(bars, [f"{v:.0f}" if v else "" for v in y], padding=2)
            ax.set(xlim=(-0.6, len(y) - 0.4), ylim=(0, 4.4), xticks=[], yticks=[])
            ax.spines["left"].set_visible(False)
        row[0].set_ylabel(f"shift {shift}")
    axes[0, 0].set_title("stride 1")
    axes[0, 1].set_title("stride 2")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
