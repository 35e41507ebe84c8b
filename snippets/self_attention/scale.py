"""What the softmax does without the scale: its entropy and its gradient."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT

# --8<-- [start:saturation]
import torch


def weights(d_k, scaled, n=64, batch=100):
    """Rows of A for random queries and keys of variance 1: (batch, n, n)."""
    generator = torch.Generator().manual_seed(d_k)
    Q, K = torch.randn(2, batch, n, d_k, generator=generator).double()
    S = Q @ K.transpose(1, 2)            # (batch, n, n), variance d_k
    return torch.softmax(S / d_k**0.5 if scaled else S, dim=-1)


def entropy(A):
    """Mean entropy of the rows in bits: log2 n if uniform, 0 if one-hot."""
    return -(A * A.log2().nan_to_num(neginf=0)).sum(-1).mean().item()


def gradient(A):
    """Size of J, the derivative of the softmax, at each row a of A.

    J_ii = a_i (1 - a_i), J_ij = -a_i a_j. The squares sum to
    sum a^2 - 2 sum a^3 + (sum a^2)^2, which is 1/4 at most.
    """
    a2, a3 = A.pow(2).sum(-1), A.pow(3).sum(-1)
    return (a2 - 2 * a3 + a2**2).clamp(min=0).sqrt()


for d_k in (16, 64, 128, 1024):
    A, B = weights(d_k, scaled=False), weights(d_k, scaled=True)
    dead = [(gradient(a) < 0.005).double().mean() for a in (A, B)]
    print(f"d_k = {d_k}: entropy {entropy(A):.1f} -> {entropy(B):.1f} bits,",
          f"dead rows {dead[0]:.0%} -> {dead[1]:.0%}")
# --8<-- [end:saturation]

sizes = 4, 16, 64, 256, 1024


def median(d_k, scaled):
    return gradient(weights(d_k, scaled)).median().item()


def dead(d_k, scaled):
    """Share of the rows whose gradient is below 1 % of the largest possible."""
    return (gradient(weights(d_k, scaled)) < 0.005).double().mean().item()


def results():
    """Entropy in bits (of at most 6), the median gradient, and the share of dead rows.

    >>> r = results()
    >>> r["entropy_unscaled_1024"] < 0.3
    True
    >>> r["dead_unscaled_1024"] > 0.5, r["dead_scaled_1024"] < 0.005
    (True, True)

    Scores of variance 1 spread over log2 n - 1 / (2 ln 2) bits, for large n.

    >>> bool(abs(r["entropy_scaled_1024"] - (6 - 0.5 / torch.tensor(2).log())) < 0.1)
    True

    The gradient first grows without the scale, and only then dies.

    >>> r["gradient_unscaled_16"] > r["gradient_scaled_16"]
    True
    >>> r["gradient_drop_1024"] > 100
    True

    >>> (entropy(torch.full((1, 64), 1 / 64)), entropy(torch.eye(64))) == (6, 0)
    True
    >>> s = torch.randn(9)
    >>> J = torch.autograd.functional.jacobian(lambda s: s.softmax(0), s)
    >>> torch.allclose(gradient(s.softmax(0)), J.norm())
    True

    Two equal weights have the largest gradient there is.

    >>> gradient(torch.tensor([0.5, 0.5])).item()
    0.5
    >>> bool((gradient(torch.softmax(9 * torch.randn(9999, 4), 1)) <= 0.500001).all())
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
    return {
        "entropy_unscaled_64": entropy(weights(64, scaled=False)),
        "entropy_unscaled_1024": entropy(weights(1024, scaled=False)),
        "entropy_scaled_1024": entropy(weights(1024, scaled=True)),
        **{f"gradient_unscaled_{d_k}": median(d_k, False) for d_k in (16, 64, 128)},
        **{f"gradient_scaled_{d_k}": median(d_k, True) for d_k in (16, 64, 128)},
        **{f"dead_unscaled_{d_k}": dead(d_k, False) for d_k in (64, 128, 1024)},
        "dead_scaled_1024": dead(1024, scaled=True),
        "gradient_drop_1024": median(1024, True) / median(1024, False),
        "gradient_even": gradient(torch.full((64,), 1 / 64)).item(),
    }


def figure():
    fig, (bits, slope) = plt.subplots(2, figsize=(5.2, 5.2), sharex=True)
    for name, scaled, style, below in (("not scaled", False, "o-", True),
                                       ("scaled", True, "s--", False)):
        entropies = [entropy(weights(d_k, scaled)) for d_k in sizes]
        gradients = [median(d_k, scaled) for d_k in sizes]
        for ax, values in (bits, entropies), (slope, gradients):
            ax.plot(sizes, values, style, color=ATTENTION, label=name)
        bits.annotate(name, (64, entropies[2]), (8, 10 if below else -16),
                      textcoords="offset points")
        slope.annotate(name, (256, gradients[3]), (-4, -16 if below else 10),
                       textcoords="offset points", ha="right" if below else "left")
    bits.set_xscale("log")
    bits.set_xticks(sizes, sizes)
    bits.minorticks_off()
    bits.axhline(6, color=FAINT, lw=1, zorder=0)
    bits.set(title="entropy of a row of 64 weights (bits)", ylim=(0, 6.6))
    slope.set_yscale("log")
    slope.set_yticks([1e-4, 1e-3, 1e-2, 1e-1, 1], ["10⁻⁴", "10⁻³", "10⁻²", "0.1", "1"])
    slope.minorticks_off()
    slope.set(title="size of the softmax's gradient (median)", xlabel="$d_k$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
