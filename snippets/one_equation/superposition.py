"""A convolution is linear in its input; attention is not."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

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

SHOWN, LABELLED = 16, 10    # positions in the figure, of channel 0; the one that has labels


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
    fig, axes = plt.subplots(2, figsize=(5.2, 4.4), sharex=True)
    for ax, f, color in zip(axes, (convolution, attention), (CONVOLUTION, ATTENTION)):
        apart, joint = (f(x) + f(z))[:SHOWN, 0], f(x + z)[:SHOWN, 0]
        ax.vlines(range(SHOWN), apart, joint, color=color, lw=2)
        ax.plot(apart, "o", color=GRAY, ms=12, mfc="none", label=f"{f.__name__}, f(x) + f(z)")
        ax.plot(joint, "o", color=color, ms=6, label=f"{f.__name__}, f(x + z)")
        ax.set_title(f.__name__, color=color, weight="bold")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    for text, y, color in (("$f(x + z)$", joint[LABELLED], ATTENTION),
                           ("$f(x) + f(z)$", apart[LABELLED], GRAY)):
        axes[1].annotate(text, (LABELLED, y), (9, 3), textcoords="offset points", color=color)
    axes[1].set_xlabel("position $i$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
