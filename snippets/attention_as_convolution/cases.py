"""Kernel size, stride, dilation and padding, all by attention; and the border."""

from functools import cache

import matplotlib.pyplot as plt
from style import FAINT, GRAY, shades

# --8<-- [start:cases]
from itertools import product

import torch
import torch.nn.functional as F


def attention(image, kernel, dilation=1, ring=False, alpha=40):
    """A head for each place of the kernel. image: (d, height, width)."""
    size = torch.tensor(image.shape[1:])
    at = torch.cartesian_prod(*map(torch.arange, size))     # (n, 2)
    u = at - at[:, None]                    # query to key: (n, n, 2)
    if ring:                                # the short way round
        u = (u + size // 2) % size - size // 2
    y, K = 0, kernel.shape[-1]
    for a, b in product(range(K), repeat=2):
        o = dilation * image.new_tensor([a - K // 2, b - K // 2])
        scores = -alpha * (u.to(image) - o).square().sum(-1)
        A = torch.softmax(scores, dim=-1)                   # (n, n)
        y = y + A @ image.flatten(1).T @ kernel[:, :, a, b].T
    return y.T.unflatten(1, size.tolist())


def difference(padding, K, stride, dilation, dtype):
    """Between attention and F.conv2d, on a random image and kernel."""
    torch.manual_seed(0)
    image = torch.randn(6, 10, 9, dtype=dtype)
    kernel = torch.randn(7, 6, K, K, dtype=dtype) / (6 * K * K)**0.5
    p, mode = K // 2 * dilation, padding.replace("zeros", "constant")
    padded = F.pad(image[None], (p,) * 4, mode=mode)[0]
    y = attention(image, kernel, dilation, padding == "circular")
    if padding == "zeros":                  # they belong to the image
        y = attention(padded, kernel, dilation)[:, p:p + 10, p:p + 9]
    expected = F.conv2d(padded, kernel, stride=stride, dilation=dilation)
    return (y[:, ::stride, ::stride] - expected).abs().max().item()


settings = list(product((1, 3, 5), (1, 2), (1, 2)))     # K, stride, dilation
for padding in "replicate", "circular", "zeros":
    single, double = (max(difference(padding, *s, dtype) for s in settings)
                      for dtype in (torch.float32, torch.float64))
    print(f"{padding:9}  float32 below 1e-5: {single < 1e-5}, ",
          f"float64 below 1e-12: {double < 1e-12}")
# --8<-- [end:cases]


@cache
def border():
    """A zero-padded 3 x 3 convolution minus attention on the bare image.

    Per pixel, the largest over the channels: (10, 9). And the output's own size.
    """
    torch.manual_seed(0)
    image = torch.randn(6, 10, 9, dtype=torch.float64)
    kernel = torch.randn(7, 6, 3, 3, dtype=torch.float64) / 54**0.5
    y = F.conv2d(image, kernel, padding=1)
    return (attention(image, kernel) - y).abs().amax(0), y.square().mean().sqrt()


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["interior"] < 1e-12, 1.5 < r["border"] < 2.5
    (True, True)

    Every setting of every padding, in both precisions.

    >>> all(difference(padding, *setting, dtype) < bound
    ...     for padding in ("replicate", "circular", "zeros") for setting in settings
    ...     for dtype, bound in ((torch.float32, 1e-5), (torch.float64, 1e-12)))
    True

    With alpha = 0 each head hands over the mean, and no place differs from another.

    >>> flat = attention(torch.randn(2, 4, 5), torch.ones(3, 2, 3, 3), alpha=0)
    >>> torch.allclose(flat, flat[:, :1, :1].expand_as(flat), atol=1e-5)
    True
    """
    errors, size = border()
    return {
        "settings": len(settings),
        "interior": errors[1:-1, 1:-1].max().item(),
        "border": errors.max().item(),
        "output": size.item(),
        "off": int((errors > 1e-12).sum()),
        "pixels": errors.numel(),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.2))
    errors, _ = border()
    shown = ax.imshow(errors, cmap=shades(GRAY), vmin=0, interpolation="none",
                      label="largest difference")
    ax.text(4, 4.5, "inside:\nbelow 10⁻¹²", ha="center", va="center")
    bar = fig.colorbar(shown, label="largest difference", drawedges=False)
    bar.outline.set_visible(False)
    bar.set_ticks([0, 1, 2])
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=FAINT)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
