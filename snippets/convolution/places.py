"""A dense network learns each place anew; a convolution knows at all places what it learned at one."""

import functools

import matplotlib.pyplot as plt
from style import CONVOLUTION, GRAY

# --8<-- [start:places]
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits


def bars(n, left, right):
    """Noisy images with a bar in these columns, (n, 1, 14, 14); if it lies (n, 1)."""
    lies = torch.randint(2, (n, 1))
    high, wide = 6 - 4 * lies, 2 + 4 * lies           # 6 x 2 or 2 x 6 pixels
    top = 1 + (torch.rand(n, 1) * (13 - high)).long()
    start = left + (torch.rand(n, 1) * (right - left + 1 - wide)).long()
    i = torch.arange(14)
    rows = (top <= i) & (i < top + high)              # (n, 14)
    columns = (start <= i) & (i < start + wide)       # (n, 14)
    bar = rows[:, None, :, None] & columns[:, None, None, :]
    return bar + 0.3 * torch.randn(n, 1, 14, 14), lies.float()


def train(network, x, lies, steps=150):
    optimizer = torch.optim.Adam(network.parameters(), lr=0.03)
    for _ in range(steps):
        batch = torch.randint(len(x), (64,))
        loss = binary_cross_entropy_with_logits(network(x[batch]), lies[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def share_right(network, x, lies):
    return ((network(x) > 0) == (lies > 0)).float().mean().item()


def convolutional_network():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(),               # (b, 4, 12, 12)
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(),       # (b, 4)
                         nn.Linear(4, 1))                             # (b, 1)


torch.manual_seed(0)
network = convolutional_network()
train(network, *bars(1000, left=1, right=7))
for half, columns in ("left", (1, 7)), ("right", (7, 13)):
    share = share_right(network, *bars(1000, *columns))
    print(f"{half} half: right in more than 9 of 10 cases: {share > 0.9}")
# --8<-- [end:places]

SEEDS = 5
LEFT, RIGHT, ANYWHERE = (1, 7), (7, 13), (1, 13)        # columns


def dense_network():
    return nn.Sequential(nn.Flatten(), nn.Linear(14 * 14, 64), nn.ReLU(),
                         nn.Linear(64, 1))


def flattened_network():
    """The same convolution, but a classifier with weights for each place."""
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(),
                         nn.Linear(4 * 12 * 12, 1))


class OwnKernels(nn.Module):
    """Looks near, takes the mean, but has four kernels of its own at each of 144 places."""

    def __init__(self):
        super().__init__()
        self.kernels = nn.Parameter(torch.randn(4, 9, 144) / 3)
        self.bias, self.answer = nn.Parameter(torch.zeros(4, 144)), nn.Linear(4, 1)

    def forward(self, x):
        near = nn.functional.unfold(x, 3)                             # (b, 9, 144)
        maps = torch.einsum("bmp,cmp->bcp", near, self.kernels) + self.bias
        return self.answer(maps.relu().mean(2))


def weights(make):
    return sum(p.numel() for p in make().parameters())


@functools.cache
def tried(make, n, columns):
    """Right answers in the left and the right half: the lowest and highest of SEEDS runs each."""
    shares = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        network = make()
        train(network, *bars(n, *columns))
        shares.append([share_right(network, *bars(1000, *asked))
                       for asked in (LEFT, RIGHT)])
    return [(min(half), max(half)) for half in zip(*shares)]


def results():
    """Shares of right answers, lowest and highest of SEEDS runs.

    >>> r = results()
    >>> r["dense_left_min"] > 0.98, r["dense_right_max"] < 0.6
    (True, True)
    >>> min(r["convolution_left_min"], r["convolution_right_min"]) > 0.9
    True
    >>> r["dense_100_max"] < r["convolution_100_min"]
    True

    Without the mean it guesses on the right, and without the shared kernels too.

    >>> max(r["flattened_right_max"], r["own_right_max"]) < 0.6
    True
    >>> tried(OwnKernels, 1000, LEFT)[0][0] > 0.9
    True
    """
    found = {"dense_weights": weights(dense_network),
             "convolution_weights": weights(convolutional_network)}
    for name, make in ("dense", dense_network), ("convolution", convolutional_network):
        left, right = tried(make, 1000, LEFT)
        found[f"{name}_left_min"], found[f"{name}_right_min"] = left[0], right[0]
        for n in 100, 1000:
            halves = [share for half in tried(make, n, ANYWHERE) for share in half]
            found[f"{name}_{n}_min"], found[f"{name}_{n}_max"] = min(halves), max(halves)
    found["dense_right_max"] = tried(dense_network, 1000, LEFT)[1][1]
    for name, make in ("flattened", flattened_network), ("own", OwnKernels):
        found[f"{name}_right_min"], found[f"{name}_right_max"] = tried(make, 1000, LEFT)[1]
    return found


def figure():
    fig = plt.figure(figsize=(5.2, 4.6))
    grid = fig.add_gridspec(3, 4, height_ratios=(1, 1, 1.4))
    torch.manual_seed(4)
    for row, (columns, title) in enumerate(((LEFT, "trained on these"),
                                            (RIGHT, "asked about these, too"))):
        for column, image in enumerate(bars(4, *columns)[0][:, 0]):
            ax = fig.add_subplot(grid[row, column])
            ax.imshow(image.numpy(), cmap="gray", vmin=-0.8, vmax=1.6,
                      interpolation="none")
            ax.imshow([[1]], cmap="gray", vmin=0, vmax=1, extent=(6.4, 6.6, 13.5, -0.5),
                      interpolation="none")  # white on either page
            ax.set(xlim=(-0.5, 13.5), xticks=[], yticks=[], title="" if column else title)
    ax = fig.add_subplot(grid[2, :])
    ax.axvline(50, color=GRAY, lw=1)
    ax.text(50, 1.75, "guessing", color=GRAY, ha="center")
    for y, name, make, color in ((1, "dense", dense_network, GRAY),
                                 (0, "convolution", convolutional_network, CONVOLUTION)):
        ax.text(41, y, name, color=color, va="center", ha="right")
        for half, offset, shares in zip(("left", "right"), (0.22, -0.22),
                                        tried(make, 1000, LEFT)):
            low, high = 100 * shares[0], 100 * shares[1]
            ax.plot([low, high], [y + offset] * 2, color=color, lw=7,
                    solid_capstyle="round", label=f"{name}, {half} half")
            ax.text(high + 2.2, y + offset, f"bars in the {half} half", color=color, va="center")
    ax.set(xlim=(42, 143), ylim=(-0.5, 1.6), yticks=[], xlabel="right answers, %",
           xticks=[50, 75, 100])
    ax.spines["left"].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
