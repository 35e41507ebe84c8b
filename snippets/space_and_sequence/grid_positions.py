"""What a number along the line makes of two dimensions, and what row and column do."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, shades

# --8<-- [start:grid]
import torch

side, d = 14, 64  # a grid of 14 x 14 patches
i = torch.arange(side**2)  # numbered row by row
row, column = i // side, i % side


def sinusoidal(place, d):
    """A vector for each place, (n,) -> (n, d), of length (d / 2)^0.5."""
    omega = 10_000 ** (-torch.arange(0, d, 2).double() / d)
    angle = place[:, None] * omega  # (n, d / 2)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


encodings = {
    "number in line": sinusoidal(i, d),
    "row and column": torch.cat(
        [sinusoidal(row, d // 2), sinusoidal(column, d // 2)], dim=1),
}
# city blocks: rows plus columns from patch to patch
blocks = sum((at - at[:, None]).abs() for at in (row, column))
inner = (blocks == 1).sum(1) == 4  # has four neighbours
end = 8 * side - 1  # the last patch of a row

for name, p in encodings.items():
    S = p @ p.T / (d / 2)  # (n, n), 1 on the diagonal
    nearest = S.topk(5).indices[inner, 1:]  # the four most similar others
    found = (blocks[inner].gather(1, nearest) == 1).double().mean()
    print(f"{name}: beside {S[end, end - 1]:.2f}, above "
          f"{S[end, end - side]:.2f}, next in line {S[end, end + 1]:.2f},",
          f"finds {4 * found:.0f} of 4")
# --8<-- [end:grid]


def similarity(name):
    """Products of the vectors of all pairs of patches, 1 for equal ones: (n, n).

    >>> [similarity(name).diagonal().allclose(torch.ones(side**2).double())
    ...  for name in encodings]
    [True, True]

    The line's products depend on the steps along the line alone; the others on rows
    and columns alone.

    >>> S = similarity("number in line")
    >>> all(S.diagonal(o).std() < 1e-12 for o in range(1, side**2 - 1))
    True
    >>> T = similarity("row and column").view(side, side, side, side)
    >>> T[:-1, :-1, :-1, :-1].allclose(T[1:, 1:, 1:, 1:])
    True
    """
    p = encodings[name]
    return p @ p.T / (d / 2)


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> abs(r["line_next"] - r["line_beside"]) < 1e-12
    True
    >>> abs(r["cells_beside"] - r["cells_above"]) < 1e-12
    True
    >>> r["line_found"], r["cells_found"]
    (2, 4)
    """
    line = similarity("number in line")
    numbers = {"side": side, "line_next": line[end, end + 1].item()}
    for key, name in zip(("line", "cells"), encodings):
        S = similarity(name)
        nearest = S.topk(5).indices[inner, 1:]
        found = (blocks[inner].gather(1, nearest) == 1).sum(1)
        numbers |= {
            f"{key}_beside": S[end, end - 1].item(),
            f"{key}_above": S[end, end - side].item(),
            f"{key}_found": found.unique().item(),
        }
    return numbers


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5), height_ratios=(1.3, 1))
    centre = (side // 2) * side + side // 2
    for name, above, below in zip(encodings, *axes):
        S = similarity(name)
        above.imshow(S[centre].view(side, side), cmap=shades(ATTENTION), vmin=S.min(),
                     vmax=1, interpolation="none",
                     label=f"{name}, similarity to the centre")
        above.plot(side // 2, side // 2, "s", ms=8, mfc="none", mec="black")
        above.set_title(name, loc="center")
        above.set(xticks=[], yticks=[])
        above.spines[:].set(visible=True, color=FAINT)
        reach = range(1, 14)
        at = [S[blocks == distance] for distance in reach]
        below.fill_between(reach, [s.min() for s in at], [s.max() for s in at], lw=0,
                           color=ATTENTION, alpha=0.3, label=f"{name}, range")
        below.plot(reach, [s.mean() for s in at], color=ATTENTION,
                   label=f"{name}, mean")
        below.set(xlabel="patches apart", ylim=(0, 1.05), yticks=[0, 0.5, 1],
                  xticks=[1, 5, 9, 13])
    axes[1, 0].set_ylabel("similarity")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
