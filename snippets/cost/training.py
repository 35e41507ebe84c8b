"""What training keeps of one layer until the backward pass."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION

# --8<-- [start:training]
import torch
import torch.nn.functional as F
from torch.autograd.graph import saved_tensors_hooks


def convolution(x, W):                  # (n, d), (d, d, k) -> (n, d)
    return F.conv1d(x.T, W, padding="same").T


def separable(x, kernels, W):           # (n, d), (d, 1, k), (d, d) -> (n, d)
    return F.conv1d(x.T, kernels, padding="same", groups=len(W)).T @ W.T


def attention(x, W_QKV, W_O, mix, h=12):     # (n, d) -> (n, d)
    n, d = x.shape
    Q, K, V = (x @ W_QKV.T).view(n, 3, h, d // h).permute(1, 2, 0, 3)
    y = mix(Q, K, V)                    # (h, n, d_head)
    return y.transpose(0, 1).reshape(n, d) @ W_O.T


def written_out(Q, K, V):
    A = torch.softmax(Q @ K.mT / Q.shape[-1]**0.5, dim=-1)      # (h, n, n)
    return A @ V


def fused(Q, K, V):
    return F.scaled_dot_product_attention(Q[None], K[None], V[None])[0]


def kept(layer, x, *weights, **options):
    """Numbers kept for the backward pass, besides the layer's weights."""
    stores = set()
    with saved_tensors_hooks(lambda t: stores.add(t.untyped_storage()) or t,
                             lambda t: t):
        layer(x, *weights, **options)
    stores -= {W.untyped_storage() for W in weights}
    return sum(store.nbytes() for store in stores) // 4


n, d, h = 196, 768, 12
x, W, W_QKV, W_O = (torch.randn(shape, requires_grad=True) for shape in
                    ((n, d), (d, d, 9), (3 * d, d), (d, d)))
numbers = kept(convolution, x, W)
print(f"convolution: {numbers:,} numbers, nd: {numbers == n * d}")
own = torch.randn(d, 1, 9, requires_grad=True)
numbers = kept(separable, x, own, W_O)
print(f"separable: {numbers:,} numbers, 2nd: {numbers == 2 * n * d}")
for mix, rest in (fused, h * n), (written_out, h * n**2):
    numbers = kept(attention, x, W_QKV, W_O, mix=mix)
    print(f"attention, {mix.__name__}: {numbers:,} numbers,",
          f"5nd + {rest:,}: {numbers == 5 * n * d + rest}")
# --8<-- [end:training]

def counted(mix, n, device="meta"):
    """Numbers kept by one attention layer of d = 768.

    >>> counted(written_out, 8192) == 5 * 8192 * d + h * 8192**2
    True
    >>> counted(fused, 64, "cpu") == 5 * 64 * d + h * 64
    True

    The two compute the same.

    >>> QKV = torch.randn(3, h, 64, 64)
    >>> torch.allclose(fused(*QKV), written_out(*QKV), atol=1e-5)
    True
    """
    shapes = (n, d), (3 * d, d), (d, d)
    inputs = (torch.empty(s, device=device, requires_grad=True) for s in shapes)
    return kept(attention, *inputs, mix=mix)


def rows(n):
    """Bytes kept by each layer, 4 a number."""
    return {"convolution": 4 * n * d, "separable": 4 * 2 * n * d,
            "fused": 4 * (5 * n * d + h * n),
            "written out": 4 * (5 * n * d + h * n**2)}


def results():
    """Bytes of one layer at d = 768 with 12 heads.

    >>> kept(separable, torch.randn(64, d, requires_grad=True), own, W_O) == 2 * 64 * d
    True
    """
    return {"h": h} | {f"{name.replace(' ', '_')}_{n}": size
                       for n in (1000, 224**2) for name, size in rows(n).items()} | {
        "shares_50176": 4 * h * 224**4}


def figure():
    fig, axes = plt.subplots(2, figsize=(5.2, 4.6))
    for ax, n, title in zip(axes, (1000, 224**2), ("1,000 words", "50,176 pixels")):
        for y, (name, size) in enumerate(rows(n).items()):
            size /= 1e6
            color = ATTENTION if y > 1 else CONVOLUTION
            ax.barh(y, size, 0.6, color=color, label=f"{name}, n = {n}")
            ax.annotate(f"{size:,.0f}", (size, y),
                        (5, 0), textcoords="offset points", va="center")
        ax.set_yticks(range(4), ["convolution", "separable", "attention,\nfused",
                                 "attention,\nwritten out"])
        ax.set(title=f"{title}: MB kept by one layer", ylim=(3.5, -0.5), xticks=[],
               xlim=(0, 1.15 * size))
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
