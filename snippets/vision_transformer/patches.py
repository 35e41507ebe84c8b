"""Cutting an image into patches and embedding them is one strided convolution."""

import matplotlib.pyplot as plt
from matplotlib.cbook import get_sample_data
from style import FAINT

# --8<-- [start:patches]
import torch
import torch.nn.functional as F
from torch import nn

patch, d = 16, 768
torch.manual_seed(0)
image = torch.rand(1, 3, 224, 224).double()
conv = nn.Conv2d(3, d, patch, stride=patch).double()
linear = nn.Linear(3 * patch**2, d).double()
linear.weight.data = conv.weight.data.flatten(1)         # the same numbers
linear.bias.data = conv.bias.data

by_convolution = conv(image).flatten(2).mT               # (1, 196, d)
cut = F.unfold(image, patch, stride=patch).mT            # (1, 196, 768)
by_linear = linear(cut)                                  # (1, 196, d)
error = (by_convolution - by_linear).abs().max().item()
print("convolution = cut + linear:", error < 1e-12)
# --8<-- [end:patches]


def windows(k, stride):
    """How many windows of a convolution read each pixel: (224, 224)"""
    where = dict(kernel_size=k, stride=stride, padding=(k - stride) // 2)
    read = F.unfold(torch.ones(1, 1, 224, 224), **where)
    return F.fold(read, 224, **where)[0, 0]



def moved(pixels):
    """Largest difference between tokens of a moved ring and moved tokens.

    Both as grids of tokens, moved by pixels // patch; relative to the tokens.
    """
    with torch.no_grad():
        grid, other = conv(image), conv(image.roll(pixels, dims=-1))
    differences = [(grid.roll(step, dims=-1) - other).abs().max() for step in range(14)]
    return (min(differences) / grid.abs().max()).item()


def results():
    """The numbers the page quotes.

    D4e: the patch embedding is a convolution, and each pixel is read once.

    >>> r = results()
    >>> error < 1e-12, r["reads_patch"], r["reads_3x3"]
    (True, 1, 9)

    By hand, patch by patch: rows before columns, as the sequence runs.

    >>> corner = image[0, :, 16:32, 48:64].flatten()
    >>> torch.equal(cut[0, 14 + 3], corner)
    True

    Moved by a whole patch, the tokens move along, exactly; by one pixel, no move fits.

    >>> moved(patch) < 1e-12, moved(1) > 0.1
    (True, True)
    """
    return {
        "n": cut.shape[1],
        "numbers": cut.shape[2],
        "apart": 9 - 5,
        "reads_patch": int(windows(patch, patch).unique()),
        "reads_3x3": int(windows(3, 1).max()),
        "error": error,
        "moved_patch": moved(patch),
        "moved_pixel": moved(1),
    }


def figure():
    with get_sample_data("grace_hopper.jpg") as file:
        photo = plt.imread(file)[72:432, 72:432].mean(-1)
    photo = photo.reshape(72, 5, 72, 5).mean((1, 3))                  # (72, 72)
    fig, ax = plt.subplots(figsize=(5.2, 3.8))
    marked = {5: "-", 6: ":", 9: ":"}
    for i in range(16):
        row, column = divmod(i, 4)
        piece = photo[18 * row:18 * row + 18, 18 * column:18 * column + 18]
        for x, y, size in ((5 + 1.55 * column, -1.55 * row, 1.4),
                           (i, -8.6, 0.9)):
            ax.imshow(piece, cmap="gray", vmin=0, vmax=255, interpolation="none",
                      extent=(x, x + size, y - size, y), label=f"patch {i}")
            if i in marked:
                ax.add_patch(plt.Rectangle((x, y - size), size, size, fc="none",
                                           ec="black", ls=marked[i], lw=3, zorder=3))
        if i in marked:
            ax.text(i + 0.45, -10.2, i, ha="center")
            ax.text(5.7 + 1.55 * column, -1.55 * row - 0.7, i, ha="center", va="center",
                    bbox=dict(fc=FAINT, ec="none", pad=2))
    ax.annotate("", (8, -8.1), (8, -6.6),
                arrowprops=dict(arrowstyle="-|>", color="black"))
    ax.text(8.4, -7.45, "row by row", va="center")
    ax.text(4.7, -2.3, "image,\n4×4 patches", ha="right", va="center")
    ax.set(xlim=(-0.1, 16), ylim=(-10.4, 0.2), aspect="equal")
    ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
