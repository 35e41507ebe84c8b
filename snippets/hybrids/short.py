"""A short convolution inside a layer with a memory of fixed size: the way most used in text."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION

# --8<-- [start:block]
import torch
import torch.nn.functional as F
from torch import nn


class ShortThenMemory(nn.Module):
    """A simple gated delta layer: k tokens, then a table of d x d numbers."""

    def __init__(self, d, k=4):
        super().__init__()
        self.qkv, self.gates = nn.Linear(d, 3 * d), nn.Linear(d, 2)
        self.short = nn.Conv1d(3 * d, 3 * d, k, padding=k - 1, groups=3 * d)
        self.out = nn.Linear(d, d)

    def forward(self, x):                               # (b, n, d)
        near = self.short(self.qkv(x).mT)[..., :x.shape[1]]     # no token ahead
        q, k, v = F.silu(near).mT.chunk(3, dim=2)       # (b, n, d) each
        q, k = F.normalize(q, dim=2), F.normalize(k, dim=2)
        keep, write = self.gates(x).sigmoid()[..., None].unbind(2)
        table, y = x.new_zeros(len(x), x.shape[2], x.shape[2]), []
        for i in range(x.shape[1]):
            table = keep[:, i, None] * table
            old = (table @ k[:, i, :, None])[..., 0]    # what this key gives now
            new = write[:, i] * (v[:, i] - old)
            table = table + new[..., None] * k[:, i, None]
            y.append((table @ q[:, i, :, None])[..., 0])
        return self.out(torch.stack(y, 1))


print(ShortThenMemory(16)(torch.randn(2, 10, 16)).shape)
# --8<-- [end:block]

TEXT = "the cat jumped at the bird but the cat".split()
WORDS = sorted(set(TEXT))
ASKS = 7, 8                             # the last "the" and the last "cat"


@torch.no_grad()
def by_hand(k=2):
    """The layer with chosen weights: a key is the word before, a value the word itself.

    With a kernel of one position, the key is the word itself.
    """
    d = len(WORDS)
    layer = ShortThenMemory(d, k)
    for weights in layer.parameters():
        weights.zero_()
    layer.qkv.weight.copy_(torch.eye(d).repeat(3, 1))
    layer.out.weight.copy_(torch.eye(d))
    layer.gates.bias.fill_(20)                          # keep all, write all
    query, key, value = layer.short.weight.view(3, d, k).unbind(0)
    query[:, -1] = value[:, -1] = 1
    key[:, -2 if k > 1 else -1] = 1
    return layer


@torch.no_grad()
def follows(k=2):
    """For each word of TEXT, what the layer gives: which word followed its last occurrence.

    >>> follows()[TEXT.index("the", 3)], follows()[-2:]
    ('cat', ['bird', 'jumped'])

    With a kernel of one position, the layer gives each word back.

    >>> follows(1) == TEXT
    True
    """
    x = F.one_hot(torch.tensor([WORDS.index(word) for word in TEXT])).float()
    y = by_hand(k)(x[None])[0]
    return [WORDS[i] if row[i] > 0.5 else "" for row, i in zip(y, y.argmax(1).tolist())]


def kept(n, d=128, layers=4):
    """Numbers kept after n tokens: by attention in each layer, and in one layer of four.

    The three others keep a table and the last three tokens of queries, keys and values.

    >>> kept(100_000)[1] / kept(100_000)[0] < 0.26
    True
    """
    cache, table = 2 * n * d, d * d + 3 * 3 * d
    return layers * cache, cache + (layers - 1) * table


def results():
    """How much is kept, and how many tokens a key is made from.

    >>> r = results()
    >>> 0.25 < r["share"] < 0.26, r["reach"]
    (True, 4)

    No token sees one ahead.

    >>> layer, x = ShortThenMemory(16), torch.randn(1, 10, 16)
    >>> later = torch.cat([x[:, :7], torch.randn(1, 3, 16)], 1)
    >>> torch.allclose(layer(x)[:, :7], layer(later)[:, :7], atol=1e-6)
    True
    """
    full, mixed = kept(100_000)
    return {"share": mixed / full, "reach": reach()}


def reach():
    """How many tokens the keys of one token are made from."""
    torch.manual_seed(0)
    layer = ShortThenMemory(16)
    x = torch.randn(1, 10, 16, requires_grad=True)
    layer.short(layer.qkv(x).mT)[0, :, 8].square().sum().backward()
    return int((x.grad[0].abs().sum(1) > 0).sum())


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 2.6))
    for i, word in enumerate(TEXT):
        ax.text(i, 0, word, ha="center", va="center", weight="bold" if i in ASKS else "normal")
        if i:
            ax.annotate("", (i - 0.92, -0.25), (i - 0.08, -0.25), label=f"key {TEXT[i - 1]}, value {word}",
                        arrowprops=dict(arrowstyle="-|>", color=CONVOLUTION, lw=2, shrinkA=0, shrinkB=0,
                                        connectionstyle="arc3,rad=-0.4"))
    for i, height in zip(ASKS, (0.9, 1.5)):
        found = max(j for j in range(1, i) if TEXT[j - 1] == TEXT[i])
        assert follows()[i] == TEXT[found]
        ax.annotate("", (found, 0.22), (i, 0.22), arrowprops=dict(
            arrowstyle="-|>", color=ATTENTION, lw=2, shrinkA=0, shrinkB=0,
            connectionstyle=f"arc3,rad={height / 3.2}"))
    ax.text(0, -0.72, "stored: each word under the one before", color=CONVOLUTION)
    ax.text(0, 1.25, "the memory finds what followed", color=ATTENTION)
    ax.set(xlim=(-0.5, 8.5), ylim=(-0.95, 1.6))
    ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
