# pip install torch matplotlib scikit-learn
"""What attention and a convolution do to fine patterns, under two read-outs."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:frequency]
import torch
from sklearn.datasets import load_digits
from torch import nn

d, digits = 32, load_digits()  # 1,797 digits of 8 x 8 pixels
x = torch.tensor(digits.images)[:, None].float() / 8 - 1
x = nn.functional.unfold(x, 3, padding=1).mT  # (1797, 64, 9): pixels


class Layer(nn.Module):
    def __init__(self, attention):
        super().__init__()
        self.attention = attention  # or a 3 x 3 kernel for each channel
        self.norm, self.qkv = nn.LayerNorm(d), nn.Linear(d, 3 * d)
        self.conv = nn.Conv2d(d, d, 3, padding=1, groups=d, bias=False)
        self.out, self.mlp = nn.Linear(d, d), nn.Sequential(
            nn.LayerNorm(d), nn.Linear(d, d), nn.GELU(), nn.Linear(d, d))

    def forward(self, h):
        q, k, v = self.qkv(self.norm(h)).chunk(3, dim=2)  # (b, 64, d)
        mixed = (nn.functional.scaled_dot_product_attention(q, k, v)
                 if self.attention else
                 self.conv(v.mT.unflatten(2, (8, 8))).flatten(2).mT)
        self.seen = {"mixing": (v, mixed), "skip": (h, h + self.out(mixed))}
        return self.seen["skip"][1] + self.mlp(self.seen["skip"][1])


def change(before, after):
    """Of log amplitude, from the constant to the finest pattern: (5,)."""
    waves = [torch.fft.fft2(h.detach().mT.unflatten(2, (8, 8))).abs()
             .clamp(min=1e-6).log().mean((0, 1)).diagonal()[:5]
             for h in (before, after)]
    return waves[1] - waves[0] - (waves[1] - waves[0])[0]


torch.manual_seed(1)
h = nn.Linear(9, d)(x) + torch.randn(64, d) / 10  # pixels and places
layer = Layer(attention=True)
layer(h)
print("attention, not trained, damps the finest pattern:",
      change(*layer.seen["mixing"])[-1].item() < -1)
# --8<-- [end:frequency]

y = torch.tensor(digits.target)
order = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
learn, test = order[:1400], order[1400:]
SEEDS = 5


class Network(nn.Module):
    """Two layers; then the mean over all pixels decides, or the largest number."""

    def __init__(self, attention, largest):
        super().__init__()
        self.embed, self.read = nn.Linear(9, d), nn.Linear(d, 10)
        self.place = nn.Parameter(torch.randn(64, d) / 10)
        self.layers = nn.Sequential(Layer(attention), Layer(attention))
        self.largest = largest

    def forward(self, x):
        h = self.layers(self.embed(x) + self.place)
        return self.read(h.amax(1) if self.largest else h.mean(1))


@cache
@torch.enable_grad()
def trained(attention, largest, seed, steps=300):
    """The change at the finest pattern in both layers, by part; and the right answers."""
    torch.manual_seed(seed)
    network = Network(attention, largest)
    adam = torch.optim.Adam(network.parameters(), lr=0.008)
    fall = torch.optim.lr_scheduler.LinearLR(adam, 1, 0.01, steps)
    for batch in learn[torch.randint(len(learn), (steps, 16))]:
        adam.zero_grad()
        nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
        adam.step()
        fall.step()
    with torch.no_grad():
        right = (network(x[test]).argmax(1) == y[test]).float().mean().item()
    return {part: [change(*layer.seen[part])[-1].item() for layer in network.layers]
            for part in ("mixing", "skip")}, right


def finest(attention, largest, part, layer):
    """The change at the finest pattern in one layer (0 or 1), for each seed."""
    return [trained(attention, largest, seed)[0][part][layer] for seed in range(SEEDS)]


OPERATIONS = {"attention": True, "convolution": False}
READ_OUTS = {"mean": False, "largest": True}


def damped(attention, part="mixing", how=READ_OUTS, layers=(0, 1)):
    """In how many runs and layers the finest pattern loses against the constant."""
    return sum(change < 0 for name in how for layer in layers
               for change in finest(attention, READ_OUTS[name], part, layer))


def results():
    """The numbers the page quotes: in how many of the cases the finest pattern is damped.

    Attention does it in nearly all cases, with the skip connection too, and not in all.

    >>> r = results()
    >>> r["cases"], 16 < r["attention"] < 20, 16 < r["attention_skip"]
    (20, True, True)

    The second convolution does if the mean is read, and not if the largest number is.

    >>> r["convolution_mean"], r["convolution_largest"] <= 2
    (5, True)
    >>> r["right_min"] > 0.88
    True

    The measure itself: a copy changes nothing, a blur damps, a difference amplifies.

    >>> z = torch.randn(50, 64, d, generator=torch.Generator().manual_seed(0))
    >>> change(z, z).abs().max().item()
    0.0
    >>> grid = z.mT.unflatten(2, (8, 8))
    >>> blurred = (grid + grid.roll(1, 2) + grid.roll(1, 3)).flatten(2).mT
    >>> sharpened = (2.5 * grid - grid.roll(1, 2) - grid.roll(1, 3)).flatten(2).mT
    >>> bool(change(z, blurred)[-1] < -1), bool(change(z, sharpened)[-1] > 1)
    (True, True)
    """
    return {
        "cases": 2 * len(READ_OUTS) * SEEDS,
        "attention": damped(True),
        "attention_skip": damped(True, "skip"),
        "convolution_mean": damped(False, how=["mean"], layers=[1]),
        "convolution_largest": damped(False, how=["largest"], layers=[1]),
        "right_min": min(trained(attention, largest, seed)[1] for seed in range(SEEDS)
                         for attention in (True, False) for largest in (True, False)),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.6))
    ax.axvline(0, color=GRAY, lw=1)
    rows = [(name, how, layer) for name in OPERATIONS for how in READ_OUTS for layer in (0, 1)]
    for row, (name, how, layer) in enumerate(rows):
        color = ATTENTION if name == "attention" else CONVOLUTION
        changes = finest(OPERATIONS[name], READ_OUTS[how], "mixing", layer)
        ax.plot(changes, [row + row // 4 * 0.7] * SEEDS, "o", color=color, ms=8, alpha=0.6,
                label=f"{name}, {how} read, layer {layer + 1}")
    ax.set_yticks([row + row // 4 * 0.7 for row in range(8)],
                  [f"layer {layer + 1}, {how} read" for _, how, layer in rows])
    ax.text(-1.9, -0.75, "attention", color=ATTENTION, weight="bold")
    ax.text(-1.9, 3.95, "convolution", color=CONVOLUTION, weight="bold")
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(8.2, -1.2), xlim=(-2, 1.2), xlabel="finest pattern, against the constant")
    ax.set_xticks([-1, 0, 1], ["weaker", "as before", "stronger"])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
