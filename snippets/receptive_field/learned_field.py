"""The theoretical field is fixed by the architecture; the effective one is learned."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, GRAY

# --8<-- [start:learned]
import torch
import torch.nn as nn

RUNS, L, d = 5, 6, 16  # runs, layers, channels of a run; k = 3


def stack():
    """Unpadded, (b, RUNS, n + 2L) -> (b, RUNS, n): i sees i - L to i + L.

    Each run is a group of channels, which sees no other.
    """
    torch.manual_seed(0)
    layers = [nn.Conv1d(RUNS, RUNS * d, 1, groups=RUNS)]
    for _ in range(L):
        conv = nn.Conv1d(RUNS * d, RUNS * d, 3, groups=RUNS)
        nn.init.kaiming_normal_(conv.weight, a=0.3)
        nn.init.zeros_(conv.bias)
        layers += [conv, nn.LeakyReLU(0.3)]
    return nn.Sequential(*layers, nn.Conv1d(RUNS * d, RUNS, 1, groups=RUNS))


def learn(net, left, right, steps=400, b=16, n=32):
    """Train on the target y_i = max(x[i + left], x[i + right]), x random.

    Returns the network and its last losses, relative to the variance of the target.
    """
    optimizer = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, steps)
    for _ in range(steps):
        x = torch.randn(b, RUNS, L + n + L)
        y = torch.maximum(x[..., L + left :][..., :n], x[..., L + right :][..., :n])
        optimizer.zero_grad()
        loss = (net(x) - y).square().mean((0, 2))  # (RUNS)
        loss.sum().backward()
        optimizer.step()
        schedule.step()
    return net, loss.detach() / y.var()


def energy(net):
    """Mean squared gradient of an output at offsets -L to L: (RUNS, r), sums 1."""
    x = torch.randn(400, RUNS, L + 1 + L, requires_grad=True)
    net(x).sum().backward()  # net(x): (400, RUNS, 1)
    E = x.grad.square().sum(0)  # (RUNS, r)
    return E / E.sum(1, keepdim=True)


def spread(E):
    """Root mean square distance from the centre."""
    return (E * torch.arange(-L, L + 1) ** 2).sum(-1).sqrt()


near, near_error = learn(stack(), 0, 1)
far, far_error = learn(stack(), -5, 5)
fields = {
    "before training": energy(stack()),
    "trained on a near target": energy(near),
    "trained on a far target": energy(far),
}
for name, E in fields.items():
    print(f"{name}: {E.count_nonzero(1).unique().item()} inputs,",
          f"spread {spread(E).min():.1f} to {spread(E).max():.1f}")
# --8<-- [end:learned]


def results():
    """The numbers the page quotes, over five runs.

    >>> r = results()
    >>> r["support_min"], r["support_max"]
    (13, 13)
    >>> r["spread_near_min"] <= r["spread_near_max"] < 1, r["spread_far_min"] > 4.5
    (True, True)
    >>> 1.5 < r["spread_before_min"] < r["spread_before_max"] < 2.7
    True

    Trained, a stack reads both terms of its target alike, and has learned it.

    >>> _, E, G = fields.values()
    >>> E[:, [L, L + 1]].min().item() > 0.35, G[:, [L - 5, L + 5]].min().item() > 0.35
    (True, True)
    >>> r["error"] < 0.08
    True
    """
    supports = torch.stack([E.count_nonzero(1) for E in fields.values()])
    numbers = {"error": torch.cat([near_error, far_error]).max().item(),
               "support_min": supports.min().item(), "support_max": supports.max().item()}
    for name, E in zip(("before", "near", "far"), fields.values()):
        numbers[f"spread_{name}_min"] = spread(E).min().item()
        numbers[f"spread_{name}_max"] = spread(E).max().item()
    return numbers


def figure():
    fig, axes = plt.subplots(3, sharex=True, figsize=(5.2, 5))
    targets = "", r": max of $x_i$, $x_{i+1}$", r": max of $x_{i-5}$, $x_{i+5}$"
    for ax, (name, E), target in zip(axes, fields.items(), targets):
        ax.bar(range(-L, L + 1), E.mean(0).tolist(), color=CONVOLUTION, label=name)
        for edge in -L - 0.5, L + 0.5:
            ax.axvline(edge, color=GRAY, ls="--", lw=1.5)
        ax.set(title=name + target, yticks=[])
        ax.spines["left"].set_visible(False)
    axes[0].text(-L - 0.3, 0.13, "edge of the\nwindow", color=GRAY)
    axes[2].set(xlabel="offset from the output", xticks=[-6, -5, 0, 1, 5, 6])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
