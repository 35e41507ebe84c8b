"""Four steps for one word: "it" asks, and takes most from the word that fits."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY

import torch

QUERIES = {"it": [4.0, 2], "they": [4.0, -2]}                   # animal, number
KEYS = {"cat": [1.0, 1], "dogs": [1.0, -1], "it": [0.0, 1], "they": [0.0, -1]}
VALUES = {"cat": [1.0, 0], "dogs": [0.0, 1]}                    # cat, dog
PLAY = "the dogs followed the cat because it wanted to play"
RAIN = "the dogs slept because it rained"


def row(sentence, pronoun="it"):
    """What the pronoun makes of n words: scaled scores (n), shares (n), new vector (2).

    >>> scaled, shares, y = row(PLAY)
    >>> (scaled * 2**0.5).round().int().tolist()
    [0, 2, 0, 0, 6, 0, 2, 0, 0, 0]
    >>> shares.argmax().item() == PLAY.split().index("cat")
    True
    """
    words = sentence.split()
    keys, values = (torch.tensor([each.get(word, [0.0, 0.0]) for word in words])
                    for each in (KEYS, VALUES))                 # (n, 2) each
    scaled = keys @ torch.tensor(QUERIES[pronoun]) / 2**0.5
    shares = torch.softmax(scaled, dim=0)
    return scaled, shares, shares @ values


def results():
    """The numbers of the worked example.

    In the other two sentences, the share goes where the page says.

    >>> _, shares, y = row("the cat followed the dogs because it wanted to play")
    >>> torch.allclose(y, row(PLAY)[2])
    True
    >>> _, shares, y = row("the dogs followed the cat because they wanted to play", "they")
    >>> torch.allclose(y, row(PLAY)[2].flip(0))
    True
    """
    scaled, shares, y = row(PLAY)
    exponentials = scaled.exp()
    dogs, cat, it, play = 1, 4, 6, 9
    return {
        "cat_scaled": scaled[cat].item(), "dogs_scaled": scaled[dogs].item(),
        "cat_exp": exponentials[cat].item(), "dogs_exp": exponentials[dogs].item(),
        "sum_exp": exponentials.sum().item(),
        "cat": shares[cat].item(), "dogs": shares[dogs].item(), "it": shares[it].item(),
        "play": shares[play].item(), "y_cat": y[0].item(), "y_dog": y[1].item(),
        "unscaled": torch.softmax(scaled * 2**0.5, dim=0)[cat].item(),
        "rain": row(RAIN)[1][1].item(),
        "rival": row(PLAY.replace("dogs", "cat"))[1][cat].item(),
    }


def figure():
    words, (scaled, share, _) = PLAY.split(), row(PLAY)
    colors = [ATTENTION if word == "cat" else GRAY for word in words]
    fig, (scores, shares) = plt.subplots(1, 2, figsize=(5.2, 4.2), width_ratios=(1.2, 1))
    for i, score in enumerate(scaled.tolist()):
        scores.plot([0, score], [i, i], color=colors[i], lw=16, solid_capstyle="butt",
                    label=f"scaled score of {words[i]}")
        if score:
            scores.text(score + 0.1, i, f"{score:.2f}", va="center")
    scores.set(title="2. scaled scores of “it”", ylim=(9.6, -0.6), xlim=(0, 5.6), xticks=[],
               yticks=range(10))
    scores.set_yticklabels(words)
    scores.tick_params(length=0)
    scores.spines["bottom"].set_visible(False)
    top, parts = 0, [(words[i], share[i].item(), colors[i]) for i in (4, 1, 6)]
    parts.append(("others", 1 - sum(each for _, each, _ in parts), FAINT))
    for word, each, color in parts:
        shares.bar(0, each - 0.005, bottom=top, color=color, width=0.5, label=word)
        shares.text(0.32, top + each / 2, f"{word} {each:.0%}", va="center")
        top += each
    shares.set(title="3. shares of “it”", ylim=(1, 0), xlim=(-0.3, 1.2), xticks=[], yticks=[])
    shares.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
