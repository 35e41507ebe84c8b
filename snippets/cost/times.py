"""Times of one machine beside the count of operations: a record, not a run.

To record your own, on one thread (takes a minute):
OMP_NUM_THREADS=1 python -c "import times; times.record()"
and put what it prints in the place of RECORDED and of the line above it.
"""

import time
from datetime import date
from pathlib import Path
from statistics import median

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY
import torch
import torch.nn.functional as F

# --8<-- [start:crossing]
import math

STEPS = [2**(i / 2) for i in range(-4, 5)]  # n, in units of kd/2
# AMD EPYC, threads: 1, torch 2.13.0+cpu, 2026-11-22
RECORDED = {                                # (d, k): microseconds a call
    (32, 9): {
        "convolution": [18.2, 24.1, 26, 35.5, 41.1, 58.3, 73.8, 107, 138],
        "written out": [18.2, 22.2, 26.9, 40.6, 58.1, 111, 193, 401, 740],
        "fused": [9.31, 12.9, 19.7, 33.2, 48.2, 96.8, 158, 336, 613]},
    (64, 9): {
        "convolution": [76.4, 111, 128, 188, 240, 320, 432, 593, 811],
        "written out": [33.8, 55.7, 86.7, 165, 294, 616, 1160, 2910, 5560],
        "fused": [28, 49.6, 76.5, 154, 265, 562, 1050, 2180, 4090]},
    (128, 9): {
        "convolution": [452, 608, 827, 1170, 1630, 2300, 3220, 4500, 6450],
        "written out": [139, 273, 505, 1060, 2230, 5760, 9010, 23100, 66e3],
        "fused": [134, 270, 485, 1060, 2080, 5140, 7470, 15700, 30900]},
    (64, 25): {
        "convolution": [476, 718, 1140, 1600, 2260, 3530, 4740, 6610, 9320],
        "written out": [157, 309, 551, 1150, 2390, 4750, 10800, 58e3, 99e3],
        "fused": [143, 288, 502, 1040, 2030, 4010, 7820, 16100, 32800]}}


def crossing(times, name):
    """Where attention becomes slower than the convolution: n / (kd/2)."""
    gap = [math.log(mix / conv)
           for conv, mix in zip(times["convolution"], times[name])]
    i = max(i for i, g in enumerate(gap) if g < 0)  # the last time faster
    return STEPS[i] * 2**(0.5 * gap[i] / (gap[i] - gap[i + 1]))


for (d, k), times in RECORDED.items():
    print(f"d = {d:3}, k = {k:2}: kd/2 = {k * d // 2:3},",
          *(f" {name} × {crossing(times, name):.2f}"
            for name in ("written out", "fused")))
# --8<-- [end:crossing]

# The same machine, 2026-11-27, five runs each, microseconds a call, n = 1000, k = 9:
# a convolution, a separable one, and of that the depthwise part.
SEPARABLE = {
    64: [(1407, 262, 171), (1696, 249, 127), (1411, 254, 164), (2375, 252, 135),
         (1538, 262, 130)],
    256: [(23504, 3519, 287), (16431, 2015, 252), (22364, 1983, 252),
          (18509, 2484, 335), (19749, 2385, 257)],
    768: [(199985, 20395, 1030), (166049, 17496, 792), (196152, 20537, 1040),
          (286582, 17802, 816), (255138, 35244, 1158)]}
# The core written out, d = 64: scores, scale and softmax, sum of values.
CORE = {
    1024: [(2095, 1667, 1890), (2041, 1950, 2081), (2002, 2050, 1985),
           (1947, 2006, 1981), (1764, 2075, 2263)],
    2048: [(11976, 9750, 8898), (11832, 9764, 10782), (9495, 9479, 11963),
           (10078, 10618, 11624), (10213, 9275, 10454)]}


def layers(n, d, k):
    """Each layer on a random input, ready to call."""
    x, W = torch.randn(1, d, n), torch.randn(d, d, k)
    Q, K, V = torch.randn(3, 1, 1, n, d)            # (batch, heads, n, d)
    return {
        "convolution": lambda: F.conv1d(x, W, padding="same"),
        "written out": lambda: torch.softmax(Q @ K.mT / d**0.5, dim=-1) @ V,
        "fused": lambda: F.scaled_dot_product_attention(Q, K, V)}


def fastest(layer, budget):
    """Microseconds of the fastest of several calls, after one to warm up."""
    layer()
    runs, begin = [], time.perf_counter()
    while len(runs) < 3 or time.perf_counter() - begin < budget:
        start = time.perf_counter()
        layer()
        runs.append(time.perf_counter() - start)
    return 1e6 * min(runs)


@torch.no_grad()
def measure(passes=10, budget=0.01, steps=STEPS):
    """Microseconds, the least of several passes: {(d, k): {layer: [at each step]}}.

    >>> [[len(row) for row in rows.values()] for rows in measure(1, 0, [1]).values()]
    [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]]
    """
    best = {}
    for _ in range(passes):             # far apart, so that a busy moment passes
        for d, k in RECORDED:
            rows = best.setdefault((d, k), {})
            for i, step in enumerate(steps):
                for name, layer in layers(round(step * k * d / 2), d, k).items():
                    row = rows.setdefault(name, [math.inf] * len(steps))
                    row[i] = min(row[i], fastest(layer, budget))
    return best


def record():
    """Measures, and prints what this file holds."""
    text = Path("/proc/cpuinfo").read_text()            # Linux
    name = next(line for line in text.splitlines() if line.startswith("model name"))
    print(f"#{name.split(':')[1]}, threads: {torch.get_num_threads()},",
          f"torch {torch.__version__}, {date.today()}")
    for pair, rows in measure().items():
        for name, row in rows.items():
            print(pair, name, [float(f"{us:.3g}") for us in row])


def results():
    """Where the recorded times cross, in units of kd/2.

    From 100 microseconds a call on, the operations say where to a factor of 2.

    >>> all(0.5 < crossing(RECORDED[pair], name) < 2
    ...     for pair in ((64, 9), (128, 9), (64, 25))
    ...     for name in ("written out", "fused"))
    True

    A line of slope 1 is what the operations give: n over kd/2.

    >>> n, d, k = 1000, 64, 9
    >>> 4 * n**2 * d / (2 * n * k * d**2) == n / (k * d / 2)
    True
    """
    large = [crossing(RECORDED[pair], name) for pair in ((64, 9), (128, 9), (64, 25))
             for name in ("written out", "fused")]
    small = RECORDED[32, 9]
    small_flops = 4 * 72**2 * 32                                    # at n = kd/4
    rate = 4 * 800**2 * 64 / RECORDED[64, 25]["written out"][4]     # at n = kd/2
    four = {name: row[-1] for name, row in RECORDED[64, 9].items()}
    softmax = [b / (a + b + c) for rows in CORE.values() for a, b, c in rows]
    saved = {d: sorted(a / b for a, b, c in rows) for d, rows in SEPARABLE.items()}
    alone = {d: sorted(c / b for a, b, c in rows) for d, rows in SEPARABLE.items()}
    gains = sorted(a / b for rows in RECORDED.values()
                   for a, b in zip(rows["written out"], rows["fused"]))
    return {
        "crossing_min": min(large), "crossing_max": max(large),
        "small_written_out": crossing(small, "written out"),
        "small_microseconds": small["written out"][2],
        "small_arithmetic": small_flops / rate,
        "longest": RECORDED[64, 25]["written out"][-1] / 1000,
        "longest_fused": RECORDED[64, 25]["fused"][-1] / 1000,
        "fused_at_4": four["fused"] / four["convolution"],
        "written_out_at_4": four["written out"] / four["convolution"],
        "fused_gain": gains[-1], "fused_typical": median(gains),
        "softmax_min": min(softmax), "softmax_max": max(softmax),
        "saved_64": saved[64][2], "saved_64_min": saved[64][0], "saved_64_max": saved[64][-1],
        "saved_768": saved[768][2], "saved_768_min": saved[768][0],
        "saved_768_max": saved[768][-1],
        "depthwise_64": alone[64][2], "depthwise_768": alone[768][2],
        "depthwise_flops_64": 9 / (9 + 64), "depthwise_flops_768": 9 / (9 + 768),
    }


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 3.4), sharey=True)
    for ax, name in zip(axes, ("written out", "fused")):
        ax.plot([0.25, 4], [0.25, 4], color=FAINT, lw=9, label="FLOPs")
        ax.axhline(1, color=GRAY, lw=1)
        for (d, k), times in RECORDED.items():
            ratio = [b / a for a, b in zip(times["convolution"], times[name])]
            main = (d, k) == (64, 9)
            ax.plot(STEPS, ratio, color=ATTENTION, lw=2.5 if main else 1.2, alpha=1 if main else 0.4,
                    label=f"d = {d}, k = {k}")
        ax.loglog()
        ax.minorticks_off()
        ax.set_title(name, color=ATTENTION)
        ax.set_xticks([0.25, 1, 4], ["¼", "1", "4"])
        ax.set(xlabel="$n$, in units of $kd/2$", ylim=(0.2, 14))
    axes[0].set_yticks([0.25, 1, 4], ["a quarter", "as long as\nconvolution", "4 times\nas long"])
    axes[0].text(0.25, 9, "$d$ = 64, $k$ = 9", color=ATTENTION)
    axes[1].text(1.15, 0.45, "what the\nFLOPs say", color=GRAY)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
