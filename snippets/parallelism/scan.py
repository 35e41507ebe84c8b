"""Three ways to all partial sums, or to a linear recurrence: additions counted."""

import matplotlib.pyplot as plt
from style import FAINT

# --8<-- [start:scan]
import torch
import torch.nn.functional as F


def loop(a, x):
    """h_t = a h_{t-1} + x_t, one after the other: h (n,), rounds, additions."""
    h = [x[0]]
    for x_t in x[1:]:
        h.append(a * h[-1] + x_t)
    return torch.stack(h), len(x) - 1, len(x) - 1


def doubling(a, x):
    """After s rounds, h_t holds its last 2^s terms."""
    h, reach, rounds, additions = x, 1, 0, 0
    while reach < len(x):
        earlier = F.pad(h, (reach, 0))[:len(x)]     # h_{t - reach}
        h = h + a**reach * earlier                  # all t at once
        additions += len(x) - reach
        reach, rounds = 2 * reach, rounds + 1
    return h, rounds, additions


def tree(a, x):
    """Add pairs, solve the half as long problem, fill in what is between."""
    if len(x) == 1:
        return x, 0, 0
    odd, rounds, additions = tree(a * a, a * x[0::2] + x[1::2])  # h_1, h_3 ...
    even = torch.cat([x[:1], x[2::2] + a * odd[:-1]])            # h_0, h_2 ...
    more = len(x) // 2 - 1                          # additions to fill in
    return (torch.stack([even, odd], 1).flatten(), rounds + 1 + (more > 0),
            additions + len(x) // 2 + more)


x = torch.randn(1024, generator=torch.Generator().manual_seed(0)).double()
for name, a in ("sums", 1.0), ("recurrence", 0.9):
    print(name)
    for way in loop, doubling, tree:
        h, rounds, additions = way(a, x)
        print(f"  {way.__name__:8} {additions} additions, {rounds} in sequence,",
              "equal:", torch.allclose(h, loop(a, x)[0]))
# --8<-- [end:scan]


def results():
    """Rounds and additions for n = 1024 and for the 8 of the figure.

    >>> [doubling(0.5, x[:n])[1] for n in (1, 2, 3, 8, 9, 1000)]
    [0, 1, 2, 3, 4, 10]
    >>> all(torch.allclose(loop(0.7, x[:n])[0], doubling(0.7, x[:n])[0])
    ...     for n in range(1, 40))
    True

    The tree, for powers of two: 2 log2 n - 1 rounds, 2n - 2 - log2 n additions.

    >>> for s in range(1, 11):
    ...     h, rounds, additions = tree(0.7, x[:2**s])
    ...     assert torch.allclose(h, loop(0.7, x[:2**s])[0])
    ...     assert rounds == 2 * s - 1 and additions == 2 * 2**s - 2 - s

    Those of the figure, which draws each addition.

    >>> for way, rounds in zip((loop, doubling, tree), adders(8).values()):
    ...     print(way(1, x[:8])[1:] == (len(rounds), sum(map(len, rounds))), end=" ")
    True True True

    With a = 1 the last entry is the sum; with a = 0 nothing is carried.

    >>> torch.allclose(tree(1, x)[0][-1], x.sum())
    True
    >>> torch.equal(doubling(0, x)[0], x)
    True
    """
    return {"n": 1024, "loop_1024": loop(1, x)[2], "tree_1024": tree(1, x)[1],
            "doubling_additions_1024": doubling(1, x)[2],
            "tree_additions_1024": tree(1, x)[2]}


def adders(n=8):
    """Which position adds which, in each round: one after the other, doubling, tree."""
    chain = [[(t - 1, t)] for t in range(1, n)]
    double = [[(t - 2**s, t) for t in range(2**s, n)] for s in range(3)]
    up = [[(t - 2**s, t) for t in range(2**(s + 1) - 1, n, 2**(s + 1))] for s in range(3)]
    down = [[(t - 2**s, t) for t in range(3 * 2**s - 1, n, 2**(s + 1))] for s in (1, 0)]
    return {"one after the other": chain, "doubling": double, "tree": up + down}


def figure(n=8):
    fig, axes = plt.subplots(1, 3, figsize=(5.2, 4.4), sharey=True)
    for ax, (name, rounds) in zip(axes, adders(n).items()):
        reach, total = [{t} for t in range(n)], 0
        ready = [0] + [None] * (n - 1)
        for s, pairs in enumerate(rounds, 1):
            old = [set(each) for each in reach]
            for left, right in pairs:
                assert not old[left] & old[right]           # nothing is added twice
                reach[right] = old[left] | old[right]
                ax.plot([left, right], [s - 1, s], color="black", zorder=1,
                        gid=f"step-{s}")
                if len(reach[right]) == right + 1:
                    ready[right] = s
                total += 1
        ax.vlines(range(n), 0, len(rounds), color=FAINT, zorder=0)
        for s in sorted(set(ready)):
            ax.plot([t for t in range(n) if ready[t] == s], [s] * ready.count(s), "o",
                    color="black", ms=8, label=f"{name}: ready", gid=f"step-{s}")
        ax.set_title(name.replace("after ", "after\n")
                     + f"\n{len(rounds)} rounds\n{total} additions")
        ax.set(xlim=(-0.5, n - 0.5), ylim=(-0.4, 7.4), yticks=range(8), xticks=range(n),
               xlabel="position $t$")
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    axes[0].set_ylabel("round")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
