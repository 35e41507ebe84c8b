"""A whole vision transformer: one convolution, then attention; and where its parameters are."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

# --8<-- [start:vit]
import torch
from torch import nn


class ViT(nn.Module):
    def __init__(self, side, patch, channels, d, heads, layers, classes):
        super().__init__()
        n = (side // patch) ** 2
        self.patches = nn.Conv2d(channels, d, patch, stride=patch)
        self.class_token = nn.Parameter(torch.zeros(d))
        self.positions = nn.Parameter(torch.randn(1 + n, d) / 50)
        self.blocks = nn.Sequential(*(nn.TransformerEncoderLayer(
            d, heads, 4 * d, dropout=0, activation="gelu",
            batch_first=True, norm_first=True) for _ in range(layers)))
        self.classifier = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, classes))

    def forward(self, image):                       # (b, channels, side, side)
        x = self.patches(image).flatten(2).mT       # (b, n, d)
        first = self.class_token.expand(len(x), 1, -1)
        x = torch.cat([first, x], dim=1) + self.positions   # (b, 1 + n, d)
        return self.classifier(self.blocks(x)[:, 0])        # (b, classes)


with torch.device("meta"):                          # shapes only, no numbers
    base = ViT(224, 16, channels=3, d=768, heads=12, layers=12, classes=1000)
    print("scores:", tuple(base(torch.rand(1, 3, 224, 224)).shape))
print(f"{sum(w.numel() for w in base.parameters()):,} parameters")
# --8<-- [end:vit]

# --8<-- [start:block]
import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x):                                   # (b, n, d)
        qkv = self.qkv(self.norm1(x)).unflatten(-1, (3, self.heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4)                # (b, heads, n, d_head)
        y = F.scaled_dot_product_attention(q, k, v)
        x = x + self.out(y.transpose(1, 2).flatten(2))      # (b, n, d)
        return x + self.mlp(self.norm2(x))


print(Block(32, 4)(torch.randn(1, 17, 32)).shape)
# --8<-- [end:block]


def parameters(model):
    """How many parameters each part has: a dict."""
    parts = dict.fromkeys(("convolution", "tokens", "attention", "mlp", "classifier"), 0)
    for name, weights in model.named_parameters():
        part = ("convolution" if "patches" in name else
                "tokens" if "positions" in name or "class_token" in name else
                "attention" if "self_attn" in name or "norm1" in name else
                "mlp" if "blocks" in name else "classifier")
        parts[part] += weights.numel()
    return parts


def formula(n, patch, channels, d, layers, classes):
    """Parameters of a ViT: the convolution, the tokens, the blocks, the classifier."""
    return (patch**2 * channels * d + d + (n + 2) * d
            + layers * (12 * d**2 + 13 * d) + 2 * d + classes * (d + 1))


@cache
def flops():
    """FLOPs of ViT-B/16 on one image: all, the convolution's, those that grow with n²."""
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        base(torch.empty(1, 3, 224, 224, device="meta"))
    counts = counter.get_flop_counts()
    convolution = sum(counts["ViT.patches"].values())
    return counter.get_total_flops(), convolution, counts["Global"][torch.ops.aten.bmm]


def results():
    """The numbers the page quotes.

    D4e, Z3: one convolution, with less than a hundredth of everything.

    >>> r = results()
    >>> r["convolution_share"] < 0.01, r["convolution_macs"] < 0.01
    (True, True)

    The count of torchvision's vit_b_16, and of the formulas.

    >>> sum(parameters(base).values()), formula(196, 16, 3, 768, 12, 1000)
    (86567656, 86567656)
    >>> n, d = 197, 768
    >>> total, convolution, core = flops()
    >>> core == 12 * 4 * n**2 * d, convolution == 2 * 196 * 768 * d
    (True, True)
    >>> total == convolution + core + 12 * 24 * n * d**2 + 2 * 1000 * d
    True

    At 384 pixels a side, by the same formula.

    >>> n = 577
    >>> round((576 * 768 * d + 12 * (2 * n**2 * d + 12 * n * d**2) + 1000 * d) / 1e9)
    55

    Our block is PyTorch's, with the norm first.

    >>> theirs = nn.TransformerEncoderLayer(32, 4, 128, 0.0, "gelu",
    ...                                     batch_first=True, norm_first=True)
    >>> ours = Block(32, 4)
    >>> parts = ours.qkv, ours.out, ours.mlp[0], ours.mlp[2], ours.norm1, ours.norm2
    >>> _ = theirs.load_state_dict(dict(zip(theirs.state_dict(), [
    ...     w for part in parts for w in part.state_dict().values()])))
    >>> z = torch.randn(2, 17, 32)
    >>> torch.allclose(ours(z), theirs(z), atol=1e-5)
    True
    """
    parts, (total, convolution, core) = parameters(base), flops()
    everything = sum(parts.values())
    return {
        "base_millions": everything / 1e6,
        "gmacs": total / 2e9,
        "convolution": parts["convolution"],
        "convolution_share": parts["convolution"] / everything,
        "convolution_macs": convolution / total,
        "tokens_share": parts["tokens"] / everything,
        "attention_share": parts["attention"] / everything,
        "mlp_share": parts["mlp"] / everything,
        "classifier_share": parts["classifier"] / everything,
        "core_macs": core / total,
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 5.6))
    parts = parameters(base)
    everything = sum(parts.values())
    rows = [  # height, text, part, colour, fill
        (0.0, "patches: convolution\n16×16, stride 16", "convolution", CONVOLUTION, 0.35),
        (1.4, "+ class token,\n+ positions", "tokens", GRAY, 0),
        (3.1, "norm, attention", "attention", ATTENTION, 0.35),
        (4.4, "norm, MLP", "mlp", GRAY, 0),
        (6.1, "class token:\nnorm, classifier", "classifier", GRAY, 0),
    ]
    for y, text, part, color, fill in rows:
        ax.add_patch(plt.Rectangle((0, -y - 1), 4.6, 1, ec=color, fc=(color, fill),
                                   lw=1.5))
        ax.text(2.3, -y - 0.52, text, ha="center", va="center")
        share = parts[part] / everything
        ax.barh(-y - 0.5, 4 * share, 0.5, left=6.2, color=color,
                alpha=0.8 if fill else 0.5, label=f"{part}, part of the parameters")
        ax.text(6.35 + 4 * share, -y - 0.52,
                f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %",
                va="center")
    for top, end in (-0.5, 0), (1, 1.4), (2.4, 3.1), (4.1, 4.4), (5.4, 6.1), (7.1, 7.6):
        ax.annotate("", (2.3, -end), (2.3, -top),
                    arrowprops=dict(arrowstyle="-|>", color="black", shrinkA=0,
                                    shrinkB=0))
    ax.add_patch(plt.Rectangle((-0.35, -5.65), 5.3, 2.8, fc="none", ec=GRAY, ls=":"))
    ax.text(5.05, -4.25, "12×", va="center")
    ax.text(2.3, 0.62, "photograph, 224×224×3", ha="center")
    ax.text(2.3, -8, "1,000 classes", ha="center")
    ax.text(6.2, 0.62, "parameters")
    ax.set(xlim=(-0.45, 10.3), ylim=(-8.1, 1.1))
    ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
