"""How sharp must a head be? The error falls as e to the minus alpha."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY, shades

# --8<-- [start:sharpness]
import torch
import torch.nn.functional as F


def heads(alpha, side=10, dtype=torch.float64):
    """The shares A of the nine heads: (3, 3, n, n)."""
    i = torch.arange(side)
    step = i - i[:, None]                               # key - query
    squares = torch.stack([(step - o)**2 for o in (-1, 0, 1)])
    # |u - o|^2 is the sum of a square for rows and one for columns
    scores = -alpha * (squares[:, None, :, None, :, None]
                       + squares[None, :, None, :, None, :]).to(dtype)
    return scores.reshape(3, 3, side**2, side**2).softmax(dim=-1)


def error(alpha, side=10, dtype=torch.float64):
    """Largest difference from F.conv2d on a random image and kernel."""
    torch.manual_seed(0)
    image = torch.randn(6, side, side, dtype=torch.float64).to(dtype)
    kernel = torch.randn(7, 6, 3, 3, dtype=torch.float64).to(dtype) / 54**0.5
    y = torch.einsum("abij,cj,ocab->oi", heads(alpha, side, dtype),
                     image.flatten(1), kernel)
    padded = F.pad(image[None], (1,) * 4, mode="replicate")
    return (y - F.conv2d(padded, kernel)[0].flatten(1)).abs().max().item()


middle = 44                                             # (4, 4) of 10 x 10
for alpha in 1, 4, 8, 16:
    leak = 1 - heads(alpha)[1, 1, middle, middle].item()
    print(f"alpha {alpha:2}: {leak:.1e} of the row leaks,",
          f"error {error(alpha):.0e}")
# --8<-- [end:sharpness]

ALPHAS = 0.5, 1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48


@cache
def curve(dtype):
    return [error(alpha, dtype=dtype) for alpha in ALPHAS]


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> 0.98 < r["rate"] < 1.02, r["float32_at_16"], r["float64_at_40"]
    (True, True, True)

    The leak is 1 - (sum over a line)^-2: four neighbours, so about 4 e^-alpha.

    >>> A = heads(8)[1, 1, middle, middle]
    >>> round(1 - A.item(), 4)
    0.0013
    >>> A = heads(12)[1, 1, middle, middle]
    >>> torch.isclose(A, 1 - 4 * torch.tensor(-12.).double().exp())
    tensor(True)
    """
    rate = torch.tensor(error(8) / error(16)).log().item() / 8
    return {
        "rate": rate,
        "float32_at_16": error(16, dtype=torch.float32) < 1e-5,
        "float64_at_40": error(40) < 1e-12,
    }


def figure():
    fig, axes = plt.subplot_mosaic("abc;eee", figsize=(5.2, 5), height_ratios=(1, 1.5))
    for panel, alpha in zip("abc", (0.1, 1, 8)):
        shares = heads(alpha, 13)[1, 2].view(13, 13, 13, 13)[6, 6, 3:10, 3:10]
        axes[panel].imshow(shares / shares.max(), cmap=shades(ATTENTION), vmin=0, vmax=1,
                           extent=(-3.5, 3.5, 3.5, -3.5), label=f"alpha = {alpha}, in units of the largest")
        axes[panel].add_patch(plt.Rectangle((-0.5, -0.5), 1, 1, fill=False, ec="black", lw=1.5))
        axes[panel].set(xticks=[], yticks=[], title=f"α = {alpha}")
        axes[panel].spines[:].set(visible=True, color=FAINT)
    errors = axes["e"]
    others = torch.arange(100) != middle
    leak = [heads(alpha)[1, 1, middle, others].sum().item() for alpha in ALPHAS]
    errors.semilogy(ALPHAS, leak, color=GRAY, lw=1, label="share that leaks")
    for dtype, name, height in (torch.float32, "in 32 bits", 3e-6), (torch.float64, "in\n64 bits", 6e-15):
        errors.semilogy(ALPHAS, curve(dtype), color=ATTENTION, label=f"largest error, {name}".replace("\n", " "))
        errors.text(49, height, f"rounding {name}", ha="right", va="bottom", color=ATTENTION)
    errors.text(9, 1e-7, "share that\nleaks", ha="right", color=GRAY)
    errors.text(6, 0.3, "largest error", color=ATTENTION)
    errors.set(xlabel="sharpness α", ylim=(1e-17, 30))
    errors.set_yticks([1, 1e-5, 1e-10, 1e-15], ["1", "10⁻⁵", "10⁻¹⁰", "10⁻¹⁵"])
    errors.minorticks_off()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
