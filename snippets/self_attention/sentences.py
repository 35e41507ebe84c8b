"""Three sentences: whom a pronoun means, and what stands at a fixed distance from it."""

from itertools import accumulate

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch
from style import ATTENTION, CONVOLUTION, GRAY

SENTENCES = {
    "the dogs followed the cat because it wanted to play": "cat",
    "the cat followed the dogs because it wanted to play": "cat",
    "the dogs followed the cat because they wanted to play": "dogs",
}
PRONOUN = 6


def distance(sentence, animal):
    """How many words before the pronoun the animal stands.

    >>> [distance(sentence, animal) for sentence, animal in SENTENCES.items()]
    [2, 5, 5]
    """
    return PRONOUN - sentence.split().index(animal)


def results():
    first, second, third = (distance(*each) for each in SENTENCES.items())
    return {"first": first, "second": second, "third": third}


def figure():
    fig, axes = plt.subplots(3, 1, figsize=(5.2, 4.6))
    for ax, (sentence, animal) in zip(axes, SENTENCES.items()):
        words = sentence.split()
        ends = list(accumulate(len(word) + 1.5 for word in words))      # in letters
        places = [end - len(word) / 2 for end, word in zip(ends, words)]
        for i, word in enumerate(words):
            strong = word == animal or i == PRONOUN
            ax.text(places[i], 0, word, ha="center", va="center", color="black" if strong else GRAY,
                    weight="bold" if strong else "normal")
        for end, color, y, bend in ((words.index(animal), ATTENTION, 0.3, 0.35),
                                    (PRONOUN - 2, CONVOLUTION, -0.3, -0.35)):
            ax.add_patch(FancyArrowPatch(
                (places[PRONOUN], y), (places[end], y), connectionstyle=f"arc3,rad={bend}",
                color=color, arrowstyle="-|>", mutation_scale=14, lw=2))
        ax.set(xlim=(1, ends[-1] + 0.5), ylim=(-1.1, 1.5), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    axes[0].text(30, 1, "to the one that is meant", color=ATTENTION, ha="center")
    axes[0].text(30, -1, "always two words back", color=CONVOLUTION, ha="center", va="top")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
