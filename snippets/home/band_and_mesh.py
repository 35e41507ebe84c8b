"""Between input and output: a band that never changes, a mesh that always does."""

import matplotlib.pyplot as plt
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from style import ATTENTION, CONVOLUTION

import torch
import torch.nn.functional as F

torch.manual_seed(3)
d = 16
letters = torch.randn(26, d)                    # one vector for each letter
kernel = torch.tensor([[[0.3, 0.5, 0.2]]])      # (1, 1, 3)
W_Q, W_K, W_V = torch.randn(3, d, d) / 3        # large: a pattern one can see


def embed(word):
    """Tokens x (n, d): one for each letter of the word."""
    return letters[[ord(letter) - ord("a") for letter in word]]


def convolution(x):
    """The kernel slides along each channel: (n, d) -> (n, d)."""
    y = F.conv1d(x.T.unsqueeze(1), kernel, padding=1)   # (d, 1, n)
    return y.squeeze(1).T


def band(x):
    """Mixing matrix (n, n) of the convolution: its derivative at x.

    >>> x = embed("convolutions")
    >>> torch.allclose(band(x) @ x, convolution(x), atol=1e-6)
    True
    """
    jacobian = torch.autograd.functional.jacobian(convolution, x)
    return jacobian[:, 0, :, 0]                 # (n, d, n, d) -> (n, n)


def mesh(x):
    """Mixing matrix A (n, n) of attention at x; its rows sum to 1.

    >>> x = embed("transformers")
    >>> y = F.scaled_dot_product_attention(x @ W_Q, x @ W_K, x @ W_V)
    >>> torch.allclose(mesh(x) @ (x @ W_V), y, atol=1e-6)
    True
    >>> torch.allclose(mesh(x).sum(dim=1), torch.ones(12))
    True
    """
    Q, K = x @ W_Q, x @ W_K                     # (n, d) each
    return torch.softmax(Q @ K.T / d**0.5, dim=-1)


words = "convolutions", "transformers"
for name, mix in ("band", band), ("mesh", mesh):
    first, second = (mix(embed(word)) for word in words)
    change = (first - second).abs().max()
    print(f"{name}: {first.count_nonzero()} weights, change {change:.2f}")


def results():
    """Sizes of the two matrices, and how much they differ between the words.

    >>> results()["band_difference"], results()["mesh_difference"] > 0.5
    (0.0, True)
    >>> results()["band_nonzeros"], results()["mesh_nonzeros"]
    (34, 144)
    """
    numbers = {}
    for name, mix in ("band", band), ("mesh", mesh):
        first, second = (mix(embed(word)) for word in words)
        numbers[f"{name}_difference"] = (first - second).abs().max().item()
        numbers[f"{name}_nonzeros"] = int(first.count_nonzero())
    return numbers


def strands(ax, weights, start, end, color):
    """One curve a weight, from input j at height start to output i at height end."""
    third = (end - start) / 3
    for i, row in enumerate(weights.tolist()):
        for j, a in enumerate(row):
            if a:
                bends = [(j, start), (j, start + third), (i, end - third), (i, end)]
                curve = Path(bends, [Path.MOVETO] + [Path.CURVE4] * 3)
                ax.add_patch(PathPatch(curve, fill=False, color=color, lw=0.3 + 4 * a,
                                       alpha=0.15 + 0.85 * a, capstyle="round"))


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 4))
    for ax, word in zip(axes, words):
        for mix, start, end, color in ((band, 0.14, 1, CONVOLUTION),
                                       (mesh, -0.14, -1.3, ATTENTION)):
            strands(ax, mix(embed(word)), start, end, color)
            ax.plot(range(12), [end] * 12, "o", color=color)
        for j, letter in enumerate(word):
            ax.text(j, 0, letter, ha="center", va="center_baseline", size=14)
        ax.axis("off")
    fig.suptitle("convolution: the same band", size=12)
    fig.supxlabel("attention: a mesh that follows the input", size=12)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
