"""Where attention cleans an image better than every fixed kernel, and where not."""

from functools import cache

from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from style import ATTENTION, CONVOLUTION, FAINT

# --8<-- [start:gain]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook


def crop(picture, row, column, step):
    """48 x 48 pixels, each the mean of step x step."""
    part = picture[row:row + 48 * step, column:column + 48 * step]
    return F.avg_pool2d(part[None], step)[0]


def patches(image, p):
    """The p x p pixels around each pixel: (n, p p)."""
    padded = F.pad(image[None, None], (p // 2,) * 4, mode="reflect")
    return F.unfold(padded, p)[0].T


def gain(image, sigma, seed=0, seen=None, h=1):
    """How many dB attention is closer to the image than the best kernel.

    seen: the image that decides the weights (None: the noisy one).
    h: in units of 3 sigma.
    """
    g = torch.Generator().manual_seed(seed)
    noisy = image + sigma * torch.randn(image.shape, generator=g)
    P, c = patches(noisy if seen is None else seen, 3), (3 * h * sigma)**2
    S = torch.addmm(-P.square().sum(1) / c, 2 * P / c, P.T)     # (n, n)
    attention = S.softmax(1) @ noisy.reshape(-1, 1)             # (n, 1)
    X = F.pad(patches(noisy, 9), (0, 1), value=1)               # (n, 82)
    convolution = X @ torch.linalg.lstsq(X, image.reshape(-1, 1)).solution
    error = [F.mse_loss(y.view_as(image), image)
             for y in (convolution, attention)]
    return 10 * (error[0] / error[1]).log10().item()


with cbook.get_sample_data("grace_hopper.jpg") as file:
    hopper = torch.tensor(plt.imread(file)).float().mean(-1) / 255
images = {"photograph": crop(hopper, 0, 16, 10),
          "flag": crop(hopper, 0, 16, 4), "face": crop(hopper, 170, 186, 3)}
print("sigma        0.05     0.10     0.15")
for name, image in images.items():
    print(f"{name:11}", "  ".join(f"{gain(image, sigma):+.1f} dB"
                                  for sigma in (0.05, 0.1, 0.15)))
# --8<-- [end:gain]

SIGMAS, SEEDS = (0.05, 0.1, 0.15), range(2)


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


@cache
def gains():
    """By image and sigma: mean of the seeds, and with weights from the clean image."""
    return {(name, sigma): (
                sum(gain(image, sigma, seed) for seed in SEEDS) / len(SEEDS),
                gain(image, sigma, seen=image, h=0.5))
            for name, image in images.items() for sigma in SIGMAS}


TIE = 0.3      # dB: closer than this, and another noise may turn the result round


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["wins"] + r["ties"] + r["losses"] == r["cases"] == 24
    True

    With little noise attention never loses; and it both wins and loses.

    >>> r["low_worst"] > -TIE, r["wins"] > 8, r["losses"] > 3, r["clean_wins"]
    (True, True, True, 24)

    A constant image: the best kernel is its bias, with nothing left to gain.

    >>> gain(torch.full((48, 48), 0.5), 0.1) < 0
    True
    """
    noisy = {case: mean for case, (mean, _) in gains().items()}
    clean = [oracle for _, oracle in gains().values()]
    wins = {case for case, mean in noisy.items() if mean > TIE}
    losses = {case for case, mean in noisy.items() if mean < -TIE}
    return {
        "cases": len(noisy), "wins": len(wins), "losses": len(losses),
        "ties": len(noisy) - len(wins) - len(losses), "tie": TIE,
        "low_worst": min(noisy[name, SIGMAS[0]] for name in images),
        "low_wins": sum((name, SIGMAS[0]) in wins for name in images),
        "high_wins": sum((name, SIGMAS[2]) in wins for name in images),
        "clean_wins": sum(oracle > TIE for oracle in clean),
        "clean_worst": min(clean),
        **{f"{name.replace(' ', '_')}_5": noisy[name, 0.05] for name in images},
        **{f"{name}_15": noisy[name, 0.15] for name in ("face", "bricks")},
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 6.6))
    ax.axvline(0, color=CONVOLUTION)
    ax.axvspan(-TIE, TIE, color=FAINT, alpha=0.5, lw=0)
    for row, (name, image) in enumerate(images.items()):
        thumbnail = OffsetImage(image, cmap="gray", zoom=0.8, clim=(0, 1),
                                interpolation="none")
        ax.add_artist(AnnotationBbox(thumbnail, (-3.9, row), frameon=False))
        ax.text(-2.9, row, name, va="center")
    for offset, sigma, marker in zip((-0.18, 0, 0.18), SIGMAS, "o^s"):
        mean = [gains()[name, sigma][0] for name in images]
        ax.plot(mean, [row + offset for row in range(len(images))], marker,
                color=ATTENTION, ms=7, label=f"σ = {sigma}",
                mfc=ATTENTION if marker == "o" else "none", mew=2)
    ax.text(-0.1, -0.8, "kernel better", ha="right", color=CONVOLUTION)
    ax.text(0.1, -0.8, "attention better", color=ATTENTION)
    ax.legend(loc="upper right", bbox_to_anchor=(1.02, 0.58), handletextpad=0)
    ax.set(xlim=(-4.7, 5.2), ylim=(len(images) - 0.4, -0.6), yticks=[],
           xlabel="gain over the best fixed kernel (dB)")
    ax.set_xticks([-2, 0, 2, 4], ["−2", "0", "+2", "+4"])
    ax.spines["left"].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
