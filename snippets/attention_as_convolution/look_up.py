"""Look up by content: one attention head does it, the best single convolution cannot."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY, shades

# --8<-- [start:look_up]
import torch
import torch.nn.functional as F

n = 8                                                   # tokens, and names


def sequences(count):
    """Tokens x: a name, a question, a number; y: the number asked for."""
    name, question = torch.rand(2, count, n).argsort(-1)
    value = torch.randn(count, n, 1).double()
    x = torch.cat([F.one_hot(name, n), F.one_hot(question, n), value], -1)
    asked = name.argsort(-1).gather(1, question)        # where that name is
    return x, value.gather(1, asked[..., None])         # y (count, n, 1)


def attention(x, alpha=40):
    """One head, nothing learned: W_Q reads the question, W_K the name."""
    name, question, value = x.split([n, n, 1], dim=-1)
    A = torch.softmax(alpha * question @ name.mT, dim=-1)   # (count, n, n)
    return A @ value                                        # (count, n, 1)


def windows(x):
    """What a kernel of 2n - 1 = 15 offsets reads, and a 1 for the bias."""
    reads = F.pad(x, (0, 0, n - 1, n - 1)).unfold(1, 2 * n - 1, 1)
    return F.pad(reads.flatten(2), (0, 1), value=1)     # (count, n, 256)


torch.manual_seed(0)
x, y = sequences(4000)
W = torch.linalg.lstsq(windows(x).flatten(0, 1), y.flatten(0, 1),
                       driver="gelsd").solution         # (256, 1)
x, y = sequences(1000)                                  # not seen yet
mean = x[..., -1:].mean(1, keepdim=True).expand_as(y)   # of the values
for name, found in (("attention", attention(x)), ("mean", mean),
                    ("convolution", windows(x) @ W)):
    error = (found - y).square().mean() / y.square().mean()
    print(f"{name:11} {error:.2f} of the variance is missed")
# --8<-- [end:look_up]

fitted = windows(x) @ W
on_values = W[:-1].view(17, 15)[-1]         # the kernel over the value channel


def missed(found):
    """The mean squared error, over the variance of what was wanted."""
    return ((found - y).square().mean() / y.square().mean()).item()


def attention_weights(x):
    """The shares (n, n), read off by handing over one number at a time."""
    probe = torch.cat([x[..., :-1].expand(n, n, 2 * n), torch.eye(n)[..., None]], -1)
    return attention(probe.double())[..., 0].T


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["attention"] < 1e-12, 0.86 < r["convolution"] < 0.90
    (True, True)

    No single convolution can do better than the mean of the numbers: 1 - 1/n is missed.

    >>> missed(fitted) >= missed(mean) - 0.01, abs(missed(mean) - 7 / 8) < 0.02
    (True, True)

    `windows` is a convolution with a kernel of 15.

    >>> y_conv = F.conv1d(x.mT.double(), W[:-1].view(1, 17, 15), W[-1], padding=7)
    >>> torch.allclose(y_conv, fitted.mT)
    True
    """
    return {
        "attention": missed(attention(x)),
        "convolution": missed(fitted),
        "weight_mean": on_values.mean().item(),
        "parameters": W.numel(),
    }


def figure():
    fig, axes = plt.subplot_mosaic([["a", "b", "c"], ["s", "s", "s"]],
                                   figsize=(5.2, 6.2), height_ratios=[1, 1.7])
    i = torch.arange(n)
    band = on_values[i - i[:, None] + n - 1]    # (n, n)
    panels = [("a", "attention, one\nrow of people", attention_weights(x[:1]), ATTENTION),
              ("b", "attention,\nanother row", attention_weights(x[1:2]), ATTENTION),
              ("c", "convolution,\nevery row", band, CONVOLUTION)]
    for name, title, weights, color in panels:
        ax = axes[name]
        ax.imshow(weights, cmap=shades(color), vmin=0, vmax=1, interpolation="none",
                  label=title)
        ax.set_title(title, color=color)
        ax.set(xticks=[], yticks=[], xlabel="whose number")
        ax.spines[:].set(visible=True, color=GRAY)
    axes["a"].set_ylabel("answer for person")
    axes["c"].text(3.5, 3.5, "each\nabout 1/8", ha="center", va="center")
    ax, wanted = axes["s"], y[:20].flatten()
    ax.plot(wanted, fitted[:20].flatten(), "s", color=CONVOLUTION, ms=3,
            label="convolution")
    ax.plot(wanted, attention(x[:20]).flatten(), "o", color=ATTENTION, ms=3,
            label="attention")
    ax.text(1.2, 2.0, "attention", color=ATTENTION, ha="right")
    ax.text(-2.9, 0.9, "convolution", color=CONVOLUTION)
    ax.set(xlabel="number that was asked for", ylabel="answer",
           xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
