# pip install torch matplotlib scikit-learn
"""A ViT and a CNN trained on 8 x 8 pixels meet the same digits at 16 x 16."""

from copy import deepcopy
from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:resolution]
# pip install torch scikit-learn
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

pixels, y = map(torch.tensor, load_digits(return_X_y=True))
small = pixels.view(-1, 1, 8, 8).float() / 8 - 1        # (1797, 1, 8, 8)
large = F.interpolate(small, 16, mode="bilinear")       # (1797, 1, 16, 16)
torch.manual_seed(0)
train, test = torch.randperm(len(y)).split([1197, 600])


class ViT(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.patches = nn.Conv2d(1, d, 2, stride=2)
        self.p = nn.Parameter(torch.randn(1, d, 4, 4) / 2)
        self.blocks = nn.Sequential(*(nn.TransformerEncoderLayer(
            d, 4, 4 * d, 0, "gelu", batch_first=True, norm_first=True)
            for _ in range(2)))
        self.head = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, 10))

    def forward(self, image, how="2-D"):
        x = self.patches(image).flatten(2)              # (b, d, n)
        n = x.shape[-1]
        p = {"2-D": F.interpolate(self.p, int(n**0.5), mode="bilinear"),
             "1-D": F.interpolate(self.p.flatten(2), n, mode="linear"),
             "none": torch.zeros(1, 1, n)}[how].flatten(2)
        return self.head(self.blocks((x + p).mT).mean(1))


vit = ViT()
optimizer = torch.optim.AdamW(vit.parameters(), lr=3e-3, fused=True)
for batch in train[torch.randint(len(train), (250, 32))]:
    F.cross_entropy(vit(small[batch]), y[batch]).backward()
    optimizer.step()
    optimizer.zero_grad()
for x, how in zip([small] + 3 * [large], ["2-D", "2-D", "1-D", "none"]):
    right = vit(x[test], how).argmax(1) == y[test]
    print(f"side {x.shape[-1]}, {how}: {right.float().mean():.0%}")
# --8<-- [end:resolution]


def conv(c):
    return nn.Conv2d(c, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU()


def fit(model, images, steps, lr, **options):
    """Train the model in place, and give it back ready for the test."""
    optimizer = torch.optim.AdamW(model.train().parameters(), lr, fused=True)
    for batch in train[torch.randint(len(train), (steps, 32))]:
        F.cross_entropy(model(images[batch], **options), y[batch]).backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


@torch.no_grad()
def right(model, images, **options):
    """Share of the test digits that are right."""
    said = model(images[test], **options).argmax(1)
    return (said == y[test]).float().mean().item()


@cache
def measured():
    """For each model: right at side 8, at side 16, and after 20 more steps there.

    And the CNN on images of side 16 that are first shrunk to 8 again.
    """
    torch.manual_seed(0)
    cnn = nn.Sequential(*conv(1), *conv(24), *conv(24), nn.AdaptiveAvgPool2d(1),
                        nn.Flatten(), nn.Linear(24, 10))
    fit(cnn, small, 250, 3e-3)
    vit.eval()
    rows = {}
    for name, model, options in (("ViT, 2-D", vit, {"how": "2-D"}),
                                 ("ViT, 1-D", vit, {"how": "1-D"}),
                                 ("ViT, none", vit, {"how": "none"}), ("CNN", cnn, {})):
        tuned = fit(deepcopy(model), large, 20, 1e-3, **options)
        rows[name] = (right(model, small), right(model, large, **options),
                      right(tuned, large, **options))
    return rows, right(cnn, F.avg_pool2d(large, 2))


def results():
    """The numbers the page quotes.

    Positions interpolated in two dimensions carry over; along the line, they do not.

    >>> r = results()
    >>> r["vit_2d_16"] > r["vit_1d_16"] + 0.15, r["vit_2d_16"] > r["cnn_16"] + 0.05
    (True, True)
    >>> min(r["vit_2d_8"], r["cnn_8"]) > 0.85, r["vit_none_16"] < 0.35
    (True, True)
    >>> r["cnn_16"] < 0.5, r["cnn_shrunk"] > 0.85
    (True, True)
    >>> r["vit_2d_tuned"] > 0.75, r["vit_2d_tuned"] > r["cnn_tuned"]
    (True, True)

    At the old side all is as it was: interpolation to 4 x 4 changes nothing.

    >>> torch.equal(F.interpolate(vit.p, 4, mode="bilinear"), vit.p)
    True
    >>> torch.allclose(vit(small[:4], "1-D"), vit(small[:4], "2-D"), atol=1e-5)
    True
    """
    rows, shrunk = measured()
    numbers = {"vit_2d_8": rows["ViT, 2-D"][0], "cnn_8": rows["CNN"][0],
               "cnn_shrunk": shrunk}
    for name, (_, side_16, tuned) in rows.items():
        key = name.lower().replace(", ", "_").replace("-", "")
        numbers |= {f"{key}_16": side_16, f"{key}_tuned": tuned}
    return numbers


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    rows, _ = measured()
    for row, (name, shares) in enumerate(rows.items()):
        side_8, side_16, tuned = (100 * share for share in shares)
        color = CONVOLUTION if name == "CNN" else ATTENTION
        ax.plot([side_16, tuned], [row, row], color=color, lw=6, alpha=0.3,
                solid_capstyle="butt", label="_from to")
        for value, marker, face, label in ((side_8, "s", GRAY, "side 8"),
                                           (side_16, "o", "none", "side 16"),
                                           (tuned, "o", color, "side 16, 20 steps")):
            ax.plot(value, row, marker, ms=9, mec=GRAY if marker == "s" else color,
                    mfc=face, mew=2, label=f"{name}: {label}")
    ax.set(yticks=range(len(rows)), yticklabels=rows, ylim=(3.5, -1.6), xlim=(0, 103),
           xlabel="per cent right")
    ax.tick_params(axis="y", length=0)
    for x, marker, face, color, text in (
            (2, "s", GRAY, GRAY, "8×8"), (24, "o", "none", "black", "16×16"),
            (51, "o", "black", "black", "16×16, 20 steps more")):
        ax.plot(x, -1.1, marker, ms=9, mfc=face, mec=color, mew=2, label="_key")
        ax.text(x + 4, -1.1, text, va="center")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
