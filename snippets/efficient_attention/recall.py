"""Look up who owns what: what a window and a memory of fixed size give up, trained and counted."""

import math
from functools import cache

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from style import ATTENTION, FAINT, GRAY

NAMES, THINGS, SEEDS, d, d_head, w = 256, 16, 5, 32, 16, 16
LENGTHS = 4, 8, 16, 32, 64, 128                     # pairs in a text
RATES = {"full": 0.03, "linear": 0.03, "squares": 0.03, "mean": 0.1,
         "rows_32": 0.03, "rows_136": 0.01}
ROWS = {"rows_32": (32, 32), "rows_136": (136, 136)}    # channels of a name, rows of the table


def full(q, k, v):
    return torch.softmax(q @ k.mT / d_head**0.5, dim=-1) @ v


def linear(q, k, v):
    """A sum of k v^T, (d_head, d), and nothing else."""
    return F.normalize(q, dim=-1) @ (F.normalize(k, dim=-1).mT @ v)


def mean(q, k, v):
    """The same with elu + 1, divided by the sum of the row (Katharopoulos et al. 2020)."""
    q, k = F.elu(q) + 1, F.elu(k) + 1
    return q @ (k.mT @ v) / (q @ k.sum(-2)[..., None])


def products(x):
    """x_a x_b for a <= b, so that products(q) . products(k) = (q . k)^2: (136,)."""
    a, b = torch.triu_indices(d_head, d_head)
    return x[..., a] * x[..., b] * torch.where(a == b, 1, 2**0.5)


def squares(q, k, v):
    """linear with the products of two channels as channels, so a state of (136, d).

    >>> q, k, v = torch.randn(3, 9, d_head, dtype=torch.float64)
    >>> a, b = products(F.normalize(q, dim=-1)), products(F.normalize(k, dim=-1))
    >>> torch.allclose(squares(q, k, v), a @ (b.mT @ v)), b.shape[1]
    (True, 136)
    """
    q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
    return (q @ k.mT)**2 @ v                        # for short texts this is quicker


WAYS = {"full": full, "linear": linear, "mean": mean, "squares": squares,
        "rows_32": linear, "rows_136": linear}
STATE = {"linear": d_head * d, "mean": d_head * d + d_head,
         "squares": d_head * (d_head + 1) // 2 * d, "rows_32": 32 * d, "rows_136": 136 * d}


def new(way):
    """The numbers of SEEDS networks side by side; the same for every way but those of ROWS."""
    torch.manual_seed(0)
    width, rows = ROWS.get(way, (d, d_head))
    shapes = {"names": (NAMES, width), "things": (THINGS, d), "Q": (width, rows),
              "K": (width, rows), "V": (d, d), "answer": (d, THINGS)}
    return {name: (torch.randn(SEEDS, *shape) / (1 if "s" == name[-1] else shape[0]**0.5))
            .requires_grad_() for name, shape in shapes.items()}


def learned(way):
    return sum(x.numel() for x in new(way).values()) // SEEDS


def texts(pairs, size):
    """Different names, each with a thing: (SEEDS, size, pairs) twice."""
    names = torch.rand(SEEDS, size, NAMES).argsort(-1)[..., :pairs]
    return names, torch.randint(THINGS, names.shape)


def answers(way, net, names, things):
    """Ask for the thing of each name of the text: (SEEDS, size, pairs, THINGS)."""
    run = torch.arange(SEEDS)[:, None, None]
    x = net["names"][run, names]                    # (SEEDS, size, pairs, d)
    q, k = x @ net["Q"][:, None], x @ net["K"][:, None]
    v = net["things"][run, things] @ net["V"][:, None]
    return way(q, k, v) @ net["answer"][:, None]


@cache
@torch.enable_grad()
def trained(name, steps=240, rate=None):
    net = new(name)
    rate = rate or RATES[name]
    optimizer = torch.optim.Adam(net.values())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps)
    for step in range(steps):
        pairs = LENGTHS[step % len(LENGTHS)]
        names, things = texts(pairs, 256 // pairs)
        y = answers(WAYS[name], net, names, things)
        loss = SEEDS * F.cross_entropy(y.flatten(0, 2), things.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return net


@cache
@torch.no_grad()
def right(name, pairs, seen=None, draw=1, **settings):
    """Right answers of each network on new texts (SEEDS); seen: how many pairs it sees."""
    net = trained(name, **settings)
    torch.manual_seed(draw)
    names, things = texts(pairs, 4096 // pairs)
    if seen:
        way = lambda q, k, v: WAYS[name](q, k[..., -seen:, :], v[..., -seen:, :])  # noqa: E731
    else:
        way = WAYS[name]
    return (answers(way, net, names, things).argmax(-1) == things).float().mean((1, 2))


LINES = {"full attention": ("full", None), "linear, larger state": ("squares", None),
         "linear": ("linear", None), "window": ("full", w)}


def results():
    """The numbers the page quotes: least and most of five networks.

    Full attention makes no difference between few pairs and many.

    >>> all((right("full", pairs) > 0.99).all() for pairs in LENGTHS)
    True

    A sum of fixed size does, with and without the division: six of ten for 64.

    >>> 0.56 < right("linear", 64).min() and right("linear", 64).max() < 0.65
    tensor(True)

    >>> all((right(way, 4) > 0.97).all() and (right(way, 128) < 0.5).all()
    ...     for way in ("linear", "mean"))
    True

    With the same numbers to learn and a larger state it holds more.

    >>> all((right("squares", pairs) > right("linear", pairs) + 0.3).all()
    ...     for pairs in (64, 128))
    True

    So does a larger state without the square.

    >>> bool((right("linear", 64) + 0.1 < right("rows_32", 64)).all())
    True
    >>> bool((right("rows_32", 64) + 0.05 < right("rows_136", 64)).all())
    True

    The window knows its pairs, and guesses the others.

    >>> bool((right("full", w, w) > 0.99).all())
    True
    >>> guessed = w / 64 + (1 - w / 64) / THINGS
    >>> bool((right("full", 64, w) - guessed).abs().max() < 0.03)
    True
    """
    numbers = {"names": NAMES, "things": THINGS, "w": w, "d_head": d_head, "d": d,
               "learned": learned("linear"), "learned_rows_32": learned("rows_32"),
               "learned_rows_136": learned("rows_136"),
               "cache_16": 16 * (d_head + d), "cache_128": 128 * (d_head + d)}
    numbers |= {f"state_{name}": size for name, size in STATE.items()}
    for name in WAYS:
        for pairs in 16, 64, 128:
            scores = right(name, pairs)
            numbers[f"{name}_{pairs}_min"] = math.floor(100 * scores.min().item()) / 100
            if name != "full":              # whole percents, rounded outward
                numbers[f"{name}_{pairs}_max"] = math.ceil(100 * scores.max()) / 100
    numbers["rows_squares"] = STATE["squares"] // d
    return numbers | {f"window_{pairs}": round(right("full", pairs, w).mean().item(), 1)
                      for pairs in (16, 64, 128)}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4))
    styles = "-", "--", "-", ":"
    places = (9, 1.05, "full attention"), (135, 0.86, "a sum with\na larger table"), \
        (135, 0.42, "a sum"), (135, 0.19, "a window\nof 16 pairs")
    for (name, (way, seen)), style, (x, y, text) in zip(LINES.items(), styles, places):
        scores = torch.stack([right(way, pairs, seen) for pairs in LENGTHS])
        ax.plot(LENGTHS, scores.median(1).values, style, color=ATTENTION, lw=2.5,
                label=name)
        ax.text(x, y, text, va="center")
    ax.axhline(1 / THINGS, color=FAINT, lw=1.5, label="guessing")
    ax.text(4, 1 / THINGS + 0.02, "guessing", color=GRAY)
    ax.set_xscale("log", base=2)
    ax.set_xticks(LENGTHS, LENGTHS)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    ax.set(xlabel="pairs in the text", ylabel="right answers", xlim=(3.7, 290), ylim=(0, 1.1))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
