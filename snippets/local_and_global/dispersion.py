"""How many keys it takes to bring the share of the match below one half, and what mends it."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT

# --8<-- [start:law]
import math

import torch


def share(gap, n):
    """The share of one score that lies `gap` above n - 1 equal others."""
    scores = torch.zeros(n, dtype=torch.float64)
    scores[0] = gap
    return scores.softmax(dim=0)[0].item()


def halved(gap):
    """The first n, by bisection, at which the share is below one half."""
    low, high = 2, 2**20
    while high - low > 1:
        middle = (low + high) // 2
        if share(gap, middle) < 0.5:
            high = middle
        else:
            low = middle
    return high


for gap in 2, 4, 6:
    print(f"gap {gap}: halved at n = {halved(gap)},",
          f"at temperature 1/2 at n = {halved(gap / 0.5)}")
for n in 16, 1024, 65_536:
    scale = math.log(n) / math.log(16)  # 1 at n = 16
    print(f"n = {n}, scores times {scale:.0f}:",
          ", ".join(f"gap {gap}: {share(gap * scale, n):.2f}"
                    for gap in (2, 4)))
# --8<-- [end:law]

START = 16  # the length at which the scale of the scores is 1
GAPS = 2, 4, 6, 8, 10


def scaled(gap, n):
    """Scores times ln n / ln 16 (as in Chiang & Cholak 2022, up to the constant)."""
    return share(gap * math.log(n) / math.log(START), n)


def results():
    """The numbers the page quotes.

    The law, and where the share is one half.

    >>> g = math.exp(5)
    >>> math.isclose(share(5, 100), g / (g + 99))
    True
    >>> all(halved(gap) == math.floor(math.exp(gap) + 1) + 1 for gap in GAPS)
    True

    Half the temperature is twice the gap; scaling by ln n keeps a majority.

    >>> halved(4 / 0.5) == halved(8)
    True
    >>> scaled(4, 2**16) > scaled(4, START) > 0.5 > scaled(2, START) > scaled(2, 2**16)
    True
    """
    return {f"halved_{gap}": halved(gap) for gap in (4, 8)} | {
        "last_4": halved(4) - 1,
        "last_8": halved(8) - 1,
        "start": START,
        "far": 2**16,
        "gap4_start": scaled(4, START),
        "gap4_far": share(4, 2**16),
        "gap4_scaled_far": scaled(4, 2**16),
        "gap2_start": scaled(2, START),
        "gap2_scaled_far": scaled(2, 2**16),
    }


def figure():
    lengths = START, 1024, 2**16
    mends = (("as it is", lambda n: share(4, n)),
             ("half the\ntemperature", lambda n: share(4 / 0.5, n)),
             ("scores times\nln $n$", lambda n: scaled(4, n)))
    fig, axes = plt.subplots(1, len(lengths), figsize=(5.2, 2.8), sharey=True)
    for ax, n in zip(axes, lengths):
        for y, (name, law) in enumerate(mends):
            ax.plot([0, 1], [y, y], color=FAINT, lw=18, solid_capstyle="butt", label="_all")
            ax.plot([0, law(n)], [y, y], color=ATTENTION, lw=18, solid_capstyle="butt",
                    label=f"{name}, n = {n}".replace("\n", " "))
        ax.plot([0.5, 0.5], [-0.5, 2.4], color="black", lw=1, label="_half")
        ax.set_title(f"{n:,} keys")
        ax.set(xlim=(0, 1), ylim=(2.5, -0.6), xticks=[])
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    axes[0].set_yticks(range(len(mends)), [name for name, _ in mends])
    axes[1].set_xlabel("share of the match; the line: one half")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
