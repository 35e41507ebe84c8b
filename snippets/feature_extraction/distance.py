"""Attention without positions looks near, but only because the photograph does."""

from style import ATTENTION, CONVOLUTION, FAINT, minus, shades

# --8<-- [start:distance]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook

with cbook.get_sample_data("grace_hopper.jpg") as file:
    pixels = torch.tensor(plt.imread(file)[:480, 16:496]).double() / 255
photo = F.avg_pool2d(pixels.permute(2, 0, 1), 4)        # (3, 120, 120)
x = F.unfold(photo, 5, stride=5).T                      # (n, d) = (576, 75)
n, side = len(x), 24
places = torch.cartesian_prod(torch.arange(side), torch.arange(side))
far = torch.cdist(places.double(), places.double())     # (n, n), in patches


def attention(x, sharpness=10):
    """Shares A (n, n), without a patch's share of itself."""
    q = k = F.normalize(x - x.mean(0))
    scores = sharpness * q @ k.T                        # (n, n)
    return scores.fill_diagonal_(-torch.inf).softmax(1)


order = torch.randperm(n, generator=torch.manual_seed(0))
shares = {"attention": attention(x),
           "attention, shuffled": attention(x[order]),
           "equal shares": attention(x, sharpness=0)}
for name, A in shares.items():
    print(f"{name:19} looks {(A * far).sum(1).mean():4.1f} patches far,",
          f"{A[far < 2].sum() / n:3.0%} one step")
# --8<-- [end:distance]

STEPS = range(1, 24)
REACH = 10      # of the figure, in patches


def mean_distance(A):
    """How far away the shares are, in patches: the mean over all queries."""
    return (A * far).sum(1).mean().item()


def profile(A):
    """Mean share at each distance, as a multiple of equal shares."""
    return [(n - 1) * A[far.round() == step].mean().item() for step in STEPS]


def nearest_is_neighbour(x):
    """Share of patches whose most similar other patch is one step away."""
    return (far[torch.arange(n), attention(x).argmax(1)] < 2).double().mean().item()


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["looks"] < 9.5 < 12 < r["looks_shuffled"] < 13
    True

    The layer is the same, on the photograph and on the shuffled one.

    >>> torch.allclose(attention(x[order]), attention(x)[order][:, order])
    True

    Equal shares are 1 / (n - 1), and their profile is flat.

    >>> torch.allclose(torch.tensor(profile(attention(x, 0))), torch.tensor(1.0))
    True
    """
    A, B = attention(x), attention(x[order])
    pairs = (far < 2).sum().item() - n
    return {
        "looks": mean_distance(A),
        "looks_sharp": mean_distance(attention(x, 30)),
        "looks_shuffled": mean_distance(B),
        "looks_equal": mean_distance(attention(x, 0)),
        "step_one": profile(A)[0],
        "step_one_shuffled": profile(B)[0],
        "step_one_convolution": (n - 1) / 8,
        "average_from": next(step for step, share in zip(STEPS, profile(A))
                             if share < 1),
        "far_away": sum(profile(A)[-10:]) / 10,
        "neighbour": nearest_is_neighbour(x),
        "neighbour_chance": pairs / (n * (n - 1)),
    }


def around(A):
    """Mean share at each offset up to REACH, as a multiple of equal shares; the query is in the middle."""
    offset = places - places[:, None]                   # (n, n, 2)
    near = (offset.abs() <= REACH).all(2)
    at = (offset[near] + REACH) @ torch.tensor([2 * REACH + 1, 1])
    total = torch.zeros((2 * REACH + 1)**2).double().index_add(0, at, A[near])
    return (n - 1) * (total / at.bincount()).view(2 * REACH + 1, -1)


def figure():
    fig, axes = plt.subplots(1, 3, figsize=(5.2, 2.7))
    box = ((far > 0) & (far < 2)).double()
    for ax, A, title, color in (
            (axes[0], box / box.sum(1, keepdim=True), "convolution\n3 × 3", CONVOLUTION),
            (axes[1], attention(x), "attention on\nthe photograph", ATTENTION),
            (axes[2], attention(x[order]), "patches\nshuffled", ATTENTION)):
        ax.imshow(around(A), cmap=shades(color), vmin=0, vmax=5, interpolation="none", label=title)
        ax.set_title(title, color=color)
        ax.set_xticks([0, REACH, 2 * REACH], [minus(-REACH), "0", REACH])
        ax.set(yticks=[])
        ax.spines[:].set(visible=True, color=FAINT)
    axes[1].set_xlabel("patches away from the one that asks")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
