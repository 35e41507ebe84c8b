# pip install torch matplotlib scikit-learn
"""A whole convolutional network on 8 x 8 digits: from pixels to maps, from maps to an answer."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, FAINT, shades

# --8<-- [start:network]
import torch
from sklearn.datasets import load_digits
from torch import nn

digits = load_digits()
torch.manual_seed(0)
mixed = torch.randperm(1797)
x = torch.tensor(digits.images, dtype=torch.float32)[mixed, None] / 16  # (1797, 1, 8, 8)
y = torch.tensor(digits.target)[mixed]                                  # (1797,)


def network():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(),    # (b, 8, 8, 8): 8 maps
        nn.MaxPool2d(2),                             # (b, 8, 4, 4)
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(),   # (b, 16, 4, 4): 16 maps
        nn.AdaptiveMaxPool2d(1), nn.Flatten(),       # (b, 16): the largest of each map
        nn.Linear(16, 10))                           # (b, 10): a score per digit


def train(model, steps=400):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(steps):
        batch = torch.randint(1200, (64,))           # the other 597 are for the test
        loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (model(x[1200:]).argmax(1) == y[1200:]).float().mean().item()


cnn = network()
print("more than 9 of 10 new digits read rightly:", train(cnn) > 0.9)
# --8<-- [end:network]


SHOWN, SEEDS = 1203, 5      # a digit of the test; runs


def shares(make):
    """Right answers on the test: the lowest and the highest of SEEDS runs."""
    found = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        found.append(train(make()))
    return min(found), max(found)


def results():
    """Right answers of the network, and of one linear layer on the pixels.

    >>> r = results()
    >>> r["min"] > 0.9, r["linear_min"] > 0.9
    (True, True)
    """
    low, high = shares(network)
    found = {"min": low, "max": high}
    low, high = shares(lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 10)))
    return found | {"linear_min": low, "linear_max": high}


def figure():
    fig = plt.figure(figsize=(5.2, 3.2))
    maps = [x[SHOWN : SHOWN + 1]]
    with torch.no_grad():
        for layer in cnn:
            maps.append(layer(maps[-1]))
    image, kept, pooled, deep, largest, scores = (maps[i][0] for i in (0, 2, 3, 5, 7, 8))
    parts = fig.subfigures(1, 6, width_ratios=(1, 1.3, 0.9, 1.4, 0.8, 1))
    for part, stack, shape, title, colors in (
            (parts[0], image, (1, 1), "digit", "gray_r"),
            (parts[1], kept, (4, 2), "8 maps", shades(CONVOLUTION)),
            (parts[2], pooled, (4, 2), "pooled", shades(CONVOLUTION)),
            (parts[3], deep, (4, 4), "16 maps", shades(CONVOLUTION)),
            (parts[4], largest[:, None, None], (16, 1), "largest", shades(CONVOLUTION))):
        part.suptitle(title, size=11)
        for ax, each in zip(part.subplots(*shape, squeeze=False).flat, stack):
            ax.imshow(each.numpy(), cmap=colors, vmin=0, vmax=max(stack.max(), 1e-6),
                      interpolation="none")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=FAINT)
    parts[5].suptitle("answer", size=11)
    ax = parts[5].subplots()
    ax.barh(range(10), scores.softmax(0).numpy(), color=CONVOLUTION, label="answer")
    ax.set(yticks=range(10), xticks=[])
    ax.invert_yaxis()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
