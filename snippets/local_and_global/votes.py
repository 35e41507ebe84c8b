# pip install torch matplotlib scikit-learn
"""How much of a digit must one look at to recognise it? Small windows vote."""

from functools import cache

import matplotlib.pyplot as plt
from style import CONVOLUTION, FAINT

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
        hidden = round(3000 / (side**2 + 33))           # so that all sizes learn as many numbers
        self.votes = nn.Sequential(nn.Conv2d(1, hidden, side), nn.ReLU(),
                                   nn.Conv2d(hidden, 32, 1), nn.ReLU(), nn.Conv2d(32, 10, 1))

    def forward(self, x):
        return self.votes(x).mean((2, 3))


def right(side, seed, updates=300):
    torch.manual_seed(seed)
    network = Votes(side)
    adam = torch.optim.Adam(network.parameters(), lr=0.01)
    fall = torch.optim.lr_scheduler.LinearLR(adam, 1, 0.01, updates)
    for batch in torch.randint(1200, (updates, 32)):
        adam.zero_grad()
        nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
        adam.step()
        fall.step()
    with torch.no_grad():
        return (network(x[1200:]).argmax(1) == y[1200:]).float().mean().item()


print("windows of 4 x 4 pixels, more than 85 % right:", right(4, seed=0) > 0.85)
# --8<-- [end:votes]

SEEDS, SIDES = 5, (2, 3, 4, 8)


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
    fig, ax = plt.subplots(figsize=(5.2, 2.8))
    for side in SIDES:
        ax.plot([side] * 2, [100 * min(scores(side)), 100 * max(scores(side))], lw=7,
                color=CONVOLUTION, solid_capstyle="round", label=f"{side} x {side}")
    ax.axhline(10, color=FAINT, lw=1)
    ax.text(8, 12, "guessing", ha="right")
    ax.set(xticks=SIDES, ylim=(0, 102), xlim=(1.5, 8.5), ylabel="right answers, %",
           xlabel="side of a window, in pixels")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
