# pip install torch matplotlib scikit-learn
"""How far apart the tokens of digits stay over 128 untrained layers, with each part taken away."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION

# --8<-- [start:depth]
# pip install torch scikit-learn
import torch
from sklearn.datasets import load_digits
from torch import nn

images = torch.tensor(load_digits().images[:16]).float() / 8 - 1
n, d = 16, 32                           # tokens, channels
norm = nn.LayerNorm(d)


def attention():
    layer = nn.MultiheadAttention(d, num_heads=4, batch_first=True)
    return lambda x: layer(x, x, x, need_weights=False)[0]


def mlp():
    return nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))


def spread(x):
    """Part of an image's tokens that is not their mean: (b, n, d) -> (b,)"""
    different = x - x.mean(dim=1, keepdim=True)
    return different.norm(dim=(1, 2)) / x.norm(dim=(1, 2))


def digits():
    patches = nn.Conv2d(1, d, 2, stride=2)(images[:, None])     # (b, d, 4, 4)
    return patches.flatten(2).mT + 0.02 * torch.randn(n, d)     # (b, n, d)


@torch.no_grad()
def by_depth(x, parts, skip, scale, L):
    for _ in range(L):
        for part in parts:              # each time a new, untrained one
            x = skip * x + scale * part()(norm(x))
        yield x


for name, skip, scale in ("bare", 0, 1), ("skips", 1, 1), ("scaled", 1, 64**-0.5):
    torch.manual_seed(0)
    *_, last = by_depth(digits(), [attention], skip, scale, L=64)
    print(f"{name:6} after 64 layers: spread {spread(last).mean():.1f}")
# --8<-- [end:depth]

SEEDS, LONGEST = 5, 128
SHOWN = 8, 64, 128


def favours_itself():
    """Attention whose score of a token with itself is larger by 8."""
    layer, own = nn.MultiheadAttention(d, 4, batch_first=True), 8 * torch.eye(n)
    return lambda x: layer(x, x, x, attn_mask=own, need_weights=False)[0]


def convolution(relu=False):
    """3 x 3 on the grid of 4 x 4 tokens, on a ring in both directions."""
    layer = nn.Conv2d(d, d, 3, padding=1, padding_mode="circular")

    def apply(x):
        x = x.relu() if relu else x
        return layer(x.mT.unflatten(-1, (4, 4))).flatten(2).mT
    return apply


def relu_convolution():
    return convolution(relu=True)


def average():
    """A 3 x 3 kernel of positive weights that add up to 1, the same for all channels."""
    weights = torch.randn(9).softmax(0).view(3, 3)

    def apply(x):
        grid = x.unflatten(1, (4, 4))
        return sum(w * grid.roll((1 - i // 3, 1 - i % 3), (1, 2))
                   for i, w in enumerate(weights.flatten())).flatten(1, 2)
    return apply


VARIANTS = {                            # the parts of a layer, the skip, the scale
    "pure": ([attention], 0, 1),
    "mlps": ([attention, mlp], 0, 1),
    "itself": ([favours_itself], 0, 1),
    "skips": ([attention], 1, 1),
    "both": ([attention, mlp], 1, 1),
    "scaled": ([attention], 1, LONGEST**-0.5),
    "post": ([attention], 1, 1),                # norm after the sum
    "deepnorm": ([attention], (2 * LONGEST) ** 0.25, (8 * LONGEST) ** -0.5),    # the same
    "average": ([average], 0, 1),
    "convolution": ([convolution], 0, 1),
    "relu": ([relu_convolution], 0, 1),
    "relu_skips": ([relu_convolution], 1, 1),
    "relu_scaled": ([relu_convolution], 1, LONGEST**-0.5),
}


def norm_after(x, parts, skip, scale, L):
    """As by_depth, with the norm of the sum instead of the input."""
    for _ in range(L):
        for part in parts:
            x = norm(skip * x + scale * part()(x))
        yield x


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


def apart(x):
    """How large the differences themselves are: (b, n, d) -> (b,)"""
    return (x - x.mean(dim=1, keepdim=True)).norm(dim=(1, 2))


@cache
@torch.no_grad()
def measured(tokens, name):
    """For each seed: the spread at each depth from 0 on; the rank and the differences at SHOWN."""
    parts, skip, scale = VARIANTS[name]
    spreads, ranks, differences = [], [], []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        x = tokens()
        run = norm_after if name in ("post", "deepnorm") else by_depth
        states = [x, *run(x, parts, skip, scale, LONGEST)]
        spreads.append([spread(x).mean().item() for x in states])
        ranks.append([rank(states[at]).mean().item() for at in (0, *SHOWN)])
        differences.append([apart(states[at]).mean().item() for at in (0, *SHOWN)])
    return torch.tensor(spreads), torch.tensor(ranks), torch.tensor(differences)


def results():
    """Lowest and highest spread of five seeds, and the mean number of directions.

    S3b: bare attention loses everything within 8 layers, with MLPs or without.

    >>> r = results()
    >>> r["digits_pure_8_max"] < 1e-5, r["digits_mlps_8_max"] < 1e-5
    (True, True)
    >>> r["pure_rank_8"] < 1.05
    True

    Skips only slow it, like one over the root of the depth; a scale stops it.

    >>> 0.2 < r["digits_skips_8_min"] and r["digits_skips_128_max"] < 0.2
    True
    >>> 2 < r["slowing"] < 4.5
    True
    >>> r["digits_scaled_128_min"] > 0.5, r["kept"] > 0.8
    (True, True)

    Convolution: an average collapses, free weights do not, a ReLU brings it closer.

    >>> r["digits_average_64_max"] < 1e-3, r["digits_convolution_128_min"] > 0.5
    (True, True)
    >>> r["digits_relu_64_max"] < 0.35, r["digits_relu_skips_64_min"] > 0.35
    (True, True)
    """
    numbers = {"images": len(images), "seeds": SEEDS}
    for name in VARIANTS:
        spreads, ranks, _ = measured(digits, name)
        for at in SHOWN:
            numbers[f"digits_{name}_{at}_min"] = spreads[:, at].min().item()
            numbers[f"digits_{name}_{at}_max"] = spreads[:, at].max().item()
        numbers[f"digits_{name}_rank"] = ranks[:, -1].mean().item()
    numbers["digits_start"] = spreads[:, 0].mean().item()
    numbers["digits_rank"] = ranks[:, 0].mean().item()
    random = measured(noise, "skips")[0]
    numbers["noise_start"] = random[:, 0].mean().item()
    numbers["noise_skips_128_min"] = random[:, 128].min().item()
    numbers["noise_skips_128_max"] = random[:, 128].max().item()
    numbers["noise_scaled_128_min"] = measured(noise, "scaled")[0][:, 128].min().item()
    spreads, ranks, differences = measured(digits, "skips")
    numbers["slowing"] = (spreads[:, 8] / spreads[:, 128]).mean().item()
    numbers["kept"] = (differences[:, -1] / differences[:, 0]).min().item()
    numbers["skips_rank_8"] = ranks[:, 1].mean().item()
    numbers["pure_rank_8"] = measured(digits, "pure")[1][:, 1].mean().item()
    return numbers


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 3.6), sharey=True)
    panels = {"attention": (ATTENTION, [("scaled", "skips, scaled", (128, 0.87, "right")),
                                        ("skips", "skips", (128, 0.26, "right")),
                                        ("pure", "bare", (3.2, 0.04, "left"))]),
              "convolution": (CONVOLUTION, [("convolution", "bare", (128, 1.0, "right")),
                                            ("relu_skips", "ReLU, skips", (128, 0.44, "right")),
                                            ("relu", "ReLU", (3, 0.25, "left"))])}
    for ax, (title, (color, lines)) in zip(axes, panels.items()):
        for name, label, (x, y, side) in lines:
            spreads = measured(digits, name)[0]
            depths = range(1, LONGEST + 1)
            ax.fill_between(depths, spreads.amin(0)[1:], spreads.amax(0)[1:], color=color,
                            alpha=0.25, lw=0)
            ax.plot(depths, spreads.mean(0)[1:], color=color, label=f"{title}, {label}")
            ax.text(x, y, label, color=color, ha=side)
        ax.set_title(title, color=color, weight="bold")
        ax.set_xscale("log", base=2)
        ax.set_xticks([1, 8, 64], [1, 8, 64])
        ax.set(xlabel="layers", ylim=(0, 1.08), xlim=(1, 128))
    axes[0].set(ylabel="spread of the tokens", yticks=[0, 0.5, 1])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
