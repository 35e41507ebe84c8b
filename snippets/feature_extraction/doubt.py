"""Six pixels and an edge: whom a kernel asks, and whom attention asks."""

import matplotlib.pyplot as plt
import torch
from style import ATTENTION, CONVOLUTION, GRAY

seen = torch.tensor([2., 1, 3, 9, 8, 7])            # the truth: 2 2 2 8 8 8
noisier = torch.tensor([2., 1, 5, 9, 8, 7])         # only the third differs


def kernel(seen, i):
    """The mean of a pixel and its two neighbours."""
    return seen[i - 1:i + 2].mean()


def attention(seen, i):
    """A mean of all pixels; those that look like pixel i count more."""
    scores = -(seen - seen[i])**2 / 4               # (n,)
    return torch.softmax(scores, dim=0) @ seen


def shares(seen, i):
    """(kernel's, attention's) shares of all pixels."""
    scores = -(seen - seen[i])**2 / 4
    near = (torch.arange(len(seen)) - i).abs() <= 1
    return near / 3, torch.softmax(scores, dim=0)


def results():
    """
    >>> r = results()
    >>> r["flat_kernel"], abs(r["flat_attention"] - 2) < abs(seen[1] - 2).item()
    (2.0, True)
    >>> r["edge_kernel"] > 4 > 2.5 > r["edge_attention"], r["noisier_attention"] > 5
    (True, True)
    >>> for row, i in (seen, 1), (seen, 2), (noisier, 2):
    ...     blue, orange = shares(row, i)
    ...     assert torch.isclose(blue @ row, kernel(row, i))
    ...     assert torch.isclose(orange @ row, attention(row, i))
    """
    numbers = {}
    for name, row, i in ("flat", seen, 1), ("edge", seen, 2), ("noisier", noisier, 2):
        numbers |= {f"{name}_kernel": kernel(row, i).item(),
                    f"{name}_attention": attention(row, i).item()}
    orange = shares(seen, 2)[1].tolist()
    return numbers | {"first": orange[0], "second": orange[1], "itself": orange[2],
                      "bright": sum(orange[3:])}


def figure():
    fig, axes = plt.subplots(2, 1, figsize=(5.2, 4.8), sharex=True)
    top, bottom = axes
    places = range(1, 7)
    top.step([0.5, 3.5, 6.5], [2, 2, 8], where="pre", color=GRAY, label="the truth")
    top.plot(places, seen, "o", color="black", ms=7, label="what we see")
    top.text(4.6, 6.1, "the truth", color=GRAY)
    top.text(4.15, 9.1, "seen", va="center")
    for name, value, color, at, ha in (
            ("kernel", kernel(seen, 2), CONVOLUTION, (2.85, 5.2), "right"),
            ("attention", attention(seen, 2), ATTENTION, (3.12, 1.4), "left")):
        top.plot(3, value, "D", color=color, ms=8, label=name)
        top.text(*at, f"{name}: {value:.1f}", color=color, va="center", ha=ha)
    top.set(ylabel="brightness", ylim=(0, 10), yticks=[0, 5, 10])
    blue, orange = shares(seen, 2)
    for offset, share, color, name in ((-0.2, blue, CONVOLUTION, "kernel"),
                                       (0.2, orange, ATTENTION, "attention")):
        bottom.bar([place + offset for place in places], share, 0.4, color=color, label=name)
    bottom.text(4.35, 0.2, "kernel: a third\nfrom pixel 4", color=CONVOLUTION)
    bottom.text(3.5, 0.4, "attention: nearly all\nfrom pixels 1 to 3", color=ATTENTION)
    bottom.set(ylabel="share for pixel 3", xlabel="pixel", xticks=list(places),
               ylim=(0, 0.55))
    bottom.set_yticks([0, 0.25, 0.5], ["0", "25 %", "50 %"])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
