"""Three trained networks and one of your own on two small chips: weights, peak and time."""

import math

import matplotlib.pyplot as plt
from style import CONVOLUTION, FAINT, GRAY

# Million MACs of the network of MLPerf Tiny that spots keywords: a convolution of 10 x 4 with
# 64 kernels, four separable blocks of 3 x 3 on 25 x 5 positions, and a classifier.
KEYWORDS = (125 * 64 * (40 + 4 * (9 + 64)) + 64 * 12) / 1e6
M7, M4 = 59.667, 13.381     # its runs a second on two boards, from the results of round 1.1
NAMES = {"yamnet": "YAMNet", "mn04": "mn04_as", "mn01": "mn01_as", "ours": "your own"}
SOUND = {"yamnet": 32_000, "mn04": 64_000, "mn01": 64_000, "ours": 32_000}  # bytes a second

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


def own(d=48, layers=6, k=9, n=100):
    """Separable blocks of a kernel of k and d channels for n frames, each with an MLP of 8 d^2."""
    weights = layers * (k * d + 9 * d**2)
    return weights, n * weights, 5 * n * d


def results():
    """Weights and peak in bytes, millions of multiplications, seconds on two chips.

    The trained networks have the sizes that their authors give (who count norms as well).

    >>> [round(number / 1e6, 1) for number in yamnet()[:2]]
    [3.7, 69.2]
    >>> weights, work, _ = mobilenet(0.4, frames=1000)
    >>> 0.98 < weights / 983e3 <= 1, round(work / 1e9, 2)
    (True, 0.11)

    In 100 ms the Cortex-M7 is fast enough for all but YAMNet, the Cortex-M4 for mn01_as alone;
    in a second the M7 is fast enough for all, the M4 for all but YAMNet.

    >>> r = results()
    >>> [[r[f"{name}_{chip}"] < time for name in NAMES]
    ...  for chip, time in (("m7", 0.1), ("m4", 0.1), ("m7", 1), ("m4", 1))] == [
    ...     [False, True, True, True], [False, False, True, False],
    ...     [True, True, True, True], [False, True, True, True]]
    True

    With flash for the weights, there is room for all. Without, mn01_as has room, the other
    trained ones do not. No verdict changes if a kB has 1,024 bytes.

    >>> for device in 256_000, 256 * 1024:
    ...     assert all(r[f"{name}_ram"] < device for name in NAMES)
    ...     assert r["mn01_held"] < device < r["mn04_weights"] < r["yamnet_weights"]
    """
    m7, m4 = M7 * KEYWORDS, M4 * KEYWORDS           # million multiplications a second
    networks = dict(zip(NAMES, (yamnet(7), mobilenet(0.4, kinds=7), mobilenet(0.1, kinds=7), own())))
    frames = 100 * spectrum(1024, 800) / 1e6        # of one second
    return {f"{name}_{what}": number for name, (weights, work, peak) in networks.items()
            for what, number in (("weights", weights), ("work", work / 1e6), ("peak", peak),
                                 ("ram", peak + SOUND[name]), ("m7", work / 1e6 / m7), ("m4", work / 1e6 / m4))} | {
        "mn01_held": networks["mn01"][0] + networks["mn01"][2] + SOUND["mn01"],
        "spectrum": frames, "mn01_busy": (networks["mn01"][1] / 1e6 + frames) / m4,
        "mn04_busy": (networks["mn04"][1] / 1e6 + frames) / m4,
        "keywords": KEYWORDS, "m7_runs": M7, "m7_rate": m7, "m4_runs": M4, "m4_rate": m4,
        "a_day": 24 * 60 * 60, "alarms": 24 * 60 * 60 / 1000}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 2.6))
    r = results()
    ax.fill_between((0.005, 0.1), 256, color=FAINT, alpha=0.5, lw=0)
    ax.text(0.0055, 248, "100 ms and 256 kB\nare enough", va="top", color=GRAY)
    for name, label in NAMES.items():
        times, kB = (r[f"{name}_m7"], r[f"{name}_m4"]), r[f"{name}_ram"] / 1e3
        ax.plot(times, (kB, kB), color=CONVOLUTION, lw=1, alpha=0.5)
        for time, chip, shape in zip(times, ("Cortex-M7", "Cortex-M4"), "os"):
            ax.plot(time, kB, shape, color=CONVOLUTION, label=f"{label} on a {chip}: s, kB of RAM")
            if name == "ours":
                ax.annotate(chip, (time, kB), (0, -14), textcoords="offset points", ha="center")
        ax.annotate(label, (math.sqrt(math.prod(times)), kB), (0, 5),
                    textcoords="offset points", ha="center")
    ax.set(xscale="log", xlim=(0.005, 4), ylim=(0, 300), xlabel="s for one second of sound",
           yticks=[0, 100, 200], ylabel="kB of RAM")
    ax.set_xticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
