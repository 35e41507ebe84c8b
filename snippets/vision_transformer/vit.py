# pip install torch matplotlib scikit-learn
"""A whole vision transformer: one convolution, then attention; trained on digits."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY
from torch.utils.flop_counter import FlopCounterMode

# --8<-- [start:vit]
# pip install torch scikit-learn
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn


class Block(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.h, self.norm1, self.norm2 = h, nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp = nn.Sequential(
            nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x):                                   # (b, 1 + n, d)
        qkv = self.qkv(self.norm1(x)).unflatten(-1, (3, self.h, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4)        # (b, h, 1 + n, d_head)
        y = F.scaled_dot_product_attention(q, k, v)
        x = x + self.out(y.transpose(1, 2).flatten(2))      # (b, 1 + n, d)
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    def __init__(self, side, patch, channels, d, h, L, classes):
        super().__init__()
        n = (side // patch) ** 2
        self.patches = nn.Conv2d(channels, d, patch, stride=patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, d))
        self.positions = nn.Parameter(torch.randn(1, 1 + n, d) / 2)
        self.blocks = nn.Sequential(*(Block(d, h) for _ in range(L)))
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, classes)

    def forward(self, image):                   # (b, channels, side, side)
        x = self.patches(image).flatten(2).mT   # (b, n, d)
        x = torch.cat([self.class_token.expand(len(x), 1, -1), x], dim=1)
        x = self.blocks(x + self.positions)     # (b, 1 + n, d)
        return self.head(self.norm(x[:, 0]))    # (b, classes)


pixels, y = map(torch.tensor, load_digits(return_X_y=True))
x = pixels.view(-1, 1, 8, 8).float() / 8 - 1            # (1797, 1, 8, 8)
torch.manual_seed(0)
train, test = torch.randperm(len(x)).split([1197, 600])
vit = ViT(side=8, patch=2, channels=1, d=32, h=4, L=2, classes=10)
optimizer = torch.optim.AdamW(vit.parameters())
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, 300)
for batch in train[torch.randint(len(train), (300, 32))]:
    F.cross_entropy(vit(x[batch]), y[batch]).backward()
    optimizer.step()
    schedule.step()
    optimizer.zero_grad()
right = (vit(x[test]).argmax(1) == y[test]).float().mean()
print(f"{right:.0%} of {len(test)} new digits are right")

with torch.device("meta"):                  # shapes only, no numbers
    base = ViT(224, 16, channels=3, d=768, h=12, L=12, classes=1000)
print(f"ViT-B/16: {sum(w.numel() for w in base.parameters()):,} parameters")
# --8<-- [end:vit]


def parameters(model):
    """How many parameters each part has: a dict."""
    parts = dict.fromkeys(("convolution", "tokens", "attention", "mlp", "head"), 0)
    for name, weights in model.named_parameters():
        part = ("convolution" if "patches" in name else
                "tokens" if "positions" in name or "class_token" in name else
                "attention" if "qkv" in name or "out" in name or "norm1" in name else
                "mlp" if "blocks" in name else "head")
        parts[part] += weights.numel()
    return parts


def formula(n, patch, channels, d, L, classes):
    """Parameters of a ViT: the convolution, the tokens, the blocks, the head."""
    return (patch**2 * channels * d + d + (n + 2) * d
            + L * (12 * d**2 + 13 * d) + 2 * d + classes * (d + 1))


@cache
def flops():
    """FLOPs of ViT-B/16 on one image: all, the convolution's, the attention core's."""
    with FlopCounterMode(display=False) as counter:
        base(torch.empty(1, 3, 224, 224, device="meta"))
    counts = counter.get_flop_counts()
    convolution = sum(counts["ViT.patches"].values())
    core = counts["Global"][torch.ops.aten.bmm]
    return counter.get_total_flops(), convolution, core


def results():
    """The numbers the page quotes.

    D4e, Z3: one convolution, with less than a hundredth of everything.

    >>> r = results()
    >>> r["accuracy"] > 0.9, r["convolution_share"] < 0.01
    (True, True)
    >>> r["convolution_flops"] < 0.01
    True

    The count of torchvision's vit_b_16, and of the formulas.

    >>> sum(parameters(base).values()) == 86_567_656
    True
    >>> formula(196, 16, 3, 768, 12, 1000), formula(16, 2, 1, 32, 2, 10) == sum(
    ...     w.numel() for w in vit.parameters())
    (86567656, True)
    >>> n, d = 197, 768
    >>> total, convolution, core = flops()
    >>> core == 12 * 4 * n**2 * d, convolution == 2 * 196 * 768 * d
    (True, True)
    >>> total == convolution + core + 12 * 24 * n * d**2 + 2 * 1000 * d
    True

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
        "accuracy": right.item(),
        "parameters": sum(w.numel() for w in vit.parameters()),
        "base_millions": everything / 1e6,
        "gflops": total / 1e9,
        "gmacs": total / 2e9,
        "convolution": parts["convolution"],
        "convolution_share": parts["convolution"] / everything,
        "convolution_flops": convolution / total,
        "tokens_share": parts["tokens"] / everything,
        "attention_share": parts["attention"] / everything,
        "mlp_share": parts["mlp"] / everything,
        "core_flops": core / total,
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 5.6))
    parts = parameters(base)
    everything = sum(parts.values())
    rows = [  # height, text, part, colour, fill
        (0.0, "convolution 16×16,\nstride 16", "convolution", CONVOLUTION, 0.35),
        (1.4, "+ class token,\n+ positions", "tokens", GRAY, 0),
        (3.1, "norm, attention", "attention", ATTENTION, 0.35),
        (4.4, "norm, MLP", "mlp", GRAY, 0),
        (6.1, "class token:\nnorm, linear", "head", GRAY, 0),
    ]
    for y, text, part, color, fill in rows:
        ax.add_patch(plt.Rectangle((0, -y - 1), 4.6, 1, ec=color, fc=(color, fill),
                                   lw=1.5))
        ax.text(2.3, -y - 0.52, text, ha="center", va="center")
        share = parts[part] / everything
        ax.barh(-y - 0.5, 4 * share, 0.5, left=6.2, color=color,
                alpha=0.8 if fill else 0.5, label=f"{part}, share of the parameters")
        ax.text(6.35 + 4 * share, -y - 0.52,
                f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %",
                va="center")
    for top, end in (-0.5, 0), (1, 1.4), (2.4, 3.1), (4.1, 4.4), (5.4, 6.1), (7.1, 7.6):
        ax.annotate("", (2.3, -end), (2.3, -top),
                    arrowprops=dict(arrowstyle="-|>", color="black", shrinkA=0,
                                    shrinkB=0))
    ax.add_patch(plt.Rectangle((-0.35, -5.65), 5.3, 2.8, fc="none", ec=GRAY, ls=":"))
    ax.text(5.05, -4.25, "12×", va="center")
    ax.text(2.3, 0.62, "image, 224×224×3", ha="center")
    ax.text(2.3, -8, "1,000 classes", ha="center")
    ax.text(6.2, 0.62, "parameters")
    ax.set(xlim=(-0.45, 10.3), ylim=(-8.1, 1.1))
    ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
