"""Why attention divides its scores by the square root of d_k."""

import matplotlib.pyplot as plt
from style import ATTENTION

# --8<-- [start:variance]
import torch


def scores(d_k, n=64, batch=100):
    """Dot products q k of random queries and keys: (batch, n, n).

    All components are independent, with mean 0 and variance 1; then q k has
    variance d_k (Vaswani et al. 2017, footnote in section 3.2.1).
    """
    generator = torch.Generator().manual_seed(d_k)
    Q, K = torch.randn(2, batch, n, d_k, generator=generator)
    return Q @ K.transpose(1, 2)  # (batch, n, d_k) -> (batch, n, n)


def largest(S):
    """Mean, over the queries, of the largest attention weight.

    >>> largest(torch.zeros(1, 1, 64)) == 1 / 64
    True
    """
    return torch.softmax(S, dim=-1).max(dim=-1).values.mean().item()


for d_k in (16, 64, 256):
    S = scores(d_k)
    print(f"d_k = {d_k}: variance / d_k {S.var() / d_k:.1f}, largest weight "
          f"{largest(S):.2f}, scaled {largest(S / d_k**0.5):.2f}")
# --8<-- [end:variance]

sizes = 4, 16, 64, 256, 1024


def results():
    """Variance of the scores, and the largest of 64 weights.

    >>> all(abs(scores(d_k).var() / d_k - 1) < 0.05 for d_k in sizes)
    True
    >>> results()["largest_unscaled_1024"] > 0.9
    True
    """
    numbers = {"variance_ratio_64": scores(64).var().item() / 64}
    for d_k in 64, 1024:
        S = scores(d_k)
        numbers[f"largest_unscaled_{d_k}"] = largest(S)
        numbers[f"largest_scaled_{d_k}"] = largest(S / d_k**0.5)
    return numbers


def figure():
    fig, (spread, peak) = plt.subplots(2, figsize=(5.2, 5.2), sharex=True)
    for name, power, style in (("not scaled", 0, "o-"),
                               ("scaled", 0.5, "s--")):
        S = [scores(d_k) / d_k**power for d_k in sizes]
        variances = [s.var().item() for s in S]
        weights = [largest(s) for s in S]
        for ax, values in (spread, variances), (peak, weights):
            ax.plot(sizes, values, style, color=ATTENTION, label=name)
            ax.annotate(name, (64, values[2]), (0, -12 if power == 0 else 10),
                        textcoords="offset points", va="center")
    spread.loglog()
    spread.set_xticks(sizes, sizes)
    spread.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    spread.minorticks_off()
    spread.set(title="variance of the scores", ylim=(0.5, 2000))
    peak.set(title="largest of 64 weights", xlabel="$d_k$", ylim=(0, 1))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
