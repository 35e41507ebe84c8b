# pip install torch matplotlib scikit-learn
"""Digits learned in one place: which layers and which read-out know them in another?"""

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle
from style import ATTENTION, CONVOLUTION, FAINT, shades

# --8<-- [start:digits]
# pip install torch matplotlib scikit-learn
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

SIDE, d, h = 8, 16, 4  # the paper is a ring in both directions
NEAR = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]


class Convolution(nn.Module):
    border = "circular"

    def __init__(self):
        super().__init__()
        self.norm, self.conv = nn.LayerNorm(d), nn.Conv2d(d, d, 3)

    def forward(self, x):  # (b, SIDE, SIDE, d)
        y = F.pad(self.norm(x).permute(0, 3, 1, 2), (1,) * 4, self.border)
        return x + self.conv(y).relu().permute(0, 2, 3, 1)


class Attention(nn.Module):
    """Each pixel looks at the same 3 x 3; a learned number per offset and head."""

    hidden = 0  # nothing is hidden, since a ring has no border

    def __init__(self):
        super().__init__()
        self.norm, self.qkv = nn.LayerNorm(d), nn.Linear(d, 3 * d, bias=False)
        self.steps = nn.Parameter(torch.randn(9, h))
        self.mlp = nn.Sequential(
            nn.LayerNorm(d), nn.Linear(d, 3 * d), nn.ReLU(), nn.Linear(3 * d, d))

    def forward(self, x):  # (b, SIDE, SIDE, d)
        def near(z):  # (b, SIDE, SIDE, 9, h, d / h)
            rolled = [z.roll(offset, dims=(1, 2)) for offset in NEAR]
            return torch.stack(rolled, dim=3).unflatten(-1, (h, -1))

        q, k, v = self.qkv(self.norm(x)).chunk(3, dim=-1)
        q = q.unflatten(-1, (h, -1))[:, :, :, None]
        S = (q * near(k)).sum(-1) / (d // h) ** 0.5 + 2 * self.steps + self.hidden
        A = S.softmax(dim=3)  # (b, SIDE, SIDE, 9, h)
        x = x + (A[..., None] * near(v)).sum(3).flatten(3)
        return x + self.mlp(x)


class Network(nn.Module):
    def __init__(self, layer, places, whole, start=0.5):
        super().__init__()
        self.embed = nn.Linear(1, d)
        self.rows = self.columns = None
        if places:  # a learned vector for each row and for each column
            self.rows = nn.Parameter(start * torch.randn(SIDE, 1, d))
            self.columns = nn.Parameter(start * torch.randn(SIDE, d))
        self.layers = nn.Sequential(*(layer() for _ in range(2)))
        self.pool = nn.MaxPool2d(SIDE if whole else 2)  # 1 maximum, or 16
        self.out = nn.Linear(16 * d, 10) if not whole else nn.Sequential(
            nn.Linear(d, 95), nn.ReLU(), nn.Linear(95, 10))

    def forward(self, x):  # (b, SIDE, SIDE)
        x = self.embed(2 * x[..., None] - 1)
        if self.rows is not None:
            x = x + self.rows + self.columns
        maxima = self.pool(self.layers(x).permute(0, 3, 1, 2))
        return self.out(maxima.flatten(1))  # (b, 10)


def paste(images, down=2, right=2):
    """(b, 4, 4) onto blank paper (b, 8, 8); 2, 2 is the middle."""
    return F.pad(images, (0, 4, 0, 4)).roll((down, right), dims=(1, 2))


digits = load_digits()
order = torch.randperm(1797, generator=torch.Generator().manual_seed(0))
X = F.avg_pool2d(torch.tensor(digits.images[order]).float() / 16, 2)  # (1797, 4, 4)
y = torch.tensor(digits.target[order])  # from 1197: to choose; from 1497: to test


def trained(layer, places, whole, seed=0, steps=600, rate=0.01, put=paste, start=0.5):
    """With digits in the middle, nowhere else, unless `put` puts them elsewhere."""
    torch.manual_seed(seed)
    model = Network(layer, places, whole, start)
    optimizer = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps)
    for _ in range(steps):
        j = torch.randint(1197, (16,))
        optimizer.zero_grad()
        F.cross_entropy(model(put(X[j])), y[j]).backward()
        optimizer.step()
        schedule.step()
    return model


@torch.no_grad()
def accuracy(model, down=2, right=2, first=1497, last=1797):
    said = model(paste(X[first:last], down, right)).argmax(1)
    return (said == y[first:last]).float().mean().item()


for whole in (True, False):
    model = trained(Convolution, places=False, whole=whole, steps=400)
    print("one maximum" if whole else "blocks     ", "- more than 7 of 10 right,"
          f" in the middle: {accuracy(model) > 0.7},"
          f" elsewhere: {accuracy(model, 6, 4) > 0.7}")
# --8<-- [end:digits]


class ConvolutionWithEdge(Convolution):
    border = "constant"  # zeros


class AttentionWithEdge(Attention):
    """Nothing is seen beyond the edge, and the shares add up to 1 over the rest."""

    def __init__(self, side=SIDE):
        super().__init__()
        there = torch.stack([F.pad(torch.ones(side, side), (1,) * 4).roll(
            offset, dims=(0, 1))[1:-1, 1:-1] for offset in NEAR], dim=2)
        self.hidden = there.log()[..., None]  # (side, side, 9, 1): 0, or -inf beyond


def scatter(images):
    """Each on its own paper, anywhere on the ring."""
    return torch.cat([paste(image[None], *torch.randint(SIDE, (2,)).tolist())
                      for image in images])


OPERATIONS = {"convolution": Convolution, "attention": Attention}
VERSIONS = [(places, whole) for places in (False, True) for whole in (True, False)]
GRID = [(down, right) for down in range(SIDE) for right in range(SIDE)]
RECORDED = {  # by record(), in %: of five runs the middle, elsewhere; the mean map
    ("convolution", False, True): (
        [81, 86, 85, 85, 89], [81, 86, 85, 85, 89],
        64 * [85]),
    ("convolution", False, False): (
        [89, 91, 85, 87, 92], [9, 11, 10, 10, 11],
        [12, 11, 6, 7, 8, 9, 8, 9,
         13, 15, 20, 11, 10, 9, 12, 7,
         16, 32, 89, 36, 23, 14, 11, 11,
         12, 16, 17, 13, 8, 7, 4, 8,
         5, 3, 4, 3, 3, 8, 6, 6,
         5, 6, 10, 10, 10, 10, 10, 7,
         5, 5, 6, 8, 9, 9, 8, 9,
         11, 9, 9, 7, 8, 11, 11, 10]),
    ("convolution", True, True): (
        [87, 83, 77, 85, 88], [13, 15, 15, 13, 14],
        [15, 11, 20, 15, 18, 15, 14, 16,
         9, 11, 10, 6, 8, 8, 8, 7,
         32, 31, 84, 38, 29, 42, 45, 42,
         9, 4, 12, 9, 8, 9, 7, 9,
         10, 7, 10, 12, 12, 13, 10, 12,
         9, 10, 12, 11, 10, 8, 9, 10,
         11, 10, 18, 12, 15, 11, 11, 13,
         9, 13, 18, 9, 11, 12, 12, 11]),
    ("convolution", True, False): (
        [84, 89, 87, 90, 92], [11, 12, 11, 9, 10],
        [10, 12, 6, 9, 10, 9, 6, 8,
         10, 11, 15, 10, 10, 12, 9, 9,
         12, 27, 88, 25, 16, 10, 10, 10,
         11, 13, 17, 15, 11, 7, 9, 10,
         9, 8, 3, 7, 10, 15, 10, 8,
         9, 8, 9, 10, 12, 11, 10, 9,
         10, 7, 7, 8, 9, 9, 10, 11,
         9, 10, 11, 9, 13, 13, 8, 11]),
    ("attention", False, True): (
        [88, 84, 85, 85, 84], [88, 84, 85, 85, 84],
        64 * [85]),
    ("attention", False, False): (
        [90, 84, 89, 90, 90], [9, 8, 11, 9, 9],
        [8, 12, 6, 6, 6, 8, 8, 8,
         8, 16, 17, 10, 10, 11, 9, 11,
         10, 34, 89, 35, 12, 9, 10, 9,
         7, 11, 15, 10, 8, 7, 5, 8,
         9, 4, 3, 8, 3, 6, 4, 8,
         7, 8, 8, 9, 7, 7, 8, 6,
         7, 8, 8, 9, 5, 6, 4, 4,
         7, 9, 8, 8, 8, 13, 10, 11]),
    ("attention", True, True): (
        [78, 84, 85, 86, 88], [13, 12, 12, 12, 12],
        [12, 10, 18, 13, 10, 9, 11, 14,
         10, 6, 8, 5, 6, 8, 7, 6,
         25, 26, 84, 28, 29, 37, 41, 40,
         7, 7, 9, 6, 7, 7, 7, 7,
         7, 8, 7, 6, 8, 7, 7, 6,
         11, 11, 14, 11, 10, 11, 12, 12,
         12, 15, 18, 12, 12, 12, 13, 11,
         9, 8, 16, 9, 11, 8, 10, 8]),
    ("attention", True, False): (
        [87, 80, 87, 88, 92], [9, 10, 11, 9, 10],
        [15, 13, 10, 8, 11, 5, 8, 9,
         10, 11, 12, 10, 9, 11, 12, 12,
         12, 22, 87, 21, 15, 12, 4, 6,
         11, 7, 9, 4, 8, 9, 8, 14,
         8, 5, 5, 3, 9, 9, 8, 10,
         11, 12, 8, 10, 12, 7, 8, 6,
         11, 13, 8, 5, 8, 6, 7, 9,
         12, 15, 11, 9, 13, 11, 9, 8]),
}
MORE = {  # by record_more(), in %: of five runs (trained side by side)
    "edge": {
        "convolution_middle": [84, 82, 78, 87, 84],
        "convolution_elsewhere": [66, 74, 70, 77, 76],
        "convolution_lowest": [47, 56, 57, 63, 58],
        "attention_middle": [82, 84, 84, 84, 85],
        "attention_elsewhere": [63, 73, 74, 54, 68],
        "attention_lowest": [28, 44, 52, 25, 44],
    },
    "small": {
        "convolution": [32, 32, 36, 42, 42],
        "attention": [35, 24, 22, 33, 27],
    },
    "everywhere": {
        "blocks_600": [16, 11, 65, 35, 29],
        "blocks_3000": [75, 86, 79, 83, 86],
        "places_600": [8, 72, 9, 76, 73],
        "places_3000": [90, 89, 84, 87, 90],
    },
}


def maps(layer, places, whole, grid=GRID, **how):
    """Of five runs the right answers at each place of the grid."""
    models = [trained(layer, places, whole, seed, **how) for seed in range(5)]
    return [[accuracy(model, *at, 1497, 1597) for at in grid] for model in models]


def percent(shares):
    return [round(100 * share) for share in shares]


def record():
    """Makes RECORDED: `trained` as above; 6 minutes on one core (torch 2.13)."""
    found = {}
    for name, layer in OPERATIONS.items():
        for places, whole in VERSIONS:
            each = maps(layer, places, whole)
            found[name, places, whole] = (
                percent(one[GRID.index((2, 2))] for one in each),
                percent(map(elsewhere, each)),
                percent(sum(at) / 5 for at in zip(*each)))
    return found


def record_more():
    """Makes MORE: 12 minutes on one core (torch 2.13)."""
    on_paper = [at for at in GRID if max(at) <= 4]  # (2, 2) is the middle of these 25
    found = {"edge": {}, "small": {}, "everywhere": {}}
    for name, layer in ("convolution", ConvolutionWithEdge), ("attention", AttentionWithEdge):
        each = maps(layer, False, True, on_paper)
        found["edge"] |= {
            f"{name}_middle": percent(one[12] for one in each),
            f"{name}_elsewhere": percent((sum(one) - one[12]) / 24 for one in each),
            f"{name}_lowest": percent(min(one) for one in each)}
    for name, layer in OPERATIONS.items():
        found["small"][name] = percent(map(elsewhere, maps(layer, True, True, start=0.02)))
    for version, places, whole in ("blocks", False, False), ("places", True, True):
        for steps in 600, 3000:
            each = maps(Convolution, places, whole, put=scatter, steps=steps)
            found["everywhere"][f"{version}_{steps}"] = percent(sum(one) / 64 for one in each)
    return found


def rates():
    """Prints the trials of learning rates: one run, 300 other digits in the middle."""
    for name, layer in OPERATIONS.items():
        for places, whole in VERSIONS:
            shares = [accuracy(trained(layer, places, whole, rate=rate), 2, 2, 1197, 1497)
                      for rate in (0.003, 0.01, 0.03)]
            print(name, places, whole, *(f"{share:.0%}" for share in shares))


def elsewhere(one):
    """The mean of a map over all places but the middle."""
    middle = GRID.index((2, 2))
    return (sum(one) - one[middle]) / (len(one) - 1)


def numbers(name, places, whole):
    return sum(p.numel() for p in Network(OPERATIONS[name], places, whole).parameters())


@torch.no_grad()
def places_alike(layer, places, whole):
    """Of all 64 places of a digit on the ring, those with the answer of the place 2, 2, untrained."""
    torch.manual_seed(0)
    model = Network(layer, places, whole).double()
    answers = model(torch.cat([paste(X[:1], *at) for at in GRID]).double())  # (64, 10)
    return ((answers - answers[18]).abs().amax(1) < 1e-9).sum().item()  # 18 is 2, 2


def results():
    """The numbers the page quotes.

    Before any training: the answers do not depend on the place if, and only if, the
    layers are equivariant and the maximum is one. (On the ring, for all 64 shifts.)

    >>> r = results()
    >>> [r[f"{name}_same"] for name in OPERATIONS], r["others_same"]
    ([64, 64], 1)

    About equally many weights.

    >>> sizes = [numbers(name, *version) for name in OPERATIONS for version in VERSIONS]
    >>> 7000 < min(sizes), max(sizes) < 8000
    (True, True)

    With an edge, where all that both layers see lies on the paper, the answer is the
    same; in a corner it is not.

    >>> for layer in (ConvolutionWithEdge, AttentionWithEdge):
    ...     _ = torch.manual_seed(0)
    ...     model = Network(layer, False, True).double()
    ...     big = F.pad(paste(X[:1]), (4,) * 4).double()  # 16 x 16, 6 blank on each side
    ...     if layer is AttentionWithEdge:
    ...         for one in model.layers:
    ...             one.hidden = AttentionWithEdge(16).hidden
    ...     model.pool = nn.AdaptiveMaxPool2d(1)
    ...     print(all(model(big).allclose(model(big.roll(s, (1, 2)))) for s in
    ...               ((1, 0), (2, 2), (-2, 1))),
    ...           model(big).allclose(model(big.roll((-6, -6), (1, 2)))))
    True False
    True False

    A third of a run is on its way to the record.

    >>> model = trained(Attention, False, True, steps=200)
    >>> accuracy(model) > 0.4, abs(accuracy(model) - accuracy(model, 7, 5)) < 0.01
    (True, True)

    Digits everywhere: 600 steps are too few for some runs, 3,000 are enough for all.

    >>> blocks, places = (MORE["everywhere"][f"{v}_600"] for v in ("blocks", "places"))
    >>> max(blocks) < 70, sorted(share > 70 for share in places)
    (True, [False, False, True, True, True])
    >>> min(MORE["everywhere"]["blocks_3000"] + MORE["everywhere"]["places_3000"]) > 70
    True

    With an edge, and with small vectors for places.

    >>> 60 < min(MORE["edge"]["convolution_elsewhere"])
    True
    >>> 20 < min(sum(MORE["small"].values(), [])), max(sum(MORE["small"].values(), [])) < 50
    (True, True)

    The first column against all others.

    >>> kept = [min(RECORDED[name, False, True][1]) for name in OPERATIONS]
    >>> lost = [max(r[1]) for version, r in RECORDED.items() if version[1:] != (False, True)]
    >>> min(kept) > 75, max(lost) < 50
    (True, True)
    """
    alike = {(name, *version): places_alike(layer, *version)
             for name, layer in OPERATIONS.items() for version in VERSIONS}
    found = {"test": 100} | {f"{name}_same": alike.pop((name, False, True)) for name in OPERATIONS}
    found["others_same"] = max(alike.values())
    for (name, places, whole), (middle, other, _) in RECORDED.items():
        at = f"{name}_{'places' if places else 'shared'}_{'whole' if whole else 'blocks'}"
        found |= {f"{at}_low": min(other) / 100, f"{at}_high": max(other) / 100,
                  f"{at}_middle_low": min(middle) / 100,
                  f"{at}_middle_high": max(middle) / 100,
                  f"{at}_numbers": numbers(name, places, whole)}
    for key, rows in MORE.items():
        for row in rows:
            found |= {f"{key}_{row}_low": min(rows[row]) / 100,
                      f"{key}_{row}_high": max(rows[row]) / 100}
    return found


def figure():
    fig, axes = plt.subplots(2, 4, figsize=(5.2, 3.1))
    titles = [f"{layers}\n{read_out}" for layers in ("equivariant", "with places")
              for read_out in ("one maximum", "blocks")]
    for axs, (name, color) in zip(axes, (("convolution", CONVOLUTION),
                                         ("attention", ATTENTION))):
        for ax, version, title in zip(axs, VERSIONS, titles):
            shares = torch.tensor(RECORDED[name, *version][2]).view(1, SIDE, SIDE) / 100
            shares = F.pad(shares.roll((2, 2), (1, 2)), (0, 1, 0, 1), "circular")[0]
            ax.imshow(shares, cmap=shades(color), vmin=0, vmax=1, interpolation="none",
                      label=f"{name}, {title}".replace("\n", ", "))
            ax.add_patch(Rectangle((3.5, 3.5), 1, 1, fill=False, ec="black"))
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=FAINT)
            if name == "convolution":
                ax.set_title(title, loc="center")
        axs[0].set_ylabel(name, color=color, weight="bold")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
