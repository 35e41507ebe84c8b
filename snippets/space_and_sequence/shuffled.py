# pip install torch matplotlib scikit-learn
"""Shuffle all pixels: attention and an MLP train as before, a convolution does not."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION

# --8<-- [start:shuffled]
# pip install torch matplotlib scikit-learn
from functools import cache

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

digits = load_digits()
X = torch.tensor(digits.images).flatten(1) / 8 - 1  # (1797, 64)
y = torch.tensor(digits.target)
p = torch.randperm(64, generator=torch.Generator().manual_seed(7))


class Transformer(nn.Module):
    """A token for each pixel: its value plus a learned vector."""

    def __init__(self, d=16):
        super().__init__()
        self.embed = nn.Linear(1, d)
        self.places = nn.Parameter(torch.randn(64, d) / 2)
        self.layer = nn.TransformerEncoderLayer(
            d, 2, 2 * d, 0, batch_first=True, norm_first=True)
        self.out = nn.Linear(d, 10)

    def forward(self, x):  # (b, 64)
        x = self.embed(x[..., None]) + self.places  # (b, 64, d)
        return self.out(self.layer(x).mean(dim=1))  # (b, 10)


networks = {
    "transformer": Transformer,
    "MLP": lambda: nn.Sequential(
        nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)),
    "CNN": lambda: nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 16, 3), nn.ReLU(),
        nn.Conv2d(16, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10)),
}


@cache
def losses(name, shuffled=False, steps=80):
    """From the same weights, on the same examples in the same order."""
    torch.manual_seed(0)
    model, data = networks[name]().double(), X
    if shuffled:
        data = X[:, p]
        if name == "transformer":
            model.places.data = model.places.data[p]
        if name == "MLP":
            model[0].weight.data = model[0].weight.data[:, p]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    curve = []
    for _ in range(steps):
        i = torch.randint(len(X), (16,))
        loss = F.cross_entropy(model(data[i]), y[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
    return curve


for name in networks:
    pairs = zip(losses(name), losses(name, shuffled=True))
    apart = max(abs(a - b) for a, b in pairs)
    print(f"{name:11} largest difference of the losses:",
          "below 1e-12" if apart < 1e-12 else f"{apart:.1f}")
# --8<-- [end:shuffled]

colors = {"transformer": ATTENTION, "MLP": "black", "CNN": CONVOLUTION}


def apart(name):
    """Largest difference of the two loss curves."""
    return max(abs(a - b) for a, b in zip(losses(name), losses(name, True)))


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["transformer"] < 1e-12, r["mlp"] < 1e-12, r["cnn"] > 0.1
    (True, True, True)

    Before any step: a shuffled input and shuffled places are the same bag of tokens.

    >>> model = Transformer().double()
    >>> before = model(X[:4])
    >>> model.places.data = model.places.data[p]
    >>> before.allclose(model(X[:4, p])), before.allclose(model(X[:4]))
    (True, False)
    """
    return {"steps": len(losses("CNN"))} | {
        name.lower(): apart(name) for name in networks}


def figure():
    fig, axes = plt.subplots(3, figsize=(5.2, 6), sharex=True, sharey=True)
    same = "in order and shuffled: the same line"
    labels = {
        "transformer": [(0, 0.8, same)], "MLP": [(26, 1.6, same)],
        "CNN": [(24, 1.55, "shuffled"), (-1.5, 0.6, "in\norder")]}
    for ax, (name, color) in zip(axes, colors.items()):
        ax.plot(losses(name), color=color, lw=6, alpha=0.3, label=f"{name}, in order")
        ax.plot(losses(name, True), "--", color=color, lw=1.5,
                label=f"{name}, shuffled")
        ax.set_title(name, color=color, weight="bold")
        ax.set(ylim=(0, 3), yticks=[0, 1, 2, 3])
        for x, y, text in labels[name]:
            ax.text(x, y, text, color=color, va="center")
    axes[1].set_ylabel("loss")
    axes[2].set_xlabel("training step")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
