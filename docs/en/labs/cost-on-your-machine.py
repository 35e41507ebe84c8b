# %% [markdown]
# # Cost on your machine
#
# **On a short input attention can be the cheaper layer, on a long one the convolution is. At which length they change places can be counted, without any machine. But a machine does not take equally long for all
# operations, so the clock may put this length elsewhere, or nowhere. What it does on your machine, and how surely, this notebook finds out.**
#
# Your input is $n$ positions long and $d$ channels wide. Which of the two layers should you take, if only the price counts? You will
#
# 1. guess the length from which on attention is the dearer one;
# 2. count it, without a clock;
# 3. measure it, five times, and see where the clock leaves the count, and why;
# 4. find out which part of attention's memory can be avoided, and which cannot.
#
# *The notebook takes about half a minute on one core of a laptop and needs 800 MB of memory. It uses an NVIDIA GPU if there is one (not Apple's), but we have run it on CPUs only. You need [Cost](../differences/cost.md), up to *You can stop here*.*

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
# These are the sizes of your layer: put in your own. (Twice the $d$ takes about eight times as long to measure.) And before you go on, guess: up to how many positions is attention the cheaper layer on your machine? Put it in the place of the 1,000.

# %%
b, d = (16, 256) if CUDA else (1, 128)  # inputs at a time, channels
k = 9  # positions that the kernel reads, at least 5
h = 1  # heads: attentions side by side, on d / h channels each
guess = 1000

# %% [markdown]
# ## The two layers
#
# Attention comes in two ways of writing. **Written out**, the matrix $A$ is an ordinary tensor; each of its entries is a *share*, which says how much of one value goes into one output. **Fused**, PyTorch computes the same result block by block, and never holds $A$. Both have the four matrices that a layer needs: for the queries, the keys, the values and the output.

# %%
def written_out(q, key, v):  # (b, h, n, d_head) each
    q = q / math.sqrt(q.shape[-1])  # fewer numbers than the scores
    A = torch.softmax(q @ key.mT, dim=-1)  # (b, h, n, n)
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
        mask = None  # each query sees each key (until exercise 3)
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
# We count floating-point operations (FLOPs), two for each multiplication with its addition. The convolution has one matrix of $d \times d$ numbers for each of the $k$ positions that its kernel reads. Attention has four such matrices, which makes $4 \cdot 2d^2$ for each position. Then each position meets all $n$: the product $QK^\top$ takes $2n^2d$, and $AV$ as many. So the two cost the same if
#
# $$
# \underbrace{2 n k d^2}_{\text{convolution}} = \underbrace{8 n d^2 + 4 n^2 d}_{\text{attention}}
# \quad\Longleftrightarrow\quad n = \frac{(k - 4)\, d}{2} .
# $$
#
# `FlopCounterMode` counts what is computed inside of it. On the device `meta` tensors have shapes and no contents, so that counting takes no time, at any $n$. And because it has no fused routine, PyTorch writes fused attention there as two products, which are counted.

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
# So what counts is how long your input is *compared with its width*: a wide layer pays so much for its matrices that many meetings cost little beside them. (And for $k \le 4$ there is no such length, because the four matrices alone cost as much as the convolution.)
#
# **A trap.** Count the fused layer where it really runs, on a CPU, and compare:

# %%
layer, x = layers(1024, d, k, "cpu")["fused"]
on_cpu = flops(layer, x)
with sdpa_kernel(SDPBackend.MATH):
    by_products = flops(layer, x)
two_products = 4 * b * 1024**2 * d
print(f"fused, on a CPU:    {on_cpu:13,}")
print(f"by matrix products: {by_products:13,}")
print(f"QKᵀ and AV, 4 n² d: {two_products:13,}")
print("The counter", "knows" if on_cpu == by_products else "does not know",
      "the fused routine of this CPU.")

# %% [markdown]
# With `SDPBackend.MATH` PyTorch takes ordinary matrix products, which are always counted. For any other routine the counter looks up a formula, and if it has none, it adds 0 and says nothing. PyTorch 2.13 has none for the CPU's fused routine (newer ones should, because [the fault](https://github.com/pytorch/pytorch/issues/195460) is reported and closed). But fused attention does the same operations in another order; it is not free.
#
# ## Measure
#
# Each layer is called several times, and the fastest call counts, because whatever else the machine does can only make a call slower. But a disturbance may outlast all of these calls. So we go through all lengths and sizes five times, and look how far the passes lie apart.
# (A GPU works on while Python goes ahead, so we wait for it before we look at the clock.)

# %% alt="Four panels over n: attention written out above, fused below; the narrower layer left, the wider one right. In each, five thin lines, one per pass, give the time of attention divided by that of the convolution, both axes logarithmic. A thick gray line gives the same ratio of the counted operations, a level line marks 1, and a dotted one the counted length."
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

fig, axes = plt.subplots(2, 2, sharex=True, sharey=True, figsize=(5.2, 4.6))
for column, (d_, k_) in enumerate(sizes[:2]):
    axes[0, column].set_title(f"d = {d_}, k = {k_}")
    axes[1, column].set_xlabel("$n$, positions")
    for ax, name in zip(axes[:, column], ("written out", "fused")):
        ax.axhline(1, color=GRAY, lw=1)
        ax.axvline(meeting(d_, k_), color=GRAY, lw=1, ls=":")
        ax.plot(lengths, [(4 + 2 * n / d_) / k_ for n in lengths], color=GRAY, lw=5,
                alpha=0.5, label="counted")
        for rows in zip(times[d_, k_][name], times[d_, k_]["convolution"]):
            ax.plot(lengths, [a / c for a, c in zip(*rows)], color=ATTENTION, lw=1,
                    label="_pass")
for ax, name in zip(axes[:, 0], ("written out", "fused")):
    ax.set_ylabel(f"{name} / conv.")
ax.set(xscale="log", yscale="log")
ax.set_xticks(lengths[::4], lengths[::4])
ax.set_yticks([0.5, 1, 2, 4, 8, 16, 32], ["½", "1", "2", "4", "8", "16", "32"])
ax.minorticks_off()
axes[0, 0].legend(loc="upper left")
plt.show()

# %% [markdown]
# **Figure.** Two of the four sizes: the time of attention in units of the convolution's, one thin line for each pass; the thick line is what the count says, the dotted one the counted length. Look where the thin lines pass 1, and at which end they leave the thick one.
#
# ## Where the clock leaves the count
#
# If every operation took the same time, the thin lines would lie on the thick one, and this table of rates would hold one number only.

# %%
names = "convolution", "written out", "fused"


def fastest(name, i):
    """The seconds at lengths[i], in the fastest pass."""
    return min(one[i] for one in times[d, k][name])


rates = {name: [flop / fastest(name, i) for i, flop in enumerate(counted[name])]
         for name in names}
print("billion FLOPs per second\n     n " + "".join(f"{name:>13}" for name in names))
for i, n in list(enumerate(lengths))[::2]:
    print(f"{n:6} " + "".join(f"{rates[name][i] / 1e9:13.1f}" for name in names))

pace = median(rates["written out"] + rates["fused"])
start = {name: min(seconds(layer, x) for _ in range(passes))
         for name, (layer, x) in layers(1, h, 1).items()}
print(f"\nmicroseconds    start   rest at n = {lengths[0]}")
for name in names:
    rest = fastest(name, 0) - counted[name][0] / pace
    print(f"{name:12} {1e6 * start[name]:8.1f}",
          f"{1e6 * rest:8.1f}" if name != "convolution" else "")

print()
for n in 20_480 // d, 20_480 // d + 1:
    layer, x = layers(n, d, k)["convolution"]
    with profile(activities=[ProfilerActivity.CPU]) as record:
        layer(x)
    routine = [event.name for event in record.events() if "conv" in event.name][-1]
    fast = min(seconds(layer, x) for _ in range(passes))
    print(f"convolution, n = {n}: {1e6 * fast:5.0f} µs in {routine}")

# %% [markdown]
# Three things stand between the count and the clock.
#
# - **Starting costs.** Each routine has to be looked up and started, however small its input is. The convolution is one routine, attention several. *Start* is a call with next to nothing to compute. *Rest* is what the shortest input took beyond its operations, if these went at attention's usual rate, the median of its two columns. If the two are alike, the start explains its low first rates.
#   (The convolution's first rates are high because it is one large product of matrices, and attention five smaller ones.)
# - **Numbers have to be fetched.** A processor can do many operations in the time that it takes to fetch one number from its main memory, so a fast operation uses each number [many times](../differences/cost.md#traffic). The softmax does not. This hurts little as long as the $n \times n$ scores fit into the fast memory beside the arithmetic; beyond, attention written out has to wait.
#   Compare the last rates of the two ways, row by row. Both compute the same exponentials, which the counter leaves out, but only one stores $A$: where that one alone gets slower, $A$ is the likely reason. (Where all three columns fall together, it was other programs; so take another row.)
# - **Routines change.** On a CPU, PyTorch 2.13 computes the convolution of one small input, up to 20,480 numbers, as a product of matrices. (The profiler calls this routine *slow*; compare.) A larger one it hands to the library oneDNN (`mkldnn`), which first puts input and weights into another order. The last two lines, one position apart, say what this costs, and it moves a crossing nearby.
#
# With more threads you have another machine, because dividing the work takes time, too.
#
# ## Where do they cross?
#
# One crossing says little. So here are four sizes: yours, with half and with twice the channels, and with a longer kernel. Each pass finds a crossing of its own, the length from which on attention stays the slower one. (If the start makes it slower on the shortest inputs as well, this is the second crossing.)
#
# When is there none? By the count attention saves $4nd\,(n^* - n)$ FLOPs, where $n^*$ is the counted length. This is most at half of it: $d\,{n^*}^2$. Against it stands the later start, some microseconds, in which the machine could have computed so many FLOPs, too. If these are more than attention saves at any length, it never catches up.
#
# In the table, *saves at most* is this $d\,{n^*}^2$, and *slower (5)* says that in five of the passes attention was slower at each length.

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
    ends = sorted({min(inside), max(inside)}) if inside else []
    parts = [" to ".join(f"{n:.0f}" for n in ends)] if inside else []
    for where, text in (0, "slower"), (math.inf, "faster"):
        if where in found:
            parts.append(f"{text} ({found.count(where)})")
    return ", ".join(parts)


def near(size, found):
    """Whether each pass crosses within a factor of 1.5 of the count."""
    return all(1 / 1.5 < n / meeting(*size) < 1.5 for each in found.values() for n in each)


def show(crossings, later):
    print("   d   k  counted  saves at most         written out               fused")
    for (d_, k_), found in crossings.items():
        most = d_ * meeting(d_, k_) ** 2 / 1e6
        print(f"{d_:4} {k_:3} {meeting(d_, k_):8.0f} {most:8.1f} MFLOP",
              *(f"{in_words(each):>22}" for each in found.values()))
    print("The later start of attention is worth", ", ".join(
        f"{flop / 1e6:.1f} MFLOP ({name})" for name, flop in later.items()))
    close = [f"d = {d_}, k = {k_}" for (d_, k_), found in crossings.items()
             if near((d_, k_), found)]
    print("Every pass within a factor of 1.5 of the count:", "; ".join(close) or "nowhere")


crossings = {
    size: {name: [crossing(*rows) for rows in zip(table["convolution"], table[name])]
           for name in ("written out", "fused")}
    for size, table in times.items()}
later = {name: pace * (start[name] - start["convolution"]) / b  # per input
         for name in ("written out", "fused")}
print("this run:", machine)
show(crossings, later)
print(f"For d = {d}, k = {k} you guessed {guess:,}.")

# %% [markdown]
# The last line but one names the sizes at which the clock agrees with the count. Is one missing? If attention saves at most less than its later start is worth, the count alone misleads you. Otherwise look whether the passes disagree with the count, or with each other.
#
# To compare, here is a run of ours while the machine had hardly anything else to do. So where it is nearer to the count than the run above, other programs are the likely reason.

# %%
recorded = {  # the crossing of each pass; 0: attention was always slower
    (64, 9): {"written out": [0, 0, 0, 0, 0], "fused": [0, 0, 0, 0, 0]},
    (128, 9): {"written out": [303, 318, 304, 301, 279],
               "fused": [348, 341, 339, 347, 348]},
    (256, 9): {"written out": [596, 502, 578, 564, 554],
               "fused": [566, 624, 573, 565, 568]},
    (128, 17): {"written out": [672, 663, 671, 690, 618],
                "fused": [715, 704, 695, 743, 687]},
}
recorded_later = {"written out": 3.4e6, "fused": 2.3e6}
at_64 = {"written out": 0.84, "fused": 0.76}  # time / convolution's, d = 128, k = 9, n = 64
busy = [768, 559, 708, 801, 982]  # d = 128, k = 17, fused, beside five other programs
print("recorded: Intel Xeon with 2 cores, threads: 1, torch 2.13.0+cpu")
show(recorded, recorded_later)
print(f"d = 128, k = 17, fused, beside five other programs: {in_words(busy)}")

# %% [markdown]
# With 64 channels attention was slower at each length: already its later start is worth more than all that it could save. At the three larger sizes every pass crossed between three quarters of the counted length and a tenth beyond it. But look at the last line: on a busy machine the same crossing moved by three quarters from one pass to another.
# So if your passes lie as far apart, read no more into them than "near the count" or "nowhere near it".

# %% [markdown]
# ## Memory
#
# Written out, attention holds the scores and their shares at the same time: two matrices of $n \times n$ numbers of 4 bytes for each head. Is this what a long input costs? Let us count what a layer holds at most *while it runs*; what it *keeps for training*, for the backward pass; and the [cache](../differences/cost.md#cache) of keys and values that it would need in a network that writes a text word by word (there each position sees only the earlier ones).

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
     for name in names}
    for measure in (peak_bytes, kept_bytes))
cache = [4 * 2 * n * d / 2**20 for n in memory_lengths]

print("MiB           while it runs              kept for training")
print("     n " + "   conv written   fused  " * 2 + " cache  one n × n per head")
for i, n in enumerate(memory_lengths):
    print(f"{n:6}", *("".join(f"{row[i]:8.2f}" for row in table.values()) + " "
                      for table in (running, kept)),
          f"{cache[i]:5.1f} {4 * h * n**2 / 2**20:12.0f}")

# %% [markdown]
# Read the columns downwards, from one length to twice that length. Fused, the numbers of attention about double, like the cache and like what the convolution keeps. Written out, they come closer to growing fourfold in each row. (For training only one of the two matrices is kept, because the softmax's backward pass needs the shares, not the scores.)
#
# So the $n \times n$ matrix is no longer a reason to avoid attention on a long input: it was a matter of how the program is written (Rabe and Staats 2021, Dao et al. 2022). But two things stay, and both grow with every position. In training, fused attention keeps five times as much as the convolution: its input, the queries, the keys, the values and the result
# before the last matrix. And whoever writes a text word by word keeps the keys and values of all words so far, in each layer, where a convolution needs only the last $k - 1$ inputs.
#
# ## Which layer to take
#
# This is how we would choose between layers like these two, if only the time of a forward pass counts:
#
# 1. Compute $n^* = (k - 4)\,d / 2$. It costs nothing, and it says what decides: the length compared with the width, and how much the kernel reads.
# 2. Is your $n$ more than twice as long? Take the convolution.
# 3. Is it less than half as long? Compute what attention saves, $4nd\,(n^* - n)$. If this is more than twice what its later start is worth on your machine (the line below the table of crossings), take attention, else the convolution. (In our run, at $d = 128$ and $n = 64$, it saved 2.5 times as much written out and 3.6 times fused, and was a sixth and a quarter faster.)
# 4. In between the time does not decide, because the two curves run close together there, so a small change of speed moves the crossing far.
#
# The count is exact if the counter knows each routine. The times are of forward passes in 32 bits, of one input at a time, with the weights at hand from the call before. For training, larger batches or fewer bits, measure again, on the machine that will do the work. And remember that it is the work that grows with the square; the memory need not.
#
# How far each of the two sees for its price is told in [Receptive field](../differences/receptive-field.md#long-range), and which one to take in [Choosing](../together/choosing.md).
#
# ## Three things to change
#
# Each takes one line. Write down what you expect before you run. (In 2 and 3 the last cell protests then, because it checks the layers as they were. And in 2 the counted length and the gray line still mean the whole convolution.)
#
# 1. **Heads.** Set `h = 8` (this needs 1.7 GB). Which of the counts changes, and what happens to the memory and to the clock?
# 2. **A depthwise convolution.** Give `nn.Conv1d` the option `groups=d`, so that each channel is convolved by itself. How many operations are saved, and how much of the time, on long inputs and on short ones?
# 3. **A window, as a mask.** In `layers`, put `mask = torch.ones(n, n).tril(32).triu(-32) > 0`, so that each query sees only 32 positions on each side. How much faster is fused attention, and what does its memory do?
#
# ## Sources
#
# - M. N. Rabe, C. Staats: *Self-attention Does Not Need O(n²) Memory*. 2021, [arXiv:2112.05682](https://arxiv.org/abs/2112.05682).
# - T. Dao et al.: *FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness*. NeurIPS 2022,
#   [arXiv:2205.14135](https://arxiv.org/abs/2205.14135).
#
# <details markdown="1"><summary>What we found</summary>
#
# Counts and bytes are the same in every run. Times are of one run each, on a busy machine.
#
# 1. No count changes, because the heads divide the channels among themselves. But there are eight matrices $A$ now: at $n = 4096$ attention written out holds 1,032 MiB and not 136, and fused attention 10, as before. At 512 positions fused attention got slower, as its products are narrower and its exponentials eight times as many. Written out it slowed down far more, so $A$ costs time, too.
# 2. The convolution does 128 times fewer operations, but at 512 positions it was only 14 times faster than the whole convolution of another run, and at 32 hardly faster: it goes to oneDNN at every length, and takes 50 µs even if there is little to compute. (*Start* still shows the other routine.) By the count, attention is now dearer at every length; by the clock, fused attention with 64 channels was faster up to 65 to 74 positions.
# 3. At 512 positions it was no faster, because the routine meets every pair all the same, and the mask only removes what comes out. And PyTorch turns the boolean mask into $n \times n$ numbers of 4 bytes, so the memory at $n = 4096$ grows from 10 to 73 MiB. To save the work takes [blocks](../differences/efficient-attention.md#window-counted).
#
# </details>

# %%
for i, n in enumerate(lengths):
    assert counted["convolution"][i] == b * 2 * n * k * d**2
    assert counted["written out"][i] == b * (8 * n * d**2 + 4 * n**2 * d)
assert counted["fused"] == counted["written out"]
n = round(meeting(d, k))
assert len({flops(*layers(n, d, k, "meta")[name]) for name in counted}) == 1
assert on_cpu in (by_products, by_products - two_products)  # newer or older PyTorch
assert error < 1e-4

for table in running, kept:
    growth = {name: [b / a for a, b in zip(row, row[1:])] for name, row in table.items()}
    assert growth["written out"] == sorted(growth["written out"])
    assert 2.2 < growth["written out"][-1] < 4
    assert 1.8 < growth["fused"][-1] < 2.2
assert all(1.9 < b / a < 2.1 for a, b in zip(kept["convolution"], kept["convolution"][1:]))
matrix = 4 * h * memory_lengths[-1] ** 2 / 2**20
assert 2 * matrix < running["written out"][-1] < 3 * matrix
assert matrix < kept["written out"][-1] - kept["fused"][-1] < 1.5 * matrix
assert 4.9 < kept["fused"][-1] / kept["convolution"][-1] < 5.3

narrow, *wider = recorded.items()
assert narrow[0] == (64, 9) and not any(sum(narrow[1].values(), []))
assert 64 * meeting(64, 9) ** 2 < min(recorded_later.values())
ratios = [n / meeting(*size) for size, found in wider
          for each in found.values() for n in each]
assert 0.72 < min(ratios) < 0.78 and 1.07 < max(ratios) < 1.13
assert 1.7 < max(busy) / min(busy) < 1.8
saved = 4 * 64 * 128 * (meeting(128, 9) - 64)
assert [round(saved / flop, 1) for flop in recorded_later.values()] == [2.5, 3.6]
assert 0.82 < at_64["written out"] < 0.85 and 0.74 < at_64["fused"] < 0.77
print("counts and bytes are as the text says, and so is the record")
