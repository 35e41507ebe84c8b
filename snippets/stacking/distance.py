# pip install torch matplotlib scikit-learn
"""How far the heads of a small ViT look, layer by layer, before and after training."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION

# --8<-- [start:distance]
# pip install torch scikit-learn
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

d, h, L = 32, 4, 3
pixels, labels = map(torch.tensor, load_digits(return_X_y=True))
order = torch.randperm(1797, generator=torch.Generator().manual_seed(0))
patches = pixels[order].view(-1, 4, 2, 4, 2).transpose(2, 3).reshape(-1, 16, 4)
one_hot = torch.eye(16).expand(1797, 16, 16)            # the place of a patch
x = torch.cat([patches.float() / 8 - 1, one_hot], -1)   # (1797, 16, 20)
y = labels[order]                                       # 1197 train, 600 test


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(d)
        self.attention = nn.MultiheadAttention(d, h, batch_first=True)
        self.mlp = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, 2 * d),
                                 nn.GELU(), nn.Linear(2 * d, d))

    def forward(self, x):                               # (b, 16, d)
        z = self.norm(x)
        out, self.A = self.attention(z, z, z, average_attn_weights=False)
        x = x + out                                     # A is (b, h, 16, 16)
        return x + self.mlp(x)


def vit(steps, seed=0):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(20, d), *(Layer() for _ in range(L)),
                          nn.LayerNorm(d), nn.Linear(d, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(steps):
        batch = torch.randint(1197, (64,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[batch]).mean(1), y[batch]).backward()
        optimizer.step()
    return model


place = 2 * torch.cartesian_prod(torch.arange(4.), torch.arange(4.))
distance = torch.cdist(place, place)                    # (16, 16), in pixels
before, after = vit(steps=0), vit(steps=300)
for name, model in ("before", before), ("after", after):
    right = (model(x[1197:]).mean(1).argmax(-1) == y[1197:]).float().mean()
    far = torch.stack([(layer.A * distance).sum(-1).mean((0, 2))
                       for layer in model[1:-2]])       # (L, h)
    print(f"{name}: {right:.0%} right, heads look {far.min():.1f} to",
          f"{far.max():.1f} pixels far (equal weights {distance.mean():.1f})")
# --8<-- [end:distance]

SEEDS = 5
trained = [after, *(vit(steps=300, seed=seed) for seed in range(1, SEEDS))]
near = distance < 3                     # a patch and its neighbours: 3 x 3
window = near / near.sum(-1, keepdim=True)              # equal weights on these


@cache
@torch.no_grad()
def heads(measure, model):
    """One number for each layer and head, a mean over 600 digits and 16 queries."""
    model(x[1197:])
    return torch.stack([measure(layer.A).mean((0, 2)) for layer in model[1:-2]])


def how_far(A):
    """Mean distance in pixels: (b, h, n, n) -> (b, h, n)"""
    return (A * distance).sum(-1)


def how_many(A):
    """Patches that share the weight: the exponential of the entropy.

    >>> torch.allclose(how_many(torch.eye(16)), torch.tensor(1.))
    True
    >>> torch.allclose(how_many(torch.full((16, 16), 1 / 16)), torch.tensor(16.))
    True
    """
    return torch.special.entr(A).sum(-1).exp()


def how_near(A):
    """Share of the weight on the patch itself and its neighbours."""
    return (A * near).sum(-1)


@torch.no_grad()
def accuracy(model):
    return (model(x[1197:]).mean(1).argmax(-1) == y[1197:]).float().mean().item()


def results():
    """The numbers the page quotes.

    S3c: it has learned the digits, and no head is local.

    >>> r = results()
    >>> r["accuracy_min"] > 0.85, r["after_far_min"] > 3, r["window_far"] < 2.2
    (True, True, True)

    It has learned to choose: some heads look at few patches.

    >>> bool(heads(how_many, before).min() > 13), r["after_many_min"] < 8
    (True, True)

    Equal weights, and equal weights on the 3 x 3 patches around each.

    >>> even = torch.full((16, 16), 1 / 16)
    >>> torch.allclose(how_far(even).mean(), distance.mean())
    True
    >>> near.sum(-1).unique().tolist()
    [4, 6, 9]
    """
    numbers = {
        "layers": L, "heads": h,
        "accuracy_min": min(map(accuracy, trained)),
        "accuracy_max": max(map(accuracy, trained)),
        "equal_far": distance.mean().item(),
        "equal_near": near.float().mean().item(),
        "window_far": how_far(window).mean().item(),
        "below_3": sum(int((heads(how_far, model) < 3).sum()) for model in trained),
        "all_heads": SEEDS * L * h,
    }
    for name, measure, models in (("before_near", how_near, [before]),
                                  ("after_near", how_near, trained),
                                  ("after_far", how_far, trained),
                                  ("after_many", how_many, trained)):
        found = torch.stack([heads(measure, model) for model in models])
        numbers[f"{name}_min"] = found.min().item()
        numbers[f"{name}_max"] = found.max().item()
    return numbers


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4))
    for when, models, face in (("before", [vit(steps=0, seed=seed) for seed in range(SEEDS)], "none"),
                               ("after", trained, ATTENTION)):
        far, many = (torch.stack([heads(measure, model) for model in models]).flatten()
                     for measure in (how_far, how_many))
        ax.plot(far, many, "o", ms=6, mec=ATTENTION, mfc=face, alpha=0.7, label=f"{when} training")
    local = how_far(window).mean(), how_many(window).mean()
    ax.plot(*local, "s", ms=12, mec="black", mfc="none", label="equal shares of a 3×3 window")
    ax.annotate("a local head\nwould be here", local, (0, -14), textcoords="offset points", ha="center", va="top")
    ax.text(3.6, 15.6, "before training", color=ATTENTION, ha="right")
    ax.text(3.1, 9, "after", color=ATTENTION, ha="right")
    ax.set(xlabel="how far a head looks, in pixels", ylabel="at how many patches",
           xlim=(0, 5), ylim=(0, 17), yticks=[1, 4, 8, 12, 16])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
