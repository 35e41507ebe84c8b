"""One function computes both: y_i = sum_h sum_j a^h_ij W_h x_j."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, shades

# --8<-- [start:mix]
import torch
from torch import nn


def mix(A, W, x):
    """y_i = sum_h sum_j A[h, i, j] W[h] x[j]; one W (d, d) for each A.

    For each i and c: add A[h,i,j] W[h,c,e] x[j,e] over all h, j, e.
    """
    return torch.einsum("hij,hce,je->ic", A, W, x)


def convolution(layer, x):
    """A term an offset o: A is 1 where j = i + o, W is the kernel at o."""
    n, k = len(x), layer.kernel_size[0]
    A = [x.new_ones(n - abs(o)).diag(o)             # (n, n)
         for o in range(-(k // 2), k // 2 + 1)]
    return torch.stack(A), layer.weight.permute(2, 0, 1)    # (k, ...)


def attention(layer, x):
    """A term a head: A is computed from x, W is W_O W_V."""
    d, heads = layer.embed_dim, layer.num_heads
    d_head = d // heads
    W_Q, W_K, W_V = layer.in_proj_weight.view(3, heads, d_head, d)
    W_O = layer.out_proj.weight.view(d, heads, d_head).transpose(0, 1)
    Q, K = x @ W_Q.mT, x @ W_K.mT                   # (heads, n, d_head)
    scores = Q @ K.mT / d_head**0.5                 # (heads, n, n)
    return scores.softmax(dim=-1), W_O @ W_V        # (heads, ...)


torch.manual_seed(0)
n, d = 10, 12
x = 3 * torch.randn(n, d, dtype=torch.float64)      # large: clear patterns
conv = nn.Conv1d(d, d, 3, padding=1, bias=False).double()
mha = nn.MultiheadAttention(d, 3, bias=False).double()
for name, (A, W), y in (
        ("nn.Conv1d", convolution(conv, x), conv(x.T).T),
        ("nn.MultiheadAttention", attention(mha, x), mha(x, x, x)[0])):
    error = (mix(A, W, x) - y).abs().max()
    ranks = torch.linalg.matrix_rank(W).tolist()
    print(f"{name}: ranks of W {ranks}, equal: {error < 1e-12}")
# --8<-- [end:mix]


def results():
    """Terms of each sum, and how much the weights change with the input.

    >>> results()["convolution_change"], results()["attention_change"] > 0.3
    (0.0, True)

    Both equal the library, for other sizes too.

    >>> for n, d, k, h in (7, 8, 5, 1), (20, 8, 7, 8), (9, 6, 1, 2):
    ...     x = torch.randn(n, d).double()
    ...     conv = nn.Conv1d(d, d, k, padding=k // 2, bias=False).double()
    ...     mha = nn.MultiheadAttention(d, h, bias=False).double()
    ...     one = (mix(*convolution(conv, x), x) - conv(x.T).T).abs().max()
    ...     two = (mix(*attention(mha, x), x) - mha(x, x, x)[0]).abs().max()
    ...     print(bool(one < 1e-12), bool(two < 1e-12))
    True True
    True True
    True True

    A single term that leaves positions alone is a linear layer on each of them.

    >>> W = torch.randn(1, 6, 6).double()
    >>> torch.allclose(mix(torch.eye(9)[None].double(), W, x), x @ W[0].T)
    True
    """
    def change(terms, layer):
        A, B = terms(layer, x)[0], terms(layer, x.flip(1))[0]
        return (A - B).abs().sum().item() / 2 / A[:, :, 0].numel()

    return {
        "heads": mha.num_heads,
        "d": d,
        "d_head": d // mha.num_heads,
        "convolution_change": change(convolution, conv),
        "attention_change": change(attention, mha),
    }


def figure():
    fig, axes = plt.subplots(2, 3, figsize=(5.2, 4.1))
    rows = [(convolution, conv, "offset {}", ("−1", "0", "+1"), CONVOLUTION),
            (attention, mha, "head {}", (1, 2, 3), ATTENTION)]
    for row, (terms, layer, title, names, color) in zip(axes, rows):
        for ax, name, matrix in zip(row, names, terms(layer, x)[0].detach()):
            label = title.format(name)
            ax.imshow(matrix, cmap=shades(color), vmin=0, vmax=1,
                      interpolation="none", label=label)
            ax.set_title(label, loc="center")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=FAINT)
        row[0].set_ylabel(terms.__name__, color=color, weight="bold")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
