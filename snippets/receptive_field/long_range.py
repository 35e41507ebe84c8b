"""What a stack learns last: what begins with little effect, not what is farthest."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY, shades

# --8<-- [start:task]
import torch
import torch.nn.functional as F

RUNS, VALUES, d = 5, 8, 32  # five runs at once, on the first axis


def batch(n, b=32):
    """Tokens with a flag on one of them: (RUNS, b, n), and its value: (RUNS, b).

    Token 3 is the value 3, token 3 + VALUES is the value 3 with the flag.
    """
    tokens = torch.randint(VALUES, (RUNS, b, n))
    place = torch.randint(n, (RUNS, b, 1))
    answer = tokens.gather(2, place)
    return tokens.scatter(2, place, answer + VALUES), answer[..., 0]


def linear(inputs, outputs, gain=1):
    """Weight and bias of each run, as nn.Linear starts them, times a gain."""
    size = gain * inputs**-0.5
    weight = torch.empty(RUNS, inputs, outputs).uniform_(-size, size)
    bias = torch.empty(RUNS, 1, outputs).uniform_(-size, size)
    return weight.requires_grad_(), bias.requires_grad_()


def apply(layer, x):
    """(RUNS, b, n, inputs) -> (RUNS, b, n, outputs)"""
    weight, bias = layer
    return torch.baddbmm(bias, x.flatten(1, 2), weight).unflatten(1, x.shape[1:3])


def stack(dilations, skips=True, gain=1):
    """Each layer reads a token and two before it; with skips, its input is added."""
    layers = [linear(3 * d, d, gain) for _ in dilations]

    def mix(h):
        for step, layer in zip(dilations, layers):
            n = h.shape[2] - 2 * step  # unpadded: 2 step tokens fewer
            three = torch.cat([h[:, :, i * step :][:, :, :n] for i in range(3)], -1)
            h = h[:, :, 2 * step :] * skips + apply(layer, three).relu()
        return h  # (RUNS, b, 1, d)

    return mix, layers


def attention():
    """One head, no positions. Only the last token asks."""
    layers = [linear(d, d) for _ in range(3)]

    def mix(h):
        q, (k, v) = apply(layers[0], h[:, :, -1:]), (apply(w, h) for w in layers[1:])
        return torch.softmax(q @ k.mT / d**0.5, dim=-1) @ v  # (RUNS, b, 1, d)

    return mix, layers


def train(mix, layers, n, stops, rate=0.01):
    """Embed, mix, classify. Yields the network after the steps in stops."""
    embedding = torch.randn(RUNS, 2 * VALUES, d).requires_grad_()
    classifier = linear(d, VALUES)

    def network(tokens):
        one_hot = F.one_hot(tokens, 2 * VALUES).float()
        h = (one_hot.flatten(1, 2) @ embedding).unflatten(1, tokens.shape[1:])
        return apply(classifier, mix(h))[:, :, -1]  # (RUNS, b, VALUES)

    learned = [embedding, *classifier, *(p for layer in layers for p in layer)]
    optimizer = torch.optim.Adam(learned, rate)
    fall = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, stops[-1])
    for step in range(1, stops[-1] + 1):
        tokens, answer = batch(n)
        loss = F.cross_entropy(network(tokens).flatten(0, 1), answer.flatten())
        optimizer.zero_grad()
        (RUNS * loss).backward()  # each run has its own mean
        optimizer.step()
        fall.step()
        if step in stops:
            yield network


@torch.no_grad()
def accuracy(network, D, n, contexts=5):
    """Of each run, with the flag D tokens before the last: (RUNS).

    Each context comes with all 8 values of the flagged token: a network that does
    not see it answers them alike, and is right once in 8, exactly.
    """
    tokens = torch.randint(VALUES, (RUNS, contexts, n)).repeat_interleave(VALUES, 1)
    answer = torch.arange(VALUES).repeat(contexts)
    tokens[:, :, n - 1 - D] = answer + VALUES
    return (network(tokens).argmax(-1) == answer).float().mean(1)


torch.manual_seed(0)
for network in train(*stack([1, 1, 1]), n=7, stops=(50, 300)):
    print([f"{accuracy(network, D, 7).mean():.1f}" for D in range(7)])
# --8<-- [end:task]

STOPS, N = (50, 100, 200, 600), 48


def mean():
    """The mean of a linear map of all tokens: attention with equal shares."""
    layers = [linear(d, d)]
    return (lambda h: apply(layers[0], h).mean(2, keepdim=True)), layers


def long_kernel():
    """One kernel as long as the input, for its last position."""
    layers = [linear(N * d, d)]
    return (lambda h: apply(layers[0], h.flatten(2)[:, :, None])), layers


MODELS = {  # how to make it, how many tokens it sees, the learning rate
    "plain": (lambda: stack([1] * 8), 17, 0.01),
    "dilated": (lambda: stack([1, 3, 9]), 27, 0.01),
    "dilated, no skips": (lambda: stack([1, 3, 9], skips=False), 27, 0.01),
    "plain, no skips": (lambda: stack([1] * 8, skips=False, gain=6**0.5), 17, 0.003),
    "attention": (attention, N, 0.01),
    "mean": (mean, N, 0.01),
    "kernel": (long_kernel, N, 0.01),
}


def hops(D):
    """How many dilated layers have to hand on a token at distance D: its digits to base 3.

    >>> [hops(D) for D in (0, 1, 2, 3, 4, 9, 13, 18, 26)]
    [0, 1, 1, 1, 2, 1, 3, 1, 3]
    """
    return (D % 3 > 0) + (D // 3 % 3 > 0) + (D // 9 % 3 > 0)


@cache
def trained(name):
    """Accuracy at each stop, distance and run (STOPS, D, RUNS), and the last network."""
    make, n, rate = MODELS[name]
    torch.manual_seed(1)
    found = []
    for network in train(*make(), n, STOPS, rate):
        found.append(torch.stack([accuracy(network, D, n) for D in range(n)]))
    return torch.stack(found), network


@cache
@torch.enable_grad()
def effect(name):
    """Squared derivative of the untrained output by the vector at each distance: (D,)."""
    make, n, _ = MODELS[name]
    torch.manual_seed(1)
    h = torch.randn(RUNS, 200, n, d, requires_grad=True)
    mix, _ = make()
    y = mix(h)[:, :, -1]
    (y * torch.randn_like(y)).sum().backward()
    return h.grad.square().mean((0, 1, 3)).flip(0)


def follows(name, stop):
    """Correlation over the distances of log(effect at the start) and right answers."""
    right = trained(name)[0][stop].mean(1)
    return torch.corrcoef(torch.stack([effect(name).log(), right]))[0, 1].item()


@torch.no_grad()
def moved(D):
    """By which part of itself the output of 8 plain layers moves with the vector D tokens back.

    >>> moved(16) > 1e-5, moved(17) < 1e-6
    (True, True)
    """
    mix, layers = stack([1] * 8)
    tokens = torch.randn(RUNS, 1, N, d).repeat(1, 2, 1, 1)
    tokens[:, 1, N - 1 - D] += 10
    before, after = mix(tokens)[:, :, -1].unbind(1)
    return ((after - before).abs().max() / before.abs().max()).item()


def results():
    """The numbers the page quotes, over five runs.

    In the plain stack the near end of the window is learned first, the far end last.

    >>> r = results()
    >>> r["near_100_min"] > 0.7, r["far_100_max"] < 0.35, r["inside_mean"] > 0.95
    (True, True, True)

    Beyond the window both stay at a guess.

    >>> [bool((accuracy(trained(name)[1], D, N) == 1 / VALUES).all())
    ...  for name, D in (("plain", 17), ("plain", 47), ("dilated", 27))]
    [True, True, True]

    In the dilated stack the layers that a token must pass decide, not its distance.

    >>> r["hops_1_min"] > r["hops_2_max"] > r["hops_3_max"] - 0.02
    True

    What they do is to weaken a token at the start: each kernel by about 18 times.

    >>> 12 < r["weaker"] < 25
    True

    Without skips every token passes all layers. Then all distances are learned alike, or,
    where some have more ways to the output, the middle of the window before both ends.

    >>> r["bare_max"] - r["bare_min"] < 0.2
    True
    >>> r["middle"] > r["ends"] + 0.08
    True

    Each time the effect at the start tells the order.

    >>> r["follows"] > 0.85
    True

    What reaches all tokens in one step learns near and far alike.

    >>> r["attention_least"] > 0.8, r["mean_least"] > 0.95, r["kernel_least"] > 0.95
    (True, True, True)
    >>> r["tilt"] < 0.06
    True
    """
    plain, dilated = trained("plain")[0], trained("dilated")[0]  # (STOPS, D, RUNS)
    near, far = plain[1, :5].mean(0), plain[1, -4:].mean(0)  # after 100 steps
    found = {
        "near_100_min": near.min().item(), "far_100_max": far.max().item(),
        "inside_mean": plain[3].mean().item(),
        "inside_min": plain[3].mean(0).median().item(),
        "far_600_min": plain[3, -4:].mean(0).min().item(),
        "dilated_least": dilated[3].min().item(),
    }
    halfway = dilated[1].mean(1)  # after 100 steps
    one, two, three = ([halfway[D].item() for D in range(27) if hops(D) == passed]
                       for passed in (1, 2, 3))
    found |= {"hops_1_min": min(one), "hops_2_max": max(two), "hops_3_max": max(three)}
    bare = trained("dilated, no skips")[0]
    found["bare_min"], found["bare_max"] = (getattr(bare[1].mean(1), f)().item() for f in ("min", "max"))
    ends = trained("plain, no skips")[0].mean(2)  # (STOPS, D), without runs
    found |= {"ends": ends[2, [0, -1]].max().item(), "middle": ends[2, 5:12].min().item(),
              "bare_least": bare[3].min().item()}
    start = effect("dilated")
    found |= {"weaker": (start[1] / start[4] / 2 + start[4] / start[13] / 2).item(),
              "follows": min(follows("plain", 1), follows("dilated", 1),
                             follows("plain, no skips", 2))}
    tilts = []
    for name in "attention", "mean", "kernel":
        curve = trained(name)[0]
        found[f"{name}_least"] = curve[3, 1:].min().item()
        tilts += [(curve[i, 1:17].mean() - curve[i, -16:].mean()).abs().item() for i in range(4)]
    return found | {"tilt": max(tilts), "channels": d, "moved_beyond_edge": moved(17)}


def figure():
    fig, axes = plt.subplots(3, sharex=True, figsize=(5.2, 4.6))
    titles = {"plain": "8 plain layers", "dilated": "3 layers, dilations 1, 3, 9",
              "attention": "1 attention layer"}
    for ax, (name, title) in zip(axes, titles.items()):
        color = ATTENTION if name == "attention" else CONVOLUTION
        curves = trained(name)[0].mean(2)  # (STOPS, D)
        seen = len(curves[0])
        ax.imshow(curves, cmap=shades(color), vmin=1 / VALUES, vmax=1, aspect="auto",
                  interpolation="none", extent=(-0.5, seen - 0.5, len(STOPS), 0), label=title)
        if seen < N:
            ax.text(seen + 0.5, 2, f"beyond {seen - 1}:\nout of sight", color=GRAY, va="center")
        ax.set_title(title, color=color)
        ax.set_yticks([line + 0.5 for line in range(len(STOPS))], STOPS)
        ax.set(xlim=(-0.5, N - 0.5), ylim=(len(STOPS), 0))
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    axes[1].set_ylabel("after … steps")
    axes[2].set(xlabel="distance $D$ of the flagged token", xticks=[0, 9, 18, 47])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
