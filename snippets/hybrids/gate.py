"""A gate between places and contents: at 1 a convolution, at 0 plain attention."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, HYBRID, shades

# --8<-- [start:gate]
import torch
import torch.nn.functional as F

side, d, d_head, n = 14, 36, 4, 14 * 14
p = torch.cartesian_prod(*[torch.arange(side).double()] * 2)    # (n, 2)
offsets = torch.cartesian_prod(*[torch.arange(-1.0, 2)] * 2)    # (9, 2)


def shares(q, k, o, gate, alpha):
    """A of the head that looks near its offset o: (n, d_head) -> (n, n)."""
    place = -alpha * (p - p[:, None] - o).square().sum(-1)      # (n, n)
    content = q @ k.T / d_head**0.5
    return gate * place.softmax(-1) + (1 - gate) * content.softmax(-1)


def gated(x, gate, alpha=1.0):
    """Nine heads, each with its matrices: (n, d) -> (n, d)."""
    return sum(shares(x @ W_Q.T, x @ W_K.T, o, gate, alpha) @ x @ W.T
               for o, W_Q, W_K, W in zip(offsets, queries, keys, values))


torch.manual_seed(0)
x, values = torch.randn(n, d).double(), torch.randn(9, d, d).double()
queries, keys = 0.02 * torch.randn(2, 9, d_head, d).double()    # as ConViT's start
kernel = values.permute(1, 2, 0).unflatten(2, (3, 3))           # one head each
conv = F.conv2d(x.T.view(1, d, side, side), kernel)[0].flatten(1).T     # no padding
inside = torch.arange(n).view(side, side)[1:-1, 1:-1].flatten()


def gap(gate, alpha, target=conv):
    """Relative distance from the 3 x 3 convolution, without the border."""
    return ((gated(x, gate, alpha)[inside] - target).norm() / target.norm()).item()


print("gate 1, sharp: a convolution:", gap(1, 40) < 1e-12)
print(f"gate 1, alpha 1: off by {gap(1, 1):.0%}")
soft = gated(x, 1, 1)[inside]
print(f"gate 0.73, alpha 1: off 0.73 of that by {gap(0.73, 1, 0.73 * soft):.0%}")
# --8<-- [end:gate]

START = torch.tensor(1.0).sigmoid().item()              # ConViT's first gate
ALPHAS = [2**(i / 2) for i in range(-4, 11)]
CENTRE = 6 * side + 6


def soft_kernel(alpha, reach=6):
    """The kernel (d, d, 13, 13) of gated(x, 1, alpha): nine soft spots.

    At gate 1 the layer is a convolution for every alpha; at alpha 1 a wide one.

    >>> image = x.T.view(1, d, side, side)
    >>> wide = F.conv2d(image, soft_kernel(1))[0].flatten(1).T      # the middle 2 x 2
    >>> middle = [6 * side + 6, 6 * side + 7, 7 * side + 6, 7 * side + 7]
    >>> (wide - gated(x, 1, 1)[middle]).abs().max() < 1e-8
    tensor(True)
    """
    steps = torch.arange(-reach, reach + 1.0)
    grid = torch.cartesian_prod(steps, steps).double()              # (169, 2)
    spots = torch.stack([(-alpha * (grid - o).square().sum(-1)).softmax(0)
                         for o in offsets])                         # (9, 169)
    kernel = torch.einsum("hab,hp->abp", values, spots)
    return kernel.unflatten(2, (2 * reach + 1, 2 * reach + 1))


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["sharp"] < 1e-12, round(r["gate"], 2)
    (True, 0.73)

    The start is 0.73 of a convolution with a wide kernel, and a nearly even mean.

    >>> r["off_soft"] < 0.1 < 0.6 < r["soft"] < 0.8
    True
    >>> r["content_most"] < 1.2
    True

    At gate 0 it is attention, whatever alpha. Each row of shares is a mean at every gate.

    >>> y = sum(F.scaled_dot_product_attention(x @ Q.T, x @ K.T, x @ W.T)
    ...         for Q, K, W in zip(queries, keys, values))
    >>> torch.allclose(gated(x, 0, 7), y)
    True
    >>> A = shares(x[:, :4], x[:, 4:8], offsets[0], 0.3, 1)
    >>> torch.allclose(A.sum(1), torch.ones(n).double())
    True
    """
    spot = shares(x[:, :4], x[:, :4], offsets[0], 1, 1)[CENTRE]
    content = shares(x @ queries[0].T, x @ keys[0].T, offsets[0], 0, 1)
    return {
        "sharp": gap(1, 40),
        "gate": START,
        "gate_2": 1 - START,
        "spot": spot.max().item(),
        "soft": gap(1, 1),
        "off_soft": gap(START, 1, START * gated(x, 1, 1)[inside]),
        "content_most": n * content.max().item(),
    }


def figure():
    fig = plt.figure(figsize=(5.2, 5.2))
    axes = fig.subplot_mosaic("abc;ddd", height_ratios=(1, 1.5))
    panels = (("a", 1, 40, CONVOLUTION, "gate 1, α 40"),
              ("b", START, 1, HYBRID, "gate 0.73, α 1"),
              ("c", 0, 1, ATTENTION, "gate 0"))
    for name, gate, alpha, color, title in panels:
        ax = axes[name]
        A = shares(x @ queries[2].T, x @ keys[2].T, offsets[2], gate, alpha)[CENTRE]
        A = A.view(side, side) / max(A.max(), 4 / n)
        ax.imshow(A, cmap=shades(color), vmin=0, vmax=1, interpolation="none", label=title)
        ax.add_patch(plt.Rectangle((5.5, 5.5), 1, 1, fc="none", ec="black", lw=1.5))
        ax.set(xticks=[], yticks=[])
        ax.set_title(title, loc="center")
        ax.spines[:].set(visible=True, color=FAINT)
    for gate, color in (1, CONVOLUTION), (0.95, HYBRID), (START, HYBRID), (0, ATTENTION):
        axes["d"].plot(ALPHAS, [gap(gate, alpha) for alpha in ALPHAS], color=color,
                       label=f"gate {gate:.2g}")
        at = (38, gap(gate, 32)) if gate < 1 else (9.5, 1e-3)
        axes["d"].text(*at, f"gate {gate:.2g}", color=color, va="center")
    axes["d"].loglog()
    axes["d"].set(xlabel="α, how sharp a head looks", ylim=(1e-6, 3), xlim=(0.22, 110))
    axes["d"].set_xticks([0.25, 1, 4, 16], ["¼", "1", "4", "16"])
    axes["d"].minorticks_off()
    axes["d"].set_title("distance from the 3×3 convolution")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
