"""Rounds: attention and convolution, if one operation on two numbers takes one round."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY

# --8<-- [start:rounds]
import torch
import torch.nn.functional as F


def dot(a, b):
    """Sum of a * b over the last axis; rounds: one product, then halving."""
    terms, rounds = a * b, 1
    while terms.shape[-1] > 1:
        terms = F.pad(terms, (0, terms.shape[-1] % 2))      # an even number
        terms, rounds = terms[..., ::2] + terms[..., 1::2], rounds + 1
    return terms[..., 0], rounds


def attention(x, W_Q, W_K, W_V, W_O):
    """Outputs (n, d) and the rounds until they are there."""
    (Q, first), (K, _), (V, _) = (dot(x[:, None], W) for W in (W_Q, W_K, W_V))
    S, scores = dot(Q[:, None], K)                          # (n, n)
    E = torch.exp(S / x.shape[1]**0.5)                      # 2 rounds
    above, sums = dot(E[:, None], V.T)                      # (n, d)
    below, beside = dot(E, torch.ones_like(E))              # (n,)
    y, last = dot((above / below[:, None])[:, None], W_O)   # 1 round to divide
    return y, first + scores + 2 + max(sums, beside) + 1 + last


def convolution(x, kernel):
    """Outputs (n, d) of a kernel (d, d, k), and their rounds."""
    k = kernel.shape[2]
    near = F.pad(x, (0, 0, k // 2, k // 2)).unfold(0, k, 1)  # (n, d, k)
    return dot(near.flatten(1)[:, None], kernel.flatten(1))


torch.manual_seed(0)
d = 64
Ws, kernel = torch.randn(4, d, d).double() / d**0.5, torch.randn(d, d, 3).double()
for n in 10, 64, 256:
    x = torch.randn(n, d).double()
    print(f"n = {n}: attention {attention(x, *Ws)[1]} rounds,",
          f"convolution {convolution(x, kernel)[1]}")
# --8<-- [end:rounds]


def tree(m):
    """Rounds in which m numbers can be added.

    >>> tree(1), tree(2), tree(10), tree(64), tree(192), tree(1024)
    (0, 1, 4, 6, 8, 10)
    """
    return (m - 1).bit_length()


def formula(n, d=64):
    """Rounds of attention on n words with d channels."""
    return 3 * (1 + tree(d)) + 2 + (1 + tree(n)) + 1


def recurrent(n, d=64):
    """Rounds of h_t = tanh(W x_t + U h_{t-1}), one after the other.

    W x is there early. Each cell then takes a product, its sum, W x, and tanh,
    but the first has only W x and tanh.

    >>> recurrent(1, 4), recurrent(1024)
    (4, 9215)
    """
    return 1 + tree(d) + 1 + (n - 1) * (1 + tree(d) + 2)


def results():
    """Rounds, and that what was computed in these rounds is the layer.

    >>> for n, d in (1, 4), (5, 3), (10, 8), (33, 16), (64, 5):
    ...     x, Ws = torch.randn(n, d).double(), torch.randn(4, d, d).double()
    ...     y, rounds = attention(x, *Ws)
    ...     Q, K, V = (x @ W.T for W in Ws[:3])
    ...     same = torch.allclose(y, F.scaled_dot_product_attention(Q, K, V) @ Ws[3].T)
    ...     kernel = torch.randn(d, d, 3).double()
    ...     z, local = convolution(x, kernel)
    ...     print(same, rounds == formula(n, d), local == 1 + tree(3 * d),
    ...           torch.allclose(z, F.conv1d(x.T, kernel, padding=1).T))
    True True True True
    True True True True
    True True True True
    True True True True
    True True True True

    Twice the words cost attention one round more, a convolution none.

    >>> formula(2048) - formula(1024), tree(2048) - tree(1024)
    (1, 1)
    """
    return {"attention": formula(1024), "attention_twice": formula(2048),
            "attention_fixed": formula(1024) - tree(1024),
            "convolution": 1 + tree(3 * 64), "recurrent": recurrent(1024),
            "sum_10": tree(10), "sum_1000": tree(1000), "sum_million": tree(10**6)}


def figure():
    words = "the dogs followed the cat because it wanted to play".split()
    fig, ax = plt.subplots(figsize=(5.2, 4.4))
    tops = []
    for left, color, name in (0, ATTENTION, "values × exponentials"), (11.5, GRAY, "exponentials"):
        level, y = [left + i for i in range(10)], 0
        for i, word in enumerate(words):
            ax.text(left + i, -0.25, word, rotation=90, ha="center", va="top",
                    color=GRAY)
        ax.plot(level, [0] * 10, "o", color=color, ms=9, label=f"{name}, round 0")
        while len(level) > 1:
            above = [(level[i] + level[min(i + 1, len(level) - 1)]) / 2
                     for i in range(0, len(level), 2)]
            for i, at in enumerate(level):
                waits = i == len(level) - 1 and len(level) % 2
                ax.plot([at, above[i // 2]], [y, y + 1], zorder=0,
                        color=FAINT if waits else color)
            level, y = above, y + 1
            added = level[:-1] if waits else level
            ax.plot(added, [y] * len(added), "o", color=color, ms=9,
                    label=f"{name}, round {y}")
        tops.append(level[0])
        ax.text(left + 4.5, -2.1, name, ha="center", color=color if left == 0 else "black")
    middle = sum(tops) / 2
    for at, color in zip(tops, (ATTENTION, GRAY)):
        ax.plot([at, middle], [4, 5], color=color, zorder=0)
    ax.plot([middle], [5], "o", color="black", ms=12, label="divided")
    ax.text(middle, 5.4, "divide", ha="center")
    ax.set(ylim=(-2.2, 5.8), xlim=(-0.8, 21.3), xticks=[], yticks=range(6))
    ax.set_yticklabels(["", "round 1", "round 2", "round 3", "round 4", "round 5"])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
