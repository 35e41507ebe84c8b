"""Every way of this chapter on the same inputs: work, memory, reach and error."""

import os
from functools import cache, reduce
from operator import or_

os.environ.setdefault("KINETO_LOG_LEVEL", "6")      # keeps the profiler quiet

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook
from style import ATTENTION, FAINT, GRAY
from torch.profiler import profile
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


def full(Q, K, V):
    return torch.softmax(Q @ K.T / d**0.5, dim=1) @ V


def band(Q, K, V):
    scores = (Q @ K.T / d**0.5).masked_fill_(~MASKS["window"][0], -torch.inf)
    return torch.softmax(scores, dim=1) @ V


def streamed(Q, K, V, b=128):
    y = []
    for q in Q.split(b):
        top, total, mix = torch.full((len(q), 1), -torch.inf), 0, 0
        for k, v in zip(K.split(b), V.split(b)):
            s = q @ k.T / d**0.5
            new = torch.maximum(top, s.amax(1, keepdim=True))
            p, old = torch.exp(s - new), torch.exp(top - new)
            total = total * old + p.sum(1, keepdim=True)
            mix, top = mix * old + p @ v, new
        y.append(mix / total)
    return torch.cat(y)


def blocked(Q, K, V):
    at = torch.arange(n).view(-1, w, 1)
    keys = at[:, :1] + torch.arange(-w, 2 * w)
    K, V = (F.pad(x, (0, 0, w, w)).unfold(0, 3 * w, w) for x in (K, V))
    scores = Q.view(-1, w, d) @ K / d**0.5
    off = (keys < 0) | (keys >= n) | ((at - keys).abs() > w)
    return (torch.softmax(scores.masked_fill_(off, -torch.inf), -1) @ V.mT).view(n, d)


def attend(name):
    lists = [row.nonzero()[:, 0] for row in MASKS[name][0]]
    return lambda Q, K, V: torch.cat([
        torch.softmax(q @ K[keys].T / d**0.5, dim=1) @ V[keys]
        for q, keys in zip(Q.split(1), lists)])


def linear(Q, K, V):
    q, k = F.elu(Q) + 1, F.elu(K) + 1
    return q @ (k.T @ V) / (q @ k.sum(0))[:, None]


POOL = torch.eye(64).repeat_interleave(n // 64, dim=1) * 64 / n


def linformer(Q, K, V):
    return full(Q, POOL @ K, POOL @ V)


def heads(Q, K, V):
    """8 heads of 8 channels."""
    Q, K, V = (x.view(n, 8, 8).transpose(0, 1) for x in (Q, K, V))  # (8, n, 8)
    A = torch.softmax(Q @ K.mT / 8**0.5, dim=-1)
    return (A @ V).transpose(0, 1).reshape(n, d)


def shared(Q, K, V):
    """The same with the mean of the keys and values of all heads."""
    return heads(Q, *(x.view(n, 8, 8).mean(1).repeat(1, 8) for x in (K, V)))


WAYS = {"full": full, "streamed": streamed, "band": band, "window": blocked,
        **{name: attend(name) for name in list(MASKS)[1:]},
        "linear": linear, "linformer": linformer, "shared": shared,
        "mean": lambda Q, K, V: V.mean(0).expand(n, d)}


def photograph():
    """Patches as tokens: (Q, K, V), where a score is 10 times the cosine of two."""
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        pixels = torch.tensor(plt.imread(file)[:512, :512]) / 255
    gray = F.avg_pool2d(pixels.mean(-1)[None], 2)               # (1, 256, 256)
    x = F.unfold(gray[None], 8, stride=8)[0].T                  # (n, d)
    x = x - x.mean(0)
    q = F.normalize(x, dim=1) * (10 * d**0.5)**0.5
    return q, q, x


@cache
def inputs(name):
    return photograph() if name == "photograph" else NOISE


@cache
def error(name, on):
    """Relative to full attention; 1 is the error of answering 0."""
    reference = heads if name == "shared" else full
    y = reference(*inputs(on))
    return ((WAYS[name](*inputs(on)) - y).norm() / y.norm()).item()


def flops(way):
    with FlopCounterMode(display=False) as counter:
        way(*NOISE)
    return counter.get_total_flops()


def peak(way):
    """Most bytes that it holds at one time, beyond Q, K, V and the mask."""
    with profile(profile_memory=True) as record:
        way(*NOISE)
    held = most = 0
    events = record.profiler.kineto_results.events()
    for event in sorted(events, key=lambda event: event.start_ns()):
        if event.name() == "[memory]":
            held += event.nbytes()      # negative when memory is returned
            most = max(most, held)
    return most


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


def work(name):
    """Share of full attention; 4 d FLOPs a pair where queries go one by one.

    >>> for name in MASKS:
    ...     if name != "window":
    ...         assert flops(WAYS[name]) == 4 * d * MASKS[name][0].sum()
    >>> flops(full) == flops(heads) == 4 * n**2 * d
    True
    """
    one_by_one = name in MASKS and name != "window"
    spent = 4 * d * MASKS[name][0].sum().item() if one_by_one else flops(WAYS[name])
    return spent / (4 * n**2 * d)


def results():
    """The table of the page.

    >>> error("streamed", "noise") < 1e-5, error("streamed", "photograph") < 1e-5
    (True, True)
    >>> torch.allclose(blocked(*NOISE), band(*NOISE), atol=1e-6)
    True
    >>> same = (NOISE[0], NOISE[1][:, :8].repeat(1, 8), NOISE[2][:, :8].repeat(1, 8))
    >>> torch.allclose(shared(*same), heads(*same), atol=1e-6)
    True
    >>> layers("window") == -(-(n - 1) // w), layers("dilated")
    (True, 0)
    """
    table = {"n": n, "d": d, "w": w}
    for name, way in WAYS.items():
        if name != "mean":
            table |= {f"{name}_work": work(name), f"{name}_memory": peak(way)}
        if name != "full":
            table |= {f"{name}_{on}": error(name, on) for on in ("photograph", "noise")}
        if name in MASKS and name != "dilated":
            table[f"{name}_layers"] = layers(name)
    return table


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.8))
    names = {"dilated": "dilated window", "window": "window", "strided": "strided",
             "global": "8 global", "random": "8 global, 16 random",
             "squares": "8 × 8 squares", "linformer": "Linformer, pooling",
             "linear": "linear attention", "mean": "mean of all values"}
    for row, (name, label) in enumerate(names.items()):
        ax.axhline(row, color=FAINT, lw=1, zorder=0)
        for on, marker, fill in (("photograph", "o", ATTENTION),
                                 ("noise", "s", "none")):
            ax.plot(error(name, on), row, marker, color=ATTENTION, ms=8, mfc=fill,
                    mew=2, label=f"{label}, {on}")
    ax.axvline(1, color=GRAY, lw=1, zorder=0)
    ax.set_xscale("log")
    ax.set_xticks([0.2, 0.5, 1, 2, 4], ["0.2", "0.5", "1", "2", "4"])
    ax.minorticks_off()
    ax.set_yticks(range(len(names)), names.values())
    ax.set(xlabel="error relative to full attention", ylim=(len(names) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0)
    ax.legend(ax.lines[1:3], ["photograph", "noise"], loc="lower center",
              bbox_to_anchor=(0.3, 1), ncols=2, handletextpad=0.1)
    ax.spines["left"].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
