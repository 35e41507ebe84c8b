"""Four mixing matrices: what their weights depend on, and how many are stored."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY, shades

# --8<-- [start:matrices]
import torch

torch.manual_seed(261)
n, d = 11, 16
letters = torch.randn(26, d, dtype=torch.float64)   # a vector a letter
weights = torch.randn(n, n)                         # of nn.Linear(n, n)
kernel = torch.tensor([0.3, 0.5, 0.2])              # of the convolution
W_Q, W_K = torch.randn(2, d, d).double() / d**0.5   # of attention


def dense(x):
    """a_ij: a number of its own for each pair i, j."""
    return weights                                  # (n, n)


def convolution(x):
    """a_ij = kernel[j - i + 1]: one number a diagonal, zero beyond."""
    return sum(a.expand(n - abs(o)).diag(o)         # (n, n)
               for o, a in zip((-1, 0, 1), kernel))


def attention(x):
    """a_ij = softmax over j of q_i k_j / sqrt(d): computed from x."""
    Q, K = x @ W_Q.T, x @ W_K.T                     # (n, d) each
    return torch.softmax(Q @ K.T / d**0.5, dim=-1)  # (n, n)


def embed(word):
    return letters[[ord(letter) - ord("a") for letter in word]]   # (n, d)


def distinct(A):
    """How many different numbers, other than zero, to 9 digits."""
    return len(A[A != 0].mul(1e9).round().unique())


stored = {dense: n * n, convolution: len(kernel), attention: 2 * d * d}
words = "mississippi", "abracadabra"
print("             stored  non-zero  distinct")
for layer in stored:
    for word in words:
        A = layer(embed(word))
        print(f"{layer.__name__:11} {stored[layer]:7} "
              f"{A.count_nonzero():9} {distinct(A):9}  {word}")
# --8<-- [end:matrices]


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["dense_distinct"] == n * n, r["convolution_distinct"]
    (True, 3)

    Attention has one for each (letter at i, letter at j): of 4 letters, and of 5.

    >>> [r[f"attention_distinct_{word}"] == len(set(word))**2 for word in words]
    [True, True]

    The convolution is PyTorch's, and attention's rows are weighted means (D2c).

    >>> x = embed("mississippi")
    >>> y = torch.conv1d(x.T.unsqueeze(1), kernel[None, None].double(), padding=1)
    >>> torch.allclose(convolution(x).double() @ x, y.squeeze(1).T)
    True
    >>> A = attention(x)
    >>> bool((A > 0).all()), torch.allclose(A.sum(dim=1), A.new_ones(n))
    (True, True)
    """
    first, second = (attention(embed(word)) for word in words)
    return {
        "n": n,
        "d": d,
        "dense_stored": stored[dense],
        "dense_distinct": distinct(weights),
        "convolution_stored": stored[convolution],
        "convolution_nonzero": int(convolution(None).count_nonzero()),
        "convolution_distinct": distinct(convolution(None)),
        "attention_stored": stored[attention],
        "attention_nonzero": int(first.count_nonzero()),
        "attention_distinct_mississippi": distinct(first),
        "attention_distinct_abracadabra": distinct(second),
    }


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.6))
    panels = [("dense linear layer", dense, "mississippi", GRAY),
              ("convolution", convolution, "mississippi", CONVOLUTION),
              ("attention", attention, "mississippi", ATTENTION),
              ("attention", attention, "abracadabra", ATTENTION)]
    for ax, (name, layer, word, color) in zip(axes.flat, panels):
        ax.imshow(layer(embed(word)).abs(), cmap=shades(color), vmin=0,
                  interpolation="none", label=f"{name}, {word}")
        ax.set_title(name, color="black" if color == GRAY else color,
                     weight="bold")
        ticks = word if layer is attention else [""] * n
        ax.set_xticks(range(n), ticks)
        ax.set_yticks(range(n), ticks)
        ax.tick_params(length=0)
        ax.spines[:].set(visible=True, color=FAINT)
    for ax in axes[0]:
        ax.set(xlabel="input $j$", ylabel="output $i$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
