"""How many keys it takes to halve the weight of the match, and what mends it."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT

# --8<-- [start:law]
import math

import torch


def weight(gap, n):
    """The weight of one score that lies `gap` above n - 1 equal others."""
    scores = torch.zeros(n, dtype=torch.float64)
    scores[0] = gap
    return scores.softmax(dim=0)[0].item()


def halved(gap):
    """The first n, by bisection, at which the weight is below one half."""
    low, high = 2, 2**20
    while high - low > 1:
        middle = (low + high) // 2
        if weight(gap, middle) < 0.5:
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
          ", ".join(f"gap {gap}: {weight(gap * scale, n):.2f}"
                    for gap in (2, 4)))
# --8<-- [end:law]

START = 16  # the length at which the scale of the scores is 1
GAPS = 2, 4, 6, 8, 10


def scaled(gap, n):
    """Scores times ln n / ln 16 (as in Chiang & Cholak 2022, up to the constant)."""
    return weight(gap * math.log(n) / math.log(START), n)


def results():
    """The numbers the page quotes.

    The law, and where the weight is one half.

    >>> g = math.exp(5)
    >>> math.isclose(weight(5, 100), g / (g + 99))
    True
    >>> all(halved(gap) == math.floor(math.exp(gap) + 1) + 1 for gap in GAPS)
    True

    Half the temperature is twice the gap; scaling by ln n keeps a majority.

    >>> halved(4 / 0.5) == halved(8)
    True
    >>> scaled(4, 2**16) > scaled(4, START) > 0.5 > scaled(2, START) > scaled(2, 2**16)
    True
    """
    return {f"halved_{gap}": halved(gap) for gap in GAPS} | {
        "start": START,
        "far": 2**16,
        "gap4_start": scaled(4, START),
        "gap4_far": weight(4, 2**16),
        "gap4_scaled_far": scaled(4, 2**16),
        "gap2_start": scaled(2, START),
        "gap2_scaled_far": scaled(2, 2**16),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4))
    lengths = [round(2 ** (step / 2)) for step in range(2, 41)]
    ax.axhline(0.5, color=FAINT, lw=1, label="_half")
    for gap in GAPS:
        ax.plot(lengths, [weight(gap, n) for n in lengths], color=ATTENTION,
                label=f"gap {gap}")
        ax.plot(halved(gap), 0.5, "o", color=ATTENTION, ms=7,
                label=f"gap {gap}: one half")
        ax.annotate(f"gap {gap}" if gap == GAPS[-1] else gap, (halved(gap), 0.5),
                    (7, 3), textcoords="offset points")
    ax.plot(lengths[::3], [weight(4 / 0.5, n) for n in lengths[::3]], "s", mfc="none",
            color="black", ms=9, label="gap 4, temperature 1/2")
    longer = [n for n in lengths if n >= START]
    for gap, style in (4, "--"), (2, ":"):
        ax.plot(longer, [scaled(gap, n) for n in longer], style, color="black",
                label=f"gap {gap}, times ln n / ln {START}")
    ax.set_xscale("log")
    ax.set_xticks([10, 1000, 100_000], ["10", "1000", "100 000"])
    ax.set(xlabel="number of keys $n$", ylabel="weight on the match", ylim=(0, 1.05),
           xlim=(1.8, 1.2e6))
    handles = [line for line in ax.lines if line.get_color() == "black"]
    ax.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.45, 1))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
