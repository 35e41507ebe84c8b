"""Seven ways to combine convolution and attention, drawn."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY, HYBRID

COLORS = {"conv": CONVOLUTION, "attention": ATTENTION, "gated": HYBRID, "other": GRAY}

# A scheme: its boxes, from the input at the bottom to the output at the top.
# (kind, text, left, right, bottom, top), in units of the panel: 0 to 6 each way.
SCHEMES = {
    "1 stem": [
        ("conv", "conv", 1.5, 4.5, 0.4, 1.2), ("conv", "conv", 1.5, 4.5, 1.4, 2.2),
        ("attention", "attention", 0.8, 5.2, 3.0, 3.8),
        ("attention", "attention", 0.8, 5.2, 4.0, 4.8),
        ("attention", "attention", 0.8, 5.2, 5.0, 5.8)],
    "2 stages": [
        ("conv", "conv", 0, 6, 0.4, 1.5), ("conv", "conv", 0.8, 5.2, 1.9, 3.0),
        ("attention", "attention", 1.0, 5.0, 3.4, 4.5),
        ("attention", "att.", 2.0, 4.0, 4.9, 5.8)],
    "3 projections": [
        ("conv", "conv", 0, 1.8, 0.6, 1.5), ("conv", "conv", 2.1, 3.9, 0.6, 1.5),
        ("conv", "conv", 4.2, 6, 0.6, 1.5), ("other", "q", 0.3, 1.5, 2.2, 3.0),
        ("other", "k", 2.4, 3.6, 2.2, 3.0), ("other", "v", 4.5, 5.7, 2.2, 3.0),
        ("attention", "attention", 0, 6, 3.8, 4.9)],
    "4 gate": [
        ("conv", "places", 0, 2.8, 0.8, 1.8),
        ("attention", "contents", 3.1, 6, 0.8, 1.8),
        ("gated", "gate", 1.8, 4.2, 2.7, 3.6), ("gated", "shares A", 1, 5, 4.3, 5.3)],
    "5 bottleneck": [
        ("conv", "conv", 0, 6, 0.2, 1.2), ("other", "1×1", 2.1, 3.9, 1.8, 2.6),
        ("attention", "attention", 0.9, 5.1, 3.1, 4.2),
        ("other", "1×1", 2.1, 3.9, 4.7, 5.5)],
    "6 branches": [
        ("conv", "conv", 0, 2.4, 1.6, 3.4),
        ("attention", "attention", 2.7, 6, 1.6, 3.4),
        ("gated", "join", 1.8, 4.2, 4.4, 5.3)],
    "7 short": [
        ("conv", "short conv", 0.6, 5.4, 0.4, 1.2),
        ("attention", "memory", 0.6, 5.4, 1.4, 2.2),
        ("other", "the same twice", 0.6, 5.4, 2.8, 3.6),
        ("attention", "attention", 0.6, 5.4, 4.3, 5.2)],
}
ARROWS = {                      # from (x, y) to (x, y)
    "1 stem": [(3, 2.2, 3, 3.0)],
    "2 stages": [(3, 1.5, 3, 1.9), (3, 3.0, 3, 3.4), (3, 4.5, 3, 4.9)],
    "3 projections": [(3, -0.2, 0.9, 0.6), (3, -0.2, 3, 0.6), (3, -0.2, 5.1, 0.6),
                      (0.9, 1.5, 0.9, 2.2), (3, 1.5, 3, 2.2), (5.1, 1.5, 5.1, 2.2),
                      (0.9, 3.0, 0.9, 3.8), (3, 3.0, 3, 3.8), (5.1, 3.0, 5.1, 3.8),
                      (3, 4.9, 3, 5.8)],
    "4 gate": [(4.55, -0.1, 4.55, 0.8), (1.4, 1.8, 2.4, 2.7), (4.55, 1.8, 3.6, 2.7),
               (3, 3.6, 3, 4.3)],
    "5 bottleneck": [(3, 1.2, 3, 1.8), (3, 2.6, 3, 3.1), (3, 4.2, 3, 4.7),
                     (3, 5.5, 3, 6.0)],
    "6 branches": [(3, 0.2, 1.2, 1.6), (3, 0.2, 4.35, 1.6), (1.2, 3.4, 2.4, 4.4),
                   (4.35, 3.4, 3.6, 4.4), (3, 5.3, 3, 6.0)],
    "7 short": [(3, 2.2, 3, 2.8), (3, 3.6, 3, 4.3), (3, 5.2, 3, 6.0)],
}
PLACES = "before", "before", "inside", "inside", "before", "beside", "before"   # is the convolution


def results():
    """How many schemes, and in how many of them attention is drawn.

    >>> r = results()
    >>> r["schemes"], r["with_attention"]
    (7, 7)
    """
    drawn = [any(kind == "attention" for kind, *_ in boxes)
             for boxes in SCHEMES.values()]
    return {"schemes": len(SCHEMES), "with_attention": sum(drawn)}


def figure(narrow=False):
    fig, axes = plt.subplots(*((4, 2) if narrow else (2, 4)),
                             figsize=(5.2, 9) if narrow else (7.2, 4.8))
    *panels, key = axes.flat
    for ax, (name, boxes), place in zip(panels, SCHEMES.items(), PLACES):
        for kind, text, left, right, bottom, top in boxes:
            ax.add_patch(plt.Rectangle((left, bottom), right - left, top - bottom,
                                       fc=(COLORS[kind], 0.25), ec=COLORS[kind],
                                       lw=1.5))
            ax.text((left + right) / 2, (bottom + top) / 2, text, ha="center",
                    va="center_baseline", size=11.5)
        for x, y, to_x, to_y in ARROWS[name]:
            ax.annotate("", (to_x, to_y), (x, y), arrowprops=dict(
                arrowstyle="-|>", color="black", lw=1, shrinkA=0, shrinkB=0))
        ax.set_title(name, weight="bold", pad=20)
        ax.text(-0.2, 6.2, f"{place} attention", size=11.5, color=GRAY)
    for y, kind, text in ((0.4, "conv", "a convolution,\nor works like one"),
                          (2.5, "attention", "compares\ncontents"), (4.6, "gated", "joins\nthe two")):
        key.text(0, y, text, color=COLORS[kind])
    for ax in axes.flat:
        ax.set(xlim=(-0.2, 6.2), ylim=(-0.4, 6.2))
        ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
