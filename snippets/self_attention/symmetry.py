"""The score of i for j is not that of j for i: M in S = x M x^T has no symmetry."""

import matplotlib.pyplot as plt

# --8<-- [start:symmetry]
import torch

n, d = 40, 16
generator = torch.Generator().manual_seed(0)
x = torch.randn(n, d, dtype=torch.float64, generator=generator)
W_Q, W_K = torch.randn(2, d, d, dtype=torch.float64, generator=generator) / d**0.5


def scores(W_Q, W_K):
    """S_ij = (W_Q x_i) . (W_K x_j) / sqrt(d) = x_i^T M x_j / sqrt(d): (n, n).

    M = W_Q^T W_K is all that the scores know of the two matrices.
    """
    return (x @ W_Q.T) @ (x @ W_K.T).T / d**0.5


def asymmetry(S):
    """Share of the energy of S in (S - S^T) / 2: 0 symmetric, 1 antisymmetric."""
    return ((S - S.T) / 2).square().sum().item() / S.square().sum().item()


R = torch.linalg.qr(torch.randn(d, d, generator=generator).double())[0]
for name, S in (("two matrices", scores(W_Q, W_K)),
                ("W_K = W_Q", scores(W_Q, W_Q)),
                ("both turned", scores(R @ W_Q, R @ W_K))):
    print(f"{name}: S_12 = {S[0, 1]:.2f}, S_21 = {S[1, 0]:.2f},",
          f"asymmetry {asymmetry(S):.2f}")
# --8<-- [end:symmetry]

ATTENTION = "#D55E00"
upper = torch.ones(n, n).triu(1).bool()         # each pair i < j once


def self_first(S):
    """Number of tokens whose best-scoring key is their own."""
    return (S.argmax(dim=1) == torch.arange(n)).sum().item()


def results():
    """How far the scores are from a measure of similarity.

    S is symmetric if M is, and only then: as n > d, M can be read off S.

    >>> M = W_Q.T @ W_K
    >>> torch.allclose(scores(W_Q, W_K), x @ M @ x.T / d**0.5)
    True
    >>> back = torch.linalg.pinv(x)
    >>> torch.allclose(back @ (scores(W_Q, W_K) * d**0.5) @ back.T, M)
    True
    >>> symmetric = scores(torch.eye(d).double(), M + M.T)
    >>> torch.allclose(symmetric, symmetric.T)
    True

    A metric would give each token the best score with itself, and none below zero.

    >>> S = scores(W_Q, W_K)
    >>> bool((S.diag() < 0).any()), self_first(S) < n / 2
    (True, True)
    """
    S, shared = scores(W_Q, W_K), scores(W_Q, W_Q)
    pairs = torch.stack([S[upper], S.T[upper]])
    return {
        "n": n,
        "s12": round(S[0, 1].item(), 2),
        "s21": round(S[1, 0].item(), 2),
        "asymmetry": round(asymmetry(S), 2),
        "asymmetry_shared": round(asymmetry(shared), 2),
        "correlation": round(torch.corrcoef(pairs)[0, 1].item(), 1),
        "self_first": self_first(S),
        "self_first_shared": self_first(shared),
        "self_negative": (S.diag() < 0).sum().item(),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.6))
    for name, S, style, color in (
            ("$W_Q$ and $W_K$ differ", scores(W_Q, W_K), "o", ATTENTION),
            ("$W_K = W_Q$", scores(W_Q, W_Q), "x", "gray")):
        every_third = S[upper][::3].tolist(), S.T[upper][::3].tolist()
        ax.plot(*every_third, style, ms=5, color=color, fillstyle="none", label=name)
    ax.set(xlabel="score $S_{ij}$", ylabel="score $S_{ji}$", xlim=(-6, 6), ylim=(-6, 6))
    ax.set_aspect("equal")
    ax.legend(loc="lower right")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
