"""A convolution stack is right up to the edge of its field, and guesses beyond it."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY

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


class Convolutions(nn.Module):
    """L residual layers, k = 3: the last position sees D = 0 ... 2L."""

    def __init__(self, L, d=32):
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(d, d, 3) for _ in range(L))

    def forward(self, h):
        h = h.mT  # (b, n, d) -> (b, d, n)
        for layer in self.layers:
            h = h[..., 2:] + layer(h).relu()  # unpadded: two positions fewer
        return h[..., -1]  # (b, d)


class Attention(nn.Module):
    """One layer, one head, no positions. Only the last position asks."""

    def __init__(self, d=32):
        super().__init__()
        self.qkv = nn.Linear(d, 3 * d)

    def weights(self, q, k):
        return (q[:, -1:] @ k.mT / k.shape[-1] ** 0.5).softmax(-1)  # (b, 1, n)

    def forward(self, h):
        q, k, v = self.qkv(h).chunk(3, dim=-1)  # (b, n, d) each
        return (self.weights(q, k) @ v).squeeze(1)  # (b, d)


def trained(mix, n, steps=200, b=64, d=32):
    """Embed each token, mix positions, classify; learn on sequences of length n."""
    embed = nn.Linear(CLASSES + 1, 64), nn.ReLU(), nn.Linear(64, d)
    model = nn.Sequential(*embed, mix, nn.Linear(d, CLASSES))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(steps):
        x, y = flagged(torch.randint(CLASSES, (b, n)), torch.randint(n, (b,)))
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
    return model


@torch.no_grad()
def accuracy(model, D, n=N, contexts=16):
    """At distance D, in sequences of length n.

    Each context comes with all 8 values of the flagged token: a model that does
    not see it answers them alike, and is right once in 8, exactly.
    """
    tokens = torch.randint(CLASSES, (contexts, n)).repeat_interleave(CLASSES, 0)
    tokens[:, n - 1 - D] = torch.arange(CLASSES).repeat(contexts)
    x, y = flagged(tokens, D)
    return (model(x).argmax(-1) == y).float().mean().item()


torch.manual_seed(0)
cnn = trained(Convolutions(L=2), n=5)  # as long as it can see: its best case
print(f"2 layers: D = 4: {accuracy(cnn, 4):.3f}, D = 5: {accuracy(cnn, 5):.3f}")
attention = trained(Attention(), n=N)
print(f"attention: D = 4: {accuracy(attention, 4):.3f},",
      f"D = 95: {accuracy(attention, 95):.3f}")
# --8<-- [end:task]

LONG = 64 * N


@cache
def cnns():
    """The trained stacks, by depth."""
    torch.manual_seed(0)
    steps = {4: 300, 8: 500}
    return {2: cnn} | {L: trained(Convolutions(L), 2 * L + 1, steps[L]) for L in steps}


@cache
def curve(model):
    """Accuracy at each distance."""
    torch.manual_seed(2)
    return [accuracy(model, D) for D in range(N)]


@torch.no_grad()
def movement(model, D):
    """Largest change of a logit when the token at distance D changes.

    >>> movement(cnn, 4) > 0, movement(cnn, 5)
    (True, 0.0)
    """
    tokens = torch.zeros(2, N, dtype=torch.long)
    tokens[1, N - 1 - D] = 1
    before, after = model(flagged(tokens, 0)[0])
    return (after - before).abs().max().item()


@torch.no_grad()
def flag_weights(n, contexts=4):
    """Mean attention weight on a flagged token, the first of n, by value: (8,)."""
    embed, layer = attention[:3], attention[3]
    tokens = torch.randint(CLASSES, (contexts, n)).repeat_interleave(CLASSES, 0)
    tokens[:, 0] = torch.arange(CLASSES).repeat(contexts)
    q, k, _ = layer.qkv(embed(flagged(tokens, n - 1)[0])).chunk(3, dim=-1)
    return layer.weights(q, k)[:, 0, 0].view(contexts, CLASSES).mean(0)


@torch.no_grad()
def unflagged_answers(n, contexts=64):
    """What attention answers where no token is flagged: (contexts,)."""
    tokens = torch.randint(CLASSES, (contexts, n))
    return attention(F.one_hot(tokens, CLASSES + 1).float()).argmax(-1)


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["inside_min"] >= 0.99, r["attention_min"] >= 0.99
    (True, True)
    >>> 0.115 <= r["outside_min"] <= r["outside_max"] <= 0.135
    True
    >>> r["moved_beyond_edge"]
    0.0
    >>> r["long_accuracy"] >= 0.95, r["long_weakest"] < r["weakest"] / 5
    (True, True)
    >>> r["unflagged_weakest"] >= 0.95
    True
    """
    inside = [a for L, m in cnns().items() for a in curve(m)[: 2 * L + 1]]
    outside = [a for L, m in cnns().items() for a in curve(m)[2 * L + 1 :]]
    torch.manual_seed(3)
    weights, long_weights = flag_weights(N), flag_weights(LONG)
    default = unflagged_answers(N) == weights.argmin()
    moved = [movement(m, D) for L, m in cnns().items() for D in range(2 * L + 1, N)]
    return {
        "inside_min": min(inside),
        "outside_min": min(outside),
        "outside_max": max(outside),
        "attention_min": min(curve(attention)),
        "moved_beyond_edge": max(moved),
        "long_n": LONG,
        "long_accuracy": accuracy(attention, LONG - 1, LONG, contexts=4),
        "weakest": weights.min().item(),
        "long_weakest": long_weights.min().item(),
        "long_median": long_weights.median().item(),
        "unflagged_weakest": default.float().mean().item(),
    }


def figure():
    fig, ax = plt.subplots()
    ax.plot(curve(attention), color=ATTENTION, lw=6, label="attention")
    ax.text(N - 1, 1.06, "attention, 1 layer", color=ATTENTION, ha="right")
    for (L, cnn), style in zip(cnns().items(), (":", "--", "-")):
        ax.axvline(2 * L, color=FAINT, lw=1, zorder=0)
        ax.plot(curve(cnn), style, color=CONVOLUTION, label=f"convolution, {L} layers")
        ax.text(2 * L, 1.06, L, color=CONVOLUTION, ha="center")
    ax.text(18.5, 1.06, "layers", color=CONVOLUTION)
    ax.axhline(1 / CLASSES, color=GRAY, lw=1, zorder=0)
    ax.text(N - 1, 1 / CLASSES + 0.03, "chance", color=GRAY, ha="right")
    ax.set(xlabel="distance $D$ of the flagged token", ylabel="accuracy",
           ylim=(0, 1.03), xticks=[0, 4, 8, 16, 40, 60, 80, 95], yticks=[0, 0.5, 1])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
