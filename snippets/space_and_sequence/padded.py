"""A short sequence in a padded batch: who gives what it gives alone?"""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY

# --8<-- [start:padded]
import torch
from torch import nn

torch.manual_seed(0)
n, longest, d = 10, 16, 8
x = torch.randn(1, n, d).double()
batch = nn.functional.pad(x, (0, 0, 0, longest - n))  # zeros at the end
real = torch.arange(longest)[:, None] < n  # (longest, 1)
convs = [nn.Conv1d(d, d, 3, padding=1).double() for _ in range(4)]
norm = nn.GroupNorm(1, d).double()  # mean and variance over positions
mha = nn.MultiheadAttention(d, 2, batch_first=True).double()


def convolutions(x, keep=1, L=4, between=lambda y: y):
    for conv in convs[:L]:
        x = between(conv(x.mT)).relu().mT * keep  # (1, n, d)
    return x


def attention(x, hidden=None):
    for _ in range(4):
        x = x + mha(x, x, x, key_padding_mask=hidden)[0]  # True: no key
    return x


def wrong(f, **mask):
    """Where the output is not what the sequence gives alone: (n,)."""
    return (f(batch, **mask)[0, :n] - f(x)[0]).abs().amax(1) > 1e-9


cases = {
    "convolution, 2 layers": wrong(lambda x: convolutions(x, L=2)),
    "4 layers": wrong(convolutions),
    "4 layers, masked": wrong(convolutions, keep=real),
    "masked, normalised": wrong(
        lambda x, **mask: convolutions(x, between=norm, **mask), keep=real),
    "attention, 4 layers": wrong(attention),
    "masked keys": wrong(attention, hidden=~real.T),
}
for name, positions in cases.items():
    print(f"{name:21} {positions.sum():2} of {n} wrong")
# --8<-- [end:padded]


def results():
    """The numbers the page quotes.

    After L layers the last L - 1 positions are wrong.

    >>> [wrong(lambda x: convolutions(x, L=L)).nonzero().flatten().tolist()
    ...  for L in (1, 2, 3, 4)]
    [[], [9], [8, 9], [7, 8, 9]]
    >>> list(results().values())
    [10, 1, 3, 0, 10, 10, 0]

    It is not the bias alone: the kernel itself carries values over the end and back.

    >>> biases = [conv.bias for conv in convs]
    >>> for conv in convs:
    ...     conv.bias = None
    >>> int(wrong(convolutions).sum())
    3
    >>> for conv, bias in zip(convs, biases):
    ...     conv.bias = bias

    A layer that only looks back never sees what is padded at the end.

    >>> def looks_back(x):
    ...     ahead = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
    ...     for _ in range(4):
    ...         x = x + mha(x, x, x, attn_mask=ahead)[0]
    ...     return x
    >>> def causal(x):
    ...     for conv in convs:
    ...         z = nn.functional.pad(x.mT, (2, 0))
    ...         x = nn.functional.conv1d(z, conv.weight, conv.bias).relu().mT
    ...     return x
    >>> int(wrong(looks_back).sum()), int(wrong(causal).sum())
    (0, 0)

    A batch normalisation counts the padding in training, and no longer afterwards.

    >>> batch_norm = nn.BatchNorm1d(d).double()
    >>> def normalised(x, keep=1):
    ...     return convolutions(x, keep, between=batch_norm)
    >>> int(wrong(normalised, keep=real).sum())
    10
    >>> _ = batch_norm.eval()
    >>> int(wrong(normalised, keep=real).sum())
    0

    Normalising each position by itself needs no mask of its own.

    >>> each = nn.LayerNorm(d).double()
    >>> int(wrong(lambda x, keep=1: convolutions(
    ...     x, keep, between=lambda y: each(y.mT).mT), keep=real).sum())
    0
    """
    names = "shallow", "deep", "masked", "normalised", "attention", "attention_masked"
    return {"n": n} | {name: int(positions.sum())
                       for name, positions in zip(names, cases.values())}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.6))
    for row, (name, positions) in enumerate(cases.items()):
        color = CONVOLUTION if row < 4 else ATTENTION
        at = positions.nonzero().flatten().tolist()
        ax.plot(range(n), [row] * n, "s", color=FAINT, ms=12,
                label=f"{name}: as alone")
        ax.plot(at, [row] * len(at), "s", color=color, ms=12, label=f"{name}: wrong")
        ax.plot(range(n, longest), [row] * (longest - n), "x", color=GRAY, ms=5,
                label="_padding")
    ax.set_yticks(range(len(cases)), cases)
    for row, label in enumerate(ax.get_yticklabels()):
        label.set_color(CONVOLUTION if row < 4 else ATTENTION)
    ax.set_xticks([(n - 1) / 2, (n + longest - 1) / 2], [f"{n} positions", "padding"])
    ax.set(xlim=(-0.6, longest - 0.4), ylim=(len(cases) - 0.5, -0.5))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
