"""More weights and more layers, and still no motifs: what replaces comparing?"""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT

# --8<-- [start:larger]
import torch
from torch import nn

n, noise = 48, 0.5


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 16))
        self.place = nn.Parameter(torch.zeros(n))       # a score for each offset
        self.offset = (torch.arange(n) - torch.arange(n)[:, None]) % n

    def forward(self, y):                               # (b, 1, n)
        near = torch.cat([y.roll(1, 2), y, y.roll(-1, 2)], 1).mT
        q, k = self.embed(near).chunk(2, dim=2)         # (b, n, 8) each
        A = (q @ k.mT + self.place[self.offset]).softmax(2)
        return y @ A.mT


def kernels(sizes, hidden):
    """Convolutions on a ring with ReLUs between them."""
    channels, layers = [1] + [hidden] * (len(sizes) - 1) + [1], []
    for size, read, give in zip(sizes, channels, channels[1:]):
        conv = nn.Conv1d(read, give, size, padding="same", padding_mode="circular")
        layers += [conv, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def motifs(b):
    """Two programs of 3 and 5 readings, six runs of each, in any order: (b, 1, n)."""
    five = torch.rand(b, 12).argsort(1) < 6             # which runs take 5
    length = torch.where(five, 5, 3)
    end = length.cumsum(1)
    run = torch.searchsorted(end, torch.arange(n).repeat(b, 1), right=True)
    minute = torch.arange(n) - (end - length).gather(1, run)
    return torch.randn(b, 8).gather(1, minute + 3 * five.gather(1, run))[:, None]


def error(layer, rate, steps=600):
    adam = torch.optim.Adam(layer.parameters(), rate)
    fall = torch.optim.lr_scheduler.LinearLR(adam, 1, 0.01, steps)
    for _ in range(steps):
        x = motifs(16)
        adam.zero_grad()
        (layer(x + noise * torch.randn(16, 1, n)) - x).square().mean().backward()
        adam.step()
        fall.step()
    with torch.no_grad():
        x = motifs(2000)
        off = layer(x + noise * torch.randn(2000, 1, n)) - x
    return (off.square().mean() / noise**2).item()


torch.manual_seed(0)
layer = kernels((17, 17, 17), hidden=12)
print("three kernels:", sum(p.numel() for p in layer.parameters()), "weights,",
      f"error {error(layer, rate=0.01):.1f}")
# --8<-- [end:larger]

SEEDS = 5
LAYERS = {
    "attention": (Attention, 0.03),
    "two": (lambda: kernels((25, 24), 56), 0.01),
    "three_large": (lambda: kernels((17, 17, 17), 24), 0.01),
}


class Residual(nn.Module):
    """A convolution and six more, each added to its input: deep and large."""

    def __init__(self, channels=24, depth=6, size=9):
        super().__init__()
        first, *more = [nn.Conv1d(read, channels, size, padding="same", padding_mode="circular")
                        for read in [1] + [channels] * depth]
        self.first, self.more = first, nn.ModuleList(more)
        self.last = nn.Conv1d(channels, 1, 1)

    def forward(self, y):                               # (b, 1, n)
        h = self.first(y)                               # (b, channels, n)
        for layer in self.more:
            h = h + layer(h.relu())
        return self.last(h.relu())


# Trained five times as long: lowest and highest error of five runs. A record of
# twenty minutes, not a run; record() prints it anew.
LONG = {"residual": (0.48, 0.52), "attention": (0.51, 0.52)}


def record():
    """Trains a deep network and attention five times as long, and prints what LONG holds."""
    for name, make, rate in ("residual", Residual, 0.003), ("attention", Attention, 0.03):
        left = []
        for seed in range(SEEDS):
            torch.manual_seed(seed)
            left.append(error(make(), rate, steps=3000))
        print(name, round(min(left), 2), round(max(left), 2))


@cache
@torch.enable_grad()
def runs(name):
    """The error of each of SEEDS runs."""
    make, rate = LAYERS[name]
    errors = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        errors.append(error(make(), rate))
    return errors


def weights(name):
    return sum(p.numel() for p in LAYERS[name][0]().parameters())


def results():
    """Errors, lowest and highest of five runs; how many weights attention has.

    >>> r = results()
    >>> all(r["attention_max"] + 0.08 < r[f"{name}_min"] for name in ("two", "three_large"))
    True
    >>> round(r["times"]), round(weights("two") / weights("attention"))
    (15, 4)
    >>> round(r["residual_weights"] / weights("attention"))
    45
    """
    found = {"times": weights("three_large") / weights("attention"),
             "attention_weights": weights("attention"), "attention_max": max(runs("attention")),
             "residual_weights": sum(p.numel() for p in Residual().parameters())}
    found |= dict(zip(("residual_min", "residual_max"), LONG["residual"]))
    found |= dict(zip(("long_min", "long_max"), LONG["attention"]))
    for name in "two", "three_large":
        found |= {f"{name}_min": min(runs(name)), f"{name}_max": max(runs(name))}
    return found


def figure():
    fig, (size, left) = plt.subplots(1, 2, figsize=(5.2, 4.4), width_ratios=(1, 2.6), sharey=True)
    deep = sum(p.numel() for p in Residual().parameters())
    rows = ((0, "attention", ATTENTION, weights("attention"), runs("attention")),
            (1, "two kernels", CONVOLUTION, weights("two"), runs("two")),
            (2.3, "three kernels", CONVOLUTION, weights("three_large"), runs("three_large")),
            (4, "attention,\n5 × longer", ATTENTION, weights("attention"), LONG["attention"]),
            (5.5, "seven layers,\n5 × longer", CONVOLUTION, deep, LONG["residual"]))
    for y, name, color, count, errors in rows:
        size.scatter(0.72, y, s=count / 12, marker="s", color=color, label=f"{name}: weights")
        size.text(0.36, y, f"{count / weights('attention'):.0f} ×", ha="right", va="center")
        left.plot(errors, [y] * len(errors), "o", color=color, ms=8, alpha=0.6, label=name)
        left.text(0.01, y, name, color=color, va="center")
    left.plot([max(runs("attention"))] * 2, [0, 2.8], color=ATTENTION, lw=1, zorder=0)
    size.set(title="weights", xlim=(0, 1), ylim=(6.3, -0.7), xticks=[], yticks=[])
    size.spines[:].set_visible(False)
    left.set(xlim=(0, 0.8), xticks=[0, 0.5], xlabel="error that is left")
    left.spines["left"].set_color(FAINT)
    left.tick_params(left=False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
