"""Nine attention heads over position vectors make any 3 x 3 convolution."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY, shades

# --8<-- [start:heads]
import torch
from torch import nn

torch.manual_seed(0)
side, d, alpha = 7, 4, 40
n = side * side
conv = nn.Conv2d(d, d, 3, padding=1, padding_mode="replicate").double()
image = torch.randn(d, side, side, dtype=torch.float64)
x = image.flatten(1).T                                  # (n, d)

row, col = torch.arange(n) // side, torch.arange(n) % side
p = torch.stack([torch.ones(n), row, col, row**2 + col**2], 1).double()
W_K = torch.eye(4)[1:].double()     # k_j = (row_j, col_j, row_j² + col_j²)


def W_Q(a, b):
    """q_i = alpha (2 (row_i + a), 2 (col_i + b), -1): look at i + (a, b)."""
    return alpha * torch.tensor([[2 * a, 2, 0, 0],
                                 [2 * b, 0, 2, 0],
                                 [-1, 0, 0, 0]]).double()


y, heads = conv.bias, []
for a in -1, 0, 1:
    for b in -1, 0, 1:
        Q, K = p @ W_Q(a, b).T, p @ W_K.T               # (n, 3)
        A = torch.softmax(Q @ K.T, dim=-1)              # (n, n)
        y = y + A @ x @ conv.weight[:, :, a + 1, b + 1].T
        heads.append(A)

centre = 3 * side + 3
found = [divmod(A[centre].argmax().item(), side) for A in heads]
print("pixel (3, 3) looks at", *found[:3], "...")
leak = max(1 - A.max(dim=1).values.min() for A in heads)
print(f"weight elsewhere: below 1e-15: {leak < 1e-15}")
error = (y - conv(image[None])[0].flatten(1).T).abs().max()
print(len(heads), "heads equal nn.Conv2d:", (error < 1e-12).item())
# --8<-- [end:heads]


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["heads"], r["equal"]
    (9, True)

    The dropped terms depend on i alone: q k is the full square, up to them.

    >>> S = Q @ K.T                                     # the last head: a = b = 1
    >>> full = -alpha * ((row - row[:, None] - 1)**2 + (col - col[:, None] - 1)**2)
    >>> (S - full).var(dim=1).max() < 1e-12
    tensor(True)

    The library's attention does the same.

    >>> A_V = nn.functional.scaled_dot_product_attention(Q, K, x, scale=1)
    >>> torch.allclose(A_V, heads[-1] @ x)
    True
    """
    return {"leak": leak.item(), "heads": len(heads), "side": side,
            "equal": bool(error < 1e-12)}


def figure():
    fig, axes = plt.subplots(3, 3, figsize=(5.2, 5.7))
    signs = {-1: "−1", 0: "0", 1: "+1"}
    for h, (ax, A) in enumerate(zip(axes.flat, heads)):
        a, b = signs[h // 3 - 1], signs[h % 3 - 1]
        ax.imshow(A[centre].view(side, side), cmap=shades(ATTENTION), vmin=0, vmax=1,
                  interpolation="none", label=f"head ({a}, {b})")
        for line in range(1, side):
            ax.axhline(line - 0.5, color=FAINT, lw=0.7)
            ax.axvline(line - 0.5, color=FAINT, lw=0.7)
        ax.plot(3, 3, "s", ms=9, mfc="none", mec="black", mew=1.5, label="query")
        ax.set_title(f"({a}, {b})", loc="center")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=GRAY)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
