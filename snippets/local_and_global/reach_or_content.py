"""Which helps: weights that reach further, or weights computed from the content?"""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:contest]
import torch
from torch import nn

n, noise, i = 48, 0.5, torch.arange(48)
offset = (i - i[:, None]) % n  # from i to j, on a ring


def motifs(b):  # two motifs of 4 values, 12 times, in any order
    two, pick = torch.randn(b, 2, 4), torch.randint(2, (b, 12))
    return two[torch.arange(b)[:, None], pick].flatten(1)  # (b, n)


def error(signals, reach, computed, updates=200):
    torch.manual_seed(0)
    x = signals(2000)  # to be found
    y = x + noise * torch.randn(2000, n)  # given
    beyond = torch.minimum(offset, n - offset) > reach
    w = nn.Parameter(torch.zeros(n))  # stored, by offset
    embed = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 16))

    def layer(y):
        A = w[offset].masked_fill(beyond, 0)  # (n, n)
        if computed:
            near = torch.stack([y.roll(1, 1), y, y.roll(-1, 1)], dim=2)
            q, k = embed(near).chunk(2, dim=2)  # (b, n, 8)
            A = (q @ k.mT + A).masked_fill(beyond, -torch.inf).softmax(2)
        return (A @ y[..., None])[..., 0]

    adam = torch.optim.Adam([w, *embed.parameters()], lr=0.02)
    decay = torch.optim.lr_scheduler.LinearLR(adam, 1, 0.01, updates)
    for batch in torch.randint(500, 2000, (updates, 16)):
        adam.zero_grad()
        (layer(y[batch]) - x[batch]).square().mean().backward()
        adam.step()
        decay.step()
    return ((layer(y) - x)[:500].square().mean() / noise**2).item()


for reach in 6, n:
    print(f"reach {reach}: fixed {error(motifs, reach, False):.2f},",
          f"computed {error(motifs, reach, True):.2f}")
# --8<-- [end:contest]


def smooth(b):
    """Gaussian noise, averaged over about 5 positions: (b, n)."""
    distance = torch.minimum(offset, n - offset)
    x = torch.randn(b, n) @ torch.exp(-((distance / 3) ** 2))
    return x / x.std()


def period(b):
    """12 values, four times: (b, n)."""
    return torch.randn(b, 12).repeat(1, 4)


def steps(b):
    """A level that jumps once in 12 positions: (b, n)."""
    level = (torch.rand(b, n) < 1 / 12).cumsum(1)
    return torch.randn(b, n + 1).gather(1, level)


KINDS = smooth, period, steps, motifs
LAYERS = {"fixed_near": (6, False), "fixed_all": (n, False),
          "computed_near": (6, True), "computed_all": (n, True)}


@cache
def errors(kind):
    """The four layers on one kind of signal."""
    return {name: error(kind, *how) for name, how in LAYERS.items()}


def best(signals, reach):
    """Least squares: what the best fixed weights there are leave of the noise."""
    torch.manual_seed(0)
    x = signals(2000)
    y = x + noise * torch.randn(2000, n)
    M = torch.stack([y.roll(-o, 1) for o in range(n) if min(o, n - o) <= reach], 2)
    rows, found = M[500:].flatten(0, 1), x[500:].flatten()
    w = torch.linalg.solve(rows.T @ rows, rows.T @ found)
    return ((M @ w - x)[:500].square().mean() / noise**2).item()


def results():
    """The numbers the page quotes: errors, relative to the variance of the noise.

    >>> e = {kind.__name__: errors(kind) for kind in KINDS}
    >>> e["period"]["fixed_all"] < e["period"]["fixed_near"] / 2
    True
    >>> e["steps"]["computed_near"] < 0.7 * e["steps"]["fixed_all"]
    True
    >>> e["motifs"]["computed_all"] < 0.7 * e["motifs"]["computed_near"]
    True
    >>> [min(e[kind], key=e[kind].get)[:5] for kind in ("smooth", "period")]
    ['fixed', 'fixed']

    Training finds the best fixed weights.

    >>> all(abs(errors(kind)[name] - best(kind, LAYERS[name][0])) < 0.02
    ...     for kind in KINDS for name in ("fixed_near", "fixed_all"))
    True
    """
    quoted = {
        smooth: ("fixed_near", "computed_all"),
        period: ("fixed_near", "fixed_all", "computed_all"),
        steps: LAYERS,
        motifs: ("computed_all",),
    }
    return {"n": n, "near": LAYERS["fixed_near"][0]} | {
        f"{kind.__name__}_{name}": errors(kind)[name]
        for kind, names in quoted.items() for name in names}


def figure():
    fig, axes = plt.subplots(4, 2, figsize=(5.2, 6.6), width_ratios=(2, 3),
                             sharex="col")
    torch.manual_seed(4)
    for (left, right), kind in zip(axes, KINDS):
        left.plot(i, kind(1)[0], color=GRAY, label=f"{kind.__name__}, an example")
        left.set(title=kind.__name__, ylim=(-3, 3))
        left.axis("off")
        for row, (name, e) in enumerate(errors(kind).items()):
            color = ATTENTION if "computed" in name else CONVOLUTION
            right.barh(row, e, color=color, alpha=1 if "all" in name else 0.6,
                       label=f"{kind.__name__}, {name.replace('_', ', ')}")
            right.text(e + 0.02, row, f"{e:.2f}", va="center")
        right.set_yticks(range(4), [name.replace("_", ", ") for name in LAYERS])
        right.tick_params(length=0)
        right.set(ylim=(3.6, -0.6), xlim=(0, 1.05), xticks=[])
        right.spines[["bottom"]].set_visible(False)
    axes[0, 1].set_title("error left")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
