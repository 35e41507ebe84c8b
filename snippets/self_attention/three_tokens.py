"""Self-attention by hand: three tokens of two channels, every number visible."""

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle
from style import ATTENTION, FAINT, GRAY, minus

# --8<-- [start:by_hand]
import torch

x = torch.tensor([[1., 0.], [0., 1.], [1., 1.]])    # (n, d) = (3, 2)
W_Q = torch.tensor([[1., -1.], [1., 1.]])           # an eighth of a turn to the left
W_K = torch.tensor([[1., 1.], [-1., 1.]])           # and to the right
W_V = torch.tensor([[0., -2.], [2., 0.]])           # a quarter left, twice as long

Q = x @ W_Q.T       # (n, d): row i is q_i = W_Q x_i, what token i asks for
K = x @ W_K.T       # (n, d): row j is k_j = W_K x_j, what token j offers
V = x @ W_V.T       # (n, d): row j is v_j = W_V x_j, what token j hands over
S = Q @ K.T                                # (n, n): S_ij = q_i . k_j
A = torch.softmax(S / 2**0.5, dim=1)       # (n, n): each row sums to 1
y = A @ V                                  # (n, d): y_i = sum_j A_ij v_j

print("each row: 3 scores, 3 shares, 2 channels of y")
print(torch.cat([S, A, y], dim=1).numpy().round(2))
# --8<-- [end:by_hand]

SIZE = 14               # of the text, to be read on a phone


def results():
    """The numbers of the third token, which the page goes through.

    The library gives the same. Rows of A sum to 1: the vector of ones is an
    eigenvector with eigenvalue 1, and no eigenvalue is larger.

    >>> import torch.nn.functional as F
    >>> torch.allclose(y, F.scaled_dot_product_attention(Q, K, V))
    True
    >>> torch.allclose(A @ torch.ones(3), torch.ones(3))
    True
    >>> torch.allclose(torch.linalg.eigvals(A).abs().max(), torch.tensor(1.))
    True

    Every share is positive, so an output lies between the values: per channel
    it is never above their largest and never below their smallest.

    >>> bool((A > 0).all() and (y <= V.amax(0)).all() and (y >= V.amin(0)).all())
    True

    A number added to all scores of a row changes no share.

    >>> torch.allclose(torch.softmax((S + 7) / 2**0.5, dim=1), A)
    True

    The example tells W from its transpose, and S from its own.

    >>> [torch.equal(M, M.T) for M in (W_Q, W_K, W_V, S)]
    [False, False, False, False]
    """
    scaled = S[2] / 2**0.5
    numbers = {f"q3{c + 1}": int(Q[2, c]) for c in range(2)}
    for j in range(3):
        for c in range(2):
            numbers[f"k{j + 1}{c + 1}"] = int(K[j, c])
            numbers[f"v{j + 1}{c + 1}"] = int(V[j, c])
        numbers[f"s3{j + 1}"] = int(S[2, j])
        numbers[f"scaled3{j + 1}"] = scaled[j].item()
        numbers[f"exp3{j + 1}"] = scaled[j].exp().item()
        numbers[f"a3{j + 1}"] = A[2, j].item()
    numbers["sum3"] = scaled.exp().sum().item()
    numbers["y31"], numbers["y32"] = y[2].tolist()
    return numbers


def matrix(ax, left, top, values, title, digits=".0f", width=1, shade=None):
    """A grid of numbers below its title; shade: how strongly each cell is filled."""
    n, d = values.shape
    ax.text(left + d * width / 2, top + 0.2, title, ha="center", va="bottom",
            size=SIZE)
    for i in range(n):
        for j in range(d):
            corner = left + j * width, top - i - 1
            if shade is not None:
                ax.add_patch(Rectangle(corner, width, 1, color=ATTENTION, lw=0,
                                       alpha=0.7 * shade[i, j].item()))
            ax.add_patch(Rectangle(corner, width, 1, fill=False, ec=FAINT))
            ax.text(corner[0] + width / 2, corner[1] + 0.47,
                    minus(values[i, j].item(), digits), ha="center", va="center",
                    size=SIZE)


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 8.2))
    for left, name, W, projected in ((3.4, "Q", W_Q, Q), (6.8, "K", W_K, K),
                                     (10.2, "V", W_V, V)):
        matrix(ax, left, 18.4, W, f"$W_{name}$")
        matrix(ax, left, 14.7, projected, f"${name} = x W_{name}^T$")
    matrix(ax, 0, 14.7, x, "input $x$")
    matrix(ax, 0.7, 9.2, S, "scores $S = Q K^T$")
    matrix(ax, 5.1, 9.2, S / 2**0.5, "scaled: $S$ / √2", ".2f", 1.7)
    matrix(ax, 0.7, 3.7, A, "shares $A$", ".2f", 1.6, shade=A)
    matrix(ax, 9.2, 3.7, y, "$y = A V$", ".2f", 1.6)
    for left, top in ((0, 14.7), (0.7, 9.2), (0.7, 3.7)):
        for i in range(3):
            ax.text(left - 0.3, top - i - 0.53, i + 1, color=GRAY, ha="right",
                    va="center", size=SIZE)
    for start, end in (((4.2, 11.5), (2.7, 10.4)), ((7.4, 11.5), (3.3, 10.4)),
                       ((3.9, 7.7), (4.9, 7.7)), ((6.9, 6), (4.1, 4.9)),
                       ((5.7, 2.2), (9, 2.2)), ((11.2, 11.5), (11.2, 4.9))):
        ax.annotate("", end, start, arrowprops={"arrowstyle": "->"})
    ax.text(6.3, 5.2, "softmax\nof each row", va="center", size=SIZE)
    ax.set(xlim=(-0.9, 12.6), ylim=(0.6, 19.6))
    ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
