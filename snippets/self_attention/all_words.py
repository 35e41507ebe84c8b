"""A head made by hand, for all words of a sentence at once."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, shades

# --8<-- [start:attention]
import torch

#                 cat dog pronoun number   (number: 1 singular, -1 plural)
vectors = {"cat": [1., 0, 0, 1], "dogs": [0., 1, 0, -1],
           "it":  [0., 0, 1, 1], "they": [0., 0, 1, -1]}
W_Q = torch.tensor([[0., 0, 4, 0], [0, 0, 0, 2]])  # question: animal, number
W_K = torch.tensor([[1., 1, 0, 0], [0, 0, 0, 1]])  # label:    animal, number
W_V = torch.tensor([[1., 0, 0, 0], [0, 1, 0, 0]])  # content:  cat, dog


def attention(words):
    """Shares A (n, n) and outputs y (n, 2) of n words."""
    x = torch.tensor([vectors.get(w, [0., 0, 0, 0]) for w in words])  # (n, d)
    Q, K, V = x @ W_Q.T, x @ W_K.T, x @ W_V.T      # (n, d_head) each
    S = Q @ K.T                                    # (n, n)
    A = torch.softmax(S / 2**0.5, dim=1)           # each row sums to 1
    return A, A @ V


for sentence in ("the dogs followed the cat because it wanted to play",
                 "the cat followed the dogs because it wanted to play",
                 "the dogs followed the cat because they wanted to play"):
    words = sentence.split()
    A, y = attention(words)
    i, cat, dogs = 6, words.index("cat"), words.index("dogs")
    print(f"{words[i]}: {A[i, cat]:.0%} of cat, {A[i, dogs]:.0%} of dogs,",
          f"new vector ({y[i, 0]:.2f}, {y[i, 1]:.2f})")
# --8<-- [end:attention]

FIRST = "the dogs followed the cat because it wanted to play".split()
SECOND = "the cat followed the dogs because it wanted to play".split()


def results():
    """The words ask and answer as the page says.

    >>> x = torch.tensor([vectors[word] for word in ("it", "they", "cat", "dogs")])
    >>> (x[:2] @ W_Q.T).tolist()
    [[4.0, 2.0], [4.0, -2.0]]
    >>> (x @ W_K.T).tolist()
    [[0.0, 1.0], [0.0, -1.0], [1.0, 1.0], [1.0, -1.0]]
    >>> (x @ W_V.T).tolist()
    [[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]

    Each word of the second sentence has the output that it has in the first.

    >>> first, second = attention(FIRST)[1], attention(SECOND)[1]
    >>> order = [FIRST.index(word) for word in ("dogs", "cat", "followed", "it")]
    >>> moved = [SECOND.index(word) for word in ("dogs", "cat", "followed", "it")]
    >>> torch.allclose(first[order], second[moved])
    True
    """
    return {}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.6))
    A = attention(FIRST)[0]
    ax.imshow(A, cmap=shades(ATTENTION), vmin=0, vmax=1, interpolation="none",
              label="shares")
    i = FIRST.index("it")
    ax.add_patch(plt.Rectangle((-0.5, i - 0.5), 10, 1, fill=False, ec="black", lw=2))
    for j, share in enumerate(A[i].tolist()):
        ax.text(j, i, f"{share:.0%}".rstrip("%"), ha="center", va="center", size=11.5)
    ax.set_xticks(range(10), FIRST, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(10), FIRST)
    ax.set(xlabel="… from this word", ylabel="this word takes …")
    ax.tick_params(length=0)
    ax.spines[:].set(visible=True, color=FAINT)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
