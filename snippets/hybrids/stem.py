"""A convolutional stem: tokens whose fields overlap, for the price of one block."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, GRAY

# --8<-- [start:stem]
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

d, side, n = 384, 224, 14 * 14                  # channels, pixels, tokens


def patchify():
    return nn.Conv2d(3, d, 16, stride=16)


def stem(widths=(48, 96, 192, 384)):
    layers, c = [], 3
    for width in widths:
        layers += [nn.Conv2d(c, width, 3, stride=2, padding=1),
                   nn.BatchNorm2d(width), nn.ReLU()]
        c = width
    return nn.Sequential(*layers, nn.Conv2d(c, d, 1))


def field(embed, row):
    """The pixel rows that feed the token in this row: (first, last)."""
    image = torch.randn(1, 3, side, side, requires_grad=True)
    embed.eval()(image)[0, :, row, 7].square().sum().backward()
    seen = image.grad[0].abs().sum((0, 2)).nonzero()    # colours, columns
    return seen.min().item(), seen.max().item()


def flops(embed):
    with FlopCounterMode(display=False) as counter:
        embed.to("meta")(torch.empty(1, 3, side, side, device="meta"))
    return counter.get_total_flops()


block = 24 * n * d**2 + 4 * n**2 * d            # attention and MLP
torch.manual_seed(0)
for make in patchify, stem:
    assert make()(torch.randn(2, 3, side, side)).shape == (2, d, 14, 14)
    print(make.__name__, "fields of two tokens:",
          field(make(), 7), field(make(), 8))
extra = flops(stem()) - flops(patchify())
print(f"the stem's extra work: {extra / block:.2f} transformer blocks")
# --8<-- [end:stem]

SIZES = list(range(1, 33))                      # of a detail, in pixels


def whole(width, size):
    """Share of the places where a size x size detail lies in one token's field.

    width: of the fields, which start every 16 pixels. Counted, not computed.

    >>> whole(16, 1), whole(16, 16) == 1 / 16**2, whole(31, 16), whole(31, 32)
    (1.0, True, 1.0, 0.0)
    >>> all(whole(16, k) == ((17 - k) / 16)**2 for k in range(1, 17))
    True
    """
    starts = range(0, 16 * 20, 16)
    inside = sum(any(s <= place and place + size <= s + width for s in starts)
                 for place in range(64, 64 + 16))
    return (inside / 16)**2


def results():
    """The numbers the page quotes.

    Field, stride and overlap of the stem: r = 1 + 2 (1 + 2 + 4 + 8).

    >>> r = results()
    >>> r["patch_field"], r["stem_field"], r["stem_overlap"]
    (16, 31, 15)
    >>> 0.95 < r["extra_blocks"] < 1.05
    True

    Without padding's border, a shift by 16 pixels is a shift by one token.

    >>> image = torch.randn(1, 3, side, side + 16)
    >>> embed = stem().eval()
    >>> a, b = embed(image[..., :-16]), embed(image[..., 16:])
    >>> torch.allclose(a[..., 2:-1], b[..., 1:-2], atol=1e-5)
    True
    """
    numbers = {"d": d, "extra_blocks": extra / block, "patch_whole": whole(16, 5)}
    for make, name in (patchify, "patch"), (stem, "stem"):
        first, last = field(make(), 7)
        numbers |= {f"{name}_field": last - first + 1,
                    f"{name}_overlap": last - field(make(), 8)[0] + 1}
    return numbers


def figure():
    fig, (top, bottom) = plt.subplots(2, figsize=(5.2, 5.4), height_ratios=(1, 1.2))
    top.text(0, 5.9, "patches: 16 pixels, no overlap", color=GRAY)
    top.text(0, 3.5, "stem: 31 pixels, every 16", color=CONVOLUTION)
    for token in range(6):
        start = 16 * token
        top.barh(4.9, 15, left=start + 0.5, height=0.8, color=GRAY, alpha=0.35,
                 label=f"patch {token}")
        top.barh(2.7 - token % 2, 30, left=start - 15, height=0.8, color=CONVOLUTION,
                 alpha=0.35, label=f"stem, token {token}")
    top.set(xlabel="pixels along one side", xlim=(-16, 97), ylim=(1, 6.8), yticks=[],
            xticks=range(0, 97, 16))
    top.spines["left"].set_visible(False)
    for width, style, color, name in ((16, "o-", GRAY, "patches"),
                                      (31, "s-", CONVOLUTION, "stem")):
        bottom.plot(SIZES, [whole(width, k) for k in SIZES], style, color=color, ms=4,
                    lw=1.5, label=name)
    bottom.text(8.5, 0.42, "patches", color=GRAY)
    bottom.text(23, 0.5, "stem", color=CONVOLUTION)
    bottom.set(xlabel="size of a detail, pixels", ylim=(-0.03, 1.06),
               yticks=[0, 0.5, 1], xticks=[1, 5, 10, 16, 24, 31])
    bottom.set_title("share of places where one token sees all of it")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
