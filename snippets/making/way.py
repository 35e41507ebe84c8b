"""The way of a number from the code to a page: what each part of the build needs."""

import matplotlib.pyplot as plt
from style import GRAY

# Each part: what it does, where it stands in its row, and what it needs.
PARTS = {
    "snippets": ("one idea each", 1, []),
    "labs": ("longer runs", 3, []),
    "pages": ("the words", 5, []),
    "claims": ("with ranges", 7, []),
    "running": ("runs each once, keeps what it gives", 2, ["snippets", "labs"]),
    "drawing": ("colours, phone, slide", 2, ["running"]),
    "text": ("fills in numbers, figures and verdicts", 4, ["drawing", "pages", "claims"]),
    "adapter": ("makes HTML, once a language", 4, ["text"]),
    "site": ("", 4, ["adapter"]),
}


def row(part):
    """How many parts, one after the other, come before one.

    >>> [row(part) for part in ("pages", "running", "text", "site")]
    [0, 1, 3, 5]
    """
    return max((row(needed) + 1 for needed in PARTS[part][2]), default=0)


def results():
    return {}       # no page quotes a number of the drawing


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 5.6))
    ax.set(xlim=(0, 8), ylim=(5.45, -0.45))
    ax.axis("off")
    for part, (does, x, needs) in PARTS.items():
        y = row(part)
        for needed in needs:
            start = PARTS[needed][1]
            end = x + (start - x) / 4
            ax.annotate("", (end, y - 0.25), (start, row(needed) + 0.27),
                        arrowprops={"arrowstyle": "-|>", "color": GRAY, "lw": 1.2})
        ax.text(x, y - 0.09, part, ha="center", va="center", weight="bold")
        ax.text(x, y + 0.13, does, ha="center", va="center", fontsize=11.5)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
