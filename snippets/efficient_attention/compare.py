"""Every way of this chapter on the same inputs: work, reach and error, by its budget."""

from functools import cache, partial, reduce
from operator import or_

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook
from style import ATTENTION
from torch.utils.flop_counter import FlopCounterMode

n, d, w, side = 1024, 64, 32, 32
torch.manual_seed(0)
NOISE = torch.randn(3, n, d).unbind()
j = torch.arange(n)
i = j[:, None]


def window(w):
    return (i - j).abs() <= w                           # (n, n)


def star(w, g):
    return window(w) | (i < g) | (j < g)


def squares(shift, M=8):
    """M x M windows of the 32 x 32 grid: (n, n)."""
    at = (torch.arange(side) + shift) // M
    label = (at[:, None] * side + at).flatten()
    return label == label[:, None]


MASKS = {                                               # about 65 keys a query
    "window": [window(w)],
    "dilated": [((i - j).abs() <= 8 * w) & ((i - j) % 8 == 0)],
    "strided": [window(16) | ((i - j) % 32 == 0)],
    "global": [star(24, 8)],
    "random": [star(16, 8) | (torch.rand(n, n).argsort(1) < 16)],
    "squares": [squares(0), squares(4)],                # layer 1, layer 2, ...
}


def masked(Q, K, V, mask):
    return F.scaled_dot_product_attention(Q, K, V, attn_mask=mask)


def exact(Q, K, V):
    return torch.softmax(Q @ K.T / d**0.5, dim=1) @ V


def selected(Q, K, V, p=64, size=16):
    """The p / size blocks of keys whose mean fits the query best."""
    best = (Q @ K.view(-1, size, d).mean(1).T).topk(p // size, dim=1).indices
    chosen = torch.zeros(n, n // size).scatter(1, best, 1)      # (n, n / size)
    return masked(Q, K, V, chosen.repeat_interleave(size, dim=1) > 0)


def choices(Q, K, p):
    """Masks with p keys a query; finding those with the highest scores costs all scores."""
    torch.manual_seed(p)
    scores = Q @ K.T
    return {"a window": window(p // 2), "random keys": torch.rand(n, n).argsort(1) < p,
            "the best keys": scores >= scores.topk(p, dim=1).values[:, -1:]}


def linear(Q, K, V):
    q, k = F.elu(Q) + 1, F.elu(K) + 1
    return q @ (k.T @ V) / (q @ k.sum(0))[:, None]


POOL = torch.eye(64).repeat_interleave(n // 64, dim=1) * 64 / n


def linformer(Q, K, V):
    return exact(Q, POOL @ K, POOL @ V)


WAYS = {**{name: lambda *x, mask=masks[0]: masked(*x, mask)
           for name, masks in MASKS.items()},
        "selected": selected, "linear": linear, "linformer": linformer,
        "mean": lambda Q, K, V: V.mean(0).expand(n, d)}


def picture():
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        pixels = torch.tensor(plt.imread(file)[:512, :512]) / 255
    return F.avg_pool2d(pixels.mean(-1)[None], 2)               # (1, 256, 256)


def photograph():
    """Patches as tokens: (Q, K, V), where a score is 10 times the cosine of two."""
    x = F.unfold(picture()[None], 8, stride=8)[0].T             # (n, d)
    x = x - x.mean(0)
    q = F.normalize(x, dim=1) * (10 * d**0.5)**0.5
    return q, q, x


@cache
def inputs(name):
    return photograph() if name == "photograph" else NOISE


def errors(p):
    """The errors of the three choices on the photograph."""
    masks = choices(*inputs("photograph")[:2], p).values()
    return [off(partial(masked, mask=mask), "photograph") for mask in masks]


def off(way, on):
    """Its error relative to full attention; 1 is the error of answering 0."""
    y = exact(*inputs(on))
    return ((way(*inputs(on)) - y).norm() / y.norm()).item()


@cache
def error(name, on):
    return off(WAYS[name], on)


def flops(way):
    with FlopCounterMode(display=False) as counter:
        way(*NOISE)
    return counter.get_total_flops()


def work(name):
    """Part of full attention's FLOPs: 4 d a pair where a mask says which pairs.

    >>> flops(exact) == 4 * n**2 * d
    True
    """
    if name in MASKS:
        spent = 4 * d * MASKS[name][0].sum().item()
    elif name == "selected":                # scores with 64 means, then 64 keys
        spent = 2 * d * n * 64 + 4 * d * n * 64
    else:
        spent = flops(WAYS[name])
    return spent / (4 * n**2 * d)


def layers(name):
    """Layers until every output depends on every input; 0 if it never does."""
    reads = [[row.nonzero()[:, 0].tolist() for row in mask] for mask in MASKS[name]]
    seen = [1 << position for position in range(n)]     # a bit for each input
    for layer in range(1, n):
        before, keys = seen, reads[(layer - 1) % len(reads)]
        seen = [reduce(or_, map(before.__getitem__, row)) for row in keys]
        if all(bits == (1 << n) - 1 for bits in seen):
            return layer
        if seen == before:
            return 0


def results():
    """The table of the page.

    All keys are full attention.

    >>> torch.allclose(selected(*NOISE, n), exact(*NOISE), atol=1e-6)
    True
    >>> all(choices(*NOISE[:2], n)[name].all() for name in ("random keys", "the best keys"))
    True
    >>> layers("window") == -(-(n - 1) // w), layers("dilated")
    (True, 0)

    On the photograph random keys leave less than a window, the best keys still less.

    >>> all(best < 0.8 * random < 0.8 * near
    ...     for near, random, best in map(errors, (64, 128, 256)))
    True
    """
    _, random, best = errors(64)
    table = {"n": n, "d": d, "w": w, "random_keys": random, "best_keys": best}
    for name in WAYS:
        if name != "mean":
            table |= {f"{name}_work": work(name)}
        table |= {f"{name}_{on}": error(name, on) for on in ("photograph", "noise")}
        if name in MASKS and name != "dilated":
            table[f"{name}_layers"] = layers(name)
    return table


def figure():
    fig, axes = plt.subplots(1, 3, figsize=(5.2, 2.3))
    row, column, p = 13, 12, 64
    masks = choices(*inputs("photograph")[:2], p)
    for ax, (name, mask), error in zip(axes, masks.items(), errors(p)):
        ax.imshow(picture()[0], cmap="gray", vmin=0, vmax=1, alpha=0.6, interpolation="none",
                  extent=(0, side, side, 0))
        for key in mask[row * side + column].nonzero()[:, 0].tolist():
            ax.add_patch(plt.Rectangle((key % side, key // side), 1, 1, color=ATTENTION, lw=0, alpha=0.8))
        ax.plot(column + 0.5, row + 0.5, "x", color="black", ms=8, mew=2.5, label=f"the query, {name}")
        ax.set(title=name, xlabel=f"error {error:.2f}", xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
