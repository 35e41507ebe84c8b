"""The score of i for j is not that of j for i: M in S = x M x^T has no symmetry."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, signed

# --8<-- [start:symmetry]
import torch

n, d = 40, 16
generator = torch.Generator().manual_seed(0)
x = torch.randn(n, d, dtype=torch.float64, generator=generator)
W_Q, W_K = torch.randn(2, d, d, dtype=torch.float64, generator=generator) / d**0.5


def scores(W_Q, W_K):
    """S_ij = (W_Q x_i) . (W_K x_j) = x_i^T M x_j: (n, n).

    M = W_Q^T W_K is all that the scores know of the two matrices.
    """
    return (x @ W_Q.T) @ (x @ W_K.T).T


def asymmetry(S):
    """Share of (S - S^T) / 2 in S, both as sums of squares.

    0 if S_ij = S_ji, 1 if S_ij = -S_ji, about 1/2 if they are unrelated.
    """
    return ((S - S.T) / 2).square().sum().item() / S.square().sum().item()


R = torch.linalg.qr(torch.randn(d, d, generator=generator).double())[0]
for name, S in (("two matrices", scores(W_Q, W_K)),
                ("W_K = W_Q", scores(W_Q, W_Q)),
                ("both turned", scores(R @ W_Q, R @ W_K))):
    print(f"{name}: S_12 = {S[0, 1]:.1f}, S_21 = {S[1, 0]:.1f},",
          f"asymmetry {asymmetry(S):.2f}")
# --8<-- [end:symmetry]

upper = torch.ones(n, n).triu(1).bool()         # each pair i < j once
SHOWN, PAIR = 12, (5, 9)    # tokens in the figure, and those whose two scores are marked


def self_first(S):
    """Number of tokens whose best-scoring key is their own."""
    return (S.argmax(dim=1) == torch.arange(n)).sum().item()


def correlation(S):
    """How far the scores S_ij, i < j, tell S_ji."""
    return torch.corrcoef(torch.stack([S[upper], S.T[upper]]))[0, 1].item()


def self_negative(S):
    """Number of tokens that have a negative score with themselves."""
    return (S.diag() < 0).sum().item()


def draws(count=200):
    """Four measures for other tokens and matrices: (count, 4)."""
    generator = torch.Generator().manual_seed(1)
    measured = []
    for _ in range(count):
        x, W_Q, W_K = (torch.randn(rows, d, generator=generator).double()
                       for rows in (n, d, d))
        S = (x @ W_Q.T) @ (x @ W_K.T).T
        measured.append([correlation(S), asymmetry(S), self_first(S), self_negative(S)])
    return torch.tensor(measured, dtype=torch.float)


def results():
    """How far the scores are from a measure of similarity.

    S is symmetric if M is, and only then: as n > d, M can be read off S.

    >>> M = W_Q.T @ W_K
    >>> torch.allclose(scores(W_Q, W_K), x @ M @ x.T)
    True
    >>> back = torch.linalg.pinv(x)
    >>> torch.allclose(back @ scores(W_Q, W_K) @ back.T, M)
    True
    >>> symmetric = scores(torch.eye(d).double(), M + M.T)
    >>> torch.allclose(symmetric, symmetric.T)
    True

    A metric would give each token the best score with itself, and none below zero.

    >>> S = scores(W_Q, W_K)
    >>> bool((S.diag() < 0).any()), self_first(S) < n / 2
    (True, True)

    With W_K = W_Q, the best-scoring key is the token's own or a longer vector.

    >>> Q, best = x @ W_Q.T, scores(W_Q, W_Q).argmax(dim=1)
    >>> bool((Q[best].norm(dim=1) >= Q.norm(dim=1)).all())
    True
    """
    S, shared = scores(W_Q, W_K), scores(W_Q, W_Q)
    low, high = draws().quantile(torch.tensor([0.05, 0.95]), dim=0).tolist()
    return {
        "n": n,
        "asymmetry": asymmetry(S),
        "asymmetry_shared": asymmetry(shared),
        "correlation": correlation(S),
        "correlation_low": low[0],
        "correlation_high": high[0],
        "asymmetry_low": low[1],
        "asymmetry_high": high[1],
        "self_first_low": low[2],
        "self_first_high": high[2],
        "self_first_shared": self_first(shared),
        "self_negative_low": low[3],
        "self_negative_high": high[3],
    }


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 3))
    for ax, title, S in zip(axes, ("$W_Q$ and $W_K$ differ", "$W_K = W_Q$"),
                            (scores(W_Q, W_K), scores(W_Q, W_Q))):
        largest = (S - S.diag().diag())[:SHOWN, :SHOWN].abs().max()
        ax.imshow(S[:SHOWN, :SHOWN], cmap=signed(ATTENTION), vmin=-largest, vmax=largest,
                  interpolation="none", label=title)
        ax.axline((0, 0), slope=1, color="black", lw=1)
        ax.plot(PAIR, PAIR[::-1], "o", ms=18, mfc="none", mec="black")
        ax.set(title=title, xticks=[], yticks=[], xlabel="key $j$")
        ax.spines[:].set(visible=True, color=FAINT)
    axes[0].set_ylabel("query $i$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
