# pip install torch matplotlib scikit-learn
"""Digits learned in one place, tested one pixel and one patch beside it."""

import copy
from functools import cache

import matplotlib.pyplot as plt
from matplotlib.transforms import offset_copy
from style import ATTENTION, CONVOLUTION, FAINT, GRAY
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

# --8<-- [start:shift]
# pip install torch scikit-learn
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

pixels, y = map(torch.tensor, load_digits(return_X_y=True))
x = F.pad(pixels.view(-1, 1, 8, 8), (4, 4)).float() / 8 - 1     # (1797, 1, 8, 16)
order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
train, choose, test = order.split([897, 300, 600])


def rotate(z, angle):
    """Turns pairs of channels: z (..., n, d_head), angle (n, d_head / 2)."""
    a, b = z.unflatten(-1, (-1, 2)).unbind(-1)
    turned = a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()
    return torch.stack(turned, -1).flatten(-2)


def angles(rows, columns, d_head=8, speeds=(1, 0.1)):
    """One half of the channels turns with the row, the other with the column."""
    place = torch.cartesian_prod(rows, columns)                 # (n, 2)
    return (place[:, :, None] * torch.tensor(speeds)).flatten(1)    # (n, d_head / 2)


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads, self.norm1, self.norm2 = heads, nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, t, angle):
        qkv = self.qkv(self.norm1(t)).unflatten(-1, (3, self.heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4)                # (b, heads, n, d_head)
        if angle is not None:
            q, k = rotate(q, angle), rotate(k, angle)
        y = F.scaled_dot_product_attention(q, k, v)
        t = t + self.out(y.transpose(1, 2).flatten(2))      # (b, n, d)
        return t + self.mlp(self.norm2(t))


class ViT(nn.Module):
    def __init__(self, table=False, rotary=False, d=32):
        super().__init__()
        self.patches = nn.Conv2d(1, d, 2, stride=2)
        self.table = nn.Parameter(torch.randn(32, d) / 2 * table, table)
        self.angle = angles(torch.arange(4.0), torch.arange(8.0)) if rotary else None
        self.blocks = nn.ModuleList(Block(d, 4) for _ in range(2))
        self.classifier = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, 10))

    def forward(self, image):
        t = self.patches(image).flatten(2).mT + self.table      # (b, 32, d)
        for block in self.blocks:
            t = block(t, self.angle)
        return self.classifier(t.mean(1))


torch.manual_seed(0)
q, k = torch.randn(2, 32, 8).double()
here = angles(torch.arange(4.0), torch.arange(8.0)).double()
there = angles(torch.arange(4.0) + 3, torch.arange(8.0) + 5).double()
scores = [rotate(q, angle) @ rotate(k, angle).T for angle in (here, there)]
print("3 rows and 5 columns on, the same scores:", torch.allclose(*scores))
vit, image = ViT().double(), x[test[:1]].double()
same = torch.allclose(vit(image), vit(image.roll(2, -1)))
print("no positions, one patch on, the same answer:", same)
# --8<-- [end:shift]


def conv(i, o, stride=1):
    return nn.Conv2d(i, o, 3, stride, padding=1), nn.BatchNorm2d(o), nn.ReLU()


def cnn(stride, d=37):
    return nn.Sequential(*conv(1, d), *conv(d, d, stride), *conv(d, d),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(d, 10))


def cut(vit, *window, **where):
    """A ViT with other windows than 2x2, for example some that overlap."""
    vit.patches = nn.Conv2d(1, 32, *window, **where)
    return vit


def cut_cnn(d=40):
    """A CNN that begins with the cut of the ViT, and then has two 3x3 layers."""
    return nn.Sequential(nn.Conv2d(1, d, 2, stride=2), nn.BatchNorm2d(d), nn.ReLU(),
                         *conv(d, d), *conv(d, d),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(d, 10))


def overlapping():
    return cut(ViT(rotary=True), 4, stride=2, padding=1)


NETWORKS = {  # the network, its steps of training, and by how many pixels images move in them
    "table": (lambda: ViT(table=True), 150, 0),
    "rotary": (lambda: ViT(rotary=True), 150, 0),
    "none": (ViT, 150, 0),
    "cnn": (lambda: cnn(stride=2), 150, 0),
    "moves": (lambda: ViT(table=True), 600, 4),
    "overlap": (overlapping, 150, 0),
    "cut_cnn": (cut_cnn, 150, 0),
    "enlarged": (lambda: cut(ViT(table=True), 4, stride=4), 150, 0),
    "longer": (lambda: ViT(table=True), 600, 0),
    "rotary_longer": (lambda: ViT(rotary=True), 600, 0),
    "overlap_longer": (overlapping, 600, 0),
    "moves_short": (lambda: ViT(table=True), 150, 4),
    "moves_long": (lambda: ViT(table=True), 1500, 4),
    "moves_cnn": (lambda: cnn(stride=2), 600, 4),
}
DRAWN = "cnn", "rotary", "none", "table", "moves", "moves_cnn"
RATES, SHIFTS = (1e-3, 3e-3, 1e-2), range(-4, 5)


def images(name):
    """What a network learns from: the strip, or the strip at twice the size."""
    return F.interpolate(x, scale_factor=2, mode="bilinear") if name == "enlarged" else x


def moved(batch, most):
    """Each image by another number of pixels: (b, 1, height, width)

    >>> bars = torch.eye(16)[[8, 8, 8]].view(3, 1, 1, 16)
    >>> places = torch.cat([moved(bars, 4) for _ in range(100)]).argmax(-1)
    >>> places.min().item(), places.max().item()
    (4, 12)
    """
    if not most:
        return batch
    by = torch.randint(-most, most + 1, (len(batch),)).tolist()
    return torch.stack([image.roll(pixels, dims=-1) for image, pixels in zip(batch, by)])


@cache
def fit(name, seed, rate):
    new, steps, moves = NETWORKS[name]
    torch.manual_seed(seed)
    model, learned = new(), images(name)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps)
    for batch in train[torch.randint(len(train), (steps, 32))]:
        F.cross_entropy(model(moved(learned[batch], moves)), y[batch]).backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return model.eval()


@torch.no_grad()
def right(model, where=test, shift=0, shown=x):
    """The part of the digits that the model gets right."""
    said = model(shown[where].roll(shift, dims=-1)).argmax(1)
    return (said == y[where]).float().mean().item()


def record(*names):
    """Prints RECORDED anew: of three rates the best on `choose`, with another seed.

    For what is drawn, at all SHIFTS; for the others, at 0 to 4 pixels.
    """
    for name in names or NETWORKS:
        shown = images(name)
        found = {rate: right(fit(name, 5, rate), choose, shown=shown) for rate in RATES}
        rate = max(found, key=found.get)
        models = [fit(name, seed, rate) for seed in range(5)]
        print(f'    "{name}": ({rate}, [')
        for shift in SHIFTS if name in DRAWN else range(5):
            print(f"        {[round(right(m, shift=shift, shown=shown), 3) for m in models]},")
        print("    ]),", flush=True)


# The rate, and right answers of five runs for each shift: from -4 to 4 pixels, or from 0 on.
# A record of an hour on one slow core, not a run; record() prints it anew.
RECORDED = {
    "table": (0.003, [
        [0.172, 0.212, 0.152, 0.105, 0.13],
        [0.11, 0.135, 0.108, 0.035, 0.138],
        [0.047, 0.037, 0.122, 0.072, 0.063],
        [0.322, 0.267, 0.333, 0.28, 0.23],
        [0.868, 0.863, 0.832, 0.895, 0.892],
        [0.392, 0.272, 0.237, 0.353, 0.35],
        [0.112, 0.148, 0.092, 0.175, 0.077],
        [0.157, 0.123, 0.138, 0.175, 0.168],
        [0.168, 0.162, 0.112, 0.152, 0.193],
    ]),
    "rotary": (0.01, [
        [0.745, 0.652, 0.773, 0.678, 0.643],
        [0.342, 0.343, 0.352, 0.34, 0.267],
        [0.762, 0.695, 0.798, 0.705, 0.693],
        [0.343, 0.388, 0.328, 0.328, 0.298],
        [0.757, 0.745, 0.8, 0.71, 0.747],
        [0.343, 0.36, 0.318, 0.335, 0.297],
        [0.748, 0.727, 0.787, 0.687, 0.728],
        [0.34, 0.333, 0.313, 0.348, 0.282],
        [0.717, 0.655, 0.775, 0.66, 0.703],
    ]),
    "none": (0.01, [
        [0.397, 0.438, 0.392, 0.41, 0.387],
        [0.16, 0.185, 0.198, 0.157, 0.16],
        [0.397, 0.438, 0.392, 0.41, 0.387],
        [0.16, 0.185, 0.198, 0.157, 0.16],
        [0.397, 0.438, 0.392, 0.41, 0.387],
        [0.16, 0.185, 0.198, 0.157, 0.16],
        [0.397, 0.438, 0.392, 0.41, 0.387],
        [0.16, 0.185, 0.198, 0.157, 0.16],
        [0.397, 0.438, 0.392, 0.41, 0.387],
    ]),
    "cnn": (0.01, [
        [0.975, 0.982, 0.98, 0.975, 0.977],
        [0.87, 0.868, 0.872, 0.888, 0.837],
        [0.975, 0.978, 0.982, 0.98, 0.977],
        [0.877, 0.885, 0.868, 0.897, 0.84],
        [0.978, 0.98, 0.982, 0.98, 0.98],
        [0.872, 0.877, 0.867, 0.892, 0.838],
        [0.977, 0.977, 0.978, 0.975, 0.98],
        [0.833, 0.847, 0.857, 0.827, 0.827],
        [0.965, 0.973, 0.978, 0.96, 0.978],
    ]),
    "moves": (0.003, [
        [0.847, 0.9, 0.902, 0.918, 0.88],
        [0.887, 0.912, 0.903, 0.897, 0.917],
        [0.85, 0.903, 0.918, 0.897, 0.915],
        [0.852, 0.895, 0.888, 0.882, 0.903],
        [0.85, 0.895, 0.91, 0.9, 0.895],
        [0.88, 0.887, 0.892, 0.892, 0.885],
        [0.887, 0.918, 0.927, 0.912, 0.907],
        [0.883, 0.907, 0.893, 0.913, 0.923],
        [0.855, 0.937, 0.923, 0.925, 0.917],
    ]),
    "overlap": (0.003, [
        [0.878, 0.927, 0.902, 0.872, 0.878],
        [0.412, 0.613, 0.492, 0.482, 0.485],
        [0.877, 0.933, 0.895, 0.872, 0.878],
        [0.388, 0.612, 0.478, 0.473, 0.46],
        [0.798, 0.925, 0.885, 0.848, 0.84],
    ]),
    "cut_cnn": (0.003, [
        [0.965, 0.965, 0.968, 0.967, 0.97],
        [0.712, 0.658, 0.693, 0.69, 0.695],
        [0.96, 0.965, 0.97, 0.965, 0.97],
        [0.678, 0.648, 0.672, 0.673, 0.652],
        [0.963, 0.962, 0.967, 0.962, 0.965],
    ]),
    "enlarged": (0.003, [
        [0.89, 0.893, 0.88, 0.922, 0.902],
        [0.787, 0.68, 0.688, 0.747, 0.73],
        [0.447, 0.312, 0.293, 0.368, 0.4],
        [0.223, 0.202, 0.18, 0.255, 0.205],
        [0.142, 0.158, 0.122, 0.167, 0.127],
    ]),
    "longer": (0.003, [
        [0.963, 0.957, 0.95, 0.958, 0.96],
        [0.433, 0.395, 0.398, 0.442, 0.387],
        [0.117, 0.178, 0.152, 0.227, 0.12],
        [0.097, 0.112, 0.152, 0.182, 0.137],
        [0.177, 0.137, 0.175, 0.137, 0.212],
    ]),
    "rotary_longer": (0.003, [
        [0.928, 0.92, 0.927, 0.915, 0.88],
        [0.522, 0.512, 0.467, 0.482, 0.428],
        [0.908, 0.903, 0.907, 0.895, 0.85],
        [0.495, 0.485, 0.478, 0.468, 0.383],
        [0.86, 0.878, 0.838, 0.847, 0.808],
    ]),
    "overlap_longer": (0.003, [
        [0.96, 0.96, 0.968, 0.97, 0.97],
        [0.652, 0.735, 0.703, 0.638, 0.677],
        [0.963, 0.958, 0.963, 0.967, 0.965],
        [0.638, 0.73, 0.682, 0.63, 0.655],
        [0.952, 0.955, 0.968, 0.947, 0.945],
    ]),
    "moves_short": (0.003, [
        [0.505, 0.522, 0.443, 0.568, 0.552],
        [0.407, 0.425, 0.327, 0.448, 0.385],
        [0.563, 0.48, 0.372, 0.568, 0.543],
        [0.432, 0.407, 0.37, 0.515, 0.48],
        [0.438, 0.352, 0.495, 0.578, 0.552],
    ]),
    "moves_long": (0.01, [
        [0.943, 0.955, 0.937, 0.958, 0.945],
        [0.957, 0.957, 0.943, 0.952, 0.95],
        [0.952, 0.955, 0.932, 0.963, 0.942],
        [0.962, 0.952, 0.947, 0.958, 0.948],
        [0.957, 0.967, 0.953, 0.955, 0.953],
    ]),
    "moves_cnn": (0.003, [
        [0.987, 0.988, 0.985, 0.988, 0.985],
        [0.993, 0.987, 0.988, 0.99, 0.988],
        [0.988, 0.988, 0.987, 0.99, 0.985],
        [0.992, 0.987, 0.988, 0.99, 0.988],
        [0.988, 0.988, 0.987, 0.99, 0.985],
        [0.992, 0.987, 0.988, 0.99, 0.988],
        [0.99, 0.988, 0.987, 0.99, 0.985],
        [0.992, 0.987, 0.985, 0.987, 0.99],
        [0.988, 0.988, 0.985, 0.992, 0.99],
    ]),
}


def ring(model):
    """The same network, on a ring instead of between borders."""
    model = copy.deepcopy(model)
    for layer in model:
        if isinstance(layer, nn.Conv2d):
            layer.padding_mode = "circular"
    return model


@torch.no_grad()
def change(model, pixels):
    """How much the scores move if the digits do, relative to the scores; untrained, float64."""
    model, images = copy.deepcopy(model).double().eval(), x[test[:100]].double()
    before, after = model(images), model(images.roll(pixels, dims=-1))
    return ((after - before).norm() / before.norm()).item()


def macs(model):
    """Multiply-accumulates for one image."""
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        model(x[:1])
    return counter.get_total_flops() / 2


def results():
    """The numbers the page quotes.

    ViT and CNN have about the same parameters and do about the same work.

    >>> r = results()
    >>> 0.9 < r["cnn"] / r["vit"] < 1.1, 0.85 < r["cnn_macs"] / r["vit_macs"] < 1.15
    (True, True)

    Z3: one pixel, and one patch, are too much for a ViT with a table; not for a CNN.

    >>> r["table_0_min"] > 0.8, r["table_2_max"] < 0.45, r["cnn_lowest"] > 0.8
    (True, True, True)

    Windows that overlap, or 3x3 layers after the cut, make the saw shallower, in every run.

    >>> def lost(name):
    ...     return [a - b for a, b in zip(*RECORDED[name][1][-5:-3])]
    >>> max(lost("cnn")) < min(lost("cut_cnn")), max(lost("cut_cnn")) < min(lost("rotary"))
    (True, True)
    >>> max(lost("overlap_longer")) < min(lost("rotary_longer"))
    True

    Random moves in training mend both faults, after more steps. Steps alone do not.

    >>> r["moves_lowest"] > 0.8, r["moves_short_0_max"] < 0.6, r["longer_1_max"] < 0.45
    (True, True, True)

    Without positions a whole patch is no change at all, in any run; one pixel is.

    >>> _, scores = RECORDED["none"]
    >>> scores[4] == scores[6] == scores[2], r["none_1_max"] < r["none_0_min"]
    (True, True)

    So it is before any training, to rounding. A CNN with stride 1 on a ring notices no
    shift, one with stride 2 none by two pixels.

    >>> _ = torch.manual_seed(0)
    >>> change(ViT(), 2) < 1e-12 < 1e-3 < change(ViT(), 1)
    True
    >>> change(ring(cnn(1)), 1) < 1e-12, change(ring(cnn(2)), 2) < 1e-12 < change(ring(cnn(2)), 1)
    (True, True)

    Below guessing is no chance: some digits are then said much too often.

    >>> said = fit("table", 0, 0.003)(x[test].roll(-2, dims=-1)).argmax(1)
    >>> min(map(min, RECORDED["table"][1])) < 0.1 < 0.2 < said.bincount().max().item() / 600
    True

    The record again, nearly: seed 0 at the rate that was chosen, unshifted.

    >>> [name for name in ("table", "cut_cnn", "moves_short") if abs(
    ...     right(fit(name, 0, RECORDED[name][0]), shown=images(name))
    ...     - RECORDED[name][1][-5][0]) > 0.08]
    []
    """
    torch.manual_seed(0)
    numbers = {"none_patch": change(ViT(), 2), "ring_pixel": change(ring(cnn(1)), 1),
               "steps": NETWORKS["rotary"][1],
               "vit": sum(w.numel() for w in ViT(rotary=True).parameters() if w.requires_grad),
               "cnn": sum(w.numel() for w in cnn(2).parameters()),
               "vit_macs": macs(ViT(rotary=True)), "cnn_macs": macs(cnn(2))}
    for name, (_, scores) in RECORDED.items():
        for shift, runs in enumerate(scores[-5:-2]):            # 0, 1 and 2 pixels
            numbers |= {f"{name}_{shift}_min": min(runs), f"{name}_{shift}_max": max(runs)}
    for name in "cnn", "moves", "moves_cnn":
        numbers[f"{name}_lowest"] = min(map(min, RECORDED[name][1]))
    return numbers


def figure():
    fig, axes = plt.subplots(2, sharex=True, figsize=(5.2, 5.8), height_ratios=(5, 3))
    lines = {  # panel, colour, style, label, how far above the end of the line it stands
        "cnn": (0, CONVOLUTION, "s-", "CNN", 0),
        "rotary": (0, ATTENTION, "^--", "ViT, rotary", 0),
        "none": (0, ATTENTION, "D:", "ViT,\nno positions", 0),
        "table": (0, ATTENTION, "o-", "ViT, table", 0),
        "moves_cnn": (1, CONVOLUTION, "s-", "CNN", 4),
        "moves": (1, ATTENTION, "o-", "ViT, table", -4),
    }
    for name, (panel, color, style, label, above) in lines.items():
        _, scores = RECORDED[name]
        low, high = ([100 * pick(runs) for runs in scores] for pick in (min, max))
        middle = [(a + b) / 2 for a, b in zip(low, high)]
        beside = {"rotary": -3, "table": 3}.get(name, 0)        # so that no point hides another
        place = offset_copy(axes[panel].transData, fig, beside, units="points")
        axes[panel].plot(SHIFTS, middle, style, color=color, ms=6, label=f"{name}, {label}",
                         transform=place)
        axes[panel].fill_between(SHIFTS, low, high, color=color, alpha=0.15, lw=0, transform=place)
        axes[panel].text(4.35, middle[-1] + above, label, color=color, va="center")
    for ax, title in zip(axes, ("trained on digits in the middle, 150 steps",
                                "trained on moved digits, 600 steps")):
        ax.set_title(title)
        ax.axhline(10, color=FAINT, lw=1, zorder=0)
        ax.set(ylabel="right answers, %", ylim=(0, 103), yticks=[0, 50, 100])
    axes[0].text(7.6, 4, "guessing", color=GRAY, ha="right")
    axes[1].set(xlabel="shift in the test, in pixels (a patch is 2 wide)",
                xticks=[-4, -2, 0, 2, 4], xlim=(-4.3, 7.7))
    axes[1].set_xticklabels(["−4", "−2", "0", "2", "4"])
    axes[0].tick_params(labelbottom=True)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
