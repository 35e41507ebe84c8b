"""Nine attention heads over position vectors make any 3 x 3 convolution."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY, shades

# --8<-- [start:heads]
import torch

torch.manual_seed(0)
side, d, alpha = 7, 4, 40
conv = torch.nn.Conv2d(d, d, 3, padding=1, padding_mode="replicate").double()
image = torch.randn(1, d, side, side).double()
x = image[0].flatten(1).T                           # a row per pixel: (n, d)

row, col = torch.cartesian_prod(torch.arange(side), torch.arange(side)).T
p = torch.stack([torch.ones(side**2), row, col, row**2 + col**2], 1).double()


def shares(a, b):
    """Of the head that looks a rows down and b columns right: (n, n)."""
    W_Q = torch.tensor([[2. * a, 2, 0, 0],          # 2 (row + a)
                        [2 * b, 0, 2, 0],           # 2 (col + b)
                        [-1, 0, 0, 0]]).double()    # -1
    W_K = torch.eye(4)[1:].double()         # row, col, row^2 + col^2
    return torch.softmax(alpha * (p @ W_Q.T) @ (p @ W_K.T).T, dim=-1)


y = conv.bias
for a in -1, 0, 1:
    for b in -1, 0, 1:
        W = conv.weight[:, :, a + 1, b + 1]         # W_O W_V of this head
        y = y + shares(a, b) @ x @ W.T

error = (y - conv(image)[0].flatten(1).T).abs().max()
print("nine heads equal nn.Conv2d:", (error < 1e-12).item())
# --8<-- [end:heads]

centre = 3 * side + 3
heads = [shares(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
leak = max(1 - A.max(dim=1).values.min() for A in heads)


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["error"] < 1e-12, r["leak"] < 1e-15
    (True, True)

    Head (a, b) looks a rows down and b columns to the right.

    >>> found = [divmod(A[centre].argmax().item(), side) for A in heads]
    >>> found == [(3 + a, 3 + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    True

    The dropped terms depend on i alone: the shares are those of the full square.

    >>> full = -alpha * ((row - row[:, None] - 1)**2 + (col - col[:, None] - 1)**2)
    >>> torch.allclose(heads[-1], full.double().softmax(-1), rtol=0, atol=1e-12)
    True

    The library's attention does the same.

    >>> Q = alpha * torch.stack([2 * row + 2, 2 * col + 2, 0 * row - 1], dim=1).double()
    >>> A_V = torch.nn.functional.scaled_dot_product_attention(Q, p[:, 1:], x, scale=1)
    >>> torch.allclose(A_V, heads[-1] @ x)
    True

    Ten blunt heads are exact. Nine score 1 for their pixel and 0 for all others, so each
    share is (1 + gain S) / (n + gain), where S is the shift. The tenth, with equal scores,
    takes the 1s away.

    >>> n, gain = side**2, torch.tensor(1.).double().exp() - 1
    >>> S = torch.stack([(A > 0.5).double() for A in heads])            # (9, n, n)
    >>> blunt, W = S.softmax(-1), conv.weight.flatten(2).permute(2, 1, 0)
    >>> ten = conv.bias + ((n + gain) / gain * blunt @ x @ W).sum(0)
    >>> ten = ten - torch.zeros(n, n).double().softmax(-1) @ x @ (n / gain * W.sum(0))
    >>> torch.allclose(ten, y, rtol=0, atol=1e-12), blunt.max() < 0.06
    (True, tensor(True))

    With one channel, two heads without a zero are exact. The same is added to what each
    collects, so that all rows have the same sum.

    >>> kernel = torch.einsum("o,oij->ij", W[:, 0, 0], S)               # (n, n)
    >>> plus, minus = kernel.clamp(min=0) + 0.1, -kernel.clamp(max=0) + 0.1
    >>> more = (plus.sum(1).max() - plus.sum(1))[:, None] / n
    >>> collected = torch.stack([plus + more, minus + more])            # (2, n, n)
    >>> shared, factors = collected.log().softmax(-1), collected.sum(2)[:, 0]
    >>> two = factors[0] * shared[0] @ x[:, :1] - factors[1] * shared[1] @ x[:, :1]
    >>> torch.allclose(two, kernel @ x[:, :1], rtol=0, atol=1e-12), shared.min() > 0
    (True, tensor(True))
    """
    return {"leak": leak.item(), "side": side, "error": error.item()}


def figure():
    fig, axes = plt.subplots(3, 3, figsize=(5.2, 5.7))
    signs = {-1: "−1", 0: "0", 1: "+1"}
    for h, (ax, A) in enumerate(zip(axes.flat, heads)):
        a, b = signs[h // 3 - 1], signs[h % 3 - 1]
        ax.imshow(A[centre].view(side, side), cmap=shades(ATTENTION), vmin=0, vmax=1,
                  interpolation="none", label=f"head ({a}, {b})")
        for line in range(1, side):
            ax.axhline(line - 0.5, color=FAINT, lw=0.7)
            ax.axvline(line - 0.5, color=FAINT, lw=0.7)
        ax.plot(3, 3, "s", ms=9, mfc="none", mec="black", mew=1.5, label="query")
        ax.set_title(f"({a}, {b})", loc="center")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=GRAY)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
