"""Two heads made by hand: the same word asks two questions, and gets two answers."""

import matplotlib.pyplot as plt
import torch
from style import ATTENTION, FAINT, GRAY

#                  cat dog pronoun number action
VECTORS = {"cat":  [1., 0, 0, 1, 0], "dogs": [0., 1, 0, -1, 0], "play": [0., 0, 0, 0, 1],
           "it":   [0., 0, 1, 1, 0]}
HEADS = {
    "who am I?": (torch.tensor([[0., 0, 4, 0, 0], [0, 0, 0, 2, 0]]),      # W_Q
                  torch.tensor([[1., 1, 0, 0, 0], [0, 0, 0, 1, 0]])),     # W_K
    "what do I want?": (torch.tensor([[0., 0, 6, 0, 0], [0, 0, 0, 0, 0]]),
                        torch.tensor([[0., 0, 0, 0, 1], [0, 0, 0, 0, 0]])),
}
WORDS = "the dogs followed the cat because it wanted to play".split()
PRONOUN = 6


def shares(W_Q, W_K):
    """What *it* takes from each word (n).

    >>> for name, head in HEADS.items():
    ...     print(name, WORDS[shares(*head).argmax()], bool(shares(*head).max() > 0.8))
    who am I? cat True
    what do I want? play True
    """
    x = torch.tensor([VECTORS.get(word, [0.0] * 5) for word in WORDS])
    return torch.softmax((x @ W_K.T) @ (W_Q @ x[PRONOUN]) / 2**0.5, dim=0)


def results():
    first, second = (shares(*head).max().item() for head in HEADS.values())
    return {"cat": first, "play": second}


def figure():
    fig, axes = plt.subplots(2, 1, figsize=(7.2, 3.4))
    for ax, (name, head) in zip(axes, HEADS.items()):
        for i, (word, share) in enumerate(zip(WORDS, shares(*head).tolist())):
            ax.plot([PRONOUN, i], [1, 0], color=ATTENTION, lw=9 * share + 0.3,
                    solid_capstyle="round", label=f"{name} {word}")
            ax.text(i, -0.12, word, ha="center", va="top",
                    color=GRAY if share < 0.5 else "black")
        ax.text(PRONOUN, 1.1, "it", ha="center", weight="bold")
        ax.text(-0.4, 1.1, name)
        ax.plot([0, 9], [-0.05] * 2, color=FAINT, lw=0.5)
        ax.set(xlim=(-0.6, 9.4), ylim=(-0.5, 1.4), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
