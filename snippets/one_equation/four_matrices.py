"""Four mixing matrices: from what their numbers come, and how many different ones there are."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY, shades

# --8<-- [start:matrices]
import torch

torch.manual_seed(261)
n, d = 11, 16
letters = torch.randn(26, d)                        # a vector per letter
own = torch.randn(n, n)                             # dense: one number per pair
kernel = torch.tensor([0.3, 0.5, 0.2])              # convolution: one per offset
W_Q, W_K = torch.randn(2, d, d) / d**0.5            # attention: two matrices


def mixing_matrices(word):
    """How much output i takes from input j: (n, n) for each of three layers."""
    x = letters[[ord(letter) - ord("a") for letter in word]]     # (n, d)
    Q, K = x @ W_Q.T, x @ W_K.T                                  # (n, d) each
    return {"dense": own,
            "convolution": sum(amount * torch.ones(n - abs(offset)).diag(offset)
                               for offset, amount in zip((-1, 0, 1), kernel)),
            "attention": torch.softmax(Q @ K.T / d**0.5, dim=1)}


first, second = mixing_matrices("mississippi"), mixing_matrices("abracadabra")
for layer in first:
    same = first[layer].equal(second[layer])
    print(f"{layer:11} the same for both words: {same}")
# --8<-- [end:matrices]


def distinct(A):
    """How many different numbers, other than zero, to 5 digits."""
    return len(A[A != 0].mul(1e5).round().unique())


def results():
    """How many different numbers each matrix has.

    >>> r = results()
    >>> r["dense"] == n * n, r["convolution"] == len(kernel)
    (True, True)

    Attention has one for each (letter at i, letter at j): of 4 letters, and of 5.

    >>> r["mississippi"] == len(set("mississippi"))**2
    True
    >>> r["abracadabra"] == len(set("abracadabra"))**2
    True

    The convolution is PyTorch's, and attention's rows are weighted means (D2c).

    >>> x = torch.randn(n, d)
    >>> y = torch.conv1d(x.T.unsqueeze(1), kernel[None, None], padding=1)
    >>> torch.allclose(first["convolution"] @ x, y.squeeze(1).T, atol=1e-6)
    True
    >>> A = first["attention"]
    >>> bool((A > 0).all()), torch.allclose(A.sum(dim=1), A.new_ones(n))
    (True, True)
    """
    return {
        "dense": distinct(first["dense"]),
        "convolution": distinct(first["convolution"]),
        "mississippi": distinct(first["attention"]),
        "abracadabra": distinct(second["attention"]),
    }


def data():
    Q, K = letters @ W_Q.T, letters @ W_K.T                      # of the whole alphabet
    scores = (Q @ K.T / d**0.5).tolist()
    return {"kernel": [round(amount, 6) for amount in kernel.tolist()],
            "dense": [[round(amount, 3) for amount in row] for row in own.tolist()],
            "scores": [[round(score, 6) for score in row] for row in scores]}


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.6))
    panels = [("dense layer", first["dense"], "", GRAY),
              ("convolution", first["convolution"], "", CONVOLUTION),
              ("attention", first["attention"], "mississippi", ATTENTION),
              ("attention", second["attention"], "abracadabra", ATTENTION)]
    for ax, (name, matrix, word, color) in zip(axes.flat, panels):
        ax.imshow(matrix.abs(), cmap=shades(color), vmin=0, interpolation="none",
                  label=f"{name} {word}")
        ax.set_title(name, color="black" if color == GRAY else color, weight="bold")
        ax.set_xticks(range(n), word or [""] * n)
        ax.set_yticks(range(n), word or [""] * n)
        ax.tick_params(length=0)
        ax.spines[:].set(visible=True, color=FAINT)
    for ax in axes[0]:
        ax.set(xlabel="input $j$", ylabel="output $i$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
