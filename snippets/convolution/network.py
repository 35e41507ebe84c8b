# pip install torch matplotlib scikit-learn
"""A whole convolutional network on digits at any place: pixels, maps, an answer."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, FAINT, shades

# --8<-- [start:network]
import torch
from torch import nn


def network():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(),    # 1 map in, 8 out, kernels 3 x 3
        nn.MaxPool2d(2),
        nn.Conv2d(8, 24, 3, padding=1), nn.ReLU(),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(),       # the largest of each map
        nn.Linear(24, 10))                           # a score per digit


x = torch.rand(1, 1, 12, 12)                     # (images, channels, rows, columns)
for layer in network():
    x = layer(x)
    print(type(layer).__name__, tuple(x.shape))
# --8<-- [end:network]


# --8<-- [start:training]
import torch
from sklearn.datasets import load_digits
from torch import nn


def placed(seed, places=5):
    """Digits at places^2 random places: images (1797, 1, 12, 12), names (1797)."""
    torch.manual_seed(seed)
    mixed = torch.randperm(1797)
    digits, x = load_digits(), torch.zeros(1797, 1, 12, 12)
    for image, digit in zip(x[:, 0], digits.images[mixed]):
        top, left = torch.randint(places, (2,))
        image[top : top + 8, left : left + 8] = torch.tensor(digit) / 16
    return x, torch.tensor(digits.target)[mixed]


def dense_network():
    return nn.Sequential(nn.Flatten(),
                         nn.Linear(144, 64), nn.ReLU(), nn.Linear(64, 10))


def train(model, x, y, rate, steps=500):
    """The share of right answers on the digits that were not used for training."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(steps):
        batch = torch.randint(1200, (64,))
        loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (model(x[1200:]).argmax(1) == y[1200:]).float().mean().item()


share = train(dense_network(), *placed(seed=0), rate=0.005)
print("the dense network reads more than 17 of 20 new digits:", share > 0.85)
# --8<-- [end:training]

SHOWN, SEEDS = 1203, 5      # a digit of the test; runs


def shares(make, rate, places=5):
    """Right answers on the test: the lowest and the highest of SEEDS runs."""
    found = []
    for seed in range(SEEDS):
        data = placed(seed, places)
        found.append(train(make(), *data, rate))
    return min(found), max(found)


def trained():
    """A network after training, and a digit of the test."""
    x, y = placed(0)
    cnn = network()
    train(cnn, x, y, rate=0.02)
    return cnn, x[SHOWN : SHOWN + 1]


def results():
    """Right answers of the network, and of a dense one, each at a learning rate that suits it.

    >>> r = results()
    >>> r["min"] > r["dense_max"] + 0.05, r["dense_one_place_min"] > 0.95
    (True, True)
    >>> 4.5 < r["dense_weights"] / r["weights"] < 5
    True
    """
    low, _ = shares(network, rate=0.02)
    dense_low, dense_high = shares(dense_network, rate=0.005)
    return {
        "weights": sum(p.numel() for p in network().parameters()),
        "dense_weights": sum(p.numel() for p in dense_network().parameters()),
        "min": low, "dense_min": dense_low, "dense_max": dense_high,
        "dense_one_place_min": shares(dense_network, rate=0.005, places=1)[0],
    }


def figure():
    fig = plt.figure(figsize=(5.2, 3.4))
    cnn, digit = trained()
    maps = [digit]
    with torch.no_grad():
        for layer in cnn:
            maps.append(layer(maps[-1]))
    image, kept, pooled, deep, largest, scores = (maps[i][0] for i in (0, 2, 3, 5, 6, 8))
    parts = fig.subfigures(1, 6, width_ratios=(1, 1.3, 0.9, 1.4, 0.8, 1))
    for part, stack, shape, title, colors in (
            (parts[0], image, (1, 1), "digit", "gray_r"),
            (parts[1], kept, (4, 2), "8 maps", shades(CONVOLUTION)),
            (parts[2], pooled, (4, 2), "pooled", shades(CONVOLUTION)),
            (parts[3], deep, (8, 3), "24 maps", shades(CONVOLUTION)),
            (parts[4], largest, (24, 1), "largest", shades(CONVOLUTION))):
        part.suptitle(title, size=12)
        for ax, each in zip(part.subplots(*shape, squeeze=False).flat, stack):
            ax.imshow(each.numpy(), cmap=colors, vmin=0, vmax=max(stack.max(), 1e-6),
                      interpolation="none", aspect="auto" if stack is largest else "equal")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=FAINT)
    parts[5].suptitle("answer", size=12)
    ax = parts[5].subplots()
    ax.barh(range(10), scores.softmax(0).numpy(), color=CONVOLUTION, label="answer")
    ax.set(yticks=range(10), xticks=[0, 1])
    ax.invert_yaxis()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
