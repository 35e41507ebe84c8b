"""One function computes both: y_i = sum_h sum_j a^h_ij W_h x_j."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, shades

# --8<-- [start:mix]
import torch
from torch import nn


def mix(a, W, x):
    """y_i = sum_h sum_j a[h, i, j] W[h] x[j]; a (h, n, n), W (h, d, d), x (n, d)."""
    return torch.einsum("hij,hce,je->ic", a, W, x)


def of_convolution(layer, x):
    """a: ones where j = i + offset. W: what the kernel has learned there."""
    n, k = len(x), layer.kernel_size[0]
    a = [x.new_ones(n - abs(o)).diag(o) for o in range(-(k // 2), k // 2 + 1)]
    return torch.stack(a), layer.weight.permute(2, 0, 1)


def of_attention(layer, x):
    """a: the shares of each head. W: its W_V, then its part of W_O."""
    d, h = layer.embed_dim, layer.num_heads
    W_Q, W_K, W_V = layer.in_proj_weight.view(3, h, d // h, d)
    W_O = layer.out_proj.weight.view(d, h, d // h).transpose(0, 1)
    scores = (x @ W_Q.mT) @ (x @ W_K.mT).mT / (d // h)**0.5     # (h, n, n)
    return scores.softmax(dim=2), W_O @ W_V


torch.manual_seed(0)
n, d, heads = 10, 12, 3
x = torch.randn(n, d).double()
conv = nn.Conv1d(d, d, 3, padding=1, bias=False).double()
mha = nn.MultiheadAttention(d, heads, bias=False).double()
for name, terms, y in (("nn.Conv1d", of_convolution(conv, x), conv(x.T).T),
                       ("nn.MultiheadAttention", of_attention(mha, x), mha(x, x, x)[0])):
    print(name, "is the sum:", torch.allclose(mix(*terms, x), y))
# --8<-- [end:mix]

SCALE = 3       # of the inputs in the figure: large, so that a pattern can be seen


def moved(layer, scale=1):
    """How much of a head's row moves to other positions with another input, on average."""
    one, two = scale * torch.randn(2, n, d).double()
    return (of_attention(layer, one)[0] - of_attention(layer, two)[0]).abs().sum(2).mean().item() / 2


def results():
    """How much of a row of shares moves when the input changes, over 100 layers; the ranks.

    >>> r = results()
    >>> r["moved_low"] > 0.15, r["moved_large_low"] > 0.5
    (True, True)
    >>> r["rank_convolution"] == d, r["rank_attention"] == d // heads
    (True, True)

    The ones of the convolution do not move.

    >>> of_convolution(conv, x)[0].equal(of_convolution(conv, torch.randn(n, d).double())[0])
    True

    Both equal the library to 1e-12, for other sizes too.

    >>> for n_, d_, k, h in (10, 12, 3, 3), (7, 8, 5, 1), (20, 8, 7, 8), (9, 6, 1, 2):
    ...     z = torch.randn(n_, d_).double()
    ...     one = nn.Conv1d(d_, d_, k, padding=k // 2, bias=False).double()
    ...     two = nn.MultiheadAttention(d_, h, bias=False).double()
    ...     print(bool((mix(*of_convolution(one, z), z) - one(z.T).T).abs().max() < 1e-12),
    ...           bool((mix(*of_attention(two, z), z) - two(z, z, z)[0]).abs().max() < 1e-12))
    True True
    True True
    True True
    True True

    A single term that leaves positions alone is a linear layer on each of them.

    >>> W = torch.randn(1, 6, 6).double()
    >>> z = torch.randn(9, 6).double()
    >>> torch.allclose(mix(torch.eye(9)[None].double(), W, z), z @ W[0].T)
    True
    """
    torch.manual_seed(1)
    layers = [nn.MultiheadAttention(d, heads, bias=False).double() for _ in range(100)]
    draws = {scale: torch.tensor([moved(layer, scale) for layer in layers]) for scale in (1, SCALE)}
    quantiles = torch.tensor([0.05, 0.95])
    low, high = draws[1].quantile(quantiles).tolist()
    large_low, large_high = draws[SCALE].quantile(quantiles).tolist()
    ranks = [torch.linalg.matrix_rank(terms[1]).max().item()
             for terms in (of_convolution(conv, x), of_attention(mha, x))]
    return {
        "heads": heads, "d": d, "d_head": d // heads,
        "rank_convolution": ranks[0], "rank_attention": ranks[1],
        "moved_low": low, "moved_high": high,
        "moved_large_low": large_low, "moved_large_high": large_high,
    }


def figure():
    fig, axes = plt.subplots(2, 3, figsize=(5.2, 4.1))
    rows = [("convolution", of_convolution(conv, x)[0], "offset {}", ("−1", "0", "+1"),
             CONVOLUTION),
            ("attention", of_attention(mha, SCALE * x)[0], "head {}", (1, 2, 3), ATTENTION)]
    for row, (name, matrices, title, terms, color) in zip(axes, rows):
        for ax, term, matrix in zip(row, terms, matrices.detach()):
            label = title.format(term)
            ax.imshow(matrix, cmap=shades(color), vmin=0, vmax=1,
                      interpolation="none", label=label)
            ax.set_title(label, loc="center")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=FAINT)
        row[0].set_ylabel(name, color=color, weight="bold")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
