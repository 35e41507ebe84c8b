"""The output of a head lies in the triangle of three values: three tokens in the plane."""

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Polygon
from style import ATTENTION, FAINT, GRAY, minus

W_Q = torch.tensor([[1., -1.], [1., 1.]])           # an eighth of a turn to the left
W_K = torch.tensor([[1., 1.], [-1., 1.]])           # and to the right
W_V = torch.tensor([[0., -2.], [2., 0.]])           # a quarter to the left, twice as long
x = torch.tensor([[0.8, -0.5], [0.0, 0.8], [-1.0, -0.2]])


def attention(x, scaled=True, causal=False, same=False):
    """Queries, keys, values, scores, shares and outputs of three tokens; same: W_K = W_Q.

    The library gives the same, also with a causal mask.

    >>> import torch.nn.functional as F
    >>> Q, K, V, S, A, y = attention(x)
    >>> torch.allclose(y, F.scaled_dot_product_attention(Q, K, V))
    True
    >>> wanted = F.scaled_dot_product_attention(Q, K, V, is_causal=True)
    >>> torch.allclose(attention(x, causal=True)[-1], wanted)
    True

    A query fits best the key of what stands a quarter of a turn to its left. So the score of i for j is
    that of j for i with the other sign; with W_K = W_Q the two are equal.

    >>> torch.allclose(S, -S.T)
    True
    >>> same = attention(x, same=True)[3]
    >>> torch.allclose(same, same.T)
    True

    Equal tokens get equal shares.

    >>> torch.allclose(attention(x[[0, 0, 0]])[4], torch.tensor(1 / 3))
    True
    """
    Q, K, V = x @ W_Q.T, x @ (W_Q if same else W_K).T, x @ W_V.T       # (3, 2) each
    S = Q @ K.T                                                        # (3, 3)
    seen = torch.ones(3, 3).tril() if causal else torch.ones(3, 3)
    scaled = S / 2**0.5 if scaled else S
    A = torch.softmax(scaled.masked_fill(seen == 0, -torch.inf), dim=1)
    return Q, K, V, S, A, A @ V


def results():
    shares, y = attention(x)[-2:]
    return {f"share{j + 1}": share for j, share in enumerate(shares[0].tolist())} | {
        "y1": y[0, 0].item(), "y2": y[0, 1].item()}


def plane(ax, title, reach):
    ax.axhline(0, color=FAINT, lw=0.8, zorder=0)
    ax.axvline(0, color=FAINT, lw=0.8, zorder=0)
    ax.set(title=title, xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
    ax.spines[:].set_color(FAINT)


def names(ax, letter, points, reach):
    """A name beside each of three points, away from the origin."""
    for j, point in enumerate(points):
        a, b = (point + 0.16 * reach * point / point.norm()).tolist()
        ax.text(a, b, f"${letter}_{j + 1}$", ha="center", va="center")


def figure():
    (query, *_), K, V, S, A, y = attention(x)
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.4))
    tokens, keys, shares, values = axes.flat
    plane(tokens, "tokens", 1.4)
    tokens.plot(*x.T, "o", color="black", label="tokens")
    tokens.plot(*x[0], "o", color=ATTENTION, ms=10, label="token 1")
    names(tokens, "x", x, 1.4)

    plane(keys, "query and keys", 2.8)
    keys.axline((0, 0), query.tolist(), color=FAINT, lw=0.8, label="along the query")
    for j, key in enumerate(K):
        foot = (key @ query) / (query @ query) * query
        keys.plot(*torch.stack([key, foot]).T, ":", color=GRAY, lw=1, label=f"score {j + 1}")
        keys.annotate("", key.tolist(), (0, 0), arrowprops={"arrowstyle": "->", "shrinkA": 0, "shrinkB": 0})
    keys.annotate("", query.tolist(), (0, 0), arrowprops={
        "arrowstyle": "->", "color": ATTENTION, "lw": 2.5, "shrinkA": 0, "shrinkB": 0})
    names(keys, "k", K, 2.8)
    names(keys, "q", query[None], 2.8)

    shares.set(title="scores and shares", xlim=(0, 1), ylim=(0, 1))
    shares.axis("off")
    for place, head in ((0.42, "score"), (0.72, "÷ √2"), (1, "share")):
        shares.text(place, 0.9, head, ha="right", color=GRAY)
    left = 0
    for j, (score, share) in enumerate(zip(S[0].tolist(), A[0].tolist())):
        height = 0.75 - 0.17 * j
        shares.text(0, height, j + 1, color=GRAY)
        for place, text in ((0.42, minus(score, ".2f")), (0.72, minus(score / 2**0.5, ".2f")),
                            (1, f"{100 * share:.0f} %")):
            shares.text(place, height, text, ha="right")
        shares.barh(0.15, share, 0.16, left, color=ATTENTION, alpha=0.25 + 0.6 * share, lw=0,
                    label=f"share {j + 1}")
        shares.text(left + share / 2, 0.15, j + 1, ha="center", va="center")
        left += share

    plane(values, "values and output", 2.8)
    values.add_patch(Polygon(V, color=ATTENTION, alpha=0.15, lw=0))
    for j, (value, share) in enumerate(zip(V, A[0].tolist())):
        values.plot(*torch.stack([value, y[0]]).T, color=ATTENTION, lw=0.5 + 6 * share, alpha=0.6,
                    label=f"from value {j + 1}")
    values.plot(*V.T, "o", color="black", label="values")
    values.plot(*y[0], "o", color=ATTENTION, ms=10, label="output")
    names(values, "v", V, 2.8)
    values.text(y[0, 0], y[0, 1] + 0.25, "$y_1$", color=ATTENTION, ha="center")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
