"""Weights, work and memory: of a block with five ways to mix its tokens, and of trained networks."""

import math

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, HYBRID


# --8<-- [start:block]
def block(way, n, d, k=9, N=16, mlp=8):
    """One block for n tokens of d channels; all are numbers. Its MLP has mlp d^2 weights.

    Weights; MACs; what a stream keeps for the next token; and what is held
    at once while the block runs, its input included (attention is fused).
    """
    weights, work, state, peak = {
        "convolution": (k * d**2, 0, (k - 1) * d, 2 * n * d),
        "separable": (k * d + d**2, 0, (k - 1) * d, 3 * n * d),
        "attention": (4 * d**2, 2 * n * d, 2 * n * d, 5 * n * d),
        "linear attention": (4 * d**2, 2 * d * N, d * N, 5 * n * d),
        "state space": (6 * d**2 + 2 * d * N, 6 * d * N, 2 * d * N, 7 * n * d),
    }[way]
    weights += mlp * d**2
    return {"weights": weights, "state": state, "peak": max(peak, (1 + mlp // 2) * n * d),
            "MACs": n * (weights + work)}


layers, n, sound = 6, 100, 32_000   # a frame every 10 ms; 16,000 samples of 2 bytes


def held(way, d, mlp=8):
    """Weights, peak and a second of sound: kB."""
    cost = block(way, n, d, mlp=mlp)
    return layers * cost["weights"] / 1e3, cost["peak"] / 1e3, sound / 1e3


print("kB, one byte a number      weights + peak + sound      MMACs    state")
for d in 64, 48:
    for way in ("convolution", "separable", "attention", "linear attention",
                "state space"):
        cost = block(way, n, d)
        print(f"d = {d}  {way:16}", *(f"{kB:6.0f}" for kB in held(way, d)),
              f"= {sum(held(way, d)):4.0f} {layers * cost['MACs'] / 1e6:9.0f}",
              f"{layers * cost['state'] / 1e3:8.0f}")
# --8<-- [end:block]

# Million MACs of the network of MLPerf Tiny that spots keywords: a convolution of 10 x 4 with
# 64 kernels, four separable blocks of 3 x 3 on 25 x 5 positions, and a classifier.
KEYWORDS = (125 * 64 * (40 + 4 * (9 + 64)) + 64 * 12) / 1e6
M7, M4 = 59.667, 13.381     # its runs a second on two boards, from the results of round 1.1
WAYS = {"convolution": CONVOLUTION, "separable": CONVOLUTION, "attention": ATTENTION,
        "linear attention": ATTENTION, "state space": HYBRID}

# Blocks of two trained networks: side of the kernels, their channels, channels out, a gate, stride.
YAMNET = [(3, wide, out, 0, stride) for wide, out, stride in (
    (32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2),
    *[(512, 512, 1)] * 5, (512, 1024, 2), (1024, 1024, 1))]
MOBILENET = [
    (3, 16, 16, 0, 1), (3, 64, 24, 0, 2), (3, 72, 24, 0, 1), (5, 72, 40, 1, 2),
    (5, 120, 40, 1, 1), (5, 120, 40, 1, 1), (3, 240, 80, 0, 2), (3, 200, 80, 0, 1),
    (3, 184, 80, 0, 1), (3, 184, 80, 0, 1), (3, 480, 112, 1, 1), (3, 672, 112, 1, 1),
    (5, 672, 160, 1, 2), (5, 960, 160, 1, 1), (5, 960, 160, 1, 1)]


def eights(channels):
    """As MobileNets round their channels: to multiples of 8, and down by a tenth at most."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near if near >= 0.9 * channels else near + 8


def trained(blocks, bands, frames, kinds, last=(), skips=False):
    """A network of separable convolutions on a spectrogram: weights, MACs and peak.

    The first layer has 3 x 3 kernels and a stride of 2. A block widens its channels with a
    matrix (if they are not as wide as its kernels), reads around each channel by itself, gates
    the channels (with two matrices, a quarter wide), and mixes them with a second matrix. In
    the end come a matrix to last[0], the mean over all positions, a matrix to last[1], and the
    classifier. The peak is the input and the result of one layer, and what a skip keeps.
    """
    def half(side):
        return (side + 1) // 2

    size = half(bands), half(frames)
    n, channels = size[0] * size[1], blocks[0][1]
    weights, work = 9 * channels, 9 * channels * n
    peaks = [bands * frames + channels * n]
    for k, wide, out, gate, stride in blocks:
        skip = channels * n if skips and stride == 1 and channels == out else 0
        if wide != channels:
            weights += channels * wide
            work += channels * wide * n
            peaks.append((channels + wide) * n)
        before = n
        if stride == 2:
            size = half(size[0]), half(size[1])
            n = size[0] * size[1]
        gates = 2 * wide * eights(wide // 4) * gate
        weights += k * k * wide + gates + wide * out
        work += k * k * wide * n + gates + wide * out * n
        peaks += [wide * (before + n) + skip * (wide != channels), (wide + out) * n + skip]
        channels = out
    for positions, to in zip((n, 1), last):
        weights += channels * to
        work += channels * to * positions
        channels = to
    return weights + channels * kinds, work + channels * kinds, max(peaks)


def yamnet(kinds=521):
    return trained(YAMNET, 64, 96, kinds)


def mobilenet(width, frames=100, kinds=527):
    """A network of Schmid et al.: 0.4 is the width of mn04_as, and 0.1 that of mn01_as."""
    blocks = [(k, eights(wide * width), eights(out * width), gate, stride)
              for k, wide, out, gate, stride in MOBILENET]
    return trained(blocks, 128, frames, kinds, (6 * blocks[-1][2], eights(1280 * width)), True)


def spectrum(samples, window):
    """MACs for one frame: window, FFT (4 a butterfly), squares; two bands meet each frequency."""
    return window + 4 * samples // 2 * int(math.log2(samples)) + 2 * samples


def results():
    """How far the kinds are apart, and what two of them hold, in bytes.

    The work of three kinds, and the weights of attention, against PyTorch's counter and
    layers.

    >>> import torch
    >>> import torch.nn.functional as F
    >>> from torch.utils.flop_counter import FlopCounterMode
    >>> n, d = 40, 24
    >>> def counted(work):
    ...     with FlopCounterMode(display=False) as counter, torch.device("meta"):
    ...         work(torch.empty(n, d), torch.empty(d, d))
    ...     return counter.get_total_flops() // 2
    >>> works = {
    ...     "convolution": lambda x, W: F.conv1d(
    ...         x.T, torch.empty(d, d, 9), padding=4),
    ...     "separable": lambda x, W: (x @ W, F.conv1d(
    ...         x.T, torch.empty(d, 1, 9), padding=4, groups=d)),
    ...     "attention": lambda x, W: ([x @ W for _ in range(4)], (x @ x.T) @ x)}
    >>> all(counted(work) == block(way, n, d)["MACs"] - 8 * n * d**2
    ...     for way, work in works.items())
    True
    >>> mlp = torch.nn.Sequential(torch.nn.Linear(d, 4 * d, bias=False), torch.nn.ReLU(),
    ...                           torch.nn.Linear(4 * d, d, bias=False))
    >>> attention = torch.nn.MultiheadAttention(d, 4, bias=False)
    >>> sum(p.numel() for m in (mlp, attention) for p in m.parameters()) == block(
    ...     "attention", n, d)["weights"]
    True

    The cheapest here is the separable one, in each of the four.

    >>> for what in "weights", "MACs", "state", "peak":
    ...     costs = {way: block(way, 100, 64)[what] for way in WAYS}
    ...     assert min(costs.values()) == costs["separable"], what

    The trained networks have the sizes that their authors give (who count norms as well).

    >>> [round(number / 1e6, 1) for number in yamnet()[:2]]
    [3.7, 69.2]
    >>> weights, work, _ = mobilenet(0.4, frames=1000)
    >>> 0.98 < weights / 983e3 <= 1, round(work / 1e9, 2)
    (True, 0.11)

    In 100 ms the Cortex-M7 is fast enough for all but YAMNet, the Cortex-M4 for mn01_as alone;
    in a second the M7 is fast enough for all, the M4 for all but YAMNet.

    >>> r = results()
    >>> names = "yamnet", "mn04", "mn01", "ours"
    >>> [[r[f"{name}_{chip}"] < time for name in names]
    ...  for chip, time in (("m7", 0.1), ("m4", 0.1), ("m7", 1), ("m4", 1))] == [
    ...     [False, True, True, True], [False, False, True, False],
    ...     [True, True, True, True], [False, True, True, True]]
    True

    Without flash mn01_as has room, the others do not. No verdict here changes if a kB has 1,024
    bytes, nor for 64 separable channels if frames of a byte are kept in place of the sound.

    >>> for device in 256_000, 256 * 1024:
    ...     assert r["mn01_held"] < device < r["mn04_weights"] < r["yamnet_weights"]
    ...     assert [[1e3 * sum(held(way, d)) < device for way in WAYS] for d in (64, 48)] == [
    ...         [False] * 5, [False, True, True, True, False]]
    ...     assert r["bare_64"] + 64 * 100 > device
    ...     assert r["attention_48"] + r["written_out"] < device
    """
    weights, peak, _ = held("separable", 48)
    work = layers * block("separable", n, 48)["MACs"]
    m7, m4 = M7 * KEYWORDS, M4 * KEYWORDS           # million multiplications a second
    networks = {"yamnet": yamnet(kinds=7), "mn04": mobilenet(0.4, kinds=7),
                "mn01": mobilenet(0.1, kinds=7), "ours": (1e3 * weights, work, 1e3 * peak)}
    frames = 100 * spectrum(1024, 800) / 1e6        # of one second
    return {f"{name}_{what}": number for name, (weights, work, peak) in networks.items()
            for what, number in (("weights", weights), ("work", work / 1e6), ("peak", peak),
                                 ("m7", work / 1e6 / m7), ("m4", work / 1e6 / m4))} | {
        f"most_{what}": max(block(way, n, 64)[what] for way in WAYS)
        / block("separable", n, 64)[what] for what in ("MACs", "peak")} | {
        f"{way}_{d}": 1e3 * sum(held(way, d)) for way in ("separable", "attention")
        for d in (64, 48)} | {
        "bare_64": 1e3 * sum(held("separable", 64)[:2]),
        "core_alone": 2 * n * 64 / block("attention", n, 64, mlp=0)["MACs"] * n,
        "mn01_held": networks["mn01"][0] + networks["mn01"][2] + 2 * 32_000,
        "spectrum": frames, "mn01_busy": (networks["mn01"][1] / 1e6 + frames) / m4,
        "mn04_busy": (networks["mn04"][1] / 1e6 + frames) / m4, "written_out": 2 * n**2,
        "keywords": KEYWORDS, "m7_runs": M7, "m7_rate": m7, "m4_runs": M4, "m4_rate": m4,
        "a_day": 24 * 60 * 60, "alarms": 24 * 60 * 60 / 1000}


def figure():
    fig, axes = plt.subplots(1, 2, sharey=True, figsize=(5.2, 2.6))
    for ax, d in zip(axes, (64, 48)):
        for y, (way, color) in enumerate(WAYS.items()):
            left = 0
            for what, kB, shade in zip(("weights", "peak", "sound"), held(way, d), (1, 0.5, 0.2)):
                ax.barh(y, kB, left=left, color=color, alpha=shade, height=0.6,
                        label=f"{way}, d = {d}, {what}: kB")
                left += kB
        ax.axvline(256, color="black", lw=1)
        ax.text(262, -0.55, "256 kB", va="bottom")
        ax.set_title(f"no flash, {d} channels", pad=18)
        ax.set(xlim=(0, 500), xticks=[0, 100, 200, 300, 400], xlabel="kB")
    axes[0].set_yticks(range(len(WAYS)), WAYS)
    axes[0].invert_yaxis()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
