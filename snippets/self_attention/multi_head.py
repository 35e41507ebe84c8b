"""Multi-head self-attention, equal to torch's; what heads are for."""

import matplotlib.pyplot as plt
from style import ATTENTION, GRAY, shades

# --8<-- [start:multi_head]
import torch
from torch import nn


class SelfAttention(nn.Module):
    """h heads of d_head = d / h channels (Vaswani et al. 2017, section 3.2.2)."""

    def __init__(self, d, h):
        super().__init__()
        self.h = h
        self.qkv = nn.Linear(d, 3 * d)      # W_Q, W_K, W_V of all heads at once
        self.out = nn.Linear(d, d)          # W_O

    def weights(self, x):
        """Shares A and values: (b, h, n, n) and (b, h, n, d_head)."""
        b, n, d = x.shape
        q, k, v = (part.view(b, n, self.h, d // self.h).transpose(1, 2)
                   for part in self.qkv(x).chunk(3, dim=-1))
        S = q @ k.transpose(2, 3)           # (b, h, n, n)
        return torch.softmax(S / (d // self.h)**0.5, dim=-1), v

    def forward(self, x):
        A, v = self.weights(x)
        y = A @ v                           # (b, h, n, d_head)
        y = y.transpose(1, 2).flatten(2)    # (b, n, d): heads side by side
        return self.out(y)


torch.manual_seed(0)
ours = SelfAttention(d=64, h=8)
theirs = nn.MultiheadAttention(64, 8, batch_first=True)
theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values())))

x = torch.randn(2, 10, 64)                  # (b, n, d)
A, _ = ours.weights(x)
y, A_theirs = theirs(x, x, x, average_attn_weights=False)
print("same output as torch:", torch.allclose(ours(x), y, atol=1e-6))
print("same shares:", torch.allclose(A, A_theirs, atol=1e-6), tuple(A.shape))
# --8<-- [end:multi_head]

sharpness = 6           # inputs of this size give rows with clear peaks


@torch.no_grad()
def pattern(h, n=12, d=16, query=5):
    """How much output `query` takes from each position, channel by channel: (d, n).

    These are the outputs before W_O mixes the channels. Channel c belongs to head
    c // d_head, and its row is that head's row of A.

    >>> [torch.linalg.matrix_rank(pattern(h)).item() for h in (1, 2, 4, 8, 16)]
    [1, 2, 4, 8, 12]
    >>> torch.allclose(pattern(4).sum(dim=1), torch.ones(16))
    True
    """
    torch.manual_seed(1)
    layer = SelfAttention(d, h)
    x = sharpness * torch.randn(1, n, d)
    A, _ = layer.weights(x)                                  # (1, h, n, n)
    return A[0, :, query].repeat_interleave(d // h, dim=0)   # (d, n)


def results():
    """Different rows of the channel patterns: one a head.

    One head is attention without heads, and the fused kernel gives the same.

    >>> one, x = SelfAttention(16, 1), torch.randn(1, 7, 16)
    >>> Q, K, V = one.qkv(x).chunk(3, dim=-1)
    >>> y = nn.functional.scaled_dot_product_attention(Q, K, V)
    >>> torch.allclose(one(x), one.out(y), atol=1e-6)
    True
    >>> same = nn.functional.scaled_dot_product_attention
    >>> four = SelfAttention(16, 4)
    >>> q, k, v = four.qkv(x).view(1, 7, 3, 4, 4).permute(2, 0, 3, 1, 4)
    >>> torch.allclose(four(x), four.out(same(q, k, v).transpose(1, 2).flatten(2)),
    ...                atol=1e-6)
    True

    The derivative of each channel by its own values is the pattern.

    >>> A, v = four.weights(x)
    >>> J = torch.autograd.functional.jacobian(lambda v: A[0, 2, 3] @ v, v[0, 2])
    >>> torch.allclose(J.sum(2), A[0, 2, 3].expand(4, 7))
    True
    """
    rows = {f"rows_{h}": len(pattern(h).unique(dim=0)) for h in (1, 2, 4)}
    return {**rows, "sharpness": sharpness}


def figure():
    fig, axes = plt.subplots(3, figsize=(5.2, 6.4), sharex=True)
    titles = {1: "1 head: 1 row of shares", 2: "2 heads: 2 rows of shares",
              4: "4 heads: 4 rows of shares"}
    for ax, (h, title) in zip(axes, titles.items()):
        ax.imshow(pattern(h).numpy(), cmap=shades(ATTENTION), vmin=0, vmax=0.6,
                  aspect="auto", interpolation="none", label=f"{h} heads")
        for edge in range(16 // h, 16, 16 // h):
            ax.axhline(edge - 0.5, color=GRAY, lw=1)
        ax.set_title(title)
        ax.set_xticks(range(12), range(1, 13))
        ax.set_yticks([0, 15], [1, 16])
        ax.tick_params(length=0)
    axes[1].set_ylabel("channel of output 6")
    axes[2].set_xlabel("position that output 6 reads")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
