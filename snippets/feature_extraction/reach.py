"""What helps is that the weights follow the image, more than that they reach far."""

from functools import cache

from style import ATTENTION, CONVOLUTION

# --8<-- [start:reach]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook

with cbook.get_sample_data("grace_hopper.jpg") as file:
    picture = torch.tensor(plt.imread(file)[:480, 16:496]).float() / 255
photo = F.avg_pool2d(picture.mean(-1)[None], 10)[0]         # (48, 48)
face = picture[170:314, 170:314].mean(-1)
tiles = F.avg_pool2d(face[None], 12)[0].repeat(4, 4)        # (48, 48)
i = torch.arange(48.)
far = torch.cdist(*[torch.cartesian_prod(i, i)] * 2, p=torch.inf)   # (n, n)


def patches(image, p):
    """The p x p pixels around each pixel: (n, p p)."""
    padded = F.pad(image[None, None], (p // 2,) * 4, mode="reflect")
    return F.unfold(padded, p)[0].T


def gains(image, radii, sigma=0.05):
    """In dB over the best 9 x 9 kernel: attention within each radius."""
    g = torch.Generator().manual_seed(0)
    noisy = image + sigma * torch.randn(image.shape, generator=g)
    P, scale = patches(noisy, 3), (3 * sigma)**2
    S = torch.addmm(-P.square().sum(1) / scale, 2 * P / scale, P.T)
    X = F.pad(patches(noisy, 9), (0, 1), value=1)
    kernel = torch.linalg.lstsq(X, image.reshape(-1, 1)).solution
    best = F.mse_loss((X @ kernel).flatten(), image.flatten())
    for radius in radii:
        A = S.masked_fill(far > radius, -torch.inf).softmax(1)
        error = F.mse_loss(A @ noisy.flatten(), image.flatten())
        yield 10 * (best / error).log10().item()


for name, image in ("photograph", photo), ("tiles", tiles):
    print(f"{name:11}", "  ".join(
        f"{side}: {gain:+.1f} dB" for side, gain in zip(
            ("3 x 3", "9 x 9", "everywhere"), gains(image, (1, 4, 47)))))
# --8<-- [end:reach]

RADII = 1, 2, 3, 4, 6, 8, 10, 11, 12, 16, 24, 32, 47


@cache
def curves(sigma):
    """Gain by radius, for both images."""
    return {name: dict(zip(RADII, gains(image, RADII, sigma)))
            for name, image in (("photograph", photo), ("tiles", tiles))}


def results():
    """The numbers the page quotes.

    >>> gain = curves(0.05)["photograph"]
    >>> gain[4] > 0.6, abs(gain[47] - gain[4]) < 0.3
    (True, True)

    Eleven pixels do not reach the next tile, twelve do.

    >>> gain = curves(0.05)["tiles"]
    >>> max(gain[radius] for radius in RADII if radius < 12) < 0 < gain[12]
    True

    A radius of 0 leaves a pixel its own value: the noise that there was.

    >>> g = torch.Generator().manual_seed(0)
    >>> noise = 0.05 * torch.randn(48, 48, generator=g)
    >>> X = F.pad(patches(photo + noise, 9), (0, 1), value=1)
    >>> y = X @ torch.linalg.lstsq(X, photo.reshape(-1, 1)).solution
    >>> best = F.mse_loss(y.flatten(), photo.flatten())
    >>> abs(next(gains(photo, [0]))
    ...     - 10 * (best / noise.square().mean()).log10().item()) < 1e-3
    True
    """
    curve, tiled = curves(0.05)["photograph"], curves(0.05)["tiles"]
    loud = curves(0.1)["photograph"]
    return {
        "pixels": photo.numel(),
        "best_radius": max(RADII, key=curve.get),
        **{f"photograph_{radius}": curve[radius] for radius in (1, 4, 10, 47)},
        **{f"tiles_{radius}": tiled[radius] for radius in (4, 11, 12, 47)},
        **{f"loud_{radius}": loud[radius] for radius in (8, 47)},
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    ax.axhline(0, color=CONVOLUTION, label="the best 9 × 9 kernel")
    for name, style in ("photograph", "o-"), ("tiles", "s--"):
        curve = curves(0.05)[name]
        ax.plot(curve.keys(), curve.values(), style, color=ATTENTION, ms=5,
                mfc=ATTENTION if style == "o-" else "none", label=name)
    ax.text(15, 0.08, "best 9 × 9 kernel", color=CONVOLUTION)
    ax.text(3.4, 1.25, "photograph", color=ATTENTION)
    ax.text(3.2, -0.9, "tiled face", color=ATTENTION)
    ax.set_xscale("log")
    ax.set_xticks([1, 4, 12, 47], ["1", "4\n(9 × 9)", "12", "47\n(all)"])
    ax.minorticks_off()
    ax.set_yticks([-1, 0, 1, 2], ["−1", "0", "+1", "+2"])
    ax.set(xlabel="how far attention may look (pixels)", ylabel="gain (dB)",
           ylim=(-1.8, 2.1))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
