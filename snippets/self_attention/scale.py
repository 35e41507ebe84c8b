"""What becomes of the rows of A without the scale: their entropy, and how they react to a query."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, shades

# --8<-- [start:stuck]
import torch


def keys_and_rows(d_head, scaled, seed=0, variance=1, n=64, batch=40):
    """Random keys (batch, n, d_head), rows of A (batch, n, n) for such queries."""
    generator = torch.Generator().manual_seed(seed)
    Q, K = torch.randn(2, batch, n, d_head, generator=generator).double()
    Q, K = variance**0.5 * Q, variance**0.5 * K
    S = Q @ K.mT                                             # (batch, n, n)
    return K, torch.softmax(S / d_head**0.5 if scaled else S, dim=-1)


def reaction(K, A, scaled):
    """Size of the derivative of each row of A by its query: (batch, n).

    It is (diag(a) - a a^T) K, over sqrt(d_head) if scaled; its squares sum to
    sum_j a_j^2 |k_j - m|^2, where m = a K is the mean key.
    """
    m = A @ K                                                # (batch, n, d_head)
    distance = (K.square().sum(-1)[:, None] - 2 * m @ K.mT
                + m.square().sum(-1)[..., None]).clamp(min=0)
    size = (A.square() * distance).sum(-1).sqrt()
    return size / K.shape[-1]**0.5 if scaled else size


def stuck(d_head, scaled, seed=0, variance=1):
    """Share of the rows that react less than 1/100 of the median scaled row."""
    usual = reaction(*keys_and_rows(d_head, True, seed, variance), True).median()
    K, A = keys_and_rows(d_head, scaled, seed, variance)
    return (reaction(K, A, scaled) < usual / 100).double().mean().item()


for d_head in (16, 64, 256, 1024):
    print(f"{d_head} channels: {stuck(d_head, False):.0%} of the rows are stuck,",
          f"with the scale {stuck(d_head, True):.0%}")
# --8<-- [end:stuck]

SEEDS = 5


def entropy(A):
    """Mean entropy of the rows in bits: log2 n if uniform, 0 if one-hot."""
    return -(A * A.log2().nan_to_num(neginf=0)).sum(-1).mean().item()


def bits(d_head, scaled):
    return entropy(keys_and_rows(d_head, scaled)[1])


def median(d_head, scaled):
    return reaction(*keys_and_rows(d_head, scaled), scaled).median().item()


def results():
    """Entropy in bits (of at most 6), the median reaction, and the share of stuck rows.

    >>> r = results()
    >>> r["entropy_unscaled_1024"] < 0.3
    True
    >>> r["stuck_64_max"] < 0.1 < 0.3 < r["stuck_1024_min"], r["stuck_scaled_max"]
    (True, 0.0)

    Scores of variance 1 spread over log2 n - 1 / (2 ln 2) bits, for large n.

    >>> bool(abs(r["entropy_scaled_1024"] - (6 - 0.5 / torch.tensor(2).log())) < 0.1)
    True

    Mainly since its scores move sqrt(64) times as far with the query: the same rows
    as with the scale, without the root in their derivative, react nearly as much.

    >>> same_rows = reaction(*keys_and_rows(64, True), False).median().item()
    >>> same_rows > 0.8 * r["reaction_unscaled_64"]
    True

    Without the scale a row first reacts more, and only with many channels less.

    >>> r["reaction_unscaled_64"] > 3 * r["reaction_scaled_64"]
    True
    >>> r["reaction_scaled_1024"] > 3 * r["reaction_unscaled_1024"]
    True

    >>> (entropy(torch.full((1, 64), 1 / 64)), entropy(torch.eye(64))) == (6, 0)
    True
    >>> q, K = torch.randn(5), torch.randn(9, 5)
    >>> for scaled in False, True:
    ...     row = lambda q: (K @ q / (5**0.5 if scaled else 1)).softmax(0)
    ...     J = torch.autograd.functional.jacobian(row, q)
    ...     print(torch.allclose(reaction(K[None], row(q)[None, None], scaled), J.norm()))
    True
    True

    With the initial weights of PyTorch, queries and keys have variance 1/2
    (nn.MultiheadAttention) or 1/3 (nn.Linear), and the scaled scores its square.

    >>> def variance(W, d):
    ...     x = torch.randn(400, d)
    ...     return ((x @ W[:d].T) @ (x @ W[d:].T).T / d**0.5).var().item()
    >>> for d in 64, 512:
    ...     attention = torch.nn.MultiheadAttention(d, 1).in_proj_weight[:2 * d]
    ...     linear = torch.nn.Linear(d, 2 * d).weight
    ...     print(abs(variance(attention, d) - 1 / 4) < 0.03,
    ...           abs(variance(linear, d) - 1 / 9) < 0.02)
    True True
    True True
    """
    found = {}
    for d_head in 64, 1024:
        shares = [stuck(d_head, False, seed) for seed in range(SEEDS)]
        found |= {f"stuck_{d_head}_min": min(shares), f"stuck_{d_head}_max": max(shares)}
    return found | {
        "stuck_scaled_max": max(stuck(d_head, True, seed)
                                for d_head in (64, 1024) for seed in range(SEEDS)),
        "stuck_64_pytorch_max": max(stuck(64, False, variance=v) for v in (1 / 2, 1 / 3)),
        "stuck_1024_linear": stuck(1024, False, variance=1 / 3),
        "stuck_1024_attention": stuck(1024, False, variance=1 / 2),
        "entropy_unscaled_64": bits(64, scaled=False),
        "entropy_unscaled_1024": bits(1024, scaled=False),
        "entropy_scaled_1024": bits(1024, scaled=True),
        **{f"reaction_{name}_{d_head}": median(d_head, scaled) for d_head in (64, 1024)
           for name, scaled in (("unscaled", False), ("scaled", True))},
    }


def figure():
    fig, axes = plt.subplots(3, 2, figsize=(5.2, 4.2))
    for line, d_head in zip(axes, (4, 64, 1024)):
        for ax, scaled in zip(line, (False, True)):
            A = keys_and_rows(d_head, scaled)[1]
            ax.imshow(A[0, :8], cmap=shades(ATTENTION), vmin=0, vmax=0.2, aspect="auto",
                      interpolation="none", label=f"{d_head} channels, scaled: {scaled}")
            ax.set(xticks=[], yticks=[], xlabel=f"keys looked at: about {2**entropy(A):.0f}")
            ax.spines[:].set(visible=True, color=FAINT)
        line[0].set_ylabel(f"{d_head} channels")
    axes[0, 0].set_title("not divided")
    axes[0, 1].set_title("divided by the root")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
