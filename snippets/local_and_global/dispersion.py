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
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    lengths = [round(2 ** (step / 2)) for step in range(2, 41)]
    longer = [n for n in lengths if n >= START]
    ax.axhline(0.5, color=FAINT, lw=1, label="_half")
    for style, ns, shares, where, text in (
            ("-", lengths, [share(4, n) for n in lengths], (60, 0.05), "as it is"),
            ("--", lengths, [share(4 / 0.5, n) for n in lengths], (7000, 0.35),
             "half the\ntemperature"),
            (":", longer, [scaled(4, n) for n in longer], (60_000, 0.9), "times ln n")):
        ax.plot(ns, shares, style, color=ATTENTION, lw=2, label=f"gap 4, {text}")
        ax.text(*where, text, color=ATTENTION)
    ax.set_xscale("log")
    ax.set_xticks([10, 1000, 100_000], ["10", "1000", "100 000"])
    ax.set(xlabel="number of keys $n$", ylabel="share of the match", ylim=(0, 1.05),
           xlim=(1.8, 1.2e6), yticks=[0, 0.5, 1])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
