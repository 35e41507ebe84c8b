"""Where attention cleans an image better than every fixed kernel, and where not."""

from functools import cache

from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from style import ATTENTION, CONVOLUTION, FAINT

# --8<-- [start:gain]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook

place = torch.cartesian_prod(torch.arange(48.), torch.arange(48.))
far = torch.cdist(place, place, p=torch.inf)                    # (n, n)


def patches(image, p):
    """The p x p pixels around each pixel: (n, p p)."""
    padded = F.pad(image[None, None], (p // 2,) * 4, mode="reflect")
    return F.unfold(padded, p)[0].T


def noise_on(image, sigma, seed=0):
    g = torch.Generator().manual_seed(seed)
    return image + sigma * torch.randn(image.shape, generator=g)


def kernel_error(image, noisy):
    """Of the best 9 x 9 kernel with bias, fitted to the clean image."""
    X = F.pad(patches(noisy, 9), (0, 1), value=1)               # (n, 82)
    y = X @ torch.linalg.lstsq(X, image.reshape(-1, 1)).solution
    return F.mse_loss(y.flatten(), image.flatten())


def attention_error(image, noisy, h, seen, radius=48):
    """seen: the image whose patches are compared."""
    P = patches(seen, 3) / h
    S = torch.addmm(-P.square().sum(1), 2 * P, P.T)             # (n, n)
    if radius < 48:
        S = S.masked_fill(far > radius, -torch.inf)
    return F.mse_loss(S.softmax(1) @ noisy.flatten(), image.flatten())


def gain(image, sigma, seed=0, clean=False, h=3, radius=48):
    """How many dB attention is closer to the image than the best kernel."""
    noisy = noise_on(image, sigma, seed)
    guide = image if clean else noisy
    error = attention_error(image, noisy, h * sigma, guide, radius)
    return 10 * (kernel_error(image, noisy) / error).log10().item()


def crop(picture, row, column, step):
    """48 x 48 pixels, each the mean of step x step."""
    part = picture[row:row + 48 * step, column:column + 48 * step]
    return F.avg_pool2d(part[None], step)[0]


with cbook.get_sample_data("grace_hopper.jpg") as file:
    hopper = torch.tensor(plt.imread(file)).float().mean(-1) / 255
images = {"photograph": crop(hopper, 0, 16, 10),
          "flag": crop(hopper, 0, 16, 4), "face": crop(hopper, 170, 186, 3)}
print("sigma        0.05     0.10     0.15")
for name, image in images.items():
    print(f"{name:11}", "  ".join(f"{gain(image, sigma):+.1f} dB"
                                  for sigma in (0.05, 0.1, 0.15)))
# --8<-- [end:gain]

SIGMAS, SEEDS = (0.05, 0.1, 0.15), range(5)


def on_white(name):
    """A transparent picture of matplotlib's, gray, on white: (height, width)."""
    with cbook.get_sample_data(name) as file:
        picture = torch.tensor(plt.imread(file))
    return (1 - picture[..., 3:] * (1 - picture[..., :3])).mean(-1)


def text():
    """Words drawn by matplotlib: (48, 48)."""
    fig = plt.figure(figsize=(0.96, 0.96), dpi=100, facecolor="white", layout="none")
    for line, word in enumerate(("atten-", "tion &", "convo-", "lution")):
        fig.text(0.04, 0.76 - 0.22 * line, word, size=13, color="black")
    fig.canvas.draw()
    pixels = torch.frombuffer(bytearray(fig.canvas.buffer_rgba()), dtype=torch.uint8)
    plt.close(fig)
    return crop(pixels.view(96, 96, 4)[..., :3].float().mean(-1) / 255, 0, 0, 2)


def bricks():
    """Bricks of 7 x 11 pixels, each with a gray of its own and some grain."""
    g = torch.Generator().manual_seed(0)
    wall = torch.full((48, 66), 0.75)
    for row in range(6):
        for column in range(5):
            y, x = 8 * row + 1, 12 * column + 1 + 6 * (row % 2)
            wall[y:y + 7, x:x + 11] = 0.35 + 0.12 * torch.rand(1, generator=g)
    return wall[:, 8:56] + 0.03 * torch.randn(48, 48, generator=g)


images |= {
    "tiled face": F.avg_pool2d(images["face"][None], 4)[0].repeat(4, 4),
    "gift": crop(on_white("Minduka_Present_Blue_Pack.png"), 10, 10, 2),
    "bricks": bricks(),
    "text": text(),
    "logo": crop(on_white("logo2.png"), 32, 20, 2),
}


# What decides the shares, and how much difference is forgiven (h, in sigmas).
WAYS = {"noisy": (False, 3), "noisy_half": (False, 1.5), "clean": (True, 3), "clean_half": (True, 1.5)}


@cache
def gains():
    """By way: by image and sigma, the gains in all draws of noise."""
    table = {way: {} for way in WAYS}
    for name, image in images.items():
        for sigma in SIGMAS:
            draws = [noise_on(image, sigma, seed) for seed in SEEDS]
            kernels = [kernel_error(image, noisy) for noisy in draws]
            for way, (clean, h) in WAYS.items():
                table[way][name, sigma] = [
                    10 * (kernel / attention_error(image, noisy, h * sigma,
                                                   image if clean else noisy)).log10().item()
                    for noisy, kernel in zip(draws, kernels)]
    return table


@cache
def reach():
    """At the least noise, by image: the mean gain in the kernel's own window, and everywhere."""
    return {name: (sum(gain(image, SIGMAS[0], seed, radius=4) for seed in SEEDS) / len(SEEDS),
                   mean(gains()["noisy"][name, SIGMAS[0]]))
            for name, image in images.items()}


TIE = 0.3      # dB: closer than this, and another noise may turn the result round


def mean(draws):
    return sum(draws) / len(draws)


def count(way, low, high):
    """Cases whose mean gain lies between low and high."""
    return sum(low < mean(draws) <= high for draws in gains()[way].values())


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["noisy_wins"] + r["noisy_losses"] < r["cases"] == 24
    True

    With little noise attention never loses; and in all it both wins and loses.

    >>> r["low_worst"] > -TIE, 9 < r["noisy_wins"] < 15, 3 < r["noisy_losses"] < 9
    (True, True, True)

    Halving h needs the clean image, and knowing the clean image is not enough.

    >>> r["noisy_half_losses"] > 18, 2 < r["clean_losses"] < 7, r["clean_half_wins"]
    (True, True, 24)

    Reach adds to the gain in most images; on the whole photograph it does not.

    >>> more = {name: everywhere - window for name, (window, everywhere) in reach().items()}
    >>> sum(gain > TIE for gain in more.values()), abs(more["photograph"]) < TIE
    (6, True)

    The tiles repeat every 12 pixels: a window of 11 sees no copy, one of 12 does.

    >>> tiles = images["tiled face"]
    >>> gain(tiles, 0.05, radius=11) < 0 < gain(tiles, 0.05, radius=12)
    True

    A constant image: the best kernel is its bias, with nothing left to gain.

    >>> gain(torch.full((48, 48), 0.5), 0.1) < 0
    True
    """
    numbers = {"cases": len(gains()["noisy"]), "tie": TIE}
    for way in WAYS:
        numbers |= {f"{way}_wins": count(way, TIE, 99), f"{way}_losses": count(way, -99, -TIE)}
    low = [mean(gains()["noisy"][name, SIGMAS[0]]) for name in images]
    for name, (window, everywhere) in reach().items():
        key = name.replace(" ", "_")
        numbers |= {f"{key}_window": window, f"{key}_everywhere": everywhere}
    return numbers | {
        "low_worst": min(low), "low_wins": sum(gain > TIE for gain in low),
        "high_wins": sum(mean(gains()["noisy"][name, SIGMAS[2]]) > TIE for name in images),
        "spread": max(max(draws) - min(draws) for draws in gains()["noisy"].values()),
        "window_wins": sum(window > TIE for window, _ in reach().values()),
        "reach_adds": sum(b - a > TIE for a, b in reach().values()),
        "clean_worst": min(mean(draws) for draws in gains()["clean_half"].values()),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 6.6))
    ax.axvline(0, color=CONVOLUTION)
    ax.axvspan(-TIE, TIE, color=FAINT, alpha=0.5, lw=0)
    for row, (name, image) in enumerate(images.items()):
        thumbnail = OffsetImage(image, cmap="gray", zoom=0.8, clim=(0, 1),
                                interpolation="none")
        ax.add_artist(AnnotationBbox(thumbnail, (-4.35, row), frameon=False))
        ax.text(-3.65, row, name, va="center")
    ax.text(-0.1, -0.8, "kernel better", ha="right", color=CONVOLUTION)
    ax.text(0.1, -0.8, "attention better", color=ATTENTION)
    notes = (1.35, ", little noise"), (0.6, ""), (0.4, ", much noise")
    for offset, sigma, marker, (x, note) in zip((-0.26, 0, 0.26), SIGMAS, "o^s", notes):
        gain = [mean(gains()["noisy"][name, sigma]) for name in images]
        ax.plot(gain, [row + offset for row in range(len(images))], marker,
                color=ATTENTION, ms=7, label=f"σ = {sigma}",
                mfc=ATTENTION if marker == "o" else "none", mew=2)
        ax.text(x, offset, f"σ = {sigma}{note}", color=ATTENTION, va="center")
    ax.set(xlim=(-5, 5.2), ylim=(len(images) - 0.4, -0.6), yticks=[],
           xlabel="gain over the best fixed kernel (dB)")
    ax.set_xticks([-2, 0, 2, 4], ["−2", "0", "+2", "+4"])
    ax.spines["left"].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
