"""A convolution always looks at the neighbours; attention goes to the word that fits."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

import torch

SENTENCES = ["the dogs followed the cat because it wanted to play".split(),
             "the cat followed the dogs because it wanted to play".split()]
IT = 6
QUERY = torch.tensor([4.0, 2])                  # of it: an animal (4), one (2)
KEYS = {"cat": [1.0, 1], "dogs": [1.0, -1], "it": [0.0, 1]}
KERNEL = {-1: 0.25, 0: 0.5, 1: 0.25}


def convolution(words):
    """How much the kernel takes from each word for the output at *it* (n)."""
    return [KERNEL.get(i - IT, 0.0) for i in range(len(words))]


def attention(words):
    """How much *it* takes from each word (n): a softmax of query times keys."""
    keys = torch.tensor([KEYS.get(word, [0.0, 0.0]) for word in words])
    return torch.softmax(keys @ QUERY / 2**0.5, dim=0).tolist()


def results():
    """In both sentences the cat gets most, wherever it stands; the kernel does not move.

    >>> [words[torch.tensor(attention(words)).argmax()] for words in SENTENCES]
    ['cat', 'cat']
    >>> convolution(SENTENCES[0]) == convolution(SENTENCES[1])
    True
    """
    first, second = ([i for i, word in enumerate(words) if word == "cat"][0]
                     for words in SENTENCES)
    return {"first": IT - first, "second": IT - second}


def figure():
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 4.6))
    for ax, words in zip(axes, SENTENCES):
        ends = torch.tensor([len(word) + 1.4 for word in words]).cumsum(0).tolist()
        at = [end - (len(word) + 1.4) / 2 for end, word in zip(ends, words)]
        for top, color, parts in ((1, CONVOLUTION, convolution(words)),
                                  (-1, ATTENTION, attention(words))):
            ax.plot(at[IT], 1.1 * top, "o", color=color, ms=9)
            ax.text(at[IT] + 1.5, 1.12 * top, "convolution" if top > 0 else "self-attention",
                    color=color, weight="bold", va="center_baseline", size=11)
            for x, part in zip(at, parts):
                if part:
                    ax.plot([at[IT], x], [1.1 * top, 0.24 * top], color=color,
                            lw=0.4 + 8 * part, solid_capstyle="round")
        for i, (x, word) in enumerate(zip(at, words)):
            strong = word == "cat" or i == IT
            ax.text(x, 0, word, ha="center", va="center_baseline", size=11,
                    color="black" if strong else GRAY, weight="bold" if strong else "normal")
        ax.set(xlim=(0, ends[-1]), ylim=(-1.3, 1.3), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
