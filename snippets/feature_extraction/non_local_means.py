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
noisy = photo + 0.1 * torch.randn(80, 80, generator=torch.manual_seed(0))


def patches(image, p=3):
    padded = F.pad(image[None, None], (p // 2,) * 4, mode="reflect")
    return F.unfold(padded, p)[0].T                     # (n, p p)


def non_local_means(image, h=0.3):
    P = patches(image)
    w = (-torch.cdist(P, P).square() / h**2).exp()      # (n, n)
    return (w @ image.flatten() / w.sum(1)).view_as(image)


def attention(image, h=0.3):
    P, V = patches(image), image.reshape(-1, 1)         # (n, 9), (n, 1)
    Q = torch.cat([2 * P / h**2, torch.ones_like(V)], 1)
    K = torch.cat([P, -P.square().sum(1, keepdim=True) / h**2], 1)
    y = F.scaled_dot_product_attention(Q[None], K[None], V[None], scale=1)
    return y.view_as(image)


corner = noisy[:40, :40]
error = (non_local_means(corner) - attention(corner)).abs().max()
print("non-local means is attention:", bool(error < 1e-12))
left = F.mse_loss(attention(noisy), photo) / F.mse_loss(noisy, photo)
print(f"part of the noise that is left: {left:.0%}")
# --8<-- [end:denoise]

# The 9 x 9 kernel, with bias, whose output is closest to the photograph:
X = F.pad(patches(noisy, 9), (0, 1), value=1)                   # (n, 82)
kernel = torch.linalg.lstsq(X, photo.reshape(-1, 1)).solution
convolved = (X @ kernel).view_as(photo)

COLORS = {"convolution": CONVOLUTION, "attention": ATTENTION}


def left_of(image):
    """The squared error of an image, as a part of that of the noisy one."""
    return (F.mse_loss(image, photo) / F.mse_loss(noisy, photo)).item()


@cache
def cleaned():
    """The photograph, noisy, and as each of the two mends it."""
    return {"the photograph": photo, "noisy": noisy,
            "convolution": convolved, "attention": attention(noisy)}


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["error"] < 1e-12, 0.35 < r["convolution_left"] < 0.45, 0.3 < r["attention_left"] < 0.42
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
    >>> left_of(other.view_as(photo)) > left_of(y)
    True
    """
    return {"side": len(photo), "error": error.item(),
            **{f"{name}_left": left_of(cleaned()[name]) for name in COLORS}}


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.6))
    for ax, (name, image) in zip(axes.flat, cleaned().items()):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="none")
        level = f": {left_of(image):.0%} left".replace("%", " %") if name in COLORS else ""
        ax.set_title(name + level, color=COLORS.get(name, "black"),
                     weight="bold" if name in COLORS else "normal")
        ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
