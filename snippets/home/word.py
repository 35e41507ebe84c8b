"""Letters that mix: a convolution always reads the neighbours, attention finds equal letters."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

import torch

torch.manual_seed(0)
KERNEL = [0.25, 0.5, 0.25]
letters = torch.nn.functional.normalize(torch.randn(26, 16))    # a vector for each letter
SCORES = 5 * letters @ letters.T            # high for a letter and itself: (26, 26)
WORDS = {"mississippi": 5, "sipsipsimis": 3}            # a word, and the place of an s


def number(letter):
    """Which vector a letter has: a to z one each; any other character borrows one."""
    return ord(letter) - ord("a") if "a" <= letter <= "z" else ord(letter) % 26


def convolution(word, i):
    """How much output i takes from each letter (n); what lies outside counts as nothing."""
    return [KERNEL[j - i + 1] if abs(j - i) < 2 else 0.0 for j in range(len(word))]


def attention(word, i, order=0.0):
    """The same by attention: a softmax of scores, less order for each step of distance."""
    at = [number(letter) for letter in word]
    far = (torch.arange(len(word)) - i).abs()
    return torch.softmax(SCORES[at[i], at] - order * far, dim=0).tolist()


def data():
    return {"kernel": KERNEL, "scores": [[round(s, 6) for s in row] for row in SCORES.tolist()]}


def results():
    """What an s takes from the other letters s, in two words, and what the kernel takes.

    Wherever the letters stand, an s takes as much from each s; only their number counts.

    >>> first, second = (attention(word, i) for word, i in WORDS.items())
    >>> abs(sum(first) - 1) < 1e-6
    True
    >>> equal = [[part for part, letter in zip(parts, word) if letter == "s"]
    ...          for parts, word in ((first, "mississippi"), (second, "sipsipsimis"))]
    >>> [max(parts) - min(parts) < 1e-6 for parts in equal]
    [True, True]
    >>> min(map(sum, equal)) > 0.8
    True
    """
    return {"equal": min(
        sum(part for part, letter in zip(attention(word, i), word) if letter == "s")
        for word, i in WORDS.items())}


def figure():
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 4.6))
    for ax, (word, i) in zip(axes, WORDS.items()):
        for top, color, parts in ((1, CONVOLUTION, convolution(word, i)),
                                  (-1, ATTENTION, attention(word, i))):
            ax.plot(i, 1.1 * top, "o", color=color, ms=9)
            ax.text(i + 0.4, 1.2 * top, "convolution" if top > 0 else "self-attention",
                    color=color, weight="bold", va="center_baseline")
            for j, part in enumerate(parts):
                if part:
                    ax.plot([i, j], [1.1 * top, 0.24 * top], color=color,
                            lw=0.4 + 12 * part, solid_capstyle="round")
        for j, letter in enumerate(word):
            ax.text(j, 0, letter, ha="center", va="center_baseline", size=13,
                    color="black" if letter == "s" else GRAY,
                    weight="bold" if j == i else "normal")
        ax.set(xlim=(-0.6, len(word) - 0.4), ylim=(-1.4, 1.4), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
