"""A convolution is a matrix: a band with one number on each diagonal."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, FAINT, shades

# --8<-- [start:toeplitz]
import torch
import torch.nn.functional as F


def toeplitz(w, n):
    """Matrix T (n, n) of a zero-padded odd kernel: T_ij = w_{j-i+p}.

    >>> toeplitz(torch.tensor([1, 2, 3]), 4)
    tensor([[2, 3, 0, 0],
            [1, 2, 3, 0],
            [0, 1, 2, 3],
            [0, 0, 1, 2]])
    """
    p = len(w) // 2
    T = torch.zeros(n, n, dtype=w.dtype)
    for m, weight in enumerate(w):
        T.diagonal(m - p).fill_(weight)      # one number, one diagonal
    return T


def toeplitz_2d(w, n):
    """The same for n x n pixels, row after row: (n * n, n * n).

    A band of blocks, and each block is a band: row a of w fills block a.
    """
    rows = zip(torch.eye(len(w), dtype=w.dtype), w)
    return sum(torch.kron(toeplitz(place, n), toeplitz(row, n))
               for place, row in rows)


torch.manual_seed(0)
x, w = torch.randn(50).double(), torch.randn(5).double()
y = F.conv1d(x[None, None], w[None, None], padding=2)[0, 0]
error = (toeplitz(w, 50) @ x - y).abs().max()
print("1-D: error below 10⁻¹²:", bool(error < 1e-12))

X, W = torch.randn(12, 12).double(), torch.randn(3, 3).double()
Y = F.conv2d(X[None, None], W[None, None], padding=1)[0, 0]
error = (toeplitz_2d(W, 12) @ X.flatten() - Y.flatten()).abs().max()
print("2-D: error below 10⁻¹²:", bool(error < 1e-12))
# --8<-- [end:toeplitz]

N, SIDE = 16, 6
PIXEL = 14      # the output whose row the figure marks


def results():
    """Sizes of the matrices, how many entries are not zero, how many are free.

    >>> r = results()
    >>> r["error_1d"] < 1e-12, r["error_2d"] < 1e-12
    (True, True)
    >>> r["nonzeros_1000"] == 5 * 1000 - 6 and r["nonzeros_2000"] == 5 * 2000 - 6
    True

    Shifting both indices by one changes nothing: that is what Toeplitz means.

    >>> T = toeplitz(w, N)
    >>> T[1:, 1:].equal(T[:-1, :-1])
    True

    With d_in channels to d_out channels: a d_out x d_in grid of such matrices.

    >>> x, w3 = torch.randn(1, 3, N).double(), torch.randn(2, 3, 5).double()
    >>> grid = torch.cat([torch.cat([toeplitz(w1, N) for w1 in row], dim=1)
    ...                   for row in w3])
    >>> y = F.conv1d(x, w3, padding=2)
    >>> bool((grid @ x.flatten() - y.flatten()).abs().max() < 1e-12)
    True
    """
    T = toeplitz(w, 1000)
    return {
        "error_1d": (toeplitz(w, 50) @ x - y).abs().max().item(),
        "error_2d": (toeplitz_2d(W, 12) @ X.flatten() - Y.flatten()).abs().max().item(),
        "entries_1000": T.numel(),
        "nonzeros_1000": int(T.count_nonzero()),
        "nonzeros_2000": int(toeplitz(w, 2000).count_nonzero()),
        "free": len(T.unique()) - 1,
        "side": SIDE,
        "pixels": SIDE**2,
    }


def figure():
    fig, (image, matrix) = plt.subplots(1, 2, figsize=(5.2, 4.1), width_ratios=(1, 2.2))
    blue = shades(CONVOLUTION, 1 / 3).with_extremes(under="none")
    T = toeplitz_2d(torch.tensor([[1.0, 2, 3], [4, 9, 8], [7, 6, 5]]), SIDE)
    for ax, values, step, title in (
            (image, T[PIXEL].view(SIDE, SIDE), 1, f"{SIDE} × {SIDE} pixels:\none output\nreads nine"),
            (matrix, T, SIDE, f"matrix of {SIDE**2} × {SIDE**2}:\nthe same nine in its row")):
        ax.imshow(values.numpy(), cmap=blue, vmin=1e-9, interpolation="none", label=title)
        for edge in range(step, len(values), step):
            ax.axhline(edge - 0.5, color=FAINT, lw=1)
            ax.axvline(edge - 0.5, color=FAINT, lw=1)
        ax.set(title=title, xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=FAINT)
    matrix.axhspan(PIXEL - 0.5, PIXEL + 0.5, fill=False, lw=1.5)
    matrix.set(xlabel="input $j$", ylabel="output $i$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
