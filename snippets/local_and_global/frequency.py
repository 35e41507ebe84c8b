# pip install torch matplotlib scikit-learn
"""What attention and a convolution do to fine patterns, before and after training."""

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
        self.conv = nn.Conv2d(d, d, 3, padding=1, groups=d)
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
for name, layer in ("attention", Layer(True)), ("convolution", Layer(False)):
    layer(h)
    print(f"{name}, not trained: {change(*layer.seen['mixing'])[-1]:.0f}")
# --8<-- [end:frequency]

y = torch.tensor(digits.target)
order = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
learn, test = order[:1400], order[1400:]
SHOWN = {
    ("before", "mixing"): "mixing alone, not trained",
    ("after", "mixing"): "mixing alone, trained",
    ("after", "skip"): "with the skip connection, trained",
}


class Network(nn.Module):
    """Two layers, then the mean over all pixels decides."""

    def __init__(self, attention):
        super().__init__()
        self.embed, self.read = nn.Linear(9, d), nn.Linear(d, 10)
        self.place = nn.Parameter(torch.randn(64, d) / 10)
        self.layers = nn.Sequential(Layer(attention), Layer(attention))

    def forward(self, x):
        return self.read(self.layers(self.embed(x) + self.place).mean(1))


@cache
@torch.enable_grad()
def trained(attention, steps=150):
    """Changes before and after training, (2 layers, 5) each, and the accuracy."""
    torch.manual_seed(1)
    network, seen = Network(attention), {}

    def measure(when):
        right = (network(x[test]).argmax(1) == y[test]).float().mean().item()
        for part in "mixing", "skip":
            seen[when, part] = torch.stack(
                [change(*layer.seen[part]) for layer in network.layers])
        return right

    measure("before")
    adam = torch.optim.Adam(network.parameters(), lr=0.008)
    decay = torch.optim.lr_scheduler.LinearLR(adam, 1, 0.01, steps)
    for batch in learn[torch.randint(len(learn), (steps, 24))]:
        adam.zero_grad()
        nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
        adam.step()
        decay.step()
    return seen, measure("after")


def finest(attention, when, part):
    """The change at the finest pattern, layer by layer."""
    return trained(attention)[0][when, part][:, -1]


def results():
    """The numbers the page quotes.

    Attention damps the fine patterns; of the convolution we assert only that it
    damps them less.

    >>> all((finest(True, when, "mixing") < -0.5).all() for when in ("before", "after"))
    True
    >>> [bool((finest(True, when, "mixing") - finest(False, when, "mixing")).mean() < 0)
    ...  for when in ("before", "after")]
    [True, True]
    >>> min(trained(True)[1], trained(False)[1]) > 0.8
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
    numbers = {}
    for name, attention in ("attention", True), ("convolution", False):
        numbers[f"{name}_accuracy"] = trained(attention)[1]
        for when, part in SHOWN:
            for layer, value in enumerate(finest(attention, when, part), 1):
                numbers[f"{name}_{when}_{part}_{layer}"] = value.item()
    return numbers


def figure():
    fig, axes = plt.subplots(3, figsize=(5.2, 7.4), sharex=True)
    for ax, ((when, part), title) in zip(axes, SHOWN.items()):
        ax.axhline(0, color=GRAY, lw=1, label="_none")
        for name, attention, color in (("convolution", False, CONVOLUTION),
                                       ("attention", True, ATTENTION)):
            curves = trained(attention)[0][when, part]
            for layer, style in (0, "o-"), (1, "s--"):
                ax.plot([0, 1, 2, 3, 4], curves[layer], style, color=color, ms=5,
                        label=f"{name}, layer {layer + 1}")
        ax.set_title(title)
        ax.set_ylim(-3.2, 1.2)
    axes[2].legend(loc="lower right", ncols=2, handlelength=1.5, columnspacing=1)
    axes[1].set_ylabel("change of log amplitude")
    axes[2].set(xticks=range(5), xlabel="periods in 8 pixels, both ways")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
