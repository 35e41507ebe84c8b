"""Video: all patches of all frames, or space first and then time."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, HYBRID

# --8<-- [start:video]
def block(frames, p=196, d=768):
    """A block with its MLP, over frames of p patches; attention is fused.

    Weights in millions; GMACs; MB that a stream keeps, and that the block
    holds at once for all frames, 2 bytes a number.
    """
    n, N = frames * p, 16       # rows of a state-space layer's table
    ways = {    # d x d matrices, keys that a patch meets, vectors kept, at once
        "all pairs": (4, n, 2 * n, 5),
        "space, then time": (8, p + frames, 2 * n, 5),
        "space, 3-wide in time": (4 + 3, p, 2 * p, 5),
        "space, depthwise in time": (4 + 1, p, 2 * p, 5),
        "space, state space in time": (4 + 6, p + 4 * N, 2 * N * p, 7),
        "3x3x3 convolution": (27, 0, 2 * p, 5)}     # 5 of the MLP
    return {name: ((matrices + 8) * d**2 / 1e6,
                   n * ((matrices + 8) * d**2 + 2 * keys * d) / 1e9,
                   2 * kept * d / 1e6, 2 * vectors * n * d / 1e6)
            for name, (matrices, keys, kept, vectors) in ways.items()}


print("M weights, GMACs a frame at 8, 16, 250 frames; MB kept, peak, 250")
for name, (weights, _, kept, peak) in block(250).items():
    print(f"{name:27}{weights:5.1f}", *(
        f"{block(frames)[name][1] / frames:6.1f}" for frames in (8, 16, 250)),
        f"{kept:7.1f}{peak:7.0f}")
# --8<-- [end:video]

P, D, L, FPS = 196, 768, 12, 25


def results():
    """The numbers the page quotes; states for 12 layers at 2 bytes a number.

    A single frame is an image: space and time together are one frame's pairs.

    >>> abs(block(1)["all pairs"][1] - (12 * P * D**2 + 2 * P * P * D) / 1e9) < 1e-12
    True

    Counted: the layers at a small size.

    >>> import torch
    >>> import torch.nn.functional as F
    >>> from torch.utils.flop_counter import FlopCounterMode
    >>> frames, p, d = 6, 16, 8
    >>> with torch.device("meta"):
    ...     x, W = torch.empty(frames, p, d), torch.empty(d, d)
    ...     kernel = torch.empty(d, d, 3, 3, 3)
    >>> def core(y):
    ...     return (y @ y.mT) @ y
    >>> works = [work for _, work, *_ in block(frames, p, d).values()]
    >>> for work in (lambda: ([x @ W for _ in range(12)], core(x.flatten(0, 1))),
    ...              lambda: ([x @ W for _ in range(16)], core(x),
    ...                       core(x.transpose(0, 1))),
    ...              lambda: ([x @ W for _ in range(8)], F.conv3d(
    ...                       x.mT.reshape(1, d, frames, 4, 4), kernel, padding=1))):
    ...     with FlopCounterMode(display=False) as counter:
    ...         _ = work()
    ...     print(any(abs(counter.get_total_flops() / 2e9 - w) < 1e-15 for w in works))
    True
    True
    True
    """
    def frame(name, frames):
        return block(frames)[name][1] / frames

    table = block(250)["space, state space in time"][2]

    return {
        "joint_8": frame("all pairs", 8), "divided_8": frame("space, then time", 8),
        "joint_250": frame("all pairs", 250), "divided_250": frame("space, then time", 250),
        "joint_1500": frame("all pairs", 1500), "conv_8": frame("3x3x3 convolution", 8),
        "tokens": 250 * P, "half": 6 * D // P,
        "cache": 2 * L * 2 * 250 * P * D, "state": 2 * L * 2 * P * D,
        "window": 2 * L * 2 * 2 * P * D,        # keys and values of two frames a layer
        "table": 1e6 * L * table,
        "field": 1 + 2 * L, "field_s": (1 + 2 * L) / FPS}


def figure():
    fig, axes = plt.subplots(1, 2, sharey=True, figsize=(5.2, 3.4), width_ratios=(1, 2.4))
    ways = (("all pairs", ATTENTION), ("space, then time", ATTENTION),
            ("space, 3-wide in time", HYBRID), ("3x3x3 convolution", CONVOLUTION))
    for ax, frames, title in zip(axes, (8, 250), ("8 frames", "250 frames: ten seconds")):
        for y, (name, color) in enumerate(ways):
            work = block(frames)[name][1] / frames
            ax.barh(y, work, height=0.4, color=color, label=f"{name}, {frames} frames: GMACs a frame")
            ax.text(work + 0.2, y, f"{work:.1f}", va="center_baseline", color=color)
            if frames == 8:
                ax.text(0, y - 0.28, name.replace("3x3x3", "3×3×3"), va="bottom", color=color)
        ax.set_title(title, pad=18)
        ax.set(xlim=(0, 7.5 if frames == 8 else 18), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    axes[0].invert_yaxis()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
