"""Nine attention heads over position vectors make any 3 x 3 convolution."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY, shades

# --8<-- [start:heads]
import torch

torch.manual_seed(0)
side, d, alpha = 7, 4, 40
conv = torch.nn.Conv2d(d, d, 3, padding=1, padding_mode="replicate").double()
image = torch.randn(1, d, side, side).double()
x = image[0].flatten(1).T                           # a row per pixel: (n, d)

row, col = torch.cartesian_prod(*2 * [torch.arange(side).double()]).T
p = torch.stack([torch.ones(side**2), row, col, row**2 + col**2], dim=1)
W_K = torch.eye(4)[1:].double()             # key: row, col, row^2 + col^2

y, heads = conv.bias, []
for a in -1, 0, 1:                          # look a rows down, b columns right
    for b in -1, 0, 1:
        W_Q = alpha * torch.tensor([[2 * a, 2, 0, 0],
                                    [2 * b, 0, 2, 0],
                                    [-1, 0, 0, 0]]).double()
        Q, K = p @ W_Q.T, p @ W_K.T                 # (n, 3)
        A = torch.softmax(Q @ K.T, dim=-1)          # (n, n)
        y = y + A @ x @ conv.weight[:, :, a + 1, b + 1].T
        heads.append(A)

error = (y - conv(image)[0].flatten(1).T).abs().max()
print("nine heads equal nn.Conv2d:", (error < 1e-12).item())
# --8<-- [end:heads]

centre = 3 * side + 3
leak = max(1 - A.max(dim=1).values.min() for A in heads)


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["error"] < 1e-12, r["leak"] < 1e-15
    (True, True)

    Head (a, b) looks a rows down and b columns to the right.

    >>> found = [divmod(A[centre].argmax().item(), side) for A in heads]
    >>> found == [(3 + a, 3 + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    True

    The dropped terms depend on i alone: q k is the full square, up to them.

    >>> S = Q @ K.T                                     # the last head: a = b = 1
    >>> full = -alpha * ((row - row[:, None] - 1)**2 + (col - col[:, None] - 1)**2)
    >>> (S - full).var(dim=1).max() < 1e-12
    tensor(True)

    The library's attention does the same.

    >>> A_V = torch.nn.functional.scaled_dot_product_attention(Q, K, x, scale=1)
    >>> torch.allclose(A_V, heads[-1] @ x)
    True
    """
    return {"leak": leak.item(), "side": side, "error": error.item()}


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
