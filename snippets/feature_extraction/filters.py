"""The filters that describe a photograph's 5 x 5 windows best are a mean and slopes."""

from style import CONVOLUTION, FAINT, signed

# --8<-- [start:filters]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook

with cbook.get_sample_data("grace_hopper.jpg") as file:
    pixels = torch.tensor(plt.imread(file)[:480, 16:496]).double() / 255
photo = F.avg_pool2d(pixels.mean(-1)[None], 5)[0]       # (96, 96), 0 ... 1
order = torch.randperm(photo.numel(), generator=torch.manual_seed(0))
shuffled = photo.flatten()[order].view_as(photo)
k = 5


def best_filters(image):
    """k k filters (k k, k, k), best first, and the share of each: (k k,).

    The first m of them keep as much of the windows' variance as m numbers
    can: the principal components of all k x k windows.
    """
    windows = F.unfold(image[None, None], k)[0].T               # (n, k k)
    _, s, filters = torch.linalg.svd(windows - windows.mean(0),
                                     full_matrices=False)
    return filters.view(-1, k, k), s.square() / s.square().sum()


filters, share = best_filters(photo)
tokens = F.conv2d(photo[None, None], filters[:6, None])[0]   # (6, 92, 92)
offset = torch.arange(k) - k // 2.
right = offset.expand(k, k)
plain = torch.stack([F.normalize(shape.flatten(), dim=0)
                     for shape in (torch.ones(k, k), right, right.T)])
for m in range(3):
    mean, *slope = plain.double() @ filters[m].flatten()    # three cosines
    print(f"filter {m + 1}: {share[m]:.0%} of the variance,",
          f"mean {abs(mean):.2f}, slope {torch.stack(slope).norm():.2f}")
for name, image in ("photograph", photo), ("shuffled pixels", shuffled):
    six = best_filters(image)[1][:6].sum()
    print(f"6 filters of {k * k}: {six:.0%}, {name}")
# --8<-- [end:filters]


def neighbour_correlation(image):
    """Correlation of a pixel with the one to its right."""
    return torch.corrcoef(torch.stack([image[:, :-1].flatten(),
                                       image[:, 1:].flatten()]))[0, 1].item()


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["six"] > 0.9, r["six_shuffled"] < 0.3, r["mean_cosine"] > 0.99
    (True, True, True)

    All filters together keep everything: they are a rotation of the window.

    >>> Q = filters.flatten(1)
    >>> torch.allclose(Q @ Q.T, torch.eye(k * k).double())
    True

    On shuffled pixels no direction is special: six of 25 keep about 6 / 25.

    >>> abs(r["six_shuffled"] - 6 / 25) < 0.03
    True
    """
    cosines = (plain.double() @ filters[:3].flatten(1).T).abs()     # (3, 3)
    return {
        "numbers": k * k,
        **{f"share_{m + 1}": share[m].item() for m in range(4)},
        "six": share[:6].sum().item(),
        "six_shuffled": best_filters(shuffled)[1][:6].sum().item(),
        "mean_cosine": cosines[0, 0].item(),
        "slope_cosine": cosines[1:, 1:].norm(dim=0).min().item(),
        "neighbours": neighbour_correlation(photo),
        "neighbours_shuffled": abs(neighbour_correlation(shuffled)),
    }


def figure():
    fig, axes = plt.subplots(2, 4, figsize=(5.2, 3))
    for m, (top, bottom) in enumerate(axes.T):
        centred = tokens[m] - tokens[m].mean()
        for ax, image in (top, filters[m]), (bottom, centred):
            limit = image.abs().quantile(0.99).item()
            sign = torch.sign(filters[m].sum() if m == 0 else filters[m][-1, -1])
            ax.imshow(image * sign, cmap=signed(CONVOLUTION), vmin=-limit,
                      vmax=limit, interpolation="none",
                      label=f"filter {m + 1}" if ax is top else "_output")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=FAINT)
        top.set_title(f"{share[m]:.0%}".replace("%", " %"), loc="center")
    axes[0, 0].set_ylabel("filter")
    axes[1, 0].set_ylabel("output")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
