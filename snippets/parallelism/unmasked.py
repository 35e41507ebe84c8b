"""What a new word changes in the vectors of the old words, with a mask and without."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, shades

# --8<-- [start:unmasked]
import torch
import torch.nn.functional as F


def attention(x, layer, masked):
    """One layer with a skip: (n, d) -> (n, d)."""
    Q, K, V = (x @ W.T for W in layer)
    return x + F.scaled_dot_product_attention(Q, K, V, is_causal=masked)


def inputs(x, layers, masked):
    """What each layer gets, its keys and values are made from: (n, d) each."""
    given = [x]
    for layer in layers[:-1]:
        given.append(attention(given[-1], layer, masked))
    return given


torch.manual_seed(0)
n, d, L = 20, 32, 4
layers = torch.randn(L, 3, d, d).double() / d**0.5
x = torch.randn(n + 1, d).double()                  # one word more
for masked in True, False:
    pairs = zip(inputs(x[:n], layers, masked), inputs(x, layers, masked))
    stays = [torch.allclose(short, long[:n]) for short, long in pairs]
    print("masked  " if masked else "unmasked", "old words keep their vectors,",
          "layer by layer:", stays)
# --8<-- [end:unmasked]


def changes(kind, seed=0):
    """How much the input of each layer changes at each old word, in parts of its size."""
    torch.manual_seed(seed)
    x = torch.randn(n + 1, d).double()
    layers = torch.randn(L, 3, d, d).double() / d**0.5
    kernels = torch.randn(L, d, d, 3).double() / (3 * d)**0.5

    def each(x):
        if kind != "centred kernel":
            return inputs(x, layers, masked=kind == "masked attention")
        given = [x]
        for kernel in kernels[:-1]:
            given.append(given[-1] + F.conv1d(given[-1].T, kernel, padding=1).T)
        return given

    return torch.stack([(long[:n] - short).norm(dim=1) / short.norm(dim=1)
                        for short, long in zip(each(x[:n]), each(x))])      # (L, n)


def write(x, layers, masked, count):
    """Appends the last output, `count` times; computes all of it again each time."""
    for _ in range(count):
        y = inputs(x, [*layers, None], masked)[-1]
        x = torch.cat([x, F.layer_norm(y[-1:], (d,))])
    return x


def results():
    """Where something changes: nowhere; from the second layer on everywhere; near the end.

    >>> changes("masked attention").max().item() < 1e-12
    True
    >>> for seed in range(5):
    ...     change = changes("unmasked attention", seed)
    ...     assert change[0].max() == 0 and change[1:].min() > 1e-4
    ...     change = changes("centred kernel", seed)
    ...     assert [(row > 1e-12).sum() for row in change] == [0, 1, 2, 3]

    Without a mask it writes all the same, if all is computed again each time.

    >>> write(x[:3], layers, masked=False, count=5).shape
    torch.Size([8, 32])
    >>> torch.allclose(write(x[:3], layers, False, 5), write(x[:3], layers, True, 5))
    False
    """
    means = [changes("unmasked attention", seed)[1:].mean().item() for seed in range(5)]
    return {"mean_min": min(means), "mean_max": max(means)}


def figure():
    fig, axes = plt.subplots(3, figsize=(5.2, 4.6), sharex=True)
    kinds = (("masked attention", ATTENTION), ("unmasked attention", ATTENTION),
             ("centred kernel", CONVOLUTION))
    for ax, (kind, color) in zip(axes, kinds):
        ax.imshow(changes(kind), cmap=shades(color), vmin=0, vmax=0.3, aspect="auto",
                  interpolation="none", label=kind)
        ax.set_title(kind, color=color, weight="bold")
        ax.set_yticks(range(L), range(1, L + 1))
        ax.set_xticks([0, 5, 10, 15, n - 1], [1, 6, 11, 16, n])
        ax.set(ylabel="layer")
        ax.tick_params(length=0)
        ax.spines[:].set(visible=True, color=FAINT)
    axes[-1].set_xlabel("old word")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
