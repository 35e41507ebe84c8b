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


def without_edges(image, seed=0):
    """Another image with the same waves in it, but at random phases."""
    g = torch.Generator().manual_seed(seed)
    noise = torch.fft.fft2(torch.randn(image.shape, generator=g).double())
    waves = torch.fft.fft2(image - image.mean()).abs()
    return torch.fft.ifft2(waves * noise / noise.abs()).real


def best_filters(image):
    """k k filters (k k, k, k), best first, and the share of each: (k k,).

    The first m of them keep as much of the windows' variance as m numbers
    can: the principal components of all k x k windows.
    """
    windows = F.unfold(image[None, None], k)[0].T               # (n, k k)
    _, s, filters = torch.linalg.svd(windows - windows.mean(0),
                                     full_matrices=False)
    return filters.view(-1, k, k), s.square() / s.square().sum()


filters, shares = best_filters(photo)
tokens = F.conv2d(photo[None, None], filters[:6, None])[0]   # (6, 92, 92)
offset = torch.arange(k) - k // 2.
right = offset.expand(k, k)
plain = torch.stack([F.normalize(shape.flatten(), dim=0)
                     for shape in (torch.ones(k, k), right, right.T)])
for name, image in (("photograph", photo), ("without edges", without_edges(photo)),
                    ("shuffled", shuffled)):
    best, share = best_filters(image)
    cosines = (plain.double() @ best[:2].flatten(1).T).abs()     # (3, 2)
    print(f"{name:13} filter 1 is a mean: {cosines[0, 0]:.2f}, filter 2 is a",
          f"slope: {cosines[1:, 1].norm():.2f}, six keep {share[:6].sum():.0%}")
# --8<-- [end:filters]


def neighbour_correlation(image):
    """Correlation of a pixel with the one to its right."""
    return torch.corrcoef(torch.stack([image[:, :-1].flatten(),
                                       image[:, 1:].flatten()]))[0, 1].item()


def shape(image):
    """Cosines: of filter 1 with a mean, of filters 2 and 3 with slopes (the lower one)."""
    cosines = (plain.double() @ best_filters(image)[0][:3].flatten(1).T).abs()     # (3, 3)
    return cosines[0, 0].item(), cosines[1:, 1:].norm(dim=0).min().item()


def tails(image):
    """Kurtosis of what filter 2 gives: 3 for a bell curve, more if rarely much, mostly little."""
    y = F.conv2d(image[None, None], best_filters(image)[0][1:2, None]).flatten()
    y = y - y.mean()
    return (y**4).mean().item() / (y**2).mean().item()**2


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["six"] > 0.9, r["six_shuffled"] < 0.3, r["mean_cosine"] > 0.99
    (True, True, True)

    Without edges the filters are the same ones; what they find is not.

    >>> r["neighbours"] > 0.8 > 0.05 > r["neighbours_shuffled"]
    True
    >>> r["mean_phases_min"] > 0.99, r["slope_phases_min"] > 0.97
    (True, True)
    >>> r["tails"] > 6 > 4 > r["tails_phases_max"]
    True
    >>> spectrum = lambda image: torch.fft.fft2(image - image.mean()).abs()
    >>> torch.allclose(spectrum(without_edges(photo)), spectrum(photo), atol=1e-6)
    True

    All filters together keep everything: they are a rotation of the window.

    >>> Q = filters.flatten(1)
    >>> torch.allclose(Q @ Q.T, torch.eye(k * k).double())
    True

    On shuffled pixels no direction is special: six of 25 keep about 6 / 25.

    >>> abs(r["six_shuffled"] - 6 / 25) < 0.03
    True
    """
    mean, slope = shape(photo)
    phases = [without_edges(photo, seed) for seed in range(5)]
    means, slopes = zip(*(shape(image) for image in phases))
    return {
        "numbers": k * k,
        **{f"share_{m + 1}": shares[m].item() for m in range(4)},
        "six": shares[:6].sum().item(),
        "six_shuffled": best_filters(shuffled)[1][:6].sum().item(),
        "six_phases_min": min(best_filters(image)[1][:6].sum().item() for image in phases),
        "mean_cosine": mean, "slope_cosine": slope,
        "mean_phases_min": min(means), "slope_phases_min": min(slopes),
        "tails": tails(photo), "tails_phases_min": min(map(tails, phases)),
        "tails_phases_max": max(map(tails, phases)),
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
        top.set_title(f"{shares[m]:.0%}".replace("%", " %"), loc="center")
    axes[0, 0].set_ylabel("filter")
    axes[1, 0].set_ylabel("output")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
