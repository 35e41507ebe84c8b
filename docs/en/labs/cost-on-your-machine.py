# %% [markdown]
# # Cost on your machine
#
# **On a short input attention can be the cheaper layer, on a long one the convolution is. At which length they change places can be counted, without any machine. But a machine does not take equally long for all
# operations, so the clock puts this length somewhere else. Where, and how surely, this notebook finds out on yours.**
#
# Your input is $n$ positions long and $d$ channels wide. Which of the two layers should you take, if only the price counts? You will
#
# 1. guess the length from which on attention is the dearer one;
# 2. count it, without a clock;
# 3. measure it, five times, and see why the clock does not follow the count;
# 4. find out which part of attention's memory can be avoided, and which cannot.
#
# *The notebook takes about half a minute on one core of a laptop and needs 800 MB of memory. It uses a GPU if there is one. You need the main way of [Cost](../differences/cost.md).*

# %%
# pip install torch matplotlib tqdm
import math
import os
import platform
import time
from functools import partial
from pathlib import Path
from statistics import median

os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # keeps torch's profiler quiet

import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

CUDA = torch.cuda.is_available()
device = "cuda" if CUDA else "cpu"
torch.backends.cudnn.allow_tf32 = False  # else a GPU rounds for convolutions only


def processor():
    if CUDA:
        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")  # Linux; elsewhere platform has to know
    for line in info.read_text().splitlines() if info.exists() else []:
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


machine = (f"{processor()}, threads: {torch.get_num_threads()}, "
           f"torch {torch.__version__}")
print(machine)

CONVOLUTION, ATTENTION, GRAY = "#0072B2", "#D55E00", "#7A828B"
plt.rcParams.update({
    "figure.figsize": (5.2, 3.6), "figure.constrained_layout.use": True,
    "font.size": 12, "axes.titlesize": 12, "axes.titlelocation": "left",
    "axes.spines.top": False, "axes.spines.right": False,
    "legend.frameon": False, "lines.linewidth": 2, "lines.markersize": 5,
})

# %% [markdown]
# ## Your guess
#
# These are the sizes of your layer: put in your own. (Twice the $d$ takes about eight times as long to measure. On a GPU the layers have to be larger, so that it has something to do.) And before you go on, guess: up to how many positions is attention the cheaper layer, on the machine before you? Put your guess in the place of the 1,000, which is only an example.

# %%
b, d = (16, 256) if CUDA else (1, 128)  # inputs at a time, channels
k = 9  # positions that the kernel reads, at least 5
h = 1  # heads
guess = 1000

# %% [markdown]
# ## The two layers
#
# Attention comes in two ways of writing. **Written out**, the matrix $A$ of all shares is an ordinary tensor. **Fused**, PyTorch computes the same result block by block, and never holds $A$. Both have the four matrices that a layer needs: for the queries, the keys, the values and the output.

# %%
def written_out(q, key, v):  # (b, h, n, d_head) each
    A = torch.softmax(q @ key.mT / math.sqrt(q.shape[-1]), dim=-1)  # (b, h, n, n)
    return A @ v


def fused(q, key, v, mask=None):
    return F.scaled_dot_product_attention(q, key, v, mask)


class Attention(nn.Module):
    def __init__(self, d, mix):
        super().__init__()
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.out = nn.Linear(d, d, bias=False)
        self.mix = mix

    def forward(self, x):  # (b, n, d)
        q, key, v = self.qkv(x).unflatten(-1, (3, h, -1)).permute(2, 0, 3, 1, 4)
        return self.out(self.mix(q, key, v).transpose(1, 2).flatten(2))


def layers(n, d, k, device=device):
    """Each layer, and a random input for it."""
    torch.manual_seed(0)
    with torch.device(device):
        x = torch.randn(b, n, d)
        mask = None  # each query sees each key
        return {
            "convolution": (nn.Conv1d(d, d, k, padding="same", bias=False),
                            x.mT.contiguous()),
            "written out": (Attention(d, written_out), x),
            "fused": (Attention(d, partial(fused, mask=mask)), x),
        }


q, key, v = torch.randn(3, b, h, 500, d // h, device=device)
error = (written_out(q, key, v) - fused(q, key, v)).abs().max().item()
print("written out and fused agree:", error < 1e-4)

# %% [markdown]
# ## Count
#
# We count floating-point operations (FLOPs), two for each multiplication with its addition. The convolution has one matrix of $d \times d$ numbers for each of the $k$ positions that its kernel reads. Attention has four matrices, and then each of the $n$ positions meets each other. So the two cost the same if
#
# $$
# \underbrace{2 n k d^2}_{\text{convolution}} = \underbrace{8 n d^2 + 4 n^2 d}_{\text{attention}}
# \quad\Longleftrightarrow\quad n = \frac{(k - 4)\, d}{2} .
# $$
#
# `FlopCounterMode` counts what is computed inside of it. On the device `meta` tensors have shapes and no contents, so that counting takes no time, at any $n$.

# %%
def flops(layer, x):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        layer(x)
    return counter.get_total_flops()


def meeting(d, k):
    """The n at which both layers do the same number of operations."""
    return (k - 4) * d / 2


lengths = [round(d * 2 ** (i / 2)) for i in range(-4, 9)]  # from d/4 to 16 d
counted = {name: [flops(*layers(n, d, k, "meta")[name]) for n in lengths]
           for name in ("convolution", "written out", "fused")}

n = round(meeting(d, k))
print(f"your guess: {guess:,}   counted: {n:,}")
for name in counted:
    print(f"FLOPs at n = {n}: {name:11}",
          f"{flops(*layers(n, d, k, 'meta')[name]):13,}")

# %% [markdown]
# So what counts is not how long your input is, but how long *compared with its width*: a wide layer pays so much for its matrices that many meetings cost little beside them. (And for $k \le 4$ there is no such length, because the four matrices alone cost as much as the convolution.)
#
# **A trap.** Count the fused layer where it really runs, on a CPU, and you get too little:

# %%
layer, x = layers(1024, d, k, "cpu")["fused"]
missing = 4 * b * 1024**2 * d
on_cpu = flops(layer, x)
with sdpa_kernel(SDPBackend.MATH):
    by_products = flops(layer, x)
print(f"fused, on a CPU:      {on_cpu:13,}")
print(f"by matrix products:   {by_products:13,}")
print(f"the meetings, 4 n² d: {missing:13,}")

# %% [markdown]
# What is missing are the meetings. The counter looks up a formula for each routine, and because it has none for the fused routine of the CPU, it adds 0 and says nothing. `SDPBackend.MATH` makes PyTorch take ordinary matrix products instead, and these are counted. Fused attention does the same operations in another order; it is not free.
#
# ## Measure
#
# Each layer is called several times, and the fastest call counts, because whatever else the machine does can only make a call slower. But a disturbance may last longer than all of these calls. So we go through all lengths and sizes five times, and look at how far the five passes lie apart.
# (A GPU works on while Python goes ahead, so we wait for it before we look at the clock.)

# %% alt="Milliseconds for one layer over n, both axes logarithmic, with three lines: the convolution with circles, attention written out with squares, attention fused with triangles. A dotted line marks the counted length."
@torch.no_grad()
def seconds(layer, x, budget=0.01, at_least=3):
    """The fastest of several calls."""
    layer(x)  # warm up
    calls, start = [], time.perf_counter()
    while len(calls) < at_least or time.perf_counter() - start < budget:
        if CUDA:
            torch.cuda.synchronize()
        begin = time.perf_counter()
        layer(x)
        if CUDA:
            torch.cuda.synchronize()
        calls.append(time.perf_counter() - begin)
    return min(calls)


passes = 5
sizes = (d // 2, k), (d, k), (2 * d, k), (d, 2 * k - 1)
times = {size: {} for size in sizes}  # size -> name -> one list per pass
for _ in tqdm(range(passes), leave=False):
    for size in sizes:
        one = {}
        for n in lengths:
            for name, (layer, x) in layers(n, *size).items():
                one.setdefault(name, []).append(seconds(layer, x))
        for name, row in one.items():
            times[size].setdefault(name, []).append(row)

styles = {"convolution": (CONVOLUTION, "o-"), "written out": (ATTENTION, "s-"),
          "fused": (ATTENTION, "^--")}
fig, ax = plt.subplots()
for name, (color, style) in styles.items():
    columns = [[1e3 * t for t in column] for column in zip(*times[d, k][name])]
    ax.plot(lengths, [median(column) for column in columns], style, color=color,
            label=name)
    ax.vlines(lengths, [min(column) for column in columns],
              [max(column) for column in columns], color=color, lw=5, alpha=0.4)
ax.set(xscale="log", yscale="log", xlabel="$n$, positions", ylabel="milliseconds",
       title=f"d = {d}, k = {k}")
ax.set_xticks(lengths[::2], lengths[::2])
ax.yaxis.set_major_formatter("{x:g}")
ax.minorticks_off()
ax.axvline(meeting(d, k), ymax=0.6, color=GRAY, lw=1, ls=":", label="_counted")
ax.text(meeting(d, k) * 1.1, ax.get_ylim()[0] * 1.2, f"counted: {meeting(d, k):.0f}",
        color=GRAY)
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# **Figure.** Time of one layer on this machine; the markers are medians of the five passes, and the bars behind them go from the fastest pass to the slowest. Look where the orange lines rise above the blue one, and how far that is from the dotted line.
#
# ## Why the clock does not follow the count
#
# If every operation took the same time, each column below would hold one number from top to bottom, and the columns would agree.

# %%
print("billion FLOPs per second (the fastest pass)")
print("     n " + "".join(f"{name:>13}" for name in styles))
for i, n in list(enumerate(lengths))[::2]:
    rates = [counted[name][i] / min(one[i] for one in times[d, k][name])
             for name in styles]
    print(f"{n:6} " + "".join(f"{rate / 1e9:13.1f}" for rate in rates))

print("\nmicroseconds for a call with next to nothing to compute")
for name, (layer, x) in layers(1, h, 1).items():
    print(f"  {name:12} {1e6 * seconds(layer, x):8.1f}")

# %% [markdown]
# Four things stand between the count and the clock. Look for them in your table.
#
# - **Starting costs.** Each routine has to be looked up, checked and started, however small its input is. The convolution is one routine, and attention is several, one after the other. So the shortest inputs compare starts rather than operations. A GPU computes so fast that this can go on for much longer inputs.
# - **Numbers have to be fetched.** A processor can do many operations in the time that it takes to fetch one number from its main memory, so an operation is fast only if each number that is fetched is used [many times](../differences/cost.md#traffic). The softmax does only a few operations with each score. As long as the $n \times n$ scores fit into a cache, the fast memory beside the
#   arithmetic, this hurts little; beyond, attention written out has to wait.
# - **Some work is not in the count.** Exponentials are slow, and the counter does not count them. Nor does it count the time in which the system hands out memory for $A$.
# - **Threads have to be fed.** Work is divided among the cores only if there is enough of it, and dividing it costs time, too. So with another number of threads you have another machine.
#
# ## Where do they cross?
#
# One crossing on one machine says little. So here are four sizes: yours, with half and with twice the channels, and with a longer kernel. Each pass finds a crossing of its own, the length from which on attention stays the slower one, and we print the range of the five.

# %%
def crossing(convolution, attention):
    """From which n on attention is slower, for good: 0 if always, inf if not yet."""
    gap = [math.log(a / c) for c, a in zip(convolution, attention)]
    faster = [i for i, g in enumerate(gap) if g < 0]
    if not faster:
        return 0
    i = faster[-1]
    if i == len(lengths) - 1:
        return math.inf
    between = gap[i] / (gap[i] - gap[i + 1])  # on a logarithmic scale
    return lengths[i] * (lengths[i + 1] / lengths[i]) ** between


def in_words(found):
    inside = [n for n in found if 0 < n < math.inf]
    if not inside:
        return "none"
    text = " to ".join(f"{n:.0f}" for n in sorted({min(inside), max(inside)}))
    return text if len(inside) == passes else f"{text} ({len(inside)} of {passes})"


crossings = {
    size: {name: [crossing(*rows) for rows in zip(table["convolution"], table[name])]
           for name in ("written out", "fused")}
    for size, table in times.items()}

print(f"   d   k  counted {'written out':>22} {'fused':>22}")
for (d_, k_), found in crossings.items():
    print(f"{d_:4} {k_:3} {meeting(d_, k_):8.0f}",
          *(f"{in_words(each):>22}" for each in found.values()))
print(f"\nd = {d}, k = {k}: you guessed {guess:,}, the count says {meeting(d, k):.0f},",
      "the clock says\n  " + ", ".join(
          f"{in_words(each)} ({name})" for name, each in crossings[d, k].items()), "\n")
for (d_, k_), found in crossings.items():
    for name, each in found.items():
        for where, always in (0, "slower"), (math.inf, "faster"):
            if missed := each.count(where):
                print(f"d = {d_}, k = {k_}, {name}: no crossing in {missed} of {passes}",
                      f"passes. In these\n  attention was {always} at each length,",
                      f"from {lengths[0]} to {lengths[-1]}.")

# %% [markdown]
# If the table says that there is no crossing because attention was always slower, the count gives you the wrong answer for short inputs of this size on this machine. The likely reason is its starting costs, because they may be larger than all that attention can save; and that is not much, because by the count it is at most $k/4$ times cheaper.
#
# Is your machine like ours? Each size has two rows here: above is your run, below it a record of one run of ours.

# %% alt="For four sizes of d and k, from top to bottom: where attention becomes slower, divided by the counted length, on a logarithmic axis with a line at 1. Squares for attention written out and triangles for fused, one for each of five passes; filled for this run, hollow for the recorded one."
RECORDED_ON = "Intel Xeon, busy with other programs, threads: 1, torch 2.13.0+cpu"
recorded = {  # the crossing of each pass; 0: attention was always slower
    (64, 9): {"written out": [0, 0, 0, 0, 0],
              "fused": [65, 0, 0, 33, 0]},
    (128, 9): {"written out": [306, 254, 256, 212, 273],
               "fused": [349, 238, 326, 356, 302]},
    (256, 9): {"written out": [748, 428, 354, 501, 245],
               "fused": [569, 821, 362, 419, 773]},
    (128, 17): {"written out": [831, 779, 713, 691, 502],
                "fused": [1093, 739, 715, 911, 398]},
}
print("this run:", machine)
print("recorded:", RECORDED_ON)

fig, ax = plt.subplots(figsize=(5.2, 4))
ax.axvline(1, color=GRAY, lw=1, label="_counted")
for row, size in enumerate(sizes):
    for whose, runs, color, y in (("this run", crossings, ATTENTION, row - 0.17),
                                  ("recorded", recorded, GRAY, row + 0.17)):
        for name, marker in ("written out", "s"), ("fused", "^"):
            found = [n / meeting(*size) for n in runs.get(size, {}).get(name, ())
                     if 0 < n < math.inf]
            label = f"{name}, {whose}"
            ax.plot(found, [y] * len(found), marker, color=color, alpha=0.7,
                    mfc=color if whose == "this run" else "none",
                    label=f"_{label}, {size}" if row else label)
            if not found:
                ax.text(0.1 if name == "fused" else 1.2, y, f"{name}: none",
                        color=color, va="center")
ax.set(xscale="log", xlim=(0.09, 11), ylim=(3.5, -0.5),
       xlabel="crossing, in units of the counted length")
ax.set_yticks(range(4), [f"d = {d_}\nk = {k_}" for d_, k_ in sizes])
ax.set_xticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
ax.minorticks_off()
fig.legend(loc="outside upper center", ncols=2)
plt.show()

# %% [markdown]
# **Figure.** Where attention becomes the slower layer; on the line, the clock says what the count says. Look first how far the markers of one kind lie apart, and only then how far they lie from the line. The passes that found no crossing have no marker.
#
# In our record, attention written out with 64 channels was never the cheaper layer, and fused it was so in only two passes of five, and only on the shortest inputs. For the three larger sizes every pass found a crossing, from two fifths of the counted length to four thirds of it. But look at the spread: with 256 channels, the same crossing moved threefold from one pass to another.
# The machine had other work at the same time, as yours may have. So a single measured crossing is worth little, and if the passes lie as far apart as ours, do not read more into them than "near the count" or "nowhere near it".

# %% [markdown]
# ## Memory
#
# You have seen the second cost of attention in passing: written out, it holds the scores and their shares at the same time, two matrices of $n \times n$ numbers of 4 bytes for each head. Is this what a long input costs in memory? Let us count three things: what a layer holds at most *while it runs*; what it *keeps for training*, because the backward pass will need it; and, for
# a network that writes a text word by word, the [cache](../differences/cost.md#cache) of keys and values.

# %%
@torch.no_grad()
def peak_bytes(layer, x):
    """The most that one call holds at any time, its output included."""
    layer(x)  # what is set up once does not count
    if CUDA:
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        layer(x)
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        layer(x)
    held = peak = 0
    events = record.profiler.kineto_results.events()
    for event in sorted(events, key=lambda e: e.start_ns()):
        if event.name() == "[memory]":
            held += event.nbytes()  # negative when memory is returned
            peak = max(peak, held)
    return peak


def kept_bytes(layer, x):
    """What is kept for the backward pass, besides the layer's weights."""
    stores = set()
    with saved_tensors_hooks(lambda t: stores.add(t.untyped_storage()) or t,
                             lambda t: t):
        layer(x)
    stores -= {p.untyped_storage() for p in layer.parameters()}
    return sum(store.nbytes() for store in stores)


MiB = 2**20 * b  # per input
memory_lengths = [512, 1024, 2048, 4096]
running, kept = (
    {name: [measure(*layers(n, d, k)[name]) / MiB for n in memory_lengths]
     for name in styles}
    for measure in (peak_bytes, kept_bytes))
cache = [4 * 2 * n * d / 2**20 for n in memory_lengths]

print("MiB          while it runs               kept for training")
print("     n " + "  conv written   fused   " * 2 + " cache   two n × n per head")
for i, n in enumerate(memory_lengths):
    print(f"{n:6}", *("".join(f"{row[i]:8.1f}" for row in table.values()) + " "
                      for table in (running, kept)),
          f"{cache[i]:5.1f} {8 * h * n**2 / 2**20:12.0f}")

# %% [markdown]
# Read the columns downwards, from one length to twice that length. Written out, the numbers of attention grow nearly fourfold, both while the layer runs and in training. Fused, they at most double, like the cache and like what the convolution keeps.
#
# So the $n \times n$ matrix is no longer a reason to avoid attention on a long input: it was a matter of how the program is written (Rabe and Staats 2021, Dao et al. 2022). But this does not make memory unimportant, because two things stay, and both grow with every position. In training, fused attention keeps five times as much as the convolution: its input, the queries, the keys, the values and the result
# before the last matrix. And whoever writes a text word by word keeps the keys and values of all words so far, in each layer, where a convolution needs only the last $k - 1$ inputs.
#
# ## What it means
#
# - **Count first.** It costs nothing, it is exact for all products of matrices, and it says what decides: the length compared with the width, and how much the kernel reads.
# - **Then measure, on the machine that will do the work,** and more than once. A crossing is where two curves meet that run close together, so a small change of speed moves it far.
# - **Do not trust a count where layers are small.** There you pay for starts.
# - **What grows with the square is the work.** The memory of attention need not: fused, it grows like that of the convolution, in proportion to the length, only there is more of it.
#
# How far each of the two sees for its price is told in [Receptive field](../differences/receptive-field.md#long-range), and which one to take in [Choosing](../together/choosing.md).
#
# We have not run this notebook on a GPU. An earlier one, which timed attention without its four matrices, ran on one without a fault; we show no times from there.
#
# ## Three things to change
#
# Each takes one line. Write down what you expect before you run. (In 2 and 3 the last cell protests then, because it checks what the text says of the layers as they were.)
#
# 1. **Heads.** Set `h = 8` (this needs 1.7 GB). Which of the counts changes, and what happens to the memory and to the clock?
# 2. **A depthwise convolution.** Give `nn.Conv1d` the option `groups=d`, so that each channel is convolved by itself. How many operations are saved, and how much of the time?
# 3. **A window, as a mask.** In `layers`, put `mask = torch.ones(n, n).tril(32).triu(-32) > 0`, so that each query sees only 32 positions on each side. How much faster is fused attention, and what does its memory do?
#
# ## Sources
#
# - M. N. Rabe, C. Staats: *Self-attention Does Not Need O(n²) Memory*. 2021, [arXiv:2112.05682](https://arxiv.org/abs/2112.05682).
# - T. Dao et al.: *FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness*. NeurIPS 2022,
#   [arXiv:2205.14135](https://arxiv.org/abs/2205.14135).
# - PyTorch: [issue 195460](https://github.com/pytorch/pytorch/issues/195460), the counter and the CPU's fused routine.
#
# <details markdown="1"><summary>What we found</summary>
#
# Counts and bytes are the same in every run. Times are of one run each, on the busy machine of the record.
#
# 1. No count changes, because the heads divide the channels among themselves. But there are eight matrices $A$ now: at $n = 4096$ attention written out holds 1,030 MiB and not 134, and fused attention 10, as before. And the clock sees what the count does not, eight times as many exponentials: at 512 positions attention written out did 25 billion operations per second, and about 100 with one head.
# 2. The convolution does 128 times fewer operations. But they are slow ones, because it reads a number for only nine of them: at 512 positions it was about 14 times faster than the whole convolution of another run. By the count, attention is now dearer at every length; by the clock, fused attention with 64 channels was still faster up to 59 to 80 positions.
# 3. At 512 positions it was no faster, because the routine meets every pair all the same, and the mask only removes what comes out. And since the mask becomes a matrix of $n \times n$ numbers, the memory at $n = 4096$ grows from 10 to 73 MiB. To save the work takes [blocks](../differences/efficient-attention.md#window-counted).
#
# </details>

# %%
for i, n in enumerate(lengths):
    assert counted["convolution"][i] == b * 2 * n * k * d**2
    assert counted["written out"][i] == b * (8 * n * d**2 + 4 * n**2 * d)
assert counted["fused"] == counted["written out"]
n = round(meeting(d, k))
assert len({flops(*layers(n, d, k, "meta")[name]) for name in counted}) == 1
assert on_cpu + missing == by_products  # the counter misses the meetings
assert error < 1e-4

for table in running, kept:
    for name, low, high in ("written out", 3, 4.1), ("fused", 1, 2.1):
        assert low < table[name][-1] / table[name][-2] < high  # twice the length
assert kept["convolution"][-1] < 2.1 * kept["convolution"][-2]
assert running["written out"][-1] < 1.2 * 8 * h * memory_lengths[-1]**2 / 2**20
assert 4.9 < kept["fused"][-1] / kept["convolution"][-1] < 5.3

narrow, *wider = recorded.items()
assert [sum(n > 0 for n in each) for each in narrow[1].values()] == [0, 2]
assert max(narrow[1]["fused"]) < 70 and narrow[0] == (64, 9)
ratios = [n / meeting(*size) for size, found in wider
          for each in found.values() for n in each]
assert 0.38 < min(ratios) < 0.42 and 1.25 < max(ratios) < 1.4
widest = recorded[256, 9]["written out"]
assert 2.9 < max(widest) / min(widest) < 3.2
print("counts and bytes are as the text says, and so is the record")
