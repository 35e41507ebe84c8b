"""A sum over n terms takes log2 n rounds, and so does a linear recurrence."""

import matplotlib.pyplot as plt
from matplotlib.collections import LineCollection
from style import FAINT

# --8<-- [start:scan]
import torch
import torch.nn.functional as F


def loop(a, x):
    """h_t = a h_{t-1} + x_t, one after the other: (n,) -> (n,), rounds."""
    h = [x[0]]
    for x_t in x[1:]:
        h.append(a * h[-1] + x_t)
    return torch.stack(h), len(h) - 1


def doubling(a, x):
    """The same in rounds; after s of them h_t holds its last 2^s terms."""
    h, reach, rounds = x, 1, 0
    while reach < len(x):
        earlier = F.pad(h, (reach, 0))[:len(x)]     # h_{t - reach}
        h = h + a**reach * earlier                  # all t at once
        reach, rounds = 2 * reach, rounds + 1
    return h, rounds


x = torch.randn(1024, generator=torch.Generator().manual_seed(0)).double()
for name, a in ("sum", 1.0), ("recurrence", 0.9):
    (one, n_rounds), (two, log_rounds) = loop(a, x), doubling(a, x)
    print(f"{name}, a = {a}: {n_rounds} or {log_rounds} rounds, equal:",
          torch.allclose(one, two))
# --8<-- [end:scan]


def additions(n):
    """How many additions the doubling needs, in all rounds.

    >>> additions(8)
    17
    """
    return sum(n - 2**s for s in range((n - 1).bit_length()))


def results():
    """Rounds and additions for n = 1024 and for the 8 of the figure.

    >>> [doubling(0.5, x[:n])[1] for n in (1, 2, 3, 8, 9, 1000)]
    [0, 1, 2, 3, 4, 10]
    >>> all(torch.allclose(loop(0.7, x[:n])[0], doubling(0.7, x[:n])[0])
    ...     for n in range(1, 40))
    True

    With a = 1 the last entry is the sum; with a = 0 nothing is carried.

    >>> torch.allclose(doubling(1, x)[0][-1], x.sum())
    True
    >>> torch.equal(doubling(0, x)[0], x)
    True
    """
    return {"n": 1024, "loop": loop(1, x)[1], "doubling": doubling(1, x)[1],
            "loop_8": loop(1, x[:8])[1], "doubling_8": doubling(1, x[:8])[1],
            "additions_8": additions(8), "additions": additions(1024)}


def figure(n=8):
    fig, (chain, tree) = plt.subplots(2, figsize=(5.2, 5.4), height_ratios=(7, 4))
    for t in range(1, n):
        chain.plot([t - 1, t], [t - 1, t], color="black", zorder=1)
        chain.plot([t, t], [0, t], color=FAINT, zorder=0)
    chain.plot(range(n), range(n), "o", color="black", ms=8, label="loop, ready")
    chain.set_title("one after the other: 7 rounds")
    rounds = 3
    carry = [[(t - 2**s, s), (t, s + 1)] for s in range(rounds) for t in range(2**s, n)]
    keep = [[(t, 0), (t, rounds)] for t in range(n)]
    tree.add_collection(LineCollection(keep, colors=FAINT, zorder=0))
    tree.add_collection(LineCollection(carry, colors="black", zorder=1))
    ready = [t.bit_length() for t in range(n)]
    tree.plot(range(n), ready, "o", color="black", ms=8, label="doubling, ready")
    tree.set_title("doubling: 3 rounds")
    for ax, top in (chain, n - 1), (tree, rounds):
        ax.set(xlim=(-0.4, n - 0.6), ylim=(-0.3, top + 0.3), ylabel="round",
               yticks=range(top + 1), xticks=range(n))
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    tree.set(xlabel="position $t$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
