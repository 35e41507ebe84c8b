"""Which helps: amounts that follow the readings, or amounts that reach further?"""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY

# --8<-- [start:contest]
import torch

n, noise, runs, i = 48, 0.5, 5, torch.arange(48)
offset = (i - i[:, None]) % n                           # from i to j, on a ring
far = torch.minimum(offset, n - offset)


def start(*shape, inputs):                              # as nn.Linear begins
    return ((2 * torch.rand(runs, *shape) - 1) / inputs**0.5).requires_grad_()


def around(k):                                          # which k readings, (n, k)
    return (i[:, None] + torch.arange(k) - k // 2) % n


class Attention:
    """Mixes the readings; a small network makes a query and a key from each three."""

    def __init__(self, reach, reads=3):
        self.numbers = [start(reads, 32, inputs=reads), start(1, 32, inputs=reads),
                        start(32, 16, inputs=32), start(1, 16, inputs=32),
                        torch.zeros(runs, n, requires_grad=True)]
        self.read = around(reads)
        self.beyond = far > reach

    def __call__(self, y):                              # (runs, b, n)
        W1, b1, W2, b2, place = self.numbers            # place: a score by offset
        near = y[..., self.read].flatten(1, 2)          # (runs, b n, reads)
        qk = torch.baddbmm(b2, torch.baddbmm(b1, near, W1).relu(), W2)
        q, k = qk.unflatten(1, y.shape[1:]).chunk(2, -1)     # (runs, b, n, 8) each
        scores = q @ k.mT + place[:, None, offset]      # (runs, b, n, n)
        A = scores.masked_fill(self.beyond, -torch.inf).softmax(-1)
        return (A @ y[..., None])[..., 0]


class TwoKernels:
    """A convolution, a ReLU, a convolution; they see k1 + k2 - 1 readings."""

    def __init__(self, k1, k2, hidden):
        self.numbers = [start(k1, hidden, inputs=k1), start(1, hidden, inputs=k1),
                        start(hidden, k2, inputs=hidden * k2),
                        torch.zeros(runs, 1, 1, requires_grad=True)]
        self.read = around(k1)
        self.add = (around(k2) * k2 + torch.arange(k2)).flatten()

    def __call__(self, y):                              # (runs, b, n)
        W1, b1, W2, b2 = self.numbers
        hidden = torch.baddbmm(b1, y[..., self.read].flatten(1, 2), W1).relu()
        parts = (hidden @ W2).view(runs, len(y[0]), -1)      # (runs, b, n k2)
        return parts[..., self.add].unflatten(-1, (n, -1)).sum(-1) + b2


def motifs(*b):
    """Two programs of 3 and 5 readings, six runs of each, in any order: (*b, n)."""
    five = torch.rand(*b, 12).argsort(-1) < 6               # which runs take 5
    length = torch.where(five, 5, 3)
    end = length.cumsum(-1)
    run = torch.searchsorted(end, i.expand(*b, n).contiguous(), right=True)
    minute = i - (end - length).gather(-1, run)             # of its run
    return torch.randn(*b, 8).gather(-1, minute + 3 * five.gather(-1, run))


def errors(layer, signals, rate=0.03, training_steps=600):
    """Trains on new signals in each step; what it leaves of the noise: (runs,)."""
    adam = torch.optim.Adam(layer.numbers, rate)
    fall = torch.optim.lr_scheduler.LinearLR(adam, 1, 0.01, training_steps)
    for _ in range(training_steps):
        x = signals(runs, 16)                           # to be found
        off = layer(x + noise * torch.randn(runs, 16, n)) - x
        adam.zero_grad()
        off.square().mean((1, 2)).sum().backward()      # each run has its own
        adam.step()
        fall.step()
    with torch.no_grad():
        x = signals(runs, 1000)
        off = layer(x + noise * torch.randn(runs, 1000, n)) - x
    return off.square().mean((1, 2)) / noise**2


torch.manual_seed(0)
for name, layer in (("attention", Attention(reach=n)),
                    ("two kernels", TwoKernels(25, 24, hidden=14))):
    size = sum(each[0].numel() for each in layer.numbers)
    print(f"{name}: {size} numbers, error {errors(layer, motifs).mean():.1f}")
# --8<-- [end:contest]


def smooth(*b):
    """Noise, averaged over about 5 readings: (*b, n)."""
    K = torch.exp(-((far / 3) ** 2))
    return torch.randn(*b, n) @ (K / K[0].norm())


def period(*b):
    """12 readings, four times: (*b, n)."""
    return torch.randn(*b, 12).repeat(*[1] * len(b), 4)


def steps(*b):
    """A level that jumps once in 12 readings, on average: (*b, n)."""
    level = (torch.rand(*b, n) < 1 / 12).cumsum(-1)
    return torch.randn(*b, n + 1).gather(-1, level)


def best(signals, reach):
    """What the best single kernel there is leaves of the noise, by least squares."""
    x = signals(4000)
    y = x + noise * torch.randn(4000, n)
    M = torch.stack([y.roll(-o, 1) for o in range(n) if min(o, n - o) <= reach], 2)
    rows, found = M[1000:].flatten(0, 1), x[1000:].flatten()
    w = torch.linalg.solve(rows.T @ rows, rows.T @ found)
    return ((M @ w - x)[:1000].square().mean() / noise**2).item()


def without_places():
    """Attention over all readings that cannot know how far away they are."""
    layer = Attention(n)
    layer.numbers[-1].requires_grad_(False)                 # place stays at 0
    return layer


class Dynamic:
    """Shares by offset, which a small network makes from the readings around each position."""

    def __init__(self, reach, reads, hidden):
        offsets = min(2 * reach + 1, n)
        self.numbers = [start(reads, hidden, inputs=reads), start(1, hidden, inputs=reads),
                        start(hidden, offsets, inputs=hidden),
                        torch.zeros(runs, 1, offsets, requires_grad=True)]
        self.read, self.mix = around(reads), around(offsets)

    def __call__(self, y):                              # (runs, b, n)
        W1, b1, W2, b2 = self.numbers
        near = y[..., self.read].flatten(1, 2)          # (runs, b n, reads)
        scores = torch.baddbmm(b2, torch.baddbmm(b1, near, W1).relu(), W2)
        A = scores.softmax(-1).unflatten(1, y.shape[1:])     # (runs, b, n, offsets)
        return (A * y[..., self.mix]).sum(-1)


def spread(*b):
    """Steps whose minutes are dealt out over the ring: neighbours lie 7 apart."""
    return steps(*b)[..., 7 * i % n]


KINDS = smooth, steps, period, motifs
NEAR = 6
MAKE = {
    "relu_near": lambda: TwoKernels(9, 7, hidden=41),
    "attention_near": lambda: Attention(NEAR),
    "relu_all": lambda: TwoKernels(25, 24, hidden=14),
    "attention_all": lambda: Attention(n),
}
RATES = {("steps", "relu_all"): 0.01, ("period", "attention_all"): 0.1}


@cache
@torch.enable_grad()
def contest(kind):
    """What each layer leaves of the noise: (lowest, highest) of the runs."""
    torch.manual_seed(1)
    left = {"kernel_near": [best(kind, NEAR)], "kernel_all": [best(kind, n)]}
    left |= {name: errors(make(), kind, RATES.get((kind.__name__, name), 0.03)).tolist()
             for name, make in MAKE.items()}
    return {name: (min(each), max(each)) for name, each in left.items()}


def lead(kind):
    """By how much the best attention in its worst run is ahead of all kernels in their best."""
    left = contest(kind)
    kernels = [low for name, (low, _) in left.items() if not name.startswith("attention")]
    return min(kernels) - min(left[f"attention_{reach}"][1] for reach in ("near", "all"))


OTHERS = {
    "steps_dynamic_3": (steps, lambda: Dynamic(NEAR, reads=3, hidden=39), 0.03),
    "steps_dynamic_15": (steps, lambda: Dynamic(NEAR, reads=15, hidden=24), 0.03),
    "motifs_dynamic_48": (motifs, lambda: Dynamic(n, reads=48, hidden=7), 0.03),
    "motifs_single": (motifs, lambda: Attention(n, reads=1), 0.03),
    "motifs_unplaced": (motifs, without_places, 0.03),
    "spread_relu": (spread, MAKE["relu_all"], 0.01),
    "spread_attention": (spread, MAKE["attention_all"], 0.03),
}


@cache
@torch.enable_grad()
def other(name):
    """What a layer of OTHERS leaves of the noise: (lowest, highest) of the runs."""
    kind, make, rate = OTHERS[name]
    torch.manual_seed(1)
    left = errors(make(), kind, rate).tolist()
    return min(left), max(left)


# A dynamic layer with 110 hidden units on the motifs: steps of training, lowest and highest error of
# five runs. A record of five minutes, not a run; record() prints it anew.
WIDE = {600: (0.61, 0.63), 2000: (0.50, 0.53)}


def wide():
    return Dynamic(n, reads=48, hidden=110)


def record():
    """Trains the wide dynamic layer, and prints what WIDE holds."""
    for training_steps in WIDE:
        torch.manual_seed(1)
        left = errors(wide(), motifs, 0.01, training_steps)
        print(training_steps, [round(each(left).item(), 2) for each in (torch.min, torch.max)])


def size(layer):
    return sum(each[0].numel() for each in layer.numbers)


def results():
    """What is left of the noise, lowest and highest of five runs.

    >>> e = {kind.__name__: contest(kind) for kind in KINDS}

    Jumps need no attention, but something that is not linear.

    >>> e["steps"]["relu_near"][1] < 0.7 * e["steps"]["kernel_all"][0]
    True
    >>> e["steps"]["attention_near"][1] < e["steps"]["relu_near"][0]
    True

    With a short reach, motifs are as hard for attention as for two kernels.

    >>> abs(e["motifs"]["relu_near"][0] - e["motifs"]["attention_near"][0]) < 0.04
    True

    Over all readings attention finds them, and two kernels with a ReLU do not.

    >>> e["motifs"]["attention_all"][1] < 0.8 * e["motifs"]["relu_all"][0]
    True

    Shares made without comparing stop at jumps, and find no motifs. Comparing finds some
    of them even without places, or if it compares single readings.

    >>> other("steps_dynamic_15")[1] < 0.27, other("motifs_dynamic_48")[0] > 0.65
    (True, True)
    >>> e["motifs"]["attention_all"][1] + 0.05 < other("motifs_unplaced")[0]
    True
    >>> max(other("motifs_unplaced")[1], other("motifs_single")[1]) < e["motifs"]["relu_all"][0]
    True

    Far away at a few fixed distances, two kernels with a ReLU stay close.

    >>> other("spread_relu")[1] < 0.4, other("spread_attention")[1] < 0.3
    (True, True)

    Nothing beats the best kernel where the signals are Gaussian.

    >>> all(e[kind][name][1] > e[kind]["kernel_all"][0] - 0.01
    ...     for kind in ("smooth", "period") for name in MAKE)
    True
    >>> e["period"]["kernel_all"][0] < e["period"]["attention_near"][0] / 2
    True
    """
    sizes = [size(make()) for make in MAKE.values()]
    sizes += [size(make()) for _, make, _ in OTHERS.values()]
    found = {"about": 100 * round(size(Attention(n)) / 100),
             "smallest": min(sizes), "largest": max(sizes)}
    found |= {"near": NEAR, "wide_weights": size(wide())}
    for count, (low, high) in WIDE.items():
        found |= {f"wide_{count}_min": low, f"wide_{count}_max": high}
    found["smooth_lag"] = max(contest(smooth)[f"attention_{reach}"][1]
                              - contest(smooth)[f"kernel_{reach}"][0] for reach in ("near", "all"))
    for name in OTHERS:
        found[f"{name}_min"], found[f"{name}_max"] = other(name)
    for kind in KINDS:
        found[f"{kind.__name__}_lead"] = lead(kind)
        for name, (low, high) in contest(kind).items():
            found[f"{kind.__name__}_{name}_min"] = low
            if not name.startswith("kernel"):               # computed, not trained: one number
                found[f"{kind.__name__}_{name}_max"] = high
    return found


TITLES = {"smooth": "smooth: a solar panel", "steps": "steps: kettles",
          "period": "period: a pump", "motifs": "motifs: two programs"}
LAYERS = {"kernel": "one kernel", "relu": "two, with ReLU", "attention": "attention"}


def figure():
    fig, axes = plt.subplots(4, 2, figsize=(5.2, 7.2), width_ratios=(1, 1.3), sharex="col")
    for (left, right), kind in zip(axes, KINDS):
        torch.manual_seed(3)
        left.plot(i, kind(1)[0], color=GRAY, drawstyle="steps-mid" if kind is steps else None,
                  label=f"{kind.__name__}, an example")
        left.set(ylim=(-3, 3))
        left.set_title(TITLES[kind.__name__], loc="left")
        left.axis("off")
        for row, (name, title) in enumerate(LAYERS.items()):
            color = ATTENTION if name == "attention" else CONVOLUTION
            near, everywhere = (sum(contest(kind)[f"{name}_{reach}"]) / 2
                                for reach in ("near", "all"))
            right.plot([near, everywhere], [row] * 2, color=color, lw=2, alpha=0.5,
                       label=f"{kind.__name__}, {title}")
            right.plot(near, row, "o", color=color, mfc="none", ms=9, mew=2,
                       label=f"{kind.__name__}, {title}, near")
            right.plot(everywhere, row, "o", color=color, ms=6,
                       label=f"{kind.__name__}, {title}, all")
        right.set_yticks(range(3), LAYERS.values())
        for label, name in zip(right.get_yticklabels(), LAYERS):
            label.set_color(ATTENTION if name == "attention" else CONVOLUTION)
        right.tick_params(axis="y", length=0)
        if kind is period:
            right.text(contest(kind)["kernel_near"][0], -0.35, "short window", ha="center",
                       va="bottom")
            right.text(contest(kind)["kernel_all"][0], -0.35, "all minutes", ha="center",
                       va="bottom")
        right.set(ylim=(2.6, -0.6), xlim=(0.15, 0.95), xticks=[0.2, 0.4, 0.6, 0.8])
        right.spines[["left"]].set_visible(False)
    axes[0, 1].set_title("error that is left", loc="left")
    axes[-1, 1].set_xlabel("of the error of the readings")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
