"""Weights of low rank: linear attention, Linformer, and what no rank can do."""

from functools import cache

import matplotlib.pyplot as plt
from matplotlib import cbook
from style import ATTENTION, GRAY

# --8<-- [start:linear]
import torch
import torch.nn.functional as F


def feature(x):
    """phi(x) = elu(x) + 1, positive (Katharopoulos et al. 2020)."""
    return F.elu(x) + 1


def pairs(Q, K, V, causal=False):
    """A_ij = phi(q_i) phi(k_j), divided by the sum of its row: n^2."""
    A = feature(Q) @ feature(K).T                       # (n, n)
    A = A.tril() if causal else A
    return A / A.sum(1, keepdim=True) @ V


def linear(Q, K, V):
    """The same with the brackets moved: no n x n matrix."""
    state = feature(K).T @ V                            # (d, d)
    total = feature(K).sum(0)                           # (d,)
    return feature(Q) @ state / (feature(Q) @ total)[:, None]


def recurrent(Q, K, V):
    """The causal one, token by token: what it keeps has a fixed size."""
    state, total, y = 0, 0, []
    for q, k, v in zip(feature(Q), feature(K), V):      # (d,) each
        state = state + k[:, None] * v                  # (d, d)
        total = total + k                               # (d,)
        y.append(q @ state / (q @ total))
    return torch.stack(y)


torch.manual_seed(0)
Q, K, V = torch.randn(3, 300, 16, dtype=torch.float64)
print("brackets moved:", torch.allclose(linear(Q, K, V), pairs(Q, K, V)))
print("recurrence:    ", torch.allclose(recurrent(Q, K, V),
                                        pairs(Q, K, V, causal=True)))
# --8<-- [end:linear]

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
    """Attention weights A (n, n): of a photograph, of noise, and one step back."""
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
    """The errors of both methods on the photograph, in their weights."""
    x, A = photograph(), matrices()["photograph"]

    def error(B):
        return ((B - A).norm() / A.norm()).item()

    eye = torch.eye(N)
    squeezed = {p: error(weights(x, pooling(N, p) @ x) @ pooling(N, p)) for p in RANKS}
    return error(pairs(x, x, eye)), squeezed


def results():
    """The numbers the page quotes.

    Brackets moved, and the recurrence; the weights of a row sum to 1.

    >>> q, k, v = torch.randn(3, 40, 8, dtype=torch.float64)
    >>> torch.allclose(linear(q, k, v), pairs(q, k, v))
    True
    >>> torch.allclose(recurrent(q, k, v), pairs(q, k, v, causal=True))
    True
    >>> torch.allclose(pairs(q, k, v, causal=True)[0], v[0])
    True
    >>> one = torch.ones_like(v)
    >>> all(torch.allclose(f(q, k, one), one) for f in (pairs, linear, recurrent))
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
    ...     for p, error in untrained()[1].items())
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
    fig, ax = plt.subplots(figsize=(5.2, 4.2))
    for name, style in zip(matrices(), ("-", "--", ":")):
        ax.plot(range(1, N + 1), best(name)[1:], style, color=ATTENTION, label=name)
    linear_error, squeezed = untrained()
    ax.plot(squeezed.keys(), squeezed.values(), "s", color=GRAY, mfc="none",
            label="Linformer, untrained")
    ax.plot(D, linear_error, "o", color="black", label="linear attention, untrained")
    ax.text(230, 0.74, "one step back", ha="right")
    ax.text(300, 0.27, "noise")
    ax.text(95, 0.22, "photograph", ha="right")
    ax.legend(handles=ax.lines[3:], loc="lower left", handletextpad=0.2,
              borderaxespad=0)
    ax.set_xscale("log", base=2)
    ax.set_xticks(RANKS[::2] + [1024], [*RANKS[::2], 1024])
    ax.set(xlabel="rank $p$", ylabel="relative error of the weights",
           xlim=(7, 1200), ylim=(0, 1.1))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
