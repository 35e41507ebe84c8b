"""Two masks: no look into the future, and no look at padding."""

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle
from style import ATTENTION, FAINT, GRAY, shades

# --8<-- [start:masks]
import torch

n, d = 8, 16
words = 5                                   # the last 3 tokens are padding
generator = torch.Generator().manual_seed(2)
x = torch.randn(n, d, generator=generator)
W_Q, W_K, W_V = torch.randn(3, d, d, generator=generator) / d**0.5
causal = torch.ones(n, n).tril().bool()     # i may look at j <= i
padding = (torch.arange(n) < words).expand(n, n)     # nobody at padding


def weights(x, allowed):
    """A (n, n); where `allowed` is False the score is -inf, the share 0."""
    S = (x @ W_Q.T) @ (x @ W_K.T).T         # (n, n)
    return torch.softmax(S.masked_fill(~allowed, -torch.inf) / d**0.5, dim=1)


def attention(x, allowed):
    return weights(x, allowed) @ (x @ W_V.T)              # (n, d)


x.requires_grad_()
grad, = torch.autograd.grad(attention(x, causal)[3].sum(), x)
print("causal, output 4:", grad.abs().sum(1).count_nonzero().item(),
      "tokens have a gradient,", grad[4:].abs().max().item(), "from later ones")

other = x.detach().clone()
other[words:] = 1000                        # quite another padding
moved = attention(x, padding)[:words] - attention(other, padding)[:words]
print("padding: words move by", moved.abs().max().item())
# --8<-- [end:masks]

masks = {"causal": causal, "padding": padding}


def results():
    """What the masks let through.

    The library agrees. In `F.scaled_dot_product_attention`, True means "may look".

    >>> from torch.nn.functional import scaled_dot_product_attention as sdpa
    >>> Q, K, V = x @ W_Q.T, x @ W_K.T, x @ W_V.T
    >>> all(torch.allclose(attention(x, m), sdpa(Q, K, V, attn_mask=m), atol=1e-6)
    ...     for m in masks.values())
    True
    >>> torch.allclose(attention(x, causal), sdpa(Q, K, V, is_causal=True), atol=1e-6)
    True

    Under a causal mask the outputs of a prefix are the prefix of the outputs, and a
    padded input gives what the words alone give.

    >>> torch.allclose(attention(x, causal)[:5], attention(x[:5], causal[:5, :5]),
    ...                atol=1e-6)
    True
    >>> full = torch.ones(5, 5).bool()
    >>> torch.allclose(attention(x, padding)[:5], attention(x[:5], full), atol=1e-6)
    True
    """
    return {
        "causal_nonzeros": weights(x, causal).count_nonzero().item(),
        "all_pairs": n * n,
        "first_weight": int(weights(x, causal)[0, 0]),
    }


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.4))
    places = {"causal": ((2.2, 5), (5.3, 2)), "padding": ((2, 3.5), (6, 3.5))}
    for (above, below), (name, mask) in zip(axes.T, masks.items()):
        above.barh(range(n), mask.sum(1).tolist(), left=-0.5, height=1,
                   color=FAINT, label=f"{name}: keys allowed")
        for (j, i), text in zip(places[name], ("may look", "−∞")):
            above.text(j, i, text, ha="center", va="center")
        below.imshow(weights(x, mask).detach().numpy(), cmap=shades(ATTENTION),
                     vmin=0, vmax=1, interpolation="none", label=f"{name}: A")
        for i, j in mask.nonzero().tolist():
            below.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False,
                                      ec=GRAY, lw=0.5))
        above.set(title=f"{name} mask", aspect="equal", xlim=(-0.5, n - 0.5),
                  ylim=(n - 0.5, -0.5))
        below.set(title="shares $A$", xlabel="key $j$")
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=GRAY)
    for ax in axes[:, 0]:
        ax.set_ylabel("query $i$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
