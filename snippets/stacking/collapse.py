"""Bare attention makes all tokens alike: each layer cubes what is left."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY

# --8<-- [start:collapse]
import torch

torch.manual_seed(0)
n, d, L = 256, 32, 4
W_Q, W_K = torch.randn(2, L, d, d).double() / d**0.5    # of each layer


def mixing(x, layer=0):
    """The weights of a layer on the tokens x: (n, d) -> (n, n)."""
    Q, K = x @ W_Q[layer].T, x @ W_K[layer].T
    return torch.softmax(Q @ K.T / d**0.5, dim=-1)


def spread(x):
    """The part of the tokens that is not their mean: 0 if all are equal."""
    return ((x - x.mean(0)).norm() / x.norm()).item()


start = torch.randn(n, d).double()
layers = {
    "fixed": lambda x, layer: mixing(start) @ x,        # weights of the input
    "computed": lambda x, layer: mixing(x, layer) @ x,  # of what the layer gets
    "with skip": lambda x, layer: x + mixing(x, layer) @ x,
}


def by_depth(name):
    x, spreads = start, []
    for layer in range(L):
        x = layers[name](x, layer)
        spreads.append(spread(x))
    return spreads


for name in layers:
    print(f"{name:9}", *(f"{s:8.2g}" for s in by_depth(name)[:3]))
# --8<-- [end:collapse]

SPREADS = [10**-(e / 4) for e in range(4, 15)]
DRAWS, DEEPER = 20, 24                  # of weights and tokens, and layers, for larger weights


def after_all(times, seed, layers=L):
    """The spread after bare layers whose W_Q and W_K are `times` as large as usual."""
    g = torch.Generator().manual_seed(seed)
    W = times * torch.randn(2, layers, d, d, generator=g).double() / d**0.5
    x = torch.randn(n, d, generator=g).double()
    for Q, K in zip(*W):
        x = torch.softmax((x @ Q.T) @ (x @ K.T).T / d**0.5, dim=-1) @ x
    return spread(x)


@cache
def one_layer(seed=1):
    """Spread after a layer over the spread before it: {name: list}.

    The tokens are a common vector and random differences of a given size.
    """
    g = torch.Generator().manual_seed(seed)
    common = torch.randn(d, generator=g).double()
    different = torch.randn(n, d, generator=g).double()
    different -= different.mean(0)
    different *= common.norm() * n**0.5 / different.norm()
    after = {"fixed": [], "computed": []}
    for s in SPREADS:
        x = (1 - s * s) ** 0.5 * common + s * different
        assert abs(spread(x) / s - 1) < 1e-9
        for name in after:
            after[name].append(spread(layers[name](x, 0)))
    return after


def slope(y):
    """Least-squares slope of log y over log spread.

    >>> abs(slope([s**3 for s in SPREADS]) - 3) < 1e-9
    True
    """
    u, v = torch.tensor(SPREADS).log(), torch.tensor(y).log()
    return (torch.cov(torch.stack([u, v]))[0, 1] / u.var()).item()


def results():
    """The numbers the page quotes.

    S3b: fixed weights lose a factor each layer, computed ones cube the spread.

    >>> r = results()
    >>> abs(r["slope_fixed"] - 1) < 0.05, abs(r["slope_computed"] - 3) < 0.05
    (True, True)
    >>> r["fixed_4"] < 0.1, r["computed_3"] < 1e-4, r["skip_4"] > 0.5
    (True, True, True)

    Large weights choose single tokens and average little, which delays the collapse.

    >>> r["usual_max"] < 1e-9, r["larger_min"] > 0.5, r["larger_deep_max"] < 1e-6
    (True, True, True)

    Equal tokens stay equal, and equal weights make them equal at once.

    >>> spread(layers["computed"](start[:1].expand(n, d), 0)) < 1e-12
    True
    >>> spread(torch.full((n, n), 1 / n).double() @ start) < 1e-12
    True
    """
    fixed, computed = by_depth("fixed"), by_depth("computed")
    return {
        "n": n, "d": d,
        **{f"fixed_{depth}": s for depth, s in enumerate(fixed, 1)},
        **{f"computed_{depth}": s for depth, s in enumerate(computed[:3], 1)},
        "skip_4": by_depth("with skip")[3],
        **{f"slope_{name}": slope(after) for name, after in one_layer().items()},
        "draws": DRAWS,
        "usual_max": max(after_all(1, seed) for seed in range(DRAWS)),
        "larger_min": min(after_all(4, seed) for seed in range(DRAWS)),
        "deeper": DEEPER,
        "larger_deep_max": max(after_all(4, seed, DEEPER) for seed in range(DRAWS)),
    }


def figure():
    fig, (top, bottom) = plt.subplots(2, figsize=(5.2, 6.4))
    depths = range(L + 1)
    lines = [("with skip", "^--", "with skip", (3.1, 3)),
             ("fixed", "s:", "fixed shares", (3.1, 4e-4)),
             ("computed", "o-", "computed shares", (0.9, 1e-8))]
    for name, style, label, at in lines:
        top.semilogy(depths, [spread(start)] + by_depth(name), style,
                     color=ATTENTION, label=label)
        top.text(*at, label, color=ATTENTION)
    top.axhspan(1e-17, 2e-15, color=FAINT, alpha=0.5, lw=0)
    top.text(0, 4e-15, "rounding (float64)", color=GRAY)
    top.set(title="spread of the tokens", xlabel="layers", xticks=depths,
            ylim=(1e-17, 1e2))
    top.set_yticks([1e-15, 1e-10, 1e-5, 1], ["10⁻¹⁵", "10⁻¹⁰", "10⁻⁵", "1"])

    styles = {"fixed": "s:", "computed": "o-"}
    for name, after in one_layer().items():
        bottom.loglog(SPREADS, after, styles[name], color=ATTENTION, ms=5,
                      label=f"one layer, {name}")
    bottom.text(4e-4, 1e-3, "fixed shares: slope 1", color=ATTENTION)
    bottom.text(5e-3, 1e-10, "computed shares:\nslope 3", color=ATTENTION)
    bottom.set(title="spread after one layer", xlabel="spread before it",
               ylim=(1e-13, 1))
    bottom.set_xticks([1e-3, 1e-2, 1e-1], ["0.001", "0.01", "0.1"])
    bottom.set_yticks([1e-12, 1e-8, 1e-4, 1], ["10⁻¹²", "10⁻⁸", "10⁻⁴", "1"])
    for ax in top, bottom:
        ax.minorticks_off()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
