"""The derivative of every output by every input, for both layers, by one function."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, shades

# --8<-- [start:jacobians]
import torch
import torch.nn.functional as F
from torch.autograd.functional import jacobian

torch.manual_seed(0)
n, d = 8, 4
kernel = torch.randn(d, d, 3).double()
W_Q, W_K, W = torch.randn(3, d, d).double() / d**0.5


def convolution(x, v):
    """Mixes v (n, d); x has no say in the weights."""
    return F.conv1d(v.T, kernel, padding=1).T


def attention(x, v):
    """Mixes v (n, d) with weights computed from x (n, d)."""
    A = torch.softmax((x @ W_Q.T) @ (x @ W_K.T).T / d**0.5, dim=-1)
    return A @ v @ W.T                                  # A is (n, n)


def derivative(layer, x):
    """dy/dx of y = layer(x, x), and its parts: by v, and by x alone.

    Each is (n, d, n, d): position and channel of the output, of the input.
    """
    return (jacobian(lambda z: layer(z, z), x),
            jacobian(lambda v: layer(x, v), x),
            jacobian(lambda z: layer(z, x), x))


x, other = torch.randn(2, n, d).double()
for layer in convolution, attention:
    J = derivative(layer, x)[0]
    blocks = J.abs().sum((1, 3)).count_nonzero()        # of (n, n)
    change = (J - derivative(layer, other)[0]).norm() / J.norm()
    print(f"{layer.__name__}: {blocks} of {n * n} blocks,",
          f"change {change:.2f}")
    for point in x, other:
        J, *parts = derivative(layer, point)
        values, weights = (part.norm() / J.norm() for part in parts)
        print(f"    by values {values:.2f}, by weights {weights:.2f}")
# --8<-- [end:jacobians]


def two_layers(x, v):
    """Two convolutions, with a ReLU between them."""
    return convolution(x, convolution(x, v).relu())


def changed(layer):
    """How far the Jacobian is from that at another input, relative to it."""
    J = derivative(layer, x)[0]
    return ((J - derivative(layer, other)[0]).norm() / J.norm()).item()


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["convolution_blocks"] == 3 * n - 2, r["attention_blocks"] == n * n
    (True, True)
    >>> r["convolution_change"], derivative(convolution, x)[2].norm().item()
    (0.0, 0.0)

    The product rule: both parts add up, and the first is A (x) W.

    >>> J, by_values, by_weights = derivative(attention, x)
    >>> torch.allclose(J, by_values + by_weights)
    True
    >>> def scores(x):
    ...     return (x @ W_Q.T) @ (x @ W_K.T).T / d**0.5
    >>> A, V, y = torch.softmax(scores(x), -1), x @ W.T, attention(x, x)
    >>> torch.allclose(by_values, torch.kron(A, W).view(n, d, n, d))
    True

    The second is sum_j a_ij (W x_j - y_i) ds_ij/dx_m.

    >>> dS = jacobian(scores, x)                         # (n, n, n, d)
    >>> centred = V - y[:, None]                         # (n, n, d)
    >>> torch.allclose(by_weights,
    ...                torch.einsum("ij,ijc,ijme->icme", A, centred, dS))
    True

    It vanishes where each row of A is one-hot.

    >>> jacobian(lambda x: torch.softmax(1e5 * scores(x), -1) @ V, x).norm() < 1e-9
    tensor(True)
    """
    numbers = {"n": n, "d": d, "blocks": n * n, "relu_change": changed(two_layers)}
    for layer in convolution, attention:
        J, name = derivative(layer, x)[0], layer.__name__
        numbers[f"{name}_blocks"] = J.abs().sum((1, 3)).count_nonzero().item()
        numbers[f"{name}_change"] = changed(layer)
    for name, point in ("attention", x), ("attention_other", other):
        J, *parts = derivative(attention, point)
        for part, way in zip(parts, ("values", "weights")):
            numbers[f"{name}_by_{way}"] = (part.norm() / J.norm()).item()
    return numbers


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.4))
    layers = (convolution, CONVOLUTION), (attention, ATTENTION)
    for row, (layer, color) in zip(axes, layers):
        top = derivative(layer, x)[0].abs().quantile(0.98)
        for ax, point, title in zip(row, (x, other), ("one input", "another input")):
            J = derivative(layer, point)[0].reshape(n * d, n * d)
            ax.imshow(J.abs(), cmap=shades(color), vmin=0, vmax=top,
                      interpolation="none", label=f"{layer.__name__}, {title}")
            for edge in range(d, n * d, d):
                ax.axhline(edge - 0.5, color=FAINT, lw=0.7)
                ax.axvline(edge - 0.5, color=FAINT, lw=0.7)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=FAINT)
        row[0].set_ylabel(layer.__name__, color=color, weight="bold")
    axes[0, 0].set_title("at one input", loc="center")
    axes[0, 1].set_title("at another input", loc="center")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
