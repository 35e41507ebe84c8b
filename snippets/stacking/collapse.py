"""Bare attention makes all tokens alike: each layer cubes what is left."""

import math
from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, GRAY

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
    fig, ax = plt.subplots(figsize=(5.2, 3.4))
    for top, name, title, growth, color in (
            (0, "fixed", "fixed shares", "in the end longer by as much", "black"),
            (6, "computed", "computed shares", "three times as long, or more", ATTENTION)):
        ax.text(0, top, f"{title}: {growth}", va="center", color=color)
        for layer, s in enumerate(by_depth(name), 1):
            zeros = -math.log10(s)
            ax.barh(top + layer, zeros, 0.7, color=GRAY if color == "black" else color,
                    label=f"{title}, layer {layer}")
            ax.text(-0.25, top + layer, f"layer {layer}", ha="right", va="center")
            ax.text(zeros + 0.2, top + layer, va="center",
                    s=f"{s:.2f}" if s > 0.01 else f"{s:.7f}" if s > 1e-9 else "rounding")
    ax.set(xlim=(-2.8, 18), ylim=(10.6, -0.6), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
