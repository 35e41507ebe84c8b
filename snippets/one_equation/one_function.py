"""One function computes both: y_i = sum_h sum_j a^h_ij W_h x_j."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, shades

# --8<-- [start:mix]
import torch
from torch import nn


def mix(a, W, x):
    """y_i = sum_h sum_j a[h, i, j] W[h] x[j]; a (h, n, n), W (h, d, d), x (n, d)."""
    return torch.einsum("hij,hce,je->ic", a, W, x)


torch.manual_seed(0)
n, d, heads = 10, 12, 3
x = torch.randn(n, d).double()

conv = nn.Conv1d(d, d, 3, padding=1, bias=False).double()
ones = torch.stack([torch.ones(n - abs(o)).diag(o) for o in (-1, 0, 1)]).double()
W = conv.weight.permute(2, 0, 1)                        # (3, d, d), one per offset
print("nn.Conv1d is the sum:", torch.allclose(mix(ones, W, x), conv(x.T).T))

mha = nn.MultiheadAttention(d, heads, bias=False).double()
y, shares = mha(x, x, x, average_attn_weights=False)    # (n, d), (heads, n, n)
W_V = mha.in_proj_weight[2 * d :].view(heads, d // heads, d)    # below W_Q and W_K
W_O = mha.out_proj.weight.view(d, heads, d // heads).transpose(0, 1)
equal = torch.allclose(mix(shares, W_O @ W_V, x), y)
print("nn.MultiheadAttention is the sum:", equal)
# --8<-- [end:mix]

SCALE = 3       # of the inputs in the figure: large, so that a pattern can be seen


def shares_of(layer, x):
    return layer(x, x, x, average_attn_weights=False)[1]


def moved(layer, scale):
    """How much of a row of shares moves to other positions with another input, on average."""
    one, two = (shares_of(layer, scale * torch.randn(n, d).double()) for _ in range(2))
    return (one - two).abs().sum(2).mean().item() / 2


def results():
    """How much of a row of shares moves when the input changes, over 100 layers; the ranks.

    >>> r = results()
    >>> r["moved_low"] > 0.15, r["moved_large_low"] > 0.5
    (True, True)
    >>> r["rank_convolution"] == d, r["rank_attention"] == d // heads
    (True, True)

    A single term that leaves positions alone is a linear layer on each of them.

    >>> torch.allclose(mix(torch.eye(n)[None].double(), W[:1], x), x @ W[0].T)
    True
    """
    torch.manual_seed(1)
    layers = [nn.MultiheadAttention(d, heads, bias=False).double() for _ in range(100)]
    draws = {scale: torch.tensor([moved(layer, scale) for layer in layers]) for scale in (1, SCALE)}
    quantiles = torch.tensor([0.05, 0.95])
    low, high = draws[1].quantile(quantiles).tolist()
    large_low, large_high = draws[SCALE].quantile(quantiles).tolist()
    ranks = [torch.linalg.matrix_rank(each).max().item() for each in (W, W_O @ W_V)]
    return {
        "heads": heads, "d": d, "d_head": d // heads,
        "rank_convolution": ranks[0], "rank_attention": ranks[1],
        "convolution_error": (mix(ones, W, x) - conv(x.T).T).abs().max().item(),
        "attention_error": (mix(shares, W_O @ W_V, x) - y).abs().max().item(),
        "moved_low": low, "moved_high": high,
        "moved_large_low": large_low, "moved_large_high": large_high,
    }


def figure():
    fig, axes = plt.subplots(2, 3, figsize=(5.2, 4.1))
    rows = [("convolution", ones, "offset {}", ("−1", "0", "+1"), CONVOLUTION),
            ("attention", shares_of(mha, SCALE * x), "head {}", (1, 2, 3), ATTENTION)]
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
