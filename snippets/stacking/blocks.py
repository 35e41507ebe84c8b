"""A ResNet block and a transformer block are built the same way: x + f(norm(x))."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:blocks]
import torch
from torch import nn


class ResNetBlock(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.f = nn.Sequential(
            nn.BatchNorm2d(d), nn.ReLU(), nn.Conv2d(d, d, 3, padding=1),
            nn.BatchNorm2d(d), nn.ReLU(), nn.Conv2d(d, d, 3, padding=1))

    def forward(self, x):                           # (b, d, side, side)
        return x + self.f(x)


class TransformerBlock(nn.Module):
    def __init__(self, d, h=4):
        super().__init__()
        self.norm = nn.LayerNorm(d)
        self.attention = nn.MultiheadAttention(d, h, batch_first=True)
        self.mlp = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, 4 * d),
                                 nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x):                           # (b, n, d)
        z = self.norm(x)
        x = x + self.attention(z, z, z)[0]
        return x + self.mlp(x)


d, side = 32, 9
image = torch.randn(1, d, side, side)
tokens = image.flatten(2).mT                        # (1, 81, d)
for block, x in (ResNetBlock(d), image), (TransformerBlock(d), tokens):
    assert block(x).shape == x.shape
    parameters = sum(w.numel() for w in block.parameters())
    print(type(block).__name__, tuple(x.shape), parameters, "parameters")
# --8<-- [end:blocks]


def off(block):
    """The block with the last layer of each branch set to zero."""
    lasts = ([block.f[-1]] if isinstance(block, ResNetBlock)
             else [block.attention.out_proj, block.mlp[-1]])
    for last in lasts:
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
    return block


def seen_by(block, x, middle, training=False):
    """How many positions of x feed one output."""
    x = x.detach().requires_grad_()
    gradient, = torch.autograd.grad(block.train(training)(x)[middle].square().sum(), x)
    return gradient.abs().sum(1 if x.dim() == 4 else -1).count_nonzero().item()


def gmacs(depths, widths, mixer, stem, joint):
    """Billions of multiply-accumulates of a network of four stages, 224 x 224 pixels.

    mixer: per position of a layer of width d; stem and joint: kernel sizes, per axis, of the
    convolutions before the first stage and between two. The MLP widens four times, 8 d d.
    """
    total, positions = 1000 * widths[-1], 56**2             # the classifier
    into = 3
    for stage, (depth, d) in enumerate(zip(depths, widths)):
        total += positions * (d * into * (joint if stage else stem) ** 2
                              + depth * (8 * d * d + mixer(d)))
        into, positions = d, positions // 4
    return total / 1e9


NETWORKS = {                            # depths, widths, MACs of the mixer, kernel sizes
    "convnext": ((3, 3, 9, 3), (96, 192, 384, 768), lambda d: 49 * d, 4, 2),
    "swin": ((2, 2, 6, 2), (96, 192, 384, 768), lambda d: 4 * d * d + 98 * d, 4, 2),
    "poolformer": ((6, 6, 18, 6), (64, 128, 320, 512), lambda d: 0, 7, 3),
}


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["resnet_seen"], r["transformer_seen"]
    (25, 81)

    In training mode, batch norm joins all positions.

    >>> r["resnet_seen_training"]
    81
    >>> [round(r[f"gmacs_{name}"], 1) for name in ("convnext", "swin", "poolformer")]
    [4.5, 4.5, 5.0]
    >>> r["resnet_parameters"] == 18 * d**2 + 6 * d
    True
    >>> r["transformer_parameters"] == 12 * d**2 + 13 * d
    True

    With the last layer of each branch at zero, both blocks do nothing.

    >>> torch.equal(off(ResNetBlock(d))(image), image)
    True
    >>> torch.equal(off(TransformerBlock(d))(tokens), tokens)
    True

    The transformer block is PyTorch's, with the norm first.

    >>> theirs = nn.TransformerEncoderLayer(d, 4, 4 * d, 0.0, "gelu",
    ...                                     batch_first=True, norm_first=True)
    >>> ours = TransformerBlock(d)
    >>> _ = theirs.load_state_dict(dict(zip(theirs.state_dict(), [
    ...     *ours.attention.state_dict().values(),
    ...     *nn.ModuleList([ours.mlp[1], ours.mlp[3]]).state_dict().values(),
    ...     *ours.norm.state_dict().values(), *ours.mlp[0].state_dict().values()])))
    >>> torch.allclose(ours(tokens), theirs(tokens), atol=1e-5)
    True
    """
    numbers = {"d": d, "positions": side**2}
    for name, block, x, middle in (
            ("resnet", ResNetBlock(d), image, (0, slice(None), 4, 4)),
            ("transformer", TransformerBlock(d), tokens, (0, 40))):
        numbers[f"{name}_seen"] = seen_by(block, x, middle)
        numbers[f"{name}_parameters"] = sum(w.numel() for w in block.parameters())
    numbers["resnet_seen_training"] = seen_by(
        ResNetBlock(d), image, (0, slice(None), 4, 4), training=True)
    return numbers | {f"gmacs_{name}": gmacs(*network) for name, network in NETWORKS.items()}


def branch(ax, x, y, parts, color):
    """Draws x + f(x) downwards from (x, y): the skip, and beside it the parts of f.

    parts: (text, whether it mixes positions). Returns the height of the sum.
    """
    middle, end = x + 1.75, y - 0.65 - 0.8 * len(parts)
    line = dict(color=color, lw=1.5, solid_capstyle="butt")
    ax.plot([x, x], [y, end + 0.2], color="black")
    ax.plot([x, middle, middle], [y - 0.25, y - 0.25, y - 0.5], **line)
    for row, (text, mixes) in enumerate(parts):
        top = y - 0.5 - 0.8 * row
        ax.add_patch(plt.Rectangle((middle - 1.2, top - 0.56), 2.4, 0.56, ec=color,
                                   fc=(color, 0.35 if mixes else 0), lw=1.5))
        ax.text(middle, top - 0.29, text, ha="center", va="center")
        if row < len(parts) - 1:
            ax.plot([middle, middle], [top - 0.56, top - 0.8], **line)
    ax.plot([middle, middle, x + 0.2], [end + 0.39, end, end], **line)
    ax.plot(x, end, "o", ms=13, mfc="none", mec="black", mew=1.5)
    ax.plot(x, end, "+", ms=8, color="black", mew=1.5)
    return end - 0.2


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 5.6))
    norm, conv = ("norm", False), ("conv 3×3", True)
    relu, gelu, linear = ("ReLU", False), ("GELU", False), ("linear", False)
    columns = [
        ("ResNet block", 0, CONVOLUTION, [[norm, relu, conv] * 2]),
        ("transformer block", 4, ATTENTION,
         [[norm, ("attention", True)], [norm, linear, gelu, linear]]),
    ]
    for title, x, color, branches in columns:
        ax.text(x - 0.25, 0.75, title, color=color, weight="bold", size=13)
        ax.text(x + 0.2, 0.2, "$x$", va="center")
        y = 0
        ax.plot([x, x], [0.4, 0], color="black")
        for parts in branches:
            y = branch(ax, x, y, parts, color)
        ax.plot([x, x], [y, -7.1], color="black")
        ax.text(x + 0.2, -6.95, "output", va="center")
    for x, fill, text in (0, 0.35, "mixes positions"), (3.4, 0, "each position alone"):
        ax.add_patch(plt.Rectangle((x, -8), 0.5, 0.4, fc=(GRAY, fill), ec=GRAY))
        ax.text(x + 0.65, -7.8, text, va="center")
    ax.set(xlim=(-0.4, 7), ylim=(-8.1, 1.2))
    ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
