"""A convolution stack is right up to the edge of its field, and guesses beyond it."""

from functools import cache

import matplotlib.pyplot as plt

# --8<-- [start:task]
import torch
import torch.nn as nn
import torch.nn.functional as F

N, CLASSES = 96, 8  # positions, values of a token


def flagged(tokens, D):
    """Flag the token D steps before the last; its value is the answer.

    tokens: (b, n) -> one-hot values and a flag (b, n, CLASSES + 1), answers (b,)
    """
    at = torch.arange(len(tokens)), tokens.shape[1] - 1 - D
    x = F.one_hot(tokens, CLASSES + 1).float()  # the last channel is still free
    x[at + (CLASSES,)] = 1
    return x, tokens[at]


def embedding(d):
    return nn.Sequential(nn.Linear(CLASSES + 1, 64), nn.ReLU(), nn.Linear(64, d))


class CNN(nn.Module):
    """L residual layers, k = 3. The last position sees D = 0 ... 2L."""

    def __init__(self, L, d=32):
        super().__init__()
        self.embed, self.classify = embedding(d), nn.Linear(d, CLASSES)
        self.layers = nn.ModuleList(nn.Conv1d(d, d, 3) for _ in range(L))

    def forward(self, x):
        h = self.embed(x).mT  # (b, n, d) -> (b, d, n)
        for layer in self.layers:
            h = h[..., 2:] + layer(h).relu()  # unpadded: two positions fewer
        return self.classify(h[..., -1])  # (b, CLASSES)


class Attention(nn.Module):
    """One layer, one head, no positions; only the last position asks."""

    def __init__(self, d=32):
        super().__init__()
        self.embed, self.classify = embedding(d), nn.Linear(d, CLASSES)
        self.qkv = nn.Linear(d, 3 * d)

    def forward(self, x):
        q, k, v = self.qkv(self.embed(x)).chunk(3, dim=-1)  # (b, n, d) each
        A = (q[:, -1:] @ k.mT / q.shape[-1] ** 0.5).softmax(-1)  # (b, 1, n)
        return self.classify((A @ v).squeeze(1))  # (b, CLASSES)


def train(model, n, steps=400, b=64):
    """On sequences of length n: a CNN's n is its field, its best case."""
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(steps):
        x, y = flagged(torch.randint(CLASSES, (b, n)), torch.randint(n, (b,)))
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
    return model


@torch.no_grad()
def accuracy(model, D, contexts=16):
    """At distance D, in random contexts, each with all values of the flagged token."""
    tokens = torch.randint(CLASSES, (contexts, N)).repeat_interleave(CLASSES, 0)
    tokens[:, N - 1 - D] = torch.arange(CLASSES).repeat(contexts)
    x, y = flagged(tokens, D)
    return (model(x).argmax(-1) == y).float().mean().item()


torch.manual_seed(0)
cnn = train(CNN(L=2), n=5)
print(f"2 layers: D = 4: {accuracy(cnn, 4):.3f}, D = 5: {accuracy(cnn, 5):.3f}")
attention = train(Attention(), n=N)
print(f"attention: D = 4: {accuracy(attention, 4):.3f},",
      f"D = 95: {accuracy(attention, 95):.3f}")
# --8<-- [end:task]

CONVOLUTION, ATTENTION = "#0072B2", "#D55E00"
DEPTHS = {2: ":", 4: "--", 8: "-"}


@cache
def cnns():
    """The trained stacks, by depth."""
    torch.manual_seed(1)
    return {2: cnn} | {L: train(CNN(L), n=2 * L + 1) for L in (4, 8)}


@cache
def curve(model):
    """Accuracy at each distance."""
    torch.manual_seed(2)
    return [accuracy(model, D) for D in range(N)]


@torch.no_grad()
def movement(model, D):
    """How far the largest logit moves when the token at distance D changes.

    >>> movement(cnn, 4) > 0, movement(cnn, 5)
    (True, 0.0)
    """
    x, _ = flagged(torch.zeros(1, N, dtype=torch.long), 0)
    y, _ = flagged(F.one_hot(torch.tensor([N - 1 - D]), N), 0)
    return (model(x) - model(y)).abs().max().item()


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["inside_min"] >= 0.99, r["attention_min"] >= 0.99
    (True, True)
    >>> 0.115 <= r["outside_min"] <= r["outside_max"] <= 0.135
    True
    >>> r["moved_beyond_edge"]
    0.0
    """
    inside = [a for L, m in cnns().items() for a in curve(m)[: 2 * L + 1]]
    outside = [a for L, m in cnns().items() for a in curve(m)[2 * L + 1 :]]
    return {
        "chance": 1 / CLASSES,
        "inside_min": round(min(inside), 2),
        "outside_min": round(min(outside), 3),
        "outside_max": round(max(outside), 3),
        "attention_min": round(min(curve(attention)), 2),
        "moved_beyond_edge": max(
            movement(m, D) for L, m in cnns().items() for D in range(2 * L + 1, N)
        ),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    ax.axhline(1 / CLASSES, color="lightgray", label="_chance")
    ax.text(N - 1, 0.16, "chance", color="gray", ha="right")
    for (L, model), y in zip(cnns().items(), (0.8, 0.6, 0.4)):
        ax.axvline(2 * L, color="lightgray", lw=1, zorder=0)
        ax.plot(curve(model), DEPTHS[L], color=CONVOLUTION, label=f"{L} layers")
    ax.plot(curve(attention), color=ATTENTION, label="attention")
    ax.set(xlabel="distance $D$", ylabel="accuracy", ylim=(0, 1.1))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
