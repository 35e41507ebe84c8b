"""One 3 x 3 kernel finds edges exactly; no single averaging mix can."""

from style import CONVOLUTION, GRAY, shades

# --8<-- [start:sobel]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook

with cbook.get_sample_data("grace_hopper.jpg") as file:
    pixels = torch.tensor(plt.imread(file)[:480, 16:496])  # (480, 480, 3)
blocks = pixels.long().unflatten(0, (120, 4)).unflatten(2, (120, 4))
photo = (blocks.sum((1, 3, 4)) // 48).float()   # (120, 120), 0 ... 255

sobel = torch.tensor([[-1., 0, 1], [-2, 0, 2], [-1, 0, 1]])
right = torch.tensor([[0., 0, 1], [0, 0, 2], [0, 0, 1]]) / 4
left = right.flip(1)


def convolve(image, kernel):
    """Unpadded: (rows, columns) -> (rows - 2, columns - 2)."""
    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


def differences(image):
    """By hand: right neighbour minus left one, rows weighted 1, 2, 1."""
    step = image[:, 2:] - image[:, :-2]
    return step[:-2] + 2 * step[1:-1] + step[2:]


edges = convolve(photo, sobel)
print("equals finite differences:", edges.equal(differences(photo)))
print("equals 4 x (right average - left average):",
      edges.equal(4 * convolve(photo, right) - 4 * convolve(photo, left)))
for name, kernel in ("sobel", sobel), ("right average", right):
    constant = convolve(torch.full((3, 3), 100.), kernel).item()
    print(f"{name}: makes {constant:.0f} of a constant 100")
# --8<-- [end:sobel]

FULL = 255      # a difference of full colour, as is all beyond
blur = torch.tensor([[1., 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
down = convolve(photo, sobel.T)      # the same kernel, turned by 90 degrees


def results():
    """Ranges of values, and what is left of a constant image.

    >>> r = results()
    >>> r["error"], r["sobel_constant"], r["average_constant"]
    (0.0, 0.0, 100.0)
    >>> r["photo_min"] <= r["blur_min"] <= r["blur_max"] <= r["photo_max"]
    True
    >>> edges.equal(4 * convolve(photo, right) - 4 * convolve(photo, left))
    True

    Any softmax is an average: it stays within the range of what it mixes.

    >>> A = torch.randn(100, 14400, generator=torch.manual_seed(0)).softmax(-1)
    >>> mixed = A @ photo.flatten()
    >>> bool(photo.min() <= mixed.min() and mixed.max() <= photo.max())
    True
    """
    blurred, flat = convolve(photo, blur), torch.full((3, 3), 100.0)
    return {
        "side": len(photo),
        "error": (edges - differences(photo)).abs().max().item(),
        "photo_min": int(photo.min()),
        "photo_max": int(photo.max()),
        "blur_min": blurred.min().item(),
        "blur_max": blurred.max().item(),
        "sobel_constant": convolve(flat, sobel).item(),
        "average_constant": convolve(flat, blur).item(),
        "step": convolve(torch.tensor([[1.0, 1, 5]] * 3), sobel).item(),
    }


def data():
    return {"photo": photo.int().flatten().tolist()}


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.5))
    for ax, title, image in ((axes[0, 0], "photograph", photo),
                             (axes[0, 1], "average", convolve(photo, blur))):
        ax.imshow(image.numpy(), cmap="gray", vmin=0, vmax=255,
                  interpolation="none")
        ax.set_title(title)
    for ax, title, image in ((axes[1, 0], "Sobel, left to right", edges),
                             (axes[1, 1], "Sobel, top to bottom", down)):
        ax.imshow(image.abs().numpy(), cmap=shades(CONVOLUTION), vmin=0, vmax=FULL,
                  interpolation="none")
        ax.set_title(title)
    for ax, color in (axes[0, 0], GRAY), (axes[1, 0], "black"), (axes[1, 1], "black"):
        ax.annotate("", (31, 33), (17, 33),
                    arrowprops={"arrowstyle": "-|>", "lw": 2, "color": color})
    for ax in axes.flat:
        ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
