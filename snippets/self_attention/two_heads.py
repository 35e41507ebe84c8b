"""Two heads made by hand: the same word asks two questions, and gets two answers."""

from itertools import accumulate

import matplotlib.pyplot as plt
import torch
from style import ATTENTION, FAINT, GRAY

#                      animal verb; the third channel of a word is its place
VECTORS = {"dogs": [1.0, 0], "cat": [1.0, 0], "followed": [0.0, 1]}
HEADS = {                               # W_Q reads the verb, W_K the animal and the place
    "who followed?": torch.tensor([[0.0, 20, 0], [0, -2, 0]]),
    "who was followed?": torch.tensor([[0.0, 20, 0], [0, 2, 0]]),
}
W_K = torch.tensor([[1.0, 0, 0], [0, 0, 1]])
FIRST = "the dogs followed the cat because it wanted to play".split()
SECOND = "the cat followed the dogs because it wanted to play".split()


def shares(W_Q, words):
    """What *followed* takes from each of n words (n).

    >>> for name, W_Q in HEADS.items():
    ...     print(name, *(words[shares(W_Q, words).argmax()] for words in (FIRST, SECOND)))
    who followed? dogs cat
    who was followed? cat dogs
    """
    x = torch.tensor([VECTORS.get(word, [0.0, 0]) + [place] for place, word in enumerate(words)])
    return torch.softmax((x @ W_K.T) @ (W_Q @ x[words.index("followed")]) / 2**0.5, dim=0)


def results():
    who, whom = (shares(W_Q, FIRST).max().item() for W_Q in HEADS.values())
    return {"who": who, "whom": whom}


def figure():
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 3.4))
    ends = list(accumulate(len(word) + 1.5 for word in FIRST))      # in letters
    places = [end - len(word) / 2 for end, word in zip(ends, FIRST)]
    for ax, (name, W_Q) in zip(axes, HEADS.items()):
        at = places[FIRST.index("followed")]
        for word, place, share in zip(FIRST, places, shares(W_Q, FIRST).tolist()):
            ax.plot([at, place], [1, 0], color=ATTENTION, lw=9 * share + 0.3,
                    solid_capstyle="round", label=f"{name} {word}")
            ax.text(place, -0.12, word, ha="center", va="top",
                    color=GRAY if share < 0.5 else "black")
        ax.text(at, 1.1, "followed", ha="center", weight="bold")
        ax.text(at + 6, 1.1, name)
        ax.plot([1.5, ends[-1]], [-0.05] * 2, color=FAINT, lw=0.5)
        ax.set(xlim=(1, ends[-1] + 0.5), ylim=(-0.5, 1.4), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
