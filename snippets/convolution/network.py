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
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),       # (b, 16): the mean of each map
        nn.Linear(16, 10))                           # (b, 10): a score per digit


cnn = network()
optimizer = torch.optim.Adam(cnn.parameters(), lr=0.02)
for _ in range(400):
    batch = torch.randint(1200, (64,))             # the other 597 are for the test
    loss = nn.functional.cross_entropy(cnn(x[batch]), y[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
share = (cnn(x[1200:]).argmax(1) == y[1200:]).float().mean().item()
print("more than 9 of 10 new digits read rightly:", share > 0.9)
# --8<-- [end:network]


SHOWN = 1203      # a digit of the test


def results():
    """
    >>> r = results()
    >>> r["weights"], r["share"] > 0.9
    (1418, True)
    """
    return {"weights": sum(p.numel() for p in cnn.parameters()), "share": share}


def figure():
    fig = plt.figure(figsize=(5.2, 3.6))
    grid = fig.add_gridspec(1, 6, width_ratios=(1, 1.4, 0.9, 1.4, 0.75, 0.9))
    maps = [x[SHOWN : SHOWN + 1]]
    with torch.no_grad():
        for layer in cnn:
            maps.append(layer(maps[-1]))
    image, kept, pooled, deep, means, scores = (maps[i][0] for i in (0, 2, 3, 5, 7, 8))
    for column, stack, shape, title, colors in (
            (0, image, (1, 1), "digit", "gray_r"),
            (1, kept, (4, 2), "8 maps", shades(CONVOLUTION)),
            (2, pooled, (4, 2), "pooled", shades(CONVOLUTION)),
            (3, deep, (4, 4), "16 maps", shades(CONVOLUTION)),
            (4, means[:, None, None], (16, 1), "means", shades(CONVOLUTION))):
        cells = grid[column].subgridspec(*shape)
        for ax, each in zip(cells.subplots(squeeze=False).flat, stack):
            ax.imshow(each.numpy(), cmap=colors, vmin=0, vmax=max(stack.max(), 1e-6),
                      interpolation="none")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=FAINT)
        fig.add_subplot(grid[column], frameon=False, xticks=[], yticks=[]).set_title(
            title).set_in_layout(False)
    ax = fig.add_subplot(grid[5])
    ax.barh(range(10), scores.softmax(0).numpy(), color=CONVOLUTION, label="share")
    ax.set_title("answer").set_in_layout(False)
    ax.set(yticks=range(10), xticks=[])
    ax.invert_yaxis()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
