"""Five cases on one map: keys that a query meets, channels, and the core's share."""

import matplotlib.pyplot as plt
from style import ATTENTION, shades

# --8<-- [start:share]
import torch
from torch.utils.flop_counter import FlopCounterMode


def flops(m, d, n=64):
    """FLOPs of a Transformer block for n positions with m keys each.

    Two numbers: the core's, and those of the d x d matrices: four
    projections, and an MLP of width 4 d, which is worth eight.
    """
    counts = []
    with torch.device("meta"):              # shapes, no numbers
        Q, KV, W = (torch.empty(i, d) for i in (n, m, d))
        A = torch.empty(n, m)
        for work in (lambda: (Q @ KV.T, A @ KV),
                     lambda: [Q @ W for _ in range(4 + 8)]):
            with FlopCounterMode(display=False) as counter:
                work()
            counts.append(counter.get_total_flops())
    return counts


def share(m, d):
    """The part of the block's work that is the core's."""
    core, matrices = flops(m, d)
    return core / (core + matrices)


CASES = {   # as it comes, and with fewer keys: (keys, channels)
    "small images": [(32 * 32, 64), (8 * 8, 64)],
    "text": [(100_000, 4096), (4096, 4096)],
    "audio": [(10 * 16_000, 64), (10 * 25, 144)],
    "large image": [(1024 * 1024, 24), (64 * 64, 384)],
    "video": [(250 * 196, 768), (250 + 196, 768)]}
for name, sizes in CASES.items():
    print(f"{name:13}", "  ->  ".join(
        f"{m:9,} keys, d = {d:4}: {share(m, d):4.0%}" for m, d in sizes))
# --8<-- [end:share]

REMEDIES = {"small images": "4×4|patches", "text": "window", "audio": "40 ms|frames",
            "large image": "16×16|patches", "video": "space,|then time"}
LABELS = {  # offset in points, side
    "small images": ((0, -20), "center"), "4×4|patches": ((4, -38), "center"),
    "text": ((0, 8), "center"), "window": ((-4, 9), "left"),
    "audio": ((0, -18), "center"), "40 ms|frames": ((8, 8), "center"),
    "large image": ((-10, -5), "right"), "16×16|patches": ((-3, 8), "left"),
    "video": ((10, -5), "left"), "space,|then time": ((-6, 7), "right")}


def mega(m, d):
    """Millions of FLOPs of a block for one position."""
    return sum(flops(m, d)) / 64 / 1e6


def results():
    """Shares, and what a whole block costs in the smallest case.

    >>> all(abs(share(m, d) - m / (6 * d + m)) < 1e-12
    ...     for sizes in CASES.values() for m, d in sizes)
    True
    >>> share(6 * 64, 64)
    0.5
    """
    shares = {f"{name.replace(' ', '_')}_{when}": share(m, d)
              for name, sizes in CASES.items()
              for when, (m, d) in zip(("before", "after"), sizes)}
    return shares | {
        "small_images_before_keys": CASES["small images"][0][0],
        "video_before_keys": CASES["video"][0][0],
        "pixels_mega": 32 * 32 * mega(32 * 32, 64),
        "patches_mega": 8 * 8 * mega(8 * 8, 64),
        "cnn_mega": 32 * 32 * 18 * 64**2 / 1e6}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 5.6))
    left, right, low, high = 4.2, 21.3, 3.6, 13.4               # powers of 2
    m, d = torch.linspace(left, right, 240), torch.linspace(low, high, 160)[:, None]
    ax.imshow(1 / (1 + 6 * 2**(d - m)), cmap=shades(ATTENTION, 0, 0.5), vmin=0, vmax=1,
              origin="lower", aspect="auto", extent=(left, right, low, high),
              interpolation="none", label="share of the core")
    for part in 0.1, 0.5, 0.9:
        keys = torch.tensor(6 * part / (1 - part)).log2().item()
        ax.plot([left, right], [left - keys, right - keys], color="black",
                lw=2 if part == 0.5 else 1, ls="-" if part == 0.5 else "--",
                label=f"core {part:.0%}")
        ax.text(9.95 + keys, 10.2, f"core {100 * part:.0f} %", rotation=64,
                rotation_mode="anchor")
    for name, sizes in CASES.items():
        (x, y), (u, v) = (torch.tensor(size).log2().tolist() for size in sizes)
        ax.annotate("", (u, v), (x, y), arrowprops={
            "arrowstyle": "->", "color": "black", "shrinkA": 4, "shrinkB": 5,
            "connectionstyle": f"arc3,rad={0.25 * (name == 'large image')}"})
        ax.plot(x, y, "o", color="black", ms=8, label=name)
        ax.plot(u, v, "o", mec="black", mfc="none", ms=8, mew=2, label=REMEDIES[name])
        for at, text, weight in ((x, y), name, "bold"), ((u, v), REMEDIES[name], None):
            move, edge = LABELS[text]
            text = text.replace("|", "\n").replace("small images", "32×32")
            ax.annotate(text, at, move, ha=edge, weight=weight,
                        textcoords="offset points")
    ax.set_xticks(range(5, 21, 5), [f"{2**power:,}" for power in range(5, 21, 5)])
    ax.set_yticks(range(4, 14, 2), [f"{2**power:,}" for power in range(4, 14, 2)])
    ax.set(xlabel="keys that a query meets", ylabel="channels $d$", xlim=(left, right),
           ylim=(low, high))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
