"""Weights, work, state and peak memory of a block, with five ways to mix its tokens."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, HYBRID


# --8<-- [start:block]
def block(way, n, d, k=9, N=16):
    """One block, its MLP included, for n tokens of d channels; all are numbers.

    Weights; MACs; what a stream keeps for the next token; and what is held
    at once while the block runs, its input included (attention is fused).
    """
    weights, work, state, peak = {
        "convolution": (k * d**2, 0, (k - 1) * d, 2 * n * d),
        "separable": (k * d + d**2, 0, (k - 1) * d, 3 * n * d),
        "attention": (4 * d**2, 2 * n * d, 2 * n * d, 5 * n * d),
        "linear attention": (4 * d**2, 2 * d * N, d * N, 5 * n * d),
        "state space": (6 * d**2 + 2 * d * N, 6 * d * N, 2 * d * N, 7 * n * d),
    }[way]
    return {"weights": weights + 8 * d**2, "state": state, "peak": max(peak, 5 * n * d),
            "MACs": n * (weights + work + 8 * d**2)}


layers, n, d = 6, 100, 64           # a second in frames of 10 ms
print("one byte a number    weights    work      state    peak")
for way in ("convolution", "separable", "attention", "linear attention",
            "state space"):
    cost = block(way, n, d)
    print(f"{way:18}{layers * cost['weights'] / 1e3:7.0f} kB"
          f"{layers * cost['MACs'] / 1e6:6.0f} MMACs"
          f"{layers * cost['state'] / 1e3:6.0f} kB{cost['peak'] / 1e3:6.0f} kB")
# --8<-- [end:block]

WAYS = {"convolution": CONVOLUTION, "separable": CONVOLUTION, "attention": ATTENTION,
        "linear attention": ATTENTION, "state space": HYBRID}


def results():
    """How far the kinds are apart: the dearest, in units of the separable convolution.

    Work and weights against PyTorch: its layers, and its counter.

    >>> import torch
    >>> import torch.nn.functional as F
    >>> from torch.utils.flop_counter import FlopCounterMode
    >>> n, d, N = 40, 24, 8
    >>> def counted(work):
    ...     with FlopCounterMode(display=False) as counter, torch.device("meta"):
    ...         work(torch.empty(n, d), torch.empty(d, d))
    ...     return counter.get_total_flops() // 2
    >>> def lines(c):
    ...     return torch.empty(n, 1, c), torch.empty(n, 1, N)
    >>> def table(c):                   # a table of N x c is written and read
    ...     v, k = lines(c)
    ...     return v.mT @ k, (v.mT @ k) @ k.mT
    >>> works = {
    ...     "convolution": lambda x, W: F.conv1d(
    ...         x.T, torch.empty(d, d, 9), padding=4),
    ...     "separable": lambda x, W: (x @ W, F.conv1d(
    ...         x.T, torch.empty(d, 1, 9), padding=4, groups=d)),
    ...     "attention": lambda x, W: ([x @ W for _ in range(4)], (x @ x.T) @ x)}
    >>> all(counted(work) == block(way, n, d)["MACs"] - 8 * n * d**2
    ...     for way, work in works.items())
    True
    >>> mlp = torch.nn.Sequential(torch.nn.Linear(d, 4 * d, bias=False), torch.nn.ReLU(),
    ...                           torch.nn.Linear(4 * d, d, bias=False))
    >>> attention = torch.nn.MultiheadAttention(d, 4, bias=False)
    >>> sum(p.numel() for m in (mlp, attention) for p in m.parameters()) == block(
    ...     "attention", n, d)["weights"]
    True

    The cheapest here is the separable one, in each of the four.

    >>> for what in "weights", "MACs", "state", "peak":
    ...     costs = {way: block(way, 100, 64)[what] for way in WAYS}
    ...     assert min(costs.values()) == costs["separable"], what
    """
    return {f"most_{what}": max(block(way, n, d)[what] for way in WAYS)
            / block("separable", n, d)[what] for what in ("weights", "MACs", "state", "peak")}


def figure():
    fig, axes = plt.subplots(1, 4, sharey=True, figsize=(5.2, 2.6))
    least = block("separable", n, d)
    for ax, what in zip(axes, ("weights", "MACs", "state", "peak")):
        for y, (way, color) in enumerate(WAYS.items()):
            times = block(way, n, d)[what] / least[what]
            ax.barh(y, min(times, 8), color=color, height=0.6, label=f"{way}, {what}: times")
            ax.text(min(times, 8) + 0.4, y, f"{times:.0f}" if times > 8 else f"{times:.1f}",
                    va="center")
        ax.set_title({"MACs": "work"}.get(what, what))
        ax.set(xlim=(0, 12), xticks=[])
        ax.spines[["top", "right", "bottom"]].set_visible(False)
    axes[0].set_yticks(range(len(WAYS)), WAYS)
    axes[0].invert_yaxis()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
