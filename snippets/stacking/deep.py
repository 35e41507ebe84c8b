# pip install torch matplotlib scikit-learn
"""Four and 48 layers, trained on digits: what is left of each operation with skips and without."""

from functools import cache
from statistics import mean

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from style import ATTENTION, CONVOLUTION, GRAY
from torch import nn

SEEDS, d, h = 5, 16, 2                  # the five runs are trained side by side
pixels, labels = map(torch.tensor, load_digits(n_class=3, return_X_y=True))
order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
x = pixels[order].view(-1, 4, 2, 4, 2).transpose(2, 3).reshape(-1, 16, 4).float() / 8 - 1
y = labels[order]                       # 300 to learn from, 100 to tune with, 137 to report
TRAIN, TUNE, REPORT = 300, slice(300, 400), slice(400, None)

inside = -torch.ones(6, 6, dtype=torch.long)     # 4 x 4 tokens in a frame of padding
inside[1:5, 1:5] = torch.arange(16).view(4, 4)
neighbours = torch.tensor([[inside[r + i, c + j] for i in range(3) for j in range(3)]
                           for r in range(4) for c in range(4)]) % 17   # (16, 9), 16: padding


class Stack(nn.Module):
    """L layers x -> skip x + scale f(norm(x)), then the mean over the tokens, and a classifier."""

    def __init__(self, kind, L, skip, scale):
        super().__init__()

        def weights(*shape, std):
            return nn.Parameter(std * torch.randn(SEEDS, *shape))

        self.f, self.skip, self.scale = getattr(self, kind), skip, scale
        self.vectors, self.places = weights(4, d, std=0.5), weights(16, d, std=0.3)
        shape, std = {"convolution": ((9 * d, d), (2 / (9 * d)) ** 0.5)}.get(
            kind, ((d, 4 * d), d**-0.5))
        self.layers = nn.ParameterList([weights(*shape, std=std) for _ in range(L)])
        self.classifier = weights(d, 10, std=d**-0.5)

    def attention(self, x, W):                          # (SEEDS, b, 16, d)
        b = x.shape[1]
        QKV = torch.bmm(x.flatten(1, 2), W[:, :, :3 * d])
        Q, K, V = QKV.view(SEEDS * b, 16, 3, h, d // h).permute(2, 0, 3, 1, 4).flatten(1, 2)
        A = torch.softmax(torch.bmm(Q, K.mT) / (d // h) ** 0.5, dim=-1)
        heads = torch.bmm(A, V).view(SEEDS * b, h, 16, d // h).transpose(1, 2)
        return torch.bmm(heads.reshape(SEEDS, b * 16, d), W[:, :, 3 * d:]).view(x.shape)

    def apart(self, x, W):
        """Attention in which each token looks at itself only."""
        V = torch.bmm(x.flatten(1, 2), W[:, :, 2 * d:3 * d])
        return torch.bmm(V, W[:, :, 3 * d:]).view(x.shape)

    def convolution(self, x, W):                        # (SEEDS, b, 16, d), ReLU first
        padded = F.pad(x.relu(), (0, 0, 0, 1)).flatten(0, 1)
        windows = padded.index_select(1, neighbours.flatten()).view(SEEDS, -1, 9 * d)
        return torch.bmm(windows, W).view(x.shape)

    def forward(self, x):                               # (SEEDS, b, 16, 4)
        x = x @ self.vectors[:, None] + self.places[:, None]
        for W in self.layers:
            x = self.skip * x + self.scale * self.f(F.layer_norm(x, (d,)), W)
        return F.layer_norm(x.mean(2), (d,)) @ self.classifier


QUOTED = ["attention_bare_4_min", "attention_skips_4_min", "attention_bare_48_max",
          "attention_skips_48_min", "attention_scaled_48_min", "convolution_bare_4_min",
          "convolution_skips_4_min", "convolution_bare_48_min", "convolution_skips_48_min",
          "convolution_scaled_48_min", "apart_min", "apart_max", "undone_min", "undone_max"]
STACKS = {                              # kind, layers, skip, scale, rate: its best in tune()
    "attention_bare_4": ("attention", 4, 0, 1, 0.01),
    "attention_skips_4": ("attention", 4, 1, 1, 0.03),
    "attention_bare_48": ("attention", 48, 0, 1, 0.0001),
    "attention_skips_48": ("attention", 48, 1, 1, 0.01),
    "attention_scaled_48": ("attention", 48, 1, 48**-0.5, 0.01),
    "convolution_bare_4": ("convolution", 4, 0, 1, 0.01),
    "convolution_skips_4": ("convolution", 4, 1, 1, 0.03),
    "convolution_bare_48": ("convolution", 48, 0, 1, 0.0003),
    "convolution_skips_48": ("convolution", 48, 1, 1, 0.003),
    "convolution_scaled_48": ("convolution", 48, 1, 48**-0.5, 0.01),
    "apart": ("apart", 48, 0, 1, 0.001),
    "undone": ("attention", 48, 0, 1, 0.001),
}
RATES = 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03        # one further at an edge

# Right answers of the five runs of each stack that takes long. A record: record() prints it.
RECORDED = {
    "attention_bare_48": [0.24, 0.28, 0.34, 0.38, 0.53],
    "attention_skips_48": [0.94, 0.95, 0.96, 0.96, 0.97],
    "attention_scaled_48": [0.96, 0.98, 0.99, 0.99, 0.99],
    "convolution_scaled_48": [0.96, 0.97, 0.98, 0.99, 0.99],
    "apart": [0.28, 0.28, 0.33, 0.45, 0.51],
    "undone": [0.88, 0.9, 0.9, 0.92, 0.93],
}


def undo(net):
    """Lets each W_O undo its W_V at the start, which is orthogonal."""
    with torch.no_grad():
        for W in net.layers:
            V = torch.linalg.qr(torch.randn(SEEDS, d, d))[0]
            W[:, :, 2 * d:3 * d], W[:, :, 3 * d:] = V, V.mT


def record():
    """Trains the stacks of RECORDED again, some minutes, and prints what it holds."""
    for name in RECORDED:
        print(f'    "{name}": {[round(share, 2) for share in sorted(measured(name))]},')


def tune():
    """Prints the mean right answers of each stack at each rate, on the digits to tune with."""
    for name in STACKS:
        print(name, *(f"{rate:g}: {mean(measured(name, rate, TUNE)):.3f}" for rate in RATES))


def measured(name, rate=None, digits=REPORT):
    *shape, best = STACKS[name]
    return trained(shape, rate or best, undo if name == "undone" else None, digits)


@cache
def right(name):
    """The share of right answers of each run."""
    return RECORDED.get(name) or measured(name)


@torch.enable_grad()
def trained(shape, rate, change=None, digits=REPORT, steps=100, batch=16):
    """Right answers on the digits of five networks, trained side by side."""
    torch.manual_seed(0)
    g, net = torch.Generator().manual_seed(1), Stack(*shape)
    if change:
        change(net)
    optimizer = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps)
    for _ in range(steps):
        i = torch.randint(TRAIN, (SEEDS, batch), generator=g)
        loss = SEEDS * F.cross_entropy(net(x[i]).flatten(0, 1), y[i].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        named = net(x[digits].expand(SEEDS, -1, -1, -1)).argmax(-1)
    return (named == y[digits]).float().mean(1).tolist()


def results():
    """Lowest and highest share of right answers of five runs.

    >>> r = results()
    >>> r["attention_bare_48_max"] < 0.6, r["convolution_bare_48_min"] < 0.8
    (True, True)
    >>> all(r[f"{kind}_skips_48_min"] > 0.85 for kind in ("attention", "convolution"))
    True
    >>> all(r[f"{kind}_bare_4_min"] > 0.85 for kind in ("attention", "convolution"))
    True
    >>> all(r[f"{kind}_scaled_48_min"] > 0.9 for kind in ("attention", "convolution"))
    True

    Attention that looks at itself only is attention with the identity as its shares.

    >>> net, tokens = Stack("attention", 1, 0, 1), torch.randn(SEEDS, 2, 1, d)
    >>> one = tokens.expand(-1, -1, 16, -1)         # all tokens equal: averages change nothing
    >>> W = net.layers[0]
    >>> torch.allclose(net.attention(one, W), net.apart(one, W), atol=1e-4)
    True
    """
    found = {}
    for name in STACKS:
        found[f"{name}_min"], found[f"{name}_max"] = min(right(name)), max(right(name))
    return {key: found[key] for key in QUOTED} | {
        "rate_bare": STACKS["convolution_bare_48"][-1],
        "rate_skips": STACKS["convolution_skips_48"][-1]}


def figure(narrow=False):
    fig, axes = plt.subplots(*((2, 1) if narrow else (1, 2)), sharey=True,
                             figsize=(5.2, 5) if narrow else (7.2, 2.6))
    for ax, (kind, color) in zip(axes, (("attention", ATTENTION), ("convolution", CONVOLUTION))):
        for row, (how, L) in enumerate((("bare", 4), ("skips", 4), ("bare", 48), ("skips", 48))):
            runs = right(f"{kind}_{how}_{L}")
            ax.plot(runs, [row] * SEEDS, "o", color=color, ms=8, alpha=0.7,
                    mfc=color if how == "skips" else "none", mew=1.5,
                    label=f"{kind}, {L} layers, {how}")
        ax.axvline(1 / 3, color=GRAY, lw=1, zorder=0)
        ax.text(0.35, -0.75, "guessing", color=GRAY, va="center")
        ax.set(xlim=(0.2, 1.04), ylim=(3.5, -1.1))
        ax.set_title(kind, loc="left", color=color)
        ax.set_xticks([1 / 3, 2 / 3, 1], ["33 %", "67 %", "100 %"])
    axes[0].set_yticks(range(4), ["4 layers, bare", "4 with skips", "48 layers, bare",
                                  "48 with skips"])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
