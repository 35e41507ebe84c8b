"""One probe, two inputs: convolution's weights stay, attention's follow the content."""

from functools import cache

from style import ATTENTION, CONVOLUTION, shades

# --8<-- [start:probe]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook

SIDE, QUERY = 24, (8, 19)  # 24 x 24 patches; row and column of the one we probe

with cbook.get_sample_data("grace_hopper.jpg") as file:
    pixels = torch.tensor(plt.imread(file)[:480, 16:496])  # (480, 480, 3)
photo = F.avg_pool2d(pixels.permute(2, 0, 1) / 255, 4)  # (3, 120, 120)
inputs = {"photograph": photo, "mirrored": photo.flip(-1)}


def patches(image):
    """One vector for each 5 x 5 patch, minus their mean: (n, d) = (576, 75)."""
    x = F.unfold(image, 5, stride=5).T  # (n, d)
    return x - x.mean(0)


def convolution(x, v):
    """y_i = sum_j w[j - i] v_j, a 3 x 3 blur: x has no say in the weights."""
    w = torch.tensor([[1., 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    grid = v.T.reshape(-1, 1, SIDE, SIDE)  # (d, 1, side, side)
    return F.conv2d(grid, w[None, None], padding=1).flatten(1).T  # (n, d)


def attention(x, v):
    """y_i = sum_j A_ij v_j, where x decides A: each patch looks for its like.

    Nothing is trained. Query and key of a patch are the patch itself, scaled to
    length 1: a score is the cosine of two patches, times 10 to sharpen the softmax.
    """
    q = k = F.normalize(x, dim=-1)  # (n, d)
    A = (10 * q @ k.T).softmax(-1)  # (n, n)
    return A @ v  # (n, d)


def probe(layer, x):
    """dy_i / dv_j: the weight of each patch j in output i = QUERY. (side, side)"""
    v = x.clone().requires_grad_()
    layer(x, v).unflatten(0, (SIDE, SIDE))[QUERY][0].backward()
    return v.grad[:, 0].view(SIDE, SIDE)


for layer in convolution, attention:
    a, b = (probe(layer, patches(image)) for image in inputs.values())
    print(f"{layer.__name__}: {a.count_nonzero()} of {a.numel()} patches,",
          f"{(a - b).abs().sum() / 2:.0%} of the weight moves when mirrored")
# --8<-- [end:probe]


@cache
def pattern(layer, name):
    """The probe of one layer on one photograph: (side, side), sums to 1."""
    return probe(layer, patches(inputs[name]))


def change(layer):
    """Total variation between its two patterns: how much of the row moves."""
    a, b = (pattern(layer, name) for name in inputs)
    return (a - b).abs().sum().item() / 2


def changes():
    """The same for attention at all places: (n,)."""
    A, M = (attention(patches(image), torch.eye(SIDE**2)) for image in inputs.values())
    return (A - M).abs().sum(1) / 2


OWN = QUERY[0] * SIDE + QUERY[1]


@cache
def energy():
    """The trap: energy of the raw gradient dy_i / dx at each patch (n,).

    x moves values and keys everywhere but q only at the query's own patch, so this gradient
    shows how the weights would change, not what they are. Probe v, or read A.
    """
    J = torch.autograd.functional.jacobian(lambda x: attention(x, x)[OWN], patches(photo))
    return J.square().sum((0, 2))  # (d, n, d) -> (n,)


def order():
    """Rank correlation of share and energy over the other patches."""
    others = torch.arange(SIDE**2) != OWN
    ranks = [x[others].argsort().argsort().double() for x in (pattern(attention, "photograph").flatten(), energy())]
    return torch.corrcoef(torch.stack(ranks))[0, 1].item()


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["conv_support"], r["conv_change"]
    (9, 0.0)
    >>> r["attention_support"], r["attention_change"] > 0.5
    (1.0, True)
    >>> 0.25 < r["change_low"] < 0.5 < r["change_median"] < 0.75 < r["change_high"]
    True
    >>> r["own_share_of_raw_gradient"] > 10 * r["own_weight"]
    True

    The probe reads row i of A; seen from the mirrored query, that row is mirrored too.

    >>> A, M = (attention(patches(image), torch.eye(SIDE**2)).view([SIDE] * 4)
    ...         for image in inputs.values())
    >>> torch.allclose(pattern(attention, "photograph"), A[QUERY], atol=1e-6)
    True
    >>> torch.allclose(M.flip(1)[QUERY], A[QUERY].flip(-1), atol=1e-6)
    True
    """
    row = pattern(attention, "photograph")
    return {
        "patches": row.numel(),
        "conv_support": pattern(convolution, "photograph").count_nonzero().item(),
        "attention_support": (row > 0).float().mean().item(),
        "conv_change": change(convolution),
        "attention_change": change(attention),
        "change_low": changes().quantile(0.1).item(),
        "change_median": changes().median().item(),
        "change_high": changes().quantile(0.9).item(),
        "own_weight": row[QUERY].item(),
        "own_share_of_raw_gradient": (energy()[OWN] / energy().sum()).item(),
        "order": order(),
    }


def data():
    return {"pixels": (255 * photo).round().int().permute(1, 2, 0).flatten().tolist()}


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.3))
    extent = 0, SIDE, SIDE, 0
    layers, colors = (convolution, attention), (CONVOLUTION, ATTENTION)
    for layer, color, row in zip(layers, colors, axes):
        for (name, image), ax in zip(inputs.items(), row):
            gray, weights = image.mean(0).numpy(), pattern(layer, name).numpy()
            ax.imshow(gray, cmap="gray", vmin=-0.8, vmax=1.1, extent=extent)
            ax.imshow(weights, cmap=shades(color), vmin=0, extent=extent,
                      interpolation="none", label=f"{layer.__name__}, {name}")
            ax.plot(QUERY[1] + 0.5, QUERY[0] + 0.5, "s", ms=9, mfc="none", mec="black")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        row[0].set_ylabel(layer.__name__, color=color, weight="bold")
    for name, ax in zip(inputs, axes[0]):
        ax.set_title(name)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
