"""Weights, work and memory of a block with five ways to mix its tokens."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, HYBRID


# --8<-- [start:block]
def block(way, n, d, k=9, N=16, mlp=8):
    """One block for n tokens of d channels, with an MLP of mlp d^2 weights.

    Counts weights; MACs; what a stream keeps for the next token; what is held
    at once while the block runs, its input included (attention is fused).
    """
    weights, work, state, peak = {
        "convolution": (k * d**2, 0, (k - 1) * d, 2 * n * d),
        "separable": (k * d + d**2, 0, (k - 1) * d, 3 * n * d),
        "attention": (4 * d**2, 2 * n * d, 2 * n * d, 5 * n * d),
        "linear attention": (4 * d**2, 2 * d * N, d * N, 5 * n * d),
        "state space": (6 * d**2 + 2 * d * N, 6 * d * N, 2 * d * N, 7 * n * d),
    }[way]
    weights += mlp * d**2
    return {"weights": weights, "MACs": n * (weights + work), "state": state,
            "peak": max(peak, (1 + mlp // 2) * n * d)}


layers, n, sound = 6, 100, 32_000   # a frame every 10 ms; 16,000 samples of 2 bytes


def held(way, d, mlp=8):
    """Weights, peak and a second of sound: kB."""
    cost = block(way, n, d, mlp=mlp)
    return layers * cost["weights"] / 1e3, cost["peak"] / 1e3, sound / 1e3


print("kB, one byte a number      weights + peak + sound      MMACs    state")
for d in 64, 48:
    for way in ("convolution", "separable", "attention", "linear attention",
                "state space"):
        cost = block(way, n, d)
        print(f"d = {d}  {way:16}", *(f"{kB:6.0f}" for kB in held(way, d)),
              f"= {sum(held(way, d)):4.0f} {layers * cost['MACs'] / 1e6:9.0f}",
              f"{layers * cost['state'] / 1e3:8.0f}")
# --8<-- [end:block]

WAYS = {"convolution": CONVOLUTION, "separable": CONVOLUTION, "attention": ATTENTION,
        "linear attention": ATTENTION, "state space": HYBRID}


def results():
    """How far the kinds are apart, and what two of them hold, in bytes.

    The work of three kinds, and the weights of attention, against PyTorch's counter and
    layers.

    >>> import torch
    >>> import torch.nn.functional as F
    >>> from torch.utils.flop_counter import FlopCounterMode
    >>> n, d = 40, 24
    >>> def counted(work):
    ...     with FlopCounterMode(display=False) as counter, torch.device("meta"):
    ...         work(torch.empty(n, d), torch.empty(d, d))
    ...     return counter.get_total_flops() // 2
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

    No verdict at 256 kB changes if a kB has 1,024 bytes, nor for 64 separable channels if frames
    of a byte are kept in place of the sound.

    >>> r = results()
    >>> for device in 256_000, 256 * 1024:
    ...     assert [[1e3 * sum(held(way, d)) < device for way in WAYS] for d in (64, 48)] == [
    ...         [False] * 5, [False, True, True, True, False]]
    ...     assert r["bare_64"] + 64 * 100 > device
    ...     assert r["attention_48"] + r["written_out"] < device
    """
    return {
        f"most_{what}": max(block(way, n, 64)[what] for way in WAYS)
        / block("separable", n, 64)[what] for what in ("MACs", "peak")} | {
        f"{way}_{d}": 1e3 * sum(held(way, d)) for way in ("separable", "attention")
        for d in (64, 48)} | {
        "bare_64": 1e3 * sum(held("separable", 64)[:2]),
        "core_alone": 2 * n * 64 / block("attention", n, 64, mlp=0)["MACs"] * n,
        "written_out": 2 * n**2}


def figure():
    fig, axes = plt.subplots(1, 2, sharey=True, figsize=(5.2, 2.6))
    for ax, d in zip(axes, (64, 48)):
        for y, (way, color) in enumerate(WAYS.items()):
            left = 0
            for what, kB, shade in zip(("weights", "peak", "sound"), held(way, d), (1, 0.5, 0.2)):
                ax.barh(y, kB, left=left, color=color, alpha=shade, height=0.6,
                        label=f"{way}, d = {d}, {what}: kB")
                left += kB
        ax.axvline(256, color="black", lw=1)
        ax.text(262, -0.55, "256 kB", va="bottom")
        ax.set_title(f"no flash, {d} channels", pad=18)
        ax.set(xlim=(0, 500), xticks=[0, 100, 200, 300, 400], xlabel="kB")
    axes[0].set_yticks(range(len(WAYS)), WAYS)
    axes[0].invert_yaxis()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
