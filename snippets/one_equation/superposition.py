"""A convolution is linear in its input; attention is not."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY

# --8<-- [start:superposition]
import torch
import torch.nn.functional as F

torch.manual_seed(1)
n, d = 64, 16
kernel = torch.randn(d, d, 3)
W_Q, W_K, W_V = torch.randn(3, d, d) / d**0.5
x, z = torch.randn(2, n, d)


def convolution(x):
    return F.conv1d(x.T, kernel, padding=1).T       # (n, d)


def attention(x):
    return F.scaled_dot_product_attention(x @ W_Q.T, x @ W_K.T, x @ W_V.T)


def frozen(v):
    """Attention with the weights of x, whatever it is applied to."""
    return F.scaled_dot_product_attention(x @ W_Q.T, x @ W_K.T, v @ W_V.T)


def error(found, expected):
    """Largest difference, over the largest absolute value expected."""
    return ((found - expected).abs().max() / expected.abs().max()).item()


print("             f(x + z)   f(2x)")
for f in convolution, attention, frozen:
    print(f"{f.__name__:11} {error(f(x + z), f(x) + f(z)):9.3f}",
          f"{error(f(2 * x), 2 * f(x)):7.3f}")
# --8<-- [end:superposition]

SHOWN = 24      # positions in the figure, of channel 0


def superposition(f):
    return error(f(x + z), f(x) + f(z))


def results():
    """The numbers the page quotes.

    Z2: the convolution is off by the rounding of float32, attention by far more.

    >>> superposition(convolution) < 1e-6, superposition(frozen) < 1e-6
    (True, True)
    >>> 1 < superposition(attention) < 2
    True

    Doubling is exact in floating point, and so is the doubled convolution.

    >>> torch.equal(convolution(2 * x), 2 * convolution(x))
    True
    """
    both = attention(x) + attention(z)
    return {
        "convolution_sum": superposition(convolution),
        "frozen_sum": superposition(frozen),
        "n": n,
        "d": d,
        "attention_shown": error(attention(x + z)[:SHOWN, 0], both[:SHOWN, 0]),
        "attention_sum": superposition(attention),
    }


def figure():
    fig, axes = plt.subplots(2, figsize=(5.2, 5), sharex=True)
    for ax, f, color in zip(axes, (convolution, attention), (CONVOLUTION, ATTENTION)):
        name = f.__name__
        ax.axhline(0, color=FAINT, lw=1)
        ax.plot((f(x) + f(z))[:SHOWN, 0], "o", color=GRAY, ms=10, mfc="none",
                label=f"{name}, f(x) + f(z)")
        ax.plot(f(x + z)[:SHOWN, 0], "o-", color=color, ms=5, lw=1,
                label=f"{name}, f(x + z)")
        ax.set_title(name, color=color, weight="bold")
        ax.locator_params(axis="y", nbins=4)
        ax.legend(ax.lines[1:], ["$f(x) + f(z)$", "$f(x + z)$"], ncols=2,
                  loc="lower right", bbox_to_anchor=(1.02, 0.97),
                  handletextpad=0.2, columnspacing=1)
    axes[1].set_xlabel("position $i$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
