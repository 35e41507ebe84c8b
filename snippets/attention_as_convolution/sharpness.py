"""How sharp must a head be? The error falls as e to the minus alpha."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, GRAY

# --8<-- [start:sharpness]
import torch
import torch.nn.functional as F


def heads(alpha, side=10, dtype=torch.float64):
    """The shares A of the nine heads: (3, 3, n, n)."""
    i = torch.arange(side)
    step = i - i[:, None]                               # key - query
    squares = torch.stack([(step - o)**2 for o in (-1, 0, 1)])
    # |delta - Delta|^2 is the sum of a square for rows and one for columns
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
    fig, (weights, errors) = plt.subplots(2, figsize=(5.2, 5.8))
    for alpha, style, marker in (0.1, ":", "^"), (1, "--", "s"), (8, "-", "o"):
        row = heads(alpha, 13)[1, 2].view(13, 13, 13, 13)[6, 6, 6]
        weights.plot(range(-6, 7), row / row.sum(), style + marker, ms=4,
                     color=ATTENTION, label=f"alpha = {alpha}")
    for text, x, y in ("α = 8", 1.2, 0.94), ("1", 2.35, 0.27), ("0.1", 3.4, 0.13):
        weights.text(x, y, text, color=ATTENTION)
    weights.set(title="share along the row, head at +1", ylim=(0, 1.05),
                xlabel="step from query to key", xticks=range(-6, 7, 2),
                yticks=[0, 0.5, 1])
    theory = [4 * 2.718281828**-alpha for alpha in ALPHAS]
    errors.semilogy(ALPHAS, theory, color=GRAY, lw=1, label="share that leaks")
    for dtype, marker, name in ((torch.float32, "s", "float32"),
                                (torch.float64, "o", "float64")):
        errors.semilogy(ALPHAS, curve(dtype), marker, color=ATTENTION, ms=6,
                        mfc="none", label=name)
    errors.text(48, 1e-5, "float32", ha="right", color=ATTENTION)
    errors.text(48, 2e-14, "float64", ha="right", color=ATTENTION)
    errors.text(22, 1e-13, "share that\nleaks: 4 e$^{−α}$", ha="right",
                color=GRAY)
    errors.set(title="largest error", xlabel="sharpness α", ylim=(1e-17, 30))
    errors.set_yticks([1, 1e-5, 1e-10, 1e-15], ["1", "10⁻⁵", "10⁻¹⁰", "10⁻¹⁵"])
    errors.minorticks_off()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
