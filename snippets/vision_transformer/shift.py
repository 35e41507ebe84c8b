# pip install torch matplotlib scikit-learn
"""Digits learned in one place, tested one pixel and one patch beside it."""

import copy
from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY

# --8<-- [start:shift]
# pip install torch scikit-learn
import torch
from sklearn.datasets import load_digits
from torch import nn

pixels, y = map(torch.tensor, load_digits(return_X_y=True))
x = nn.functional.pad(pixels.view(-1, 1, 8, 8), (4, 4)).float() / 8 - 1
torch.manual_seed(0)
train, test = torch.randperm(len(x)).split([1197, 600])


class ViT(nn.Module):
    def __init__(self, positions, d=32):
        super().__init__()
        self.patches = nn.Conv2d(1, d, 2, stride=2)
        self.p = nn.Parameter(positions * torch.randn(32, d) / 2, positions)
        self.blocks = nn.Sequential(*(nn.TransformerEncoderLayer(
            d, 4, 4 * d, 0, "gelu", batch_first=True, norm_first=True)
            for _ in range(2)))
        self.head = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, 10))

    def forward(self, image):
        x = self.patches(image).flatten(2).mT + self.p  # (b, 32, d)
        return self.head(self.blocks(x).mean(1))


def conv(c):
    return nn.Conv2d(c, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU()


cnn = nn.Sequential(*conv(1), *conv(24), *conv(24), nn.AdaptiveAvgPool2d(1),
                    nn.Flatten(), nn.Linear(24, 10))
models = {"ViT": ViT(True), "no positions": ViT(False), "CNN": cnn}
for name, model in models.items():
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, fused=True)
    for i in train[torch.randint(len(train), (200, 32))]:
        nn.functional.cross_entropy(model(x[i]), y[i]).backward()
        optimizer.step()
        optimizer.zero_grad()
    said = [model.eval()(x[test].roll(s, -1)).argmax(1) for s in range(3)]
    print(name, *(f"{(s == y[test]).float().mean():.0%}" for s in said))
# --8<-- [end:shift]

SHIFTS = range(-4, 5)


@cache
@torch.no_grad()
def right(name):
    """Share of the test digits that are right, for each shift in pixels."""
    said = [models[name](x[test].roll(s, dims=-1)).argmax(1) for s in SHIFTS]
    return [(s == y[test]).float().mean().item() for s in said]


@torch.no_grad()
def change(model, s):
    """How much the scores move if the digits do; relative to the scores, float64."""
    model, images = copy.deepcopy(model).double().eval(), x[test[:100]].double()
    before, after = model(images), model(images.roll(s, dims=-1))
    return ((after - before).norm() / before.norm()).item()


def ring(model):
    """The same CNN, on a ring instead of between borders."""
    model = copy.deepcopy(model)
    for layer in model:
        if isinstance(layer, nn.Conv2d):
            layer.padding_mode = "circular"
    return model


def results():
    """The numbers the page quotes.

    Z3: one pixel, and one patch, are too much for a ViT with positions; not for a CNN.

    >>> r = results()
    >>> r["vit_0"] > 0.8, r["vit_1"] < 0.7, r["vit_2"] < 0.4
    (True, True, True)
    >>> min(r["cnn_0"], r["cnn_1"], r["cnn_2"]) > 0.9
    True

    Without positions a whole patch is no change at all, to rounding; one pixel is.

    >>> r["none_patch"] < 1e-12, r["none_pixel"] > 0.3, r["none_2"] == r["none_0"]
    (True, True, True)

    And a CNN with stride 1 on a ring does not notice any shift.

    >>> r["ring_pixel"] < 1e-12, r["ring_patch"] < 1e-12
    (True, True)
    """
    numbers = {"cnn_min": min(right("CNN")),
               "ring_pixel": change(ring(cnn), 1), "ring_patch": change(ring(cnn), 2)}
    for short, name in ("vit", "ViT"), ("none", "no positions"), ("cnn", "CNN"):
        numbers |= {f"{short}_{s}": right(name)[4 + s] for s in range(3)}
        numbers[f"{short}_pixel"] = change(models[name], 1)
        numbers[f"{short}_patch"] = change(models[name], 2)
    return numbers


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.8))
    percent = {name: [100 * share for share in right(name)] for name in models}
    for name, color, style in (("CNN", CONVOLUTION, "s-"), ("ViT", ATTENTION, "o-"),
                               ("no positions", ATTENTION, "D:")):
        ax.plot(SHIFTS, percent[name], style, color=color, ms=6, label=name)
    ax.text(4.2, percent["CNN"][-1], "CNN", color=CONVOLUTION, va="center")
    ax.text(4.2, percent["no positions"][-1], "ViT,\nno positions", color=ATTENTION,
            va="center")
    ax.text(4.2, percent["ViT"][-1], "ViT", color=ATTENTION, va="center")
    ax.axhline(10, color=FAINT, lw=1, zorder=0)
    ax.text(6.7, 2, "chance", color=GRAY, ha="right")
    ax.set(xlabel="shift in pixels (a patch is 2 wide)", ylabel="per cent right",
           ylim=(0, 103), xticks=[-4, -2, 0, 2, 4], xlim=(-4.3, 6.8))
    ax.set_xticklabels(["−4", "−2", "0", "2", "4"])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
