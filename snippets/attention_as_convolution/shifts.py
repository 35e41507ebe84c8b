"""A kernel that sharpens, from three attention heads by hand: each head is a shift."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY, minus

# --8<-- [start:shifts]
import torch
import torch.nn.functional as F

x = torch.tensor([2., 2, 3, 5, 6, 6])           # a blurred edge
kernel = {-1: -1, 0: 3, 1: -1}                  # offset: weight

i = torch.arange(len(x))


def head(offset, alpha=40):
    """Shares A (n, n) that depend on the positions alone."""
    scores = -alpha * (i - (i[:, None] + offset))**2    # (n, n)
    return torch.softmax(scores.float(), dim=-1)


y = 0
for offset, weight in kernel.items():
    handed = head(offset) @ x                           # (n,)
    y += weight * handed
    print(f"{weight:2} x head {offset:2}: {handed.int().tolist()}")

weights = torch.tensor([[list(kernel.values())]]).float()   # (1, 1, k)
padded = F.pad(x[None, None], (1, 1), mode="replicate")
print("sum of heads:", y.int().tolist())
print("F.conv1d    :", F.conv1d(padded, weights)[0, 0].int().tolist())
# --8<-- [end:shifts]

NAMES = {-1: "head −1", 0: "head 0", 1: "head +1"}


def results():
    """The numbers the page quotes.

    >>> torch.equal(y, F.conv1d(padded, weights)[0, 0])
    True

    A head is a shift: ones on one diagonal, and the border repeats itself.

    The edge is steeper than before, by 4 in place of 2.

    >>> (x[3] - x[2]).item(), (y[3] - y[2]).item()
    (2.0, 4.0)

    >>> head(-1).round().argmax(dim=1).tolist(), head(1).round().argmax(dim=1).tolist()
    ([0, 0, 1, 2, 3, 4], [1, 2, 3, 4, 5, 5])
    """
    return ({f"y{j}": int(y[j]) for j in (0, 2, 3)}
            | {f"share_{j}": share.item() for j, share in enumerate(head(1, alpha=2)[2])})


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 5.4))
    for row, (offset, weight) in enumerate(kernel.items()):
        top, A = -2.5 * row, head(offset)
        for j in range(len(x)):
            source = A[j].argmax().item()
            ax.text(j, top, int(x[j]), ha="center", va="center", color=GRAY)
            ax.plot([source, j], [top - 0.3, top - 0.9], color=ATTENTION, lw=1.5,
                    label=f"{NAMES[offset]}, output {j}")
            ax.text(j, top - 1.2, int(A[j] @ x), ha="center", va="center",
                    color=ATTENTION, weight="bold")
        ax.text(-0.8, top, "$x$", ha="right", va="center", color=GRAY)
        ax.text(-0.8, top - 1.2, NAMES[offset], ha="right", va="center",
                color=ATTENTION)
        ax.text(5.6, top - 1.2, f"× {minus(weight)}", va="center")
    ax.axhline(-7, color=GRAY, lw=1)
    for j, value in enumerate(y.int().tolist()):
        ax.text(j, -7.5, minus(value), ha="center", va="center", color=CONVOLUTION,
                weight="bold")
    ax.text(-0.8, -7.5, "sum", ha="right", va="center", color=CONVOLUTION)
    ax.set(xlim=(-2.4, 6.5), ylim=(-7.9, 0.3))
    ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
