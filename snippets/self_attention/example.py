"""A head made by hand: "it" asks all words a question, and takes most from the word that fits."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY

# --8<-- [start:example]
import torch

#                 cat dog pronoun number   (number: 1 singular, -1 plural)
vectors = {"cat": [1., 0, 0, 1], "dogs": [0., 1, 0, -1],
           "it":  [0., 0, 1, 1], "they": [0., 0, 1, -1]}
W_Q = torch.tensor([[0., 0, 4, 0], [0, 0, 0, 2]])  # question: animal, number
W_K = torch.tensor([[1., 1, 0, 0], [0, 0, 0, 1]])  # label:    animal, number
W_V = torch.tensor([[1., 0, 0, 0], [0, 1, 0, 0]])  # content:  cat, dog


def attention(words):
    """Scores S and shares A (n, n), outputs y (n, 2) of n words."""
    x = torch.tensor([vectors.get(w, [0., 0, 0, 0]) for w in words])  # (n, d)
    Q, K, V = x @ W_Q.T, x @ W_K.T, x @ W_V.T      # (n, d_head) each
    S = Q @ K.T                                    # (n, n)
    A = torch.softmax(S / 2**0.5, dim=1)           # each row sums to 1
    return S, A, A @ V


for sentence in ("the dogs followed the cat because it wanted to play",
                 "the cat followed the dogs because it wanted to play",
                 "the dogs followed the cat because they wanted to play"):
    words = sentence.split()
    S, A, y = attention(words)
    i, cat, dogs = 6, words.index("cat"), words.index("dogs")
    print(f"{words[i]}: {A[i, cat]:.0%} of cat, {A[i, dogs]:.0%} of dogs,",
          f"new vector ({y[i, 0]:.2f}, {y[i, 1]:.2f})")
# --8<-- [end:example]

SENTENCES = ["the dogs followed the cat because it wanted to play",
             "the cat followed the dogs because it wanted to play",
             "the dogs slept because it rained"]


def row(sentence, pronoun="it"):
    """What the pronoun makes of each word: scores, shares, and its new vector."""
    words = sentence.split()
    i = words.index(pronoun)
    S, A, y = attention(words)
    return dict(zip(words, S[i].tolist())), dict(zip(words, A[i].tolist())), y[i].tolist()


def results():
    """The numbers of the worked example.

    >>> scores, shares, y = row(SENTENCES[0])
    >>> scores["cat"], scores["dogs"], scores["it"], scores["play"]
    (6.0, 2.0, 2.0, 0.0)

    Each word of the second sentence has the output that it has in the first.

    >>> first, second = (attention(s.split())[2] for s in SENTENCES[:2])
    >>> order = [SENTENCES[0].split().index(w) for w in ("dogs", "cat", "it")]
    >>> moved = [SENTENCES[1].split().index(w) for w in ("dogs", "cat", "it")]
    >>> torch.allclose(first[order], second[moved])
    True
    """
    scores, shares, y = row(SENTENCES[0])
    exponentials = {word: torch.tensor(score / 2**0.5).exp().item()
                    for word, score in scores.items()}
    S, A, _ = attention(SENTENCES[0].split())
    return {
        "cat_scaled": scores["cat"] / 2**0.5,
        "dogs_scaled": scores["dogs"] / 2**0.5,
        "cat_exp": exponentials["cat"], "dogs_exp": exponentials["dogs"],
        "sum_exp": (S[6] / 2**0.5).exp().sum().item(),
        "cat": shares["cat"], "dogs": shares["dogs"], "it": shares["it"],
        "play": shares["play"], "y_cat": y[0], "y_dog": y[1],
        "unscaled": torch.softmax(S[6], dim=0)[4].item(),
        "rain": row(SENTENCES[2])[1]["dogs"],
        "rival": row("the cat followed the cat because it wanted to play")[1]["cat"],
    }


def figure():
    words = SENTENCES[0].split()
    S, A, y = (part[6] for part in attention(words))
    colors = [ATTENTION if word == "cat" else GRAY for word in words]
    fig, (scores, shares) = plt.subplots(2, 1, figsize=(7.2, 4), height_ratios=(1, 0.9))
    scores.bar(range(10), S.tolist(), color=colors, width=0.5, label="scores")
    scores.set(title="scores of “it”", xlim=(-0.6, 9.6), ylim=(0, 6), yticks=[0, 2, 6],
               xticks=range(10))
    scores.set_xticklabels(words)
    scores.tick_params(length=0)
    scores.spines["left"].set_color(FAINT)
    left, parts = 0, [(words[i], A[i].item(), colors[i]) for i in (4, 1, 6)]
    parts.append(("others", 1 - sum(share for _, share, _ in parts), FAINT))
    for word, share, color in parts:
        shares.barh(0, share - 0.004, left=left, color=color, height=0.5, label=word)
        shares.text(left + share / 2, -0.33 if word == "it" else 0.33, word, ha="center",
                    va="top" if word == "it" else "bottom")
        left += share
    shares.text(0, -0.33, f"new vector of “it”: ({y[0]:.2f} cat, {y[1]:.2f} dog)", va="top")
    shares.set(title="shares of “it”", xlim=(0, 1), ylim=(-0.7, 0.8), xticks=[], yticks=[])
    shares.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
