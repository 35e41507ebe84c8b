"""Attention reaches any position, but its weight thins out as n grows."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT

# --8<-- [start:weight]
import math

import torch
import torch.nn.functional as F


def weight(gap, n, d=8):
    """Attention weight on the one key that matches, among n keys.

    The matching key's score is `gap` above all others, so the weight is
    e^gap / (e^gap + n - 1)  (see Veličković et al. 2024, softmax is not enough).

    >>> weight(5, 1)
    1.0
    >>> math.isclose(weight(5, 100), math.exp(5) / (math.exp(5) + 99))
    True
    """
    generator = torch.Generator().manual_seed(0)
    q = torch.ones(1, d, dtype=torch.float64) / d**0.5  # length 1
    K = torch.randn(n, d, dtype=torch.float64, generator=generator)
    K -= K @ q.T * q  # all scores 0 ...
    K[-1] += gap * d**0.5 * q[0]  # ... but the last: q k / sqrt(d) = gap
    V = torch.zeros(n, 1, dtype=torch.float64)
    V[-1] = 1  # the output is the weight on the match
    return F.scaled_dot_product_attention(q, K, V).item()


for n in (96, 6144):
    print(f"n = {n}:", ", ".join(
        f"gap {gap}: {weight(gap, n):.3f}" for gap in (4, 8, 12)))
# --8<-- [end:weight]


def results():
    """Weight on the match at two lengths.

    >>> results()["gap8_n96"] > 0.95, results()["gap8_n6144"] < 0.35
    (True, True)
    """
    return {f"gap8_n{n}": weight(8, n) for n in (96, 6144)}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.4))
    ax.axhline(0.5, color=FAINT, lw=1)
    lengths = [2**power for power in range(4, 20)]
    for gap, power, style in (4, "⁴", ":"), (8, "⁸", "--"), (12, "¹²", "-"):
        ax.plot(lengths, [weight(gap, n) for n in lengths], style,
                color=ATTENTION, label=f"gap {gap}")
        half = math.exp(gap)
        ax.plot(half, weight(gap, round(half)), "o", color=ATTENTION, ms=8,
                label=f"gap {gap}, n = e{power}")
        ax.annotate(f"gap {gap}\nn = e{power}", (half, 0.5), (10, 4),
                    textcoords="offset points")
    ax.set_xscale("log")
    ax.set_xticks([100, 10_000, 1_000_000], ["100", "10 000", "1 000 000"])
    ax.set(xlabel="number of keys n", ylabel="weight on the match",
           xlim=(10, 3_000_000), ylim=(0, 1.02))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
