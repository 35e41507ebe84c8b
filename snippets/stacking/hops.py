"""Where is the key? One layer of attention finds the box, a second the bag."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY

# --8<-- [start:hops]
import torch

names = ["key", "box", "bag", "coin", "tin", "sack"]
word = dict(zip(names, torch.eye(6)))                   # one channel per name


def layer(x, sharpness=8):
    """Three parts of 6 channels per token: thing, place, and what it seeks."""
    thing, place, seek = x.split(6, dim=1)              # (n, 6) each
    A = torch.softmax(sharpness * seek @ thing.T, dim=1)        # (n, n)
    return torch.cat([thing, place, A @ place], dim=1), A


def tokens(facts, question):
    none = torch.zeros(6)
    rows = [torch.cat([word[a], word[b], none]) for a, b in facts]
    return torch.stack(rows + [torch.cat([none, none, word[question]])])


for facts in ([("box", "bag"), ("coin", "tin"), ("key", "box"), ("tin", "sack")],
              [("box", "sack"), ("coin", "tin"), ("key", "box"), ("tin", "bag")]):
    x = tokens(facts, "key")                            # (5, 18)
    for depth in (1, 2):
        x, A = layer(x)
        found = x[-1, 12:]                              # what the question has
        print(depth, "layer" + "s" * (depth > 1) + ":", names[found.argmax()],
              f"{found.max():.0%}")
# --8<-- [end:hops]

FACTS = [("box", "bag"), ("coin", "tin"), ("key", "box"), ("tin", "sack")]


def answer(facts, depth):
    x = tokens(facts, "key")
    for _ in range(depth):
        x, A = layer(x)
    return names[x[-1, 12:].argmax()], A[-1]


def results():
    """The numbers the page quotes.

    >>> swapped = [(a, {"bag": "sack", "sack": "bag"}.get(b, b)) for a, b in FACTS]
    >>> [answer(FACTS, depth)[0] for depth in (1, 2)]
    ['box', 'bag']
    >>> [answer(swapped, depth)[0] for depth in (1, 2)]
    ['box', 'sack']

    The order of the facts makes no difference.

    >>> {answer([FACTS[i] for i in torch.randperm(4)], 2)[0] for _ in range(20)}
    {'bag'}
    """
    return {"share": min(answer(FACTS, depth)[1].max().item() for depth in (1, 2))}


def figure():
    fig, axes = plt.subplots(2, figsize=(5.2, 3.6))
    texts = [f"{a} in {b}" for a, b in FACTS]
    for depth, ax in enumerate(axes, 1):
        A = answer(FACTS, depth)[1]
        seeks = "key" if depth == 1 else answer(FACTS, 1)[0]
        for i, text in enumerate(texts):
            share = A[i].item()
            ax.plot([1.5, i], [1, 0], color=ATTENTION, lw=9 * share + 0.5, label=text,
                    solid_capstyle="round")
            ax.text(i, -0.15, text, ha="center", va="top", size=12,
                    color="black" if share > 0.5 else GRAY)
        ax.text(1.5, 1.12, f"Where is the {seeks}?", ha="center", size=12, weight="bold")
        ax.text(-0.4, 1.12, f"layer {depth}", color=ATTENTION, size=12)
        ax.plot([-0.4, 3.4], [-0.08] * 2, color=FAINT, lw=0.5)
        ax.set(xlim=(-0.45, 3.45), ylim=(-0.5, 1.5), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
