# pip install torch matplotlib scikit-learn
"""A ViT and a CNN of one size, on few and on more digits, each shown in one place or in many."""

import itertools

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

# --8<-- [start:augment]
# pip install torch scikit-learn
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

pixels, y = map(torch.tensor, load_digits(return_X_y=True))
paper = F.pad(pixels.view(-1, 8, 8).float() / 8 - 1, (2, 2, 2, 2), value=-1)
fixed = torch.Generator().manual_seed(0)
train, choose, test = torch.randperm(1797, generator=fixed).split([897, 300, 600])


def placed(digits, places):
    """The digits on paper of 10 x 10 pixels, each at one of 9 places: (b, 1, 10, 10)"""
    i, row, column = torch.arange(10), places // 3, places % 3
    rows, columns = (row[:, None] + i)[:, :, None], (column[:, None] + i)[:, None]
    return paper[digits[:, None, None], rows, columns][:, None]


home = torch.randint(9, (1797,), generator=fixed)       # where each digit stands
x = placed(torch.arange(1797), home)                    # (1797, 1, 10, 10)


class ViT(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.patches = nn.Conv2d(1, d, 2, stride=2)
        self.positions = nn.Parameter(torch.randn(25, d) / 2)
        self.blocks = nn.Sequential(*(nn.TransformerEncoderLayer(
            d, 4, 4 * d, 0, "gelu", batch_first=True, norm_first=True)
            for _ in range(2)))
        self.classifier = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, 10))

    def forward(self, image):
        t = self.patches(image).flatten(2).mT + self.positions  # (b, 25, d)
        return self.classifier(self.blocks(t).mean(1))


def conv(i, o, stride=1):
    return nn.Conv2d(i, o, 3, stride, padding=1), nn.BatchNorm2d(o), nn.ReLU()


def cnn(d=37):
    return nn.Sequential(*conv(1, d), *conv(d, d, stride=2), *conv(d, d),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(d, 10))


def fit(network, seed, rate, digits, move, steps=200):
    torch.manual_seed(seed)
    model, some = network(), train[torch.randperm(len(train))[:digits]]
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps)
    for batch in some[torch.randint(digits, (steps, 32))]:
        images = placed(batch, torch.randint(9, (32,))) if move else x[batch]
        F.cross_entropy(model(images), y[batch]).backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return model.eval()


print([sum(w.numel() for w in model.parameters()) for model in (ViT(), cnn())])
# --8<-- [end:augment]

NETWORKS = {"vit": ViT, "cnn": cnn}
RATES, SIZES = (1e-3, 3e-3, 1e-2), (100, 897)


@torch.no_grad()
def right(model, where=test):
    """The part of the digits that the model gets right."""
    return (model(x[where]).argmax(1) == y[where]).float().mean().item()


def record(names=("vit", "cnn"), sizes=(100, 897), moves=(False, True)):
    """Prints RECORDED anew: of three rates the best on `choose`, with another seed."""
    for name, digits, move in itertools.product(names, sizes, moves):
        found = {rate: right(fit(NETWORKS[name], 5, rate, digits, move), choose)
                 for rate in RATES}
        rate = max(found, key=found.get)
        runs = [round(right(fit(NETWORKS[name], seed, rate, digits, move)), 3)
                for seed in range(5)]
        print(f'    ("{name}", {digits}, {move}): ({rate}, {runs}),', flush=True)


RECORDED = {}  # to be filled


def macs(network):
    """Multiply-accumulates of one image, without norms."""
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        network()(x[:1])
    return counter.get_total_flops() / 2


def results():
    """The numbers the page quotes, lowest and highest of five runs.

    >>> r = results()
    >>> 0.9 < r["cnn_parameters"] / r["vit_parameters"] < 1.1
    True

    The record again, nearly.

    >>> rate, runs = RECORDED["vit", 100, False]
    >>> abs(right(fit(ViT, 0, rate, 100, False)) - runs[0]) < 0.08
    True
    """
    numbers = {}
    for name, network in NETWORKS.items():
        numbers[f"{name}_parameters"] = sum(w.numel() for w in network().parameters())
        numbers[f"{name}_thousand_macs"] = macs(network) / 1e3
    for (name, digits, move), (_, runs) in RECORDED.items():
        key = f"{name}_{digits}_{'moved' if move else 'still'}"
        numbers |= {f"{key}_min": min(runs), f"{key}_max": max(runs)}
    return numbers


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(6.4, 3.6), sharey=True)
    for ax, digits in zip(axes, SIZES):
        for name, color in ("vit", ATTENTION), ("cnn", CONVOLUTION):
            ends = []
            for column, move in enumerate((False, True)):
                _, runs = RECORDED[name, digits, move]
                low, high = 100 * min(runs), 100 * max(runs)
                ends.append((low + high) / 2)
                ax.plot([column] * 2, [low, high], lw=8, color=color, solid_capstyle="round",
                        label=f"{name}, {'moved' if move else 'in one place'}")
            ax.plot([0, 1], ends, color=color, lw=2, alpha=0.4, label="_change")
            ax.text(1.15, ends[1], {"vit": "ViT", "cnn": "CNN"}[name], color=color, va="center")
        ax.set(xticks=[0, 1], xlim=(-0.4, 1.7), ylim=(30, 102))
        ax.set_xticklabels(["one place", "moved"])
        ax.set_title(f"{digits} digits", fontsize=11)
    axes[0].set_ylabel("right answers, %")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
