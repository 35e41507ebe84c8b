"""Attention reaches any token, but the share of one token thins out as the input grows."""

import math
from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, GRAY

# --8<-- [start:share]
import torch
import torch.nn.functional as F

RUNS, VALUES, d = 15, 8, 32  # fifteen runs at once, on the first axis
KINDS = 2 * VALUES  # kind 3 is the value 3, kind 11 the value 3 with a flag


def shares(q, K, counts):
    """What all tokens of a kind get together: (..., KINDS).

    Equal tokens have equal keys, so it is enough to know how many there are.

    >>> tokens = torch.tensor([0, 2, 2, 1])
    >>> q, K = torch.randn(1, 4), torch.randn(3, 4)
    >>> one_hot = F.one_hot(tokens)
    >>> A = torch.softmax(q @ K[tokens].T / 4**0.5, dim=-1)
    >>> torch.allclose(shares(q, K, one_hot.sum(0)), A @ one_hot.float(), atol=1e-6)
    True
    """
    scores = q @ K.mT / K.shape[-1] ** 0.5  # (..., KINDS)
    return torch.softmax(scores + counts.log(), dim=-1)


class Network(torch.nn.Module):
    """Embedding, one head without positions, classifier; RUNS of them."""

    def __init__(self):
        super().__init__()

        def random(*sizes):
            bound = sizes[-2] ** -0.5
            start = torch.empty(RUNS, *sizes).uniform_(-bound, bound)
            return torch.nn.Parameter(start)

        self.x = torch.nn.Parameter(torch.randn(RUNS, KINDS, d))
        self.Q, self.K, self.V, self.C = (random(d, o) for o in (d, d, d, VALUES))
        self.b = torch.nn.Parameter(torch.zeros(RUNS, 1, d))  # of the queries

    def forward(self, counts, last):
        """counts (RUNS, b, KINDS), kind of the last token (RUNS, b)"""
        q = self.x[torch.arange(RUNS)[:, None], last] @ self.Q + self.b
        A = shares(q, self.x @ self.K, counts)  # (RUNS, b, KINDS)
        return A @ (self.x @ self.V) @ self.C, A


def batch(n=96, b=64):
    """n random tokens, one flagged: counts of the kinds, the last one, the answer."""
    tokens = torch.randint(VALUES, (RUNS, b, n))
    place = torch.randint(n, (RUNS, b, 1))
    answer = tokens.gather(2, place)
    tokens = tokens.scatter(2, place, answer + VALUES)
    one_each = torch.ones(tokens.shape)
    counts = torch.zeros(RUNS, b, KINDS).scatter_add(2, tokens, one_each)
    return counts, tokens[..., -1], answer[..., 0]


def train(network):
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    fall = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, 400)
    for _ in range(400):
        counts, last, answer = batch()
        y, _ = network(counts, last)
        optimizer.zero_grad()
        (RUNS * F.cross_entropy(y.flatten(0, 1), answer.flatten())).backward()
        optimizer.step()
        fall.step()
    return network


@torch.no_grad()
def ask(network, n):
    """Right answers, and the share of the flagged token among n: (RUNS, VALUES) each.

    All values are flagged, and all stand last; the others come equally often.
    """
    answer = torch.arange(VALUES).repeat_interleave(VALUES).expand(RUNS, -1)
    last = torch.arange(VALUES).repeat(VALUES).expand(RUNS, -1)
    others = F.pad(torch.ones(VALUES), (0, VALUES)) * n / VALUES
    counts = F.one_hot(answer + VALUES, KINDS) + others
    y, A = network(counts, last)
    share = A.gather(2, (answer + VALUES)[..., None]).view(RUNS, VALUES, VALUES)
    right = (y.argmax(-1) == answer).float().view(RUNS, VALUES, VALUES)
    return right.mean(2), share.mean(2)


torch.manual_seed(0)
network = train(Network())
for n in 96, 6144, 393_216:
    right, share = ask(network, n)
    print(f"n = {n}: typical share {share.median():.1f},",
          f"right answers, lowest run {right.mean(1).min():.1f}")
# --8<-- [end:share]

LENGTHS = [96 * 4**power for power in range(10)]  # to 25 million


class Mean(Network):
    """The same without queries and keys: all shares are equal."""

    def forward(self, counts, last):
        A = counts / counts.sum(-1, keepdim=True)  # (RUNS, b, KINDS)
        return A @ (self.x @ self.V) @ self.C, A


@cache
@torch.enable_grad()
def mean():
    torch.manual_seed(0)
    return train(Mean())


@cache
def asked(n):
    return ask(network, n)


def law(gap, n):
    """The share of one key whose score is a gap above those of n - 1 others.

    >>> scores = torch.zeros(100, dtype=torch.float64)
    >>> scores[0] = 5
    >>> abs(torch.softmax(scores, 0)[0].item() - law(5, 100)) < 1e-12
    True
    """
    return 1 / (1 + (n - 1) * math.exp(-gap))


def results():
    """The numbers the page quotes, over fifteen runs.

    >>> r = results()
    >>> r["right_96_min"] > 0.8, r["right_6144_min"] > 0.75
    (True, True)
    >>> r["typical_96_min"] > 0.7, r["typical_6144_min"] > 0.7, r["most_6144_min"] > 0.7
    (True, True, True)

    With equal shares, the same network guesses among 6,144.

    >>> r["mean_96_min"] > 0.9, r["mean_6144_typical"] < 0.2, r["mean_6144_max"] < 0.5
    (True, True, True)

    In some runs one value gets next to nothing, and is named nevertheless.

    >>> 2 <= r["runs_that_conclude"] <= 13
    True
    """
    (right, share), (far_right, far_share) = asked(96), asked(6144)
    unseen = (share < 0.2) & (right > 0.9)  # (RUNS, VALUES)
    return {
        "runs": RUNS,
        "right_96_min": right.mean(1).min().item(),
        "right_6144_min": far_right.mean(1).min().item(),
        "typical_96_min": share.median(1).values.min().item(),
        "typical_6144_min": far_share.median(1).values.min().item(),
        "most_6144_min": (far_share > 0.5).float().mean(1).min().item(),
        "runs_that_conclude": int(unseen.any(1).sum()),
        "mean_96_min": ask(mean(), 96)[0].mean(1).min().item(),
        "mean_6144_typical": ask(mean(), 6144)[0].mean(1).median().item(),
        "mean_6144_max": ask(mean(), 6144)[0].mean(1).max().item(),
        "gap8_96": law(8, 96), "gap8_6144": law(8, 6144),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4))
    shares = torch.stack([asked(n)[1].mean(1) for n in LENGTHS], 1)  # (RUNS, lengths)
    for run, line in enumerate(shares.tolist()):
        ax.plot(LENGTHS, line, color=ATTENTION, lw=1.2, alpha=0.6, label=f"run {run}")
    fine = [96 * 2 ** (step / 2) for step in range(37)]
    for gap in 8, 12, 16:
        ax.plot(fine, [law(gap, n) for n in fine], ":", color=GRAY, lw=2,
                label=f"law, gap {gap}")
        ax.annotate(f"gap {gap}", (math.exp(gap), 0.5), (-8, -8), textcoords="offset points",
                    color=GRAY, ha="right", va="top")
    ax.text(3500, 0.73, f"{RUNS} trained\nheads", color=ATTENTION, va="top")
    ax.axvline(96, color=GRAY, lw=1)
    ax.text(115, 0.03, "trained here", color=GRAY)
    ax.set_xscale("log")
    ax.set_xticks([100, 10_000, 1_000_000], ["100", "10 000", "1 000 000"])
    ax.set(xlabel="tokens $n$", ylabel="share of the flagged token", xlim=(90, 3e7),
           ylim=(0, 1.02), yticks=[0, 0.5, 1])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
