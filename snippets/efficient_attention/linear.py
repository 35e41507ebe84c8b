"""Linear attention, Linformer, and what their shares can be: matrices of low rank."""

from functools import cache

import matplotlib.pyplot as plt
from matplotlib import cbook
from style import ATTENTION, FAINT, GRAY, shades

# --8<-- [start:linear]
import torch
import torch.nn.functional as F


def phi(x):
    return F.elu(x) + 1             # positive: x + 1, or e^x below 0


def pairs(Q, K, V):
    """All n^2 scores, then the sum over the values."""
    A = phi(Q) @ phi(K).T                       # (n, n)
    return A / A.sum(1, keepdim=True) @ V


def linear(Q, K, V):
    """The same with the brackets moved: no n x n matrix."""
    state = phi(K).T @ V                        # (d, d)
    total = phi(K).sum(0)                       # (d,)
    return phi(Q) @ state / (phi(Q) @ total)[:, None]


torch.manual_seed(0)
Q, K, V = torch.randn(3, 300, 16, dtype=torch.float64)
print(torch.allclose(linear(Q, K, V), pairs(Q, K, V)))
# --8<-- [end:linear]

# --8<-- [start:causal]
import torch
import torch.nn.functional as F


def shares(Q, K):
    """A of linear attention where each token sees itself and those before."""
    A = ((F.elu(Q) + 1) @ (F.elu(K) + 1).T).tril()
    return A / A.sum(1, keepdim=True)                   # (n, n)


def recurrent(Q, K, V):
    """Token by token: what it keeps has a fixed size."""
    state, total, y = 0, 0, []
    for q, k, v in zip(F.elu(Q) + 1, F.elu(K) + 1, V):  # (d,) each
        state = state + k[:, None] * v                  # (d, d)
        total = total + k                               # (d,)
        y.append(q @ state / (q @ total))
    return torch.stack(y)


torch.manual_seed(0)
Q, K, V = torch.randn(3, 300, 16, dtype=torch.float64)
A = shares(Q, K)
print("recurrence:", torch.allclose(recurrent(Q, K, V), A @ V))
print("rank of A:", torch.linalg.matrix_rank(A).item(), " of later rows x",
      "earlier columns:", torch.linalg.matrix_rank(A[150:, :150]).item())
# --8<-- [end:causal]

# --8<-- [start:linformer]
import torch
import torch.nn.functional as F


def linformer(Q, K, V, E):
    """n keys and values become p mixtures of them; E is (p, n)."""
    return F.scaled_dot_product_attention(Q, E @ K, E @ V)


def pooling(n, p):
    """An untrained E: each of its rows averages n / p neighbours."""
    return torch.eye(p).repeat_interleave(n // p, dim=1) * p / n


torch.manual_seed(0)
Q, K, V = torch.randn(3, 512, 16)
full = F.scaled_dot_product_attention(Q, K, V)
for p in 512, 256, 64:
    y = linformer(Q, K, V, pooling(512, p))
    error = (y - full).norm() / full.norm()
    print(f"p = {p}: relative error {error:.2f}")
# --8<-- [end:linformer]

N, D, RANKS = 1024, 64, [2**power for power in range(3, 11)]


def weights(Q, K):
    return torch.softmax(Q @ K.T / Q.shape[1]**0.5, dim=1)


def photograph():
    """Queries (= keys) of 32 x 32 patches: a score is 10 times the cosine."""
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        pixels = torch.tensor(plt.imread(file)[:512, :512]) / 255
    gray = F.avg_pool2d(pixels.mean(-1)[None], 2)               # (1, 256, 256)
    x = F.unfold(gray[None], 8, stride=8)[0].T                  # (1024, 64)
    return F.normalize(x - x.mean(0), dim=1) * (10 * D**0.5)**0.5


@cache
def matrices():
    """Shares A (n, n): of a photograph, of noise, and one step back."""
    torch.manual_seed(0)
    x = photograph()
    return {"photograph": weights(x, x), "noise": weights(*torch.randn(2, N, D)),
            "one step back": torch.eye(N).roll(-1, dims=1)}


@cache
def best(name):
    """Relative error of the best matrix of rank p, for each p up to n: (n + 1,).

    The root of the sum of the squares of the singular values after the p-th, over
    that of all (Eckart and Young 1936).
    """
    squares = torch.linalg.svdvals(matrices()[name]).double().square()
    left = F.pad(squares.flip(0).cumsum(0).flip(0), (0, 1))
    return (left / left[0]).sqrt()


@cache
def untrained():
    """The errors of Linformer on the photograph, in its shares: {p: error}."""
    x, A = photograph(), matrices()["photograph"]

    squeezed = {p: weights(x, pooling(N, p) @ x) @ pooling(N, p) for p in RANKS}
    return {p: ((B - A).norm() / A.norm()).item() for p, B in squeezed.items()}


def results():
    """The numbers the page quotes.

    Brackets moved, and the recurrence; the shares of a row sum to 1.

    >>> q, k, v = torch.randn(3, 40, 8, dtype=torch.float64)
    >>> torch.allclose(linear(q, k, v), pairs(q, k, v))
    True
    >>> torch.allclose(recurrent(q, k, v), shares(q, k) @ v)
    True
    >>> torch.allclose(shares(q, k)[0] @ v, v[0])
    True
    >>> one = torch.ones_like(v)
    >>> all(torch.allclose(f(q, k, one), one) for f in (pairs, linear, recurrent))
    True

    Rank d without the causal mask. With it the whole has full rank (a triangle with a
    positive diagonal), and what earlier tokens give to later ones has rank d at most.

    >>> rank = torch.linalg.matrix_rank
    >>> rank(pairs(q, k, torch.eye(40).double())), rank(shares(q, k))
    (tensor(8), tensor(40))
    >>> all(rank(shares(q, k)[at:, :at]) <= 8 for at in range(1, 40))
    True

    Softmax attention is the same sum with e^(q k / sqrt(d)) for phi(q) phi(k).

    >>> E = torch.exp(Q @ K.T / 16**0.5)
    >>> torch.allclose(E / E.sum(1, keepdim=True) @ V,
    ...                F.scaled_dot_product_attention(Q, K, V), atol=1e-6)
    True

    p = n without pooling is exact, and what has rank p is never below the best.

    >>> torch.allclose(linformer(Q, K, V, torch.eye(512)), full, atol=1e-6)
    True
    >>> all(error >= best("photograph")[p] - 1e-6
    ...     for p, error in untrained().items())
    True

    One step back: all singular values are 1.

    >>> abs(best("one step back")[64].item() - (1 - 64 / N)**0.5) < 1e-6
    True
    """
    return {
        "n": N, "d": D, "state": D * D + D, "cache": 2 * N * D,
        "photograph_64": best("photograph")[64].item(),
        "photograph_256": best("photograph")[256].item(),
        "noise_64": best("noise")[64].item(),
        "one_64": best("one step back")[64].item(),
    }


def figure():
    fig = plt.figure(figsize=(5.2, 3.4))
    grid = fig.add_gridspec(2, 2, width_ratios=(1, 2.6))
    ax = fig.add_subplot(grid[:, 1])
    for row, name in enumerate(("one step back", "photograph")):
        shares = fig.add_subplot(grid[row, 0])
        shares.imshow(F.avg_pool2d(matrices()[name][None], 8)[0], cmap=shades(ATTENTION), vmin=0,
                      vmax=4 / N, interpolation="none", label=f"shares, {name}")
        shares.set(xticks=[], yticks=[], title=name)
        shares.spines[:].set(visible=True, color=FAINT)
        errors = best(name)
        ax.plot(range(1, N + 1), errors[1:], color=ATTENTION, label=name)
        ax.plot(D, errors[D], "o", color=ATTENTION, label=f"{name}, rank {D}")
        ax.annotate(f"{name}: {errors[D]:.2f}", (D, errors[D]), (9, 3), textcoords="offset points",
                    color=ATTENTION)
    ax.axvline(D, color=GRAY, lw=1, zorder=0)
    ax.set(title="error of the best matrix", xlabel="rank $p$", xlim=(0, N), ylim=(0, 1.08),
           xticks=[D, 512, N], yticks=[0, 0.5, 1])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
