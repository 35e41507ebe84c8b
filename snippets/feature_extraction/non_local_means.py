"""Non-local means, a denoiser of 2005, is attention; beside it, the best kernel."""

from functools import cache

from style import ATTENTION, CONVOLUTION

# --8<-- [start:denoise]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook

with cbook.get_sample_data("grace_hopper.jpg") as file:
    pixels = torch.tensor(plt.imread(file)[:480, 16:496]).double() / 255
photo = F.avg_pool2d(pixels.mean(-1)[None], 6)[0]       # (80, 80), 0 ... 1
sigma = 0.1
noisy = photo + sigma * torch.randn(80, 80, generator=torch.manual_seed(0))


def patches(image, p=3):
    """The p x p pixels around each pixel: (n, p p)."""
    padded = F.pad(image[None, None], (p // 2,) * 4, mode="reflect")
    return F.unfold(padded, p)[0].T


def non_local_means(image, h=3 * sigma):
    """The mean of all pixels, weighted by exp(-|P_i - P_j|^2 / h^2)."""
    P = patches(image)                                          # (n, 9)
    w = (-torch.cdist(P, P).square() / h**2).exp()              # (n, n)
    return (w @ image.flatten() / w.sum(1)).view_as(image)


def attention(image, h=3 * sigma):
    """softmax(Q K^T) V; the pixels are the values."""
    P, V = patches(image), image.reshape(-1, 1)                 # V: (n, 1)
    Q = torch.cat([2 * P / h**2, torch.ones_like(V)], 1)        # (n, 10)
    K = torch.cat([P, -P.square().sum(1, keepdim=True) / h**2], 1)
    y = F.scaled_dot_product_attention(Q[None], K[None], V[None], scale=1)
    return y.view_as(image)


# The 9 x 9 kernel, with bias, whose output is closest to the photograph:
X = F.pad(patches(noisy, 9), (0, 1), value=1)                   # (n, 82)
kernel = torch.linalg.lstsq(X, photo.reshape(-1, 1)).solution
convolved = (X @ kernel).view_as(photo)

corner = noisy[:40, :40]
error = (non_local_means(corner) - attention(corner)).abs().max()
print("non-local means is attention:", bool(error < 1e-12))
for name, image in (("noisy", noisy), ("convolution", convolved),
                    ("attention", attention(noisy))):
    print(f"{name:11} {-10 * F.mse_loss(image, photo).log10():.1f} dB")
# --8<-- [end:denoise]

COLORS = {"convolution": CONVOLUTION, "attention": ATTENTION}


def psnr(image):
    """In dB, of images between 0 and 1: 3 more halve the mean squared error."""
    return -10 * F.mse_loss(image, photo).log10().item()


@cache
def cleaned():
    """The photograph, noisy, and as each of the two mends it."""
    return {"the photograph": photo, "noisy": noisy,
            "convolution": convolved, "attention": attention(noisy)}


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["error"] < 1e-12, r["convolution_gain"] > 3, r["attention_gain"] > 3
    (True, True, True)

    As h shrinks, every pixel keeps itself; as it grows, all become the mean.

    >>> image = noisy[:20, :20]
    >>> torch.allclose(attention(image, h=1e-3), image)
    True
    >>> mean = image.mean().expand(20, 20)
    >>> torch.allclose(attention(image, h=1e3), mean, atol=1e-4)
    True

    The kernel is a convolution, and no small change of it does better.

    >>> padded = F.pad(noisy[None, None], (4,) * 4, mode="reflect")
    >>> y = F.conv2d(padded, kernel[:81].view(1, 1, 9, 9), kernel[81])[0, 0]
    >>> torch.allclose(y, cleaned()["convolution"])
    True
    >>> other = X @ (kernel + 1e-3 * torch.randn_like(kernel))
    >>> psnr(other.view_as(photo)) < psnr(y)
    True
    """
    levels = {name: psnr(image) for name, image in list(cleaned().items())[1:]}
    return {
        "sigma": sigma,
        "side": len(photo),
        "error": error.item(),
        **levels,
        **{f"{name}_gain": levels[name] - levels["noisy"] for name in COLORS},
        **{f"{name}_left": 10 ** ((levels["noisy"] - levels[name]) / 10)
           for name in COLORS},
    }


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.6))
    for ax, (name, image) in zip(axes.flat, cleaned().items()):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="none")
        level = "" if image is photo else f": {psnr(image):.1f} dB"
        ax.set_title(name + level, color=COLORS.get(name, "black"),
                     weight="bold" if name in COLORS else "normal")
        ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
