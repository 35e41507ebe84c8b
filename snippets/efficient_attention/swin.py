"""Swin: attention in square windows, which move by half a window every other layer."""

import matplotlib.pyplot as plt
import torch.nn.functional as F
from matplotlib.patches import Rectangle
from style import ATTENTION, FAINT
from torch.utils.flop_counter import FlopCounterMode  # noqa: F401 (a doctest)

# --8<-- [start:swin]
import torch


def windows(x, M):
    """Cut (side, side, d) into g x g windows: (g, g, M * M, d)."""
    g = len(x) // M
    return x.reshape(g, M, g, M, -1).transpose(1, 2).flatten(2, 3)


def swin(x, M, shift=0):
    """Self-attention inside M x M windows; x is (side, side, d)."""
    side, _, d = x.shape
    g = side // M
    t = windows(x.roll((-shift, -shift), (0, 1)), M)    # (g, g, M*M, d)
    scores = t @ t.mT / d**0.5                          # (g, g, M*M, M*M)
    came_round = 1 * (torch.arange(side) >= side - shift)
    part = windows(2 * came_round[:, None] + came_round, M)
    scores.masked_fill_(part != part.mT, -torch.inf)    # no neighbours
    y = torch.softmax(scores, dim=-1) @ t
    y = y.view(g, g, M, M, d).transpose(1, 2).reshape(x.shape)
    return y.roll((shift, shift), (0, 1))


def reached(shifts, M=4, side=16):
    """Pixels that a pixel near the middle depends on: (side, side)."""
    torch.manual_seed(0)
    x = torch.randn(side, side, 8, requires_grad=True)
    y = x
    for shift in shifts:
        y = swin(y, M, shift)
    y[7, 7].sum().backward()
    return x.grad.ne(0).any(-1)


for layers in 1, 2, 3, 4:
    print(f"{layers} layers:  fixed windows {reached([0] * layers).sum()},",
          f"shifted {reached(([0, 2] * 2)[:layers]).sum()} of 256 pixels")
# --8<-- [end:swin]

LAYERS = 1, 2, 3, 4


def pattern(side, M, shift):
    """Which pixels share a window, written as a mask: (side², side²)."""
    at = (torch.arange(side) + shift) // M              # M windows, moved back
    label = (at[:, None] * side + at).flatten()
    return label == label[:, None]


def neighbours(side, M):
    """M x M pixels around each pixel, moved inside at the border: (side², side²)."""
    at = torch.arange(side)
    first = (at - M // 2).clamp(0, side - M)            # of the M rows, for each row
    near = (at >= first[:, None]) & (at < first[:, None] + M)       # (side, side)
    return (near[:, None, :, None] & near[None, :, None, :]).reshape(side**2, side**2)


def after_a_step(mask, side=16, edge=4):
    """How far the output is from moving along when the image moves by one pixel.

    Compared away from the border, relative to the output.
    """
    torch.manual_seed(0)
    x = torch.randn(side, side, 8, dtype=torch.float64)

    def layer(x):
        t = x.flatten(0, 1)
        return F.scaled_dot_product_attention(t, t, t, attn_mask=mask).view(x.shape)
    moved, y = layer(x.roll(1, 1)), layer(x).roll(1, 1)
    inside = slice(edge, side - edge)
    moved, y = moved[inside, inside], y[inside, inside]
    return ((moved - y).norm() / y.norm()).item()


def squares(shifts):
    """Left, top and width of what the pixel depends on after 1, 2, ... layers."""
    for layers in LAYERS:
        seen = reached((shifts * 2)[:layers])
        rows, columns = seen.any(1).nonzero(), seen.any(0).nonzero()
        yield int(columns.min()), int(rows.min()), len(columns)


def results():
    """The numbers the page quotes.

    The code with the roll equals full attention under the mask.

    >>> x = torch.randn(12, 12, 8)
    >>> for M, shift in (1, 0), (3, 0), (4, 0), (4, 2), (6, 3), (12, 0):
    ...     t = x.flatten(0, 1)
    ...     y = F.scaled_dot_product_attention(t, t, t, attn_mask=pattern(12, M, shift))
    ...     print(torch.allclose(swin(x, M, shift), y.view(12, 12, 8), atol=1e-6))
    True
    True
    True
    True
    True
    True

    One window is full attention, windows of one pixel change nothing.

    >>> bool(pattern(12, 12, 0).all()), torch.allclose(swin(x, 1), x)
    (True, True)

    The work: M * M pairs for each of the n positions, moved or not.

    >>> with FlopCounterMode(display=False) as counter:
    ...     y = swin(torch.randn(16, 16, 8), 4, 2)
    >>> pairs = int(pattern(16, 4, 0).sum())
    >>> counter.get_total_flops() == 4 * 8 * pairs == 4 * 8 * 256 * 4**2
    True

    Neighbourhoods: M * M keys for each pixel, at the border too; all pixels: full
    attention. They move along with the image, squares of a grid do not.

    >>> bool((neighbours(16, 5).sum(1) == 25).all()), bool(neighbours(12, 12).all())
    (True, True)
    >>> after_a_step(neighbours(16, 5)) < 1e-12, after_a_step(pattern(16, 4, 0)) > 0.1
    (True, True)

    What is seen is a square with nothing left out.

    >>> [width**2 for _, _, width in squares([0, 2])] == [
    ...     int(reached(([0, 2] * 2)[:layers]).sum()) for layers in LAYERS]
    True
    """
    return {
        "fixed": int(reached([0] * 4).sum()),
        "second": int(reached([0, 2]).sum()), "third": int(reached([0, 2, 0]).sum()),
        "all": int(reached([0, 2, 0, 2]).sum()),
        "neighbours_step": after_a_step(neighbours(16, 5)),
        "squares_step": after_a_step(pattern(16, 4, 0)),
        "share": pattern(16, 4, 0).float().mean().item(),
    }


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 2.9))
    for ax, shifts, title in zip(axes, ([0, 0], [0, 2]), ("fixed", "shifted")):
        edges = [(0, "-"), (2, "--")] if title == "shifted" else [(0, "-")]
        for offset, style in edges:
            for edge in range(offset, 17, 4):
                step = f"step-{2 if offset else 0}"
                ax.plot([edge, edge], [0, 16], style, color=FAINT, lw=1, gid=step)
                ax.plot([0, 16], [edge, edge], style, color=FAINT, lw=1, gid=step)
        for layer, (left, top, width) in zip(LAYERS, squares(shifts)):
            if title == "shifted" or layer == 1:
                ax.add_patch(Rectangle((left, top), width, width, color=ATTENTION,
                                       alpha=0.28, lw=0, label=f"{title}, {layer}",
                                       gid=f"step-{layer}"))
                ax.text(left + width - 0.4, top + 0.4, layer, ha="right", va="top",
                        gid=f"step-{layer}")
        ax.plot(7.5, 7.5, "s", color="black", ms=5, label=f"{title}: the pixel")
        ax.set(title=f"{title} windows", xlim=(-0.2, 16.2), ylim=(16.2, -0.2),
               aspect="equal")
        ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
