"""Raw dot products find the brightest patches, normalised ones find look-alikes."""

from style import ATTENTION

# --8<-- [start:look_alikes]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook

with cbook.get_sample_data("grace_hopper.jpg") as file:
    pixels = torch.tensor(plt.imread(file)[:480, 16:496]).double() / 255
photo = F.avg_pool2d(pixels.permute(2, 0, 1), 4)        # (3, 120, 120)
x = F.unfold(photo, 5, stride=5).T                      # (n, d) = (576, 75)
n, d = x.shape
itself = torch.eye(n).bool()

tokens = {"raw": x,
          "length 1": F.normalize(x),
          "minus mean": x - x.mean(0),
          "both": F.normalize(x - x.mean(0)),
          "LayerNorm": F.layer_norm(x, (d,))}


def favourites(t):
    """How many patches score highest themselves, and who wins otherwise."""
    scores = t @ t.T                                    # q_i . k_j, (n, n)
    first = (scores.argmax(1) == torch.arange(n)).sum().item()
    return first, scores.masked_fill(itself, -torch.inf).argmax(1)


print("            itself   other     their")
print("            first    winners   brightness")
for name, t in tokens.items():
    first, others = favourites(t)
    print(f"{name:11} {first:4}     {len(others.unique()):4}",
          f"     {x[others].mean():.2f}")
print(f"of {n} patches with brightness {x.mean():.2f}")
# --8<-- [end:look_alikes]

SIDE, TOP = 24, 10
QUERIES = {"jacket": (20, 5), "chin": (15, 12)}     # row, column
apart = torch.cdist(x, x)                           # (n, n): |x_i - x_j|


def top(name, query):
    """The patches with the highest scores for a query (row, column)."""
    t, (row, column) = tokens[name], QUERIES[query]
    return (t @ t[row * SIDE + column]).topk(TOP).indices.tolist()


def common(name):
    """How many of the highest scores the two queries share."""
    return len(set(top(name, "jacket")) & set(top(name, "chin")))


def distance(others):
    """Mean |x_i - x_j|, where others[i] is j."""
    return apart[torch.arange(n), others].mean().item()


def picture():
    """The photograph in gray, for the figure: (96, 96)."""
    return F.avg_pool2d(pixels.mean(-1)[None], 5)[0]


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["raw_first"] < 10, r["raw_winners"] < 10, r["both_winners"] > 300
    (True, True, True)

    With one length for all, the product falls with the distance, and with
    nothing else: |q - k|^2 = 2 - 2 q . k. So each patch is its own nearest.

    >>> t = tokens["both"]
    >>> torch.allclose(torch.cdist(t, t).square(), 2 - 2 * t @ t.T, atol=1e-6)
    True
    >>> [favourites(tokens[name])[0] for name in ("length 1", "both", "LayerNorm")]
    [576, 576, 576]
    """
    raw_first, raw = favourites(tokens["raw"])
    _, minus_mean = favourites(tokens["minus mean"])
    _, both = favourites(tokens["both"])
    _, layer_norm = favourites(tokens["LayerNorm"])
    return {
        "n": n, "d": d, "top": TOP,
        "brightness": x.mean().item(),
        "nearest": apart.masked_fill(itself, torch.inf).amin(1).mean().item(),
        "raw_first": raw_first,
        "raw_winners": len(raw.unique()),
        "raw_brightness": x[raw].mean().item(),
        "raw_distance": distance(raw),
        "raw_common": common("raw"),
        "minus_mean_winners": len(minus_mean.unique()),
        "both_winners": len(both.unique()),
        "both_distance": distance(both),
        "both_common": common("both"),
        "LayerNorm_distance": distance(layer_norm),
    }


def data():
    return {"pixels": (255 * photo).round().int().permute(1, 2, 0).flatten().tolist()}


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.6))
    for row, (name, title) in zip(axes, (("raw", "raw patches"),
                                         ("both", "normalised patches"))):
        for ax, (query, (i, j)) in zip(row, QUERIES.items()):
            ax.imshow(picture(), cmap="gray", vmin=0, vmax=1, alpha=0.55,
                      interpolation="none", extent=(0, SIDE, SIDE, 0))
            for patch in top(name, query):
                ax.add_patch(plt.Rectangle((patch % SIDE, patch // SIDE), 1, 1,
                                           fill=False, ec=ATTENTION, lw=2.5))
            ax.plot(j + 0.5, i + 0.5, "x", color="black", ms=9, mew=2.5,
                    label=f"{title}, the query on the {query}")
            ax.axis("off")
        row[0].set_title(title, color=ATTENTION, weight="bold")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
