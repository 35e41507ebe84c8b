# pip install torch matplotlib scikit-learn
"""How much of a digit must one look at to recognise it? Small windows vote."""

from functools import cache

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle
from style import CONVOLUTION, GRAY, shades

# --8<-- [start:votes]
import torch
from sklearn.datasets import load_digits
from torch import nn

digits = load_digits()                                  # 1,797 digits of 8 x 8 pixels
x = torch.tensor(digits.images)[:, None].float() / 8 - 1
y = torch.tensor(digits.target)


class Votes(nn.Module):
    """Each window votes for the ten digits; the mean of the votes decides."""

    def __init__(self, side):
        super().__init__()
        hidden = round(3000 / (side**2 + 33))           # as many weights for all
        self.votes = nn.Sequential(nn.Conv2d(1, hidden, side), nn.ReLU(),
                                   nn.Conv2d(hidden, 32, 1), nn.ReLU(),
                                   nn.Conv2d(32, 10, 1))

    def forward(self, x):
        return self.votes(x).mean((2, 3))


def right(side, seed, steps=300):
    torch.manual_seed(seed)
    network = Votes(side)
    adam = torch.optim.Adam(network.parameters(), lr=0.01)
    fall = torch.optim.lr_scheduler.LinearLR(adam, 1, 0.01, steps)
    for batch in torch.randint(1200, (steps, 32)):
        adam.zero_grad()
        nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
        adam.step()
        fall.step()
    with torch.no_grad():
        return (network(x[1200:]).argmax(1) == y[1200:]).float().mean().item()


print("windows of 4 x 4 pixels, more than 85 % right:", right(4, seed=0) > 0.85)
# --8<-- [end:votes]

SEEDS, SIDES = 5, (2, 3, 4, 8)
SHOWN = 5       # the digit in the figure


@cache
@torch.enable_grad()
def scores(side):
    return [right(side, seed) for seed in range(SEEDS)]


def numbers(side):
    return sum(p.numel() for p in Votes(side).parameters())


def results():
    """Right answers of new digits, lowest and highest of five runs.

    >>> r = results()
    >>> r["min_4"] > 0.85, r["max_2"] < r["min_3"], r["max_3"] < r["min_8"], r["min_8"] > 0.88
    (True, True, True, True)
    >>> r["fewest"] > 0.97 * r["most"]
    True
    """
    found = {f"{name}_{side}": pick(scores(side)) for side in SIDES
             for name, pick in (("min", min), ("max", max))}
    return found | {"fewest": min(map(numbers, SIDES)), "most": max(map(numbers, SIDES))}


def figure():
    fig, axes = plt.subplot_mosaic([SIDES, [0] * len(SIDES)], figsize=(5.2, 3.8), height_ratios=(1, 1.2))
    image, bottom = digits.images[SHOWN], axes[0]
    for at, side in enumerate(SIDES):
        corner = (8 - side) // 2
        seen = slice(corner, corner + side)
        faded = image / 5
        faded[seen, seen] = image[seen, seen]
        axes[side].imshow(faded, cmap=shades(GRAY), vmax=16, interpolation="none")
        axes[side].add_patch(Rectangle((corner - 0.5, corner - 0.5), side, side, fill=False,
                                       color=CONVOLUTION, lw=2.5, clip_on=False))
        axes[side].set_title(f"{side} × {side}", loc="center")
        axes[side].axis("off")
        bottom.plot([at] * SEEDS, [100 * score for score in scores(side)], "o", color=CONVOLUTION,
                    alpha=0.6, ms=8, label=f"{side} x {side}")
    bottom.axhline(10, color=GRAY, lw=1)
    bottom.text(3.5, 13, "guessing", color=GRAY, ha="right")
    bottom.set(xlim=(-0.5, 3.5), xticks=[], ylim=(0, 102), yticks=[0, 50, 100],
               ylabel="right answers, %")
    bottom.spines["bottom"].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
