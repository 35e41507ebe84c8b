"""The theoretical field is fixed by the architecture; the effective one is learned."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, GRAY

# --8<-- [start:learned]
import torch
import torch.nn as nn
import torch.nn.functional as F

L, d = 6, 24  # layers and channels; k = 3


def stack():
    """Unpadded, (b, 1, n + 2L) -> (b, 1, n): output i sees x[i - L], ..., x[i + L]."""
    torch.manual_seed(3)
    layers = [nn.Conv1d(1, d, 1)]
    for _ in range(L):
        conv = nn.Conv1d(d, d, 3)
        nn.init.kaiming_normal_(conv.weight, a=0.3)
        nn.init.zeros_(conv.bias)
        layers += [conv, nn.LeakyReLU(0.3)]  # ReLU often misses half of the target
    return nn.Sequential(*layers, nn.Conv1d(d, 1, 1))


def learn(net, left, right, steps=500, b=16, n=32):
    """Train on the target y_i = |x[i + left] - x[i + right]|, x random.

    Returns the network and its last loss, relative to the variance of the target.
    """
    optimizer = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, steps)
    for _ in range(steps):
        x = torch.randn(b, 1, L + n + L)
        y = (x[..., L + left :][..., :n] - x[..., L + right :][..., :n]).abs()
        optimizer.zero_grad()
        loss = F.mse_loss(net(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1)
        optimizer.step()
        schedule.step()
    return net, (loss / y.var()).item()


def energy(net):
    """Mean squared gradient of an output at the offsets -L ... L: (r,), sums to 1."""
    x = torch.randn(400, 1, L + 1 + L, requires_grad=True)
    net(x).sum().backward()  # net(x): (400, 1, 1)
    E = x.grad.square().sum((0, 1))  # (r,)
    return E / E.sum()


def spread(E):
    """Root mean square distance from the centre."""
    return (E * torch.arange(-L, L + 1) ** 2).sum().sqrt().item()


near, near_error = learn(stack(), 0, 1)
far, far_error = learn(stack(), -5, 5)
fields = {
    "before training": energy(stack()),
    "trained on a near target": energy(near),
    "trained on a far target": energy(far),
}
for name, E in fields.items():
    print(f"{name}: field {E.count_nonzero()}, spread {spread(E):.1f}")
# --8<-- [end:learned]


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["support_before"], r["support_near"], r["support_far"]
    (13, 13, 13)
    >>> r["spread_near"] < 1, 1.5 < r["spread_before"] < 2.5, r["spread_far"] > 4.5
    (True, True, True)

    Trained, a stack reads both terms of its target alike.

    >>> _, E, G = fields.values()
    >>> E[[L, L + 1]].min().item() > 0.4, G[[L - 5, L + 5]].min().item() > 0.4
    (True, True)
    >>> r["error"] < 0.05
    True
    """
    numbers = {"error": max(near_error, far_error)}
    for name, E in zip(("before", "near", "far"), fields.values()):
        numbers["support_" + name] = E.count_nonzero().item()
        numbers["spread_" + name] = spread(E)
    return numbers


def figure():
    fig, axes = plt.subplots(3, sharex=True, figsize=(5.2, 5))
    targets = "", r": $|x_i - x_{i+1}|$", r": $|x_{i-5} - x_{i+5}|$"
    for ax, (name, E), target in zip(axes, fields.items(), targets):
        ax.bar(range(-L, L + 1), E.tolist(), color=CONVOLUTION, label=name)
        for edge in -L - 0.5, L + 0.5:
            ax.axvline(edge, color=GRAY, ls="--", lw=1.5)
        ax.set(title=name + target, yticks=[])
        ax.set_title(f"spread {spread(E):.1f}", loc="right")
        ax.spines["left"].set_visible(False)
    axes[0].text(-L - 0.3, 0.16, "theoretical\nedge", color=GRAY)
    axes[2].set(xlabel="offset from the output", xticks=[-6, -5, 0, 1, 5, 6])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
