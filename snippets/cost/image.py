"""Double an image's side: a convolution costs 4 times as much, attention 16 times."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION

# --8<-- [start:side]
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode


def flops(layer, *shapes):
    with FlopCounterMode(display=False) as counter:
        layer(*(torch.empty(shape, device="meta") for shape in shapes))
    return counter.get_total_flops()


def convolution(side, d=64):        # a 3x3 kernel over the pixels
    return flops(lambda x, W: F.conv2d(x, W, padding=1),
                 (d, side, side), (d, d, 3, 3))


def separable(side, d=64):          # a 3x3 kernel a channel, then a matrix
    return flops(lambda x, own, W: F.conv2d(
        F.conv2d(x, own, padding=1, groups=d), W),
        (d, side, side), (d, 1, 3, 3), (d, d, 1, 1))


def core(side, d=64):               # every pixel attends to every pixel
    n = side * side
    return flops(lambda Q, K, V: torch.softmax(Q @ K.T, 1) @ V,
                 (n, d), (n, d), (n, d))


for side in 28, 56, 112, 224:
    print(f"side {side:3}, n = {side**2:6,}:",
          f"separable {separable(side) / 1e9:4.2f} GFLOPs,",
          f"convolution {convolution(side) / 1e9:5.2f},",
          f"attention {core(side) / 1e9:7.2f}")
print("doubling the side:",
      "convolution ×", convolution(224) // convolution(112),
      " attention ×", core(224) // core(112))
# --8<-- [end:side]

SIDES = [7, 14, 28, 56, 112, 224, 448]
PATCH = 16


def results():
    """GFLOPs at a side of 224, and where the two meet.

    >>> all(core(2 * s) == 16 * core(s) for s in SIDES)
    True
    >>> all(convolution(2 * s) == 4 * convolution(s) for s in SIDES)
    True
    >>> all(separable(2 * s) == 4 * separable(s) for s in SIDES)
    True
    >>> core(16) < convolution(16), core(17) > convolution(17)
    (True, True)

    Against n, the number of pixels, the exponents are 1 and 2.

    >>> convolution(224) / convolution(112) == 4.0**1
    True
    >>> core(224) / core(112) == 4.0**2
    True
    """
    return {
        "conv_224": convolution(224) / 1e9,
        "core_224": core(224) / 1e9,
        "ratio_224": core(224) / convolution(224),
        "saved_by_patches": core(224) // core(224 // PATCH),
        "cheaper_up_to": max(s for s in range(1, 30) if core(s) <= convolution(s)),
        "conv_doubled": convolution(224) // convolution(112),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 2.9))
    for side, left in (14, 0), (28, 1.9), (56, 3.9), (112, 7.3):
        x = left
        for layer, color in (convolution, CONVOLUTION), (core, ATTENTION):
            edge = (layer(side) / 1e9)**0.5             # its square is the work
            ax.bar(x, edge, edge, align="edge", color=color, label=f"{layer.__name__}, side {side}")
            x += edge + 0.1
        ax.text((left + x) / 2, -0.25, f"{side}²" + " pixels" * (side == 112), ha="center", va="top")
    for y, text, color in ((6, "twice the side:", "black"), (5.2, "convolution × 4", CONVOLUTION),
                           (4.4, "attention × 16", ATTENTION)):
        ax.text(-0.3, y, text, color=color, va="center")
    ax.set(xticks=[], yticks=[], aspect=1, xlim=(-0.4, 14.8), ylim=(-1, 6.4))
    ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
