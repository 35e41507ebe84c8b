"""The eigenvalues of attention's weights: the constant has 1, and none is larger."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT

# --8<-- [start:spectrum]
import torch

torch.manual_seed(0)
n, d = 64, 16
x = torch.randn(n, d).double()  # 64 tokens
W_Q, W_K = torch.randn(2, d, d).double() / d**0.5
scores = (x @ W_Q.T) @ (x @ W_K.T).T / d**0.5
A = scores.softmax(dim=-1)  # (n, n)

one = torch.eye(n).double()  # -1/4, 1/2, -1/4 on a ring:
C = one / 2 - (one.roll(1, 1) + one.roll(-1, 1)) / 4  # (n, n)

for name, M in ("convolution", C), ("attention", A):
    constant = M.sum(dim=1)  # M times (1, ..., 1)
    sizes = torch.linalg.eigvals(M).abs().sort(descending=True).values
    print(f"{name:12}constant becomes {constant.mean().abs():.0f};",
          f"largest eigenvalues {sizes[0]:.2f}, {sizes[1]:.2f}")
# --8<-- [end:spectrum]

LAYERS = 4


def sizes(M):
    return torch.linalg.eigvals(M).abs().sort(descending=True).values


def spread(v):
    """How far the tokens lie from their mean, relative to their size."""
    return ((v - v.mean(0)).norm() / v.norm()).item()


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> abs(r["attention_first"] - 1) < 1e-9, r["attention_second"] < 0.5
    (True, True)
    >>> r["spread_after"] < 0.1
    True

    Rows of a softmax: the constant is kept, and no eigenvalue is larger than 1.

    >>> _ = torch.manual_seed(1)
    >>> rows = (5 * torch.randn(100, n, n)).double().softmax(-1)
    >>> torch.allclose(rows.sum(-1), torch.ones(100, n).double())
    True
    >>> bool(torch.linalg.eigvals(rows).abs().max() < 1 + 1e-9)
    True

    The eigenvalues of a convolution on a ring are its gains.

    >>> f = torch.arange(n).double() / n
    >>> gains = (torch.sin(torch.pi * f) ** 2).sort(descending=True).values
    >>> torch.allclose(sizes(C), gains)
    True
    """
    return {
        "n": n,
        "attention_first": sizes(A)[0].item(),
        "attention_second": sizes(A)[1].item(),
        "layers": LAYERS,
        "spread_before": spread(x),
        "spread_after": spread(torch.linalg.matrix_power(A, LAYERS) @ x),
    }


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 3), sharey=True)
    turn = torch.linspace(0, 2 * torch.pi, 200)
    for ax, name, M, color, constant in ((axes[0], "convolution", C, CONVOLUTION, 0),
                                         (axes[1], "attention", A, ATTENTION, 1)):
        values = torch.linalg.eigvals(M)
        ax.plot(turn.cos(), turn.sin(), color=FAINT, lw=1, label="_circle")
        ax.plot(values.real, values.imag, "o", color=color, ms=5, alpha=0.6,
                label=f"{name}: eigenvalues")
        ax.plot(constant, 0, "o", color="black", ms=11, mfc="none",
                label=f"{name}: the constant")
        ax.annotate("constant", (constant, 0), (-6 if constant else 0, 22),
                    textcoords="offset points", ha="right" if constant else "center")
        ax.set_title(name, color=color, weight="bold")
        ax.set(aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1], xlabel="real part")
    axes[0].set_ylabel("imaginary part")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
