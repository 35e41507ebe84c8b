"""Without positions, attention reads a bag of letters: stressed is desserts."""

import matplotlib.pyplot as plt
from style import ATTENTION, shades

# --8<-- [start:permutation]
import torch
from torch import nn

torch.manual_seed(0)
d = 32
layer = nn.MultiheadAttention(d, 4, batch_first=True).double()
letters = 2 * torch.randn(26, d).double()           # a vector for each letter
places = 2 * torch.randn(8, d).double()             # a vector for each position


def attend(word, with_places):
    """Outputs (n, d) and shares A (n, n), the mean of 4 heads."""
    x = letters[[ord(letter) - ord("a") for letter in word]]    # (n, d)
    if with_places:
        x = x + places
    y, A = layer(x[None], x[None], x[None])         # (1, n, d), (1, n, n)
    return y[0].detach(), A[0].detach()


def error(with_places):
    """|f(Px) - P f(x)| / |f(x)|, where P turns the word round."""
    y, _ = attend("stressed", with_places)
    z, _ = attend("desserts", with_places)
    return ((z - y.flip(0)).norm() / y.norm()).item()


print("without positions: error below 1e-14:", error(False) < 1e-14)
print(f"with positions: error {error(True):.1f}")
# --8<-- [end:permutation]

words = "stressed", "desserts"


def results():
    """How far a reversed word is from the reversed output.

    >>> r = results()
    >>> r["error"] < 1e-12, r["with_places"] > 0.3
    (True, True)

    Any permutation will do, A moves in both of its axes, and a mean over the
    positions does not change at all.

    >>> x, P = torch.randn(1, 8, d).double(), torch.randperm(8)
    >>> (y, A), (z, B) = layer(x, x, x), layer(x[:, P], x[:, P], x[:, P])
    >>> torch.allclose(z, y[:, P]), torch.allclose(B[0], A[0][P][:, P])
    (True, True)
    >>> torch.allclose(z.mean(1), y.mean(1))
    True

    Equal letters have equal rows and columns. They count each time they occur.

    >>> _, A = attend("stressed", False)
    >>> torch.allclose(A[0], A[4]), torch.allclose(A[:, 0], A[:, 4])
    (True, True)
    >>> torch.allclose(attend("st", False)[0][0], attend("sst", False)[0][0])
    False

    A causal mask is an order too: with it, the reversed word is another word.

    >>> def causal(x):
    ...     future = torch.ones(8, 8).triu(1).bool()
    ...     return layer(x, x, x, attn_mask=future)[0]
    >>> torch.allclose(causal(x[:, P]), causal(x)[:, P])
    False
    """
    return {"error": error(False), "with_places": error(True)}


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 6.4))
    for row, with_places in zip(axes, (False, True)):
        for ax, word in zip(row, words):
            _, A = attend(word, with_places)
            ax.imshow(A.numpy(), cmap=shades(ATTENTION), vmin=0, vmax=0.5,
                      interpolation="none",
                      label=f"{word}, {'with' if with_places else 'without'} positions")
            ax.set_xticks(range(8), word)
            ax.set_yticks(range(8), word)
            ax.tick_params(length=0, labelsize=15)
        row[0].set_title(f"{'with' if with_places else 'without'} positions", size=15)
        row[0].set_ylabel("query", size=15)
    for ax in axes[1]:
        ax.set_xlabel("key", size=15)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
