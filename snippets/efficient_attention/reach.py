"""How far layers of sparse attention see: measured by gradient."""

import matplotlib.pyplot as plt
import torch.nn.functional as F
from style import ATTENTION, CONVOLUTION

# --8<-- [start:reach]
import torch

n, d, w, block = 256, 8, 4, 16              # w: positions to each side
torch.manual_seed(0)
j = torch.arange(n)
i = j[:, None]
near = (i - j).abs() <= w                               # (n, n)


def blocks(shift):
    return (i + shift) // block == (j + shift) // block


stacks = {                                  # layer 1, layer 2, layer 1, ...
    "window": [near],
    "dilated": [((i - j).abs() <= 4 * w) & ((i - j) % 4 == 0)],
    "strided": [near | ((i - j) % (2 * w) == 0)],
    "one global": [near | (i == 0) | (j == 0)],
    "two random": [near | (torch.rand(n, n).argsort(1) < 2)],
    "blocks": [blocks(0)],
    "shifted": [blocks(0), blocks(block // 2)],
}


def reached(masks, layers):
    """Inputs that output n / 2 depends on, by its gradient: (n,)."""
    x = torch.randn(n, d, dtype=torch.float64, requires_grad=True)
    y = x
    for layer in range(layers):
        scores = y @ y.T / d**0.5                       # (n, n)
        scores = scores.masked_fill(~masks[layer % len(masks)], -torch.inf)
        y = torch.softmax(scores, dim=1) @ y
    y[n // 2].sum().backward()
    return x.grad.ne(0).any(dim=1)


print("1 + 2wL:  ", [1 + 2 * w * L for L in (1, 2, 3, 4)])
for name, masks in stacks.items():
    counts = [int(reached(masks, L).sum()) for L in (1, 2, 3, 4)]
    print(f"{name:10}", counts)
# --8<-- [end:reach]

DEPTHS = range(1, 13)


def convolution(layers):
    """The same for convolutions with k = 2w + 1.

    >>> convolution(5) == int(reached([near], 5).sum()) == 1 + 2 * w * 5
    True
    """
    x = torch.ones(1, 1, n, dtype=torch.float64, requires_grad=True)
    y = x
    for _ in range(layers):
        y = F.conv1d(y, torch.ones(1, 1, 2 * w + 1).double(), padding=w)
    y[0, 0, n // 2].backward()
    return int(x.grad.count_nonzero())


def spread(layers, draws=8):
    """Standard deviation of where an output's weight lies, for the window.

    The weight of input j in output n / 2 is row n / 2 of the product of the A's.
    """
    torch.manual_seed(1)
    row = 0
    for _ in range(draws):
        y = torch.randn(n, d, dtype=torch.float64)
        product = torch.eye(n, dtype=torch.float64)
        for _ in range(layers):
            scores = (y @ y.T / d**0.5).masked_fill(~near, -torch.inf)
            A = torch.softmax(scores, dim=1)
            y, product = A @ y, A @ product
        row = row + product[n // 2] / draws
    return ((j - n // 2)**2 * row).sum().sqrt().item()


def seen(name, layers):
    return int(reached(stacks[name], layers).sum())


def results():
    """The numbers the page quotes.

    >>> all(seen("window", L) == 1 + 2 * w * L for L in DEPTHS)
    True
    >>> [int(reached([(i - j).abs() <= w], 3).sum()) for w in (0, 1, n)]
    [1, 7, 256]

    A fixed dilation never leaves its residue; blocks never leave their block.

    >>> seen("dilated", 100) == n // 4, seen("blocks", 100) == block
    (True, True)
    >>> seen("one global", 2) == seen("strided", 2) == n
    True

    Four times the layers: four times the reach, about twice the spread.

    >>> 2 < spread(24) / spread(6) < 2.5
    True
    """
    deep = 16
    return {
        "n": n, "w": w, "keys": 2 * w + 1, "block": block, "deep": deep,
        "dilated_most": seen("dilated", 12),
        "random_layers": next(L for L in DEPTHS if seen("two random", L) == n),
        "window_deep": seen("window", deep), "spread_deep": spread(deep),
        "spread_theory": (deep * ((2 * w + 1)**2 - 1) / 12)**0.5,
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.6))
    ax.plot(DEPTHS, [convolution(L) for L in DEPTHS], color=CONVOLUTION, lw=6,
            label="convolution, k = 9")
    styles = "-", "x", "^:", "o-", "s--", "-.", "D-"
    for name, style in zip(stacks, styles):
        ax.plot(DEPTHS, [seen(name, L) for L in DEPTHS], style, color=ATTENTION,
                ms=6, lw=1.5, label=name)
    ax.text(6.6, 36, "window,\nand convolution ($k$ = 9)")
    ax.text(12, 70, "dilated", va="bottom", ha="right")
    ax.text(12, 17, "blocks", ha="right", va="bottom")
    ax.text(8.4, 112, "shifted blocks")
    ax.text(2, 275, "strided, and one global")
    ax.text(3.2, 160, "two random")
    ax.set_yscale("log", base=2)
    ax.set_yticks([8, 16, 32, 64, 128, 256], "8 16 32 64 128 256".split())
    ax.minorticks_off()
    ax.set(xlabel="layers $L$", ylabel="inputs seen by the middle output",
           xticks=[1, 2, 4, 6, 8, 10, 12], ylim=(7.5, 350))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
