"""What a ReLU between two layers adds: an edge detector that ignores the sign."""

from style import CONVOLUTION, FAINT, shades

# --8<-- [start:edges]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook

with cbook.get_sample_data("grace_hopper.jpg") as file:
    pixels = torch.tensor(plt.imread(file)[:480, 16:496]) / 255
photo = F.avg_pool2d(pixels.mean(-1)[None, None].double(), 4)
negative = 1 - photo                                # (1, 1, 120, 120)

sobel = torch.tensor([[-1., 0, 1], [-2, 0, 2], [-1, 0, 1]]).double()
first = torch.stack([sobel, -sobel, sobel.T, -sobel.T])[:, None]
second = torch.ones(1, 4, 1, 1).double()            # adds up 4 channels


def two_layers(x):
    return F.conv2d(F.conv2d(x, first).relu(), second)


def best_single(images, k=7):
    """Least squares fit of one k x k kernel and bias to two_layers.

    Returns its outputs, and the share of the variance that it leaves.
    """
    patches = torch.cat([F.unfold(x, k)[0].T for x in images])  # (pixels, k²)
    patches = F.pad(patches, (0, 1), value=1)                   # the bias
    cut = (k - 3) // 2                  # both read the same centre pixel
    target = torch.cat([two_layers(x)[0, 0, cut:-cut, cut:-cut].flatten()
                        for x in images])
    fitted = patches @ torch.linalg.lstsq(patches, target[:, None]).solution
    return fitted, (target - fitted[:, 0]).var() / target.var()


same = torch.allclose(two_layers(photo), two_layers(negative))
print("two layers, same edges in photograph and negative:", same)
print(f"best single 7x7 layer leaves {best_single([photo])[1]:.0%}",
      f"on the photograph, {best_single([photo, negative])[1]:.0%} on both")
# --8<-- [end:edges]


def results():
    """The numbers the page quotes.

    The two layers compute |horizontal Sobel| + |vertical Sobel|.

    >>> both = F.conv2d(photo, first[::2]).abs().sum(1)
    >>> torch.allclose(two_layers(photo)[0], both)
    True

    Without the ReLU, the four channels cancel.

    >>> F.conv2d(F.conv2d(photo, first), second).abs().max() < 1e-12
    tensor(True)

    On both images together the best layer is a constant, and leaves everything.

    >>> fitted, left = best_single([photo, negative])
    >>> (fitted.max() - fitted.min()) < 1e-9, left > 1 - 1e-9
    (tensor(True), tensor(True))
    """
    return {
        "left_photo": best_single([photo])[1].item(),
        "left_photo_15": best_single([photo], k=15)[1].item(),
    }


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.6))
    gray = dict(cmap="gray")
    blue = dict(cmap=shades(CONVOLUTION), vmin=0, vmax=3)
    target = two_layers(photo)[0, 0, 2:-2, 2:-2]
    fitted = best_single([photo])[0].view_as(target)
    panels = [("photograph", photo[0, 0], gray), ("negative", negative[0, 0], gray),
              ("two layers with ReLU", target, blue),
              ("best single 7×7 layer", fitted, blue)]
    for ax, (name, image, shown) in zip(axes.flat, panels):
        ax.imshow(image, interpolation="none", label=name, **shown)
        ax.set_title(name, loc="center")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=FAINT)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
