"""Video: all patches of all frames, or space first and then time."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, HYBRID

# --8<-- [start:video]
def block(frames, p=196, d=768):
    """GFLOPs of a block with its MLP; each frame has p patches."""
    n = frames * p
    matrix = 2 * n * d**2               # one d x d matrix at each patch
    pairs = 4 * n * d                   # one key for each query
    ways = {"all pairs": 4 * matrix + pairs * n,
            "space, then time": 8 * matrix + pairs * (p + frames),
            "space, 3-wide in time": (4 + 3) * matrix + pairs * p,
            "3x3x3 convolution": 27 * matrix}
    return {name: (work + 8 * matrix) / 1e9 for name, work in ways.items()}


print("GFLOPs a frame, at     8     16    250   1500 frames")
for name in block(1):
    print(f"{name:21}", *(f"{block(frames)[name] / frames:6.1f}"
                          for frames in (8, 16, 250, 1500)))
# --8<-- [end:video]

P, D, L, FPS = 196, 768, 12, 25


def results():
    """The numbers the page quotes; states for 12 layers at 2 bytes a number.

    A single frame is an image: space and time together are one frame's pairs.

    >>> matrix = 2 * P * D**2 / 1e9
    >>> abs(block(1)["all pairs"] - 12 * matrix - 4 * P * P * D / 1e9) < 1e-12
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
    >>> works = block(frames, p, d).values()
    >>> for work in (lambda: ([x @ W for _ in range(12)], core(x.flatten(0, 1))),
    ...              lambda: ([x @ W for _ in range(16)], core(x),
    ...                       core(x.transpose(0, 1))),
    ...              lambda: ([x @ W for _ in range(8)], F.conv3d(
    ...                       x.mT.reshape(1, d, frames, 4, 4), kernel, padding=1))):
    ...     with FlopCounterMode(display=False) as counter:
    ...         _ = work()
    ...     print(counter.get_total_flops() / 1e9 in works)
    True
    True
    True
    """
    keys = {"joint": "all pairs", "divided": "space, then time"}
    numbers = {f"{key}_{frames}": block(frames)[name] / frames
               for key, name in keys.items() for frames in (8, 250, 1500)}
    return numbers | {
        "mixed_8": block(8)["space, 3-wide in time"] / 8,
        "conv_8": block(8)["3x3x3 convolution"] / 8,
        "half": 6 * D // P,
        "cache": 2 * L * 2 * 250 * P * D, "state": 2 * L * 2 * P * D,
        "field": 1 + 2 * L, "field_s": (1 + 2 * L) / FPS}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4))
    frames = [1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1000, 1500]
    for name, style, color, at in (
            ("all pairs", "s-", ATTENTION, (150, 44)),
            ("space, then time", "s--", ATTENTION, (1500, 5.5)),
            ("space, 3-wide in time", "D:", HYBRID, (12, 2.55)),
            ("3x3x3 convolution", "o-", CONVOLUTION, (1, 9.3))):
        ax.plot(frames, [block(f)[name] / f for f in frames], style, color=color, ms=5,
                label=f"{name}: GFLOPs a frame")
        ax.text(*at, name.replace("3x3x3", "3×3×3"), color=color,
                ha="right" if color == ATTENTION else "left")
    ax.loglog()
    ax.set_xticks([1, 8, 25, 250, 1500],
                  ["1", "8", "25\n1 s", "250\n10 s", "1,500\n1 min"])
    ax.set_yticks([3, 10, 30, 100, 300], ["3", "10", "30", "100", "300"])
    ax.minorticks_off()
    ax.set(xlabel="frames", ylabel="GFLOPs a frame, one block", ylim=(2, 300))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
