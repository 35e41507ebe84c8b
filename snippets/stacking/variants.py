# pip install torch matplotlib scikit-learn
"""What keeps tokens apart in eight untrained layers: the skips, not the MLPs."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION

# --8<-- [start:variants]
# pip install torch scikit-learn
import torch
from sklearn.datasets import load_digits
from torch import nn

images = torch.tensor(load_digits().images[:64]).float() / 8 - 1
L, n, d = 8, 16, 32                     # layers, tokens, channels


def attention():
    layer = nn.MultiheadAttention(d, num_heads=4, batch_first=True)
    return lambda x: layer(x, x, x)[0]


def mlp():
    return nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))


@torch.no_grad()
def by_depth(x, parts, skip):
    """The tokens x (b, n, d), and what they are after each of L layers."""
    states = [x]
    for _ in range(L):
        for part in parts:              # each time a new, untrained one
            x = skip * x + part()(nn.LayerNorm(d)(x))
        states.append(x)
    return states


def spread(x):
    """Part of an image's tokens that is not their mean: (b, n, d) -> (b,)"""
    different = x - x.mean(dim=1, keepdim=True)
    return different.norm(dim=(1, 2)) / x.norm(dim=(1, 2))


def digits():
    patches = nn.Conv2d(1, d, 2, stride=2)(images[:, None])     # (b, d, 4, 4)
    return patches.flatten(2).mT + 0.02 * torch.randn(n, d)     # (b, n, d)


for skip in 0, 1:
    for parts in [attention], [attention, mlp]:
        torch.manual_seed(0)
        after = spread(by_depth(digits(), parts, skip)[-1]).mean()
        print(f"skips {skip}, MLPs {len(parts) - 1}: spread {after:.2f}")
# --8<-- [end:variants]

SEEDS = 5


def convolution():
    """3 x 3 on the grid of 4 x 4 tokens, on a ring in both directions."""
    layer = nn.Conv2d(d, d, 3, padding=1, padding_mode="circular")
    return lambda x: layer(x.mT.unflatten(-1, (4, 4))).flatten(2).mT


VARIANTS = {                            # the parts of a layer, and the skip
    "pure": ([attention], 0),
    "mlps": ([attention, mlp], 0),
    "skips": ([attention], 1),
    "both": ([attention, mlp], 1),
    "convolution": ([convolution], 0),
}


def noise():
    """As many tokens as the digits have, all random."""
    return torch.randn(len(images), n, d)


def rank(x, share=0.99):
    """How many directions hold 99 % of an image's energy: (b, n, d) -> (b,)

    >>> rank(torch.eye(16)[None]), rank(torch.ones(1, 16, 32))
    (tensor([16.]), tensor([1.]))
    """
    energy = torch.linalg.svdvals(x).square()
    held = energy.cumsum(-1) / energy.sum(-1, keepdim=True)
    return (held < share).sum(-1) + 1.0


@cache
@torch.no_grad()
def measured(tokens, name):
    """Spread after each layer, averaged over images; rank at the start, the end.

    (SEEDS, L + 1) and (SEEDS, 2)
    """
    spreads, ranks = [], []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        states = by_depth(tokens(), *VARIANTS[name])
        spreads.append([spread(x).mean().item() for x in states])
        ranks.append([rank(x).mean().item() for x in (states[0], states[-1])])
    return torch.tensor(spreads), torch.tensor(ranks)


def results():
    """The numbers the page quotes, means over five seeds.

    S3b: without skips one direction is left, with them the rank stays.

    >>> r = results()
    >>> r["digits_pure_rank"] < 1.05, r["digits_mlps_rank"] < 1.05
    (True, True)
    >>> r["digits_skips_spread"] > 0.3, r["digits_both_spread"] > 0.3
    (True, True)
    >>> r["noise_skips_spread"] > 0.8, r["digits_convolution_spread"] > 0.5
    (True, True)

    So in each of the five.

    >>> collapsed = [measured(digits, name)[0][:, -1].max() < 1e-3
    ...              for name in ("pure", "mlps")]
    >>> collapsed, (measured(digits, "skips")[0][:, -1] > 0.2).all()
    ([tensor(True), tensor(True)], tensor(True))
    """
    numbers = {"images": len(images), "layers": L, "seeds": SEEDS, "n": n, "d": d}
    for tokens in digits, noise:
        for name in VARIANTS:
            spreads, ranks = measured(tokens, name)
            key = f"{tokens.__name__}_{name}"
            numbers[f"{key}_spread"] = spreads[:, -1].mean().item()
            numbers[f"{key}_rank"] = ranks[:, 1].mean().item()
        numbers[f"{tokens.__name__}_start"] = spreads[:, 0].mean().item()
        numbers[f"{tokens.__name__}_rank"] = ranks[:, 0].mean().item()
    return numbers


def figure():
    fig, axes = plt.subplots(2, figsize=(5.2, 6.4), sharex=True)
    styles = {"pure": ("attention only", "o-"), "mlps": ("with MLPs", "s:"),
              "skips": ("with skips", "^--"), "both": ("with both", "D-."),
              "convolution": ("convolution only", "P-")}
    for ax, tokens, title in ((axes[0], digits, "digits"),
                              (axes[1], noise, "random tokens")):
        for name, (label, style) in styles.items():
            color = CONVOLUTION if name == "convolution" else ATTENTION
            ax.plot(measured(tokens, name)[0].mean(0), style, color=color, ms=5,
                    alpha=0.85, label=f"{title}, {label}")
        ax.set(title=title, ylabel="spread", ylim=(-0.04, 1.04), yticks=[0, 0.5, 1])
    axes[1].legend([label for label, _ in styles.values()], loc="center right",
                   bbox_to_anchor=(1, 0.5))
    axes[1].set(xlabel="layers")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
