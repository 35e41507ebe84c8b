# %% [markdown]
# # Cost on your machine
#
# **On a short input attention can be the cheaper layer, on a long one the convolution is. At which length they change places can be counted, without any machine. But a machine does not take equally long for all
# operations, so the clock may put this length elsewhere, or nowhere. What it does on your machine, and how surely, this notebook finds out.**
#
# ![Two panels over n: attention written out left, fused right. In each, five thin orange lines, one per round, give the time of attention divided by that of the convolution, both axes logarithmic. A broad gray line gives the same ratio of the counted operations; where it passes the level line at 1, a dot marks n*.](../figures/labs/cost-on-your-machine-1.svg){ .small }
#
# <small>The clock does not follow the count at every length ([Figure](#fig-cost-on-your-machine-1)).</small>
#
# Your input is $n$ positions long and $d$ channels wide. Which of the two layers should you take, if only the price counts? You will
#
# 1. guess the length from which on attention is the dearer one;
# 2. count it, without a clock;
# 3. measure it, in five rounds, and see where the clock leaves the count, and why;
# 4. find out which part of attention's memory can be avoided, and which cannot.
#
# *The notebook takes about half a minute on one core and needs 800 MB of memory. It uses an NVIDIA GPU if there is one (not Apple's), but we had none: no line below `if CUDA`, and no sentence about GPUs, has been tried. You need the chapter [Cost](../differences/cost.md), as far as its line *You can stop here*.*

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
# Attention compares each of the $n$ queries with each of the $n$ keys, which gives $n \times n$ *scores*. The softmax turns them into *shares*: how much of one value goes into one output. The shares are the matrix $A$. **Written out**, scores and $A$ are ordinary tensors. **Fused**, PyTorch computes the same result block by block, and never holds either.
# Written out or fused, attention has four matrices: for the queries, the keys, the values and the output.

# %%
def written_out(q, key, v):  # (b, h, n, d_head) each, d_head = d / h
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
        mask = None  # it would hide keys from queries (exercise 3)
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
# We count floating-point operations (FLOPs), two for each multiplication with its addition. The convolution has one matrix of $d \times d$ numbers for each of the $k$ positions that its kernel reads. Attention has four such matrices, which makes $4 \cdot 2d^2$ for each position. Then each query meets all $n$ keys: if $Q$, $K$ and $V$ hold the queries, keys and values, one in each row, the product $QK^\top$ takes $2n^2d$, and $AV$ as many. So the two cost the same at a length that we call $n^*$:
#
# $$
# \underbrace{2 n k d^2}_{\text{convolution}} = \underbrace{8 n d^2 + 4 n^2 d}_{\text{attention}}
# $$
#
# $$
# n = n^* = \frac{(k - 4)\, d}{2} .
# $$
#
# `FlopCounterMode` counts what is computed inside of it. On the device `meta` tensors have shapes and no contents, so that counting takes no time, at any $n$. This device has no fused routine, so PyTorch writes fused attention there as two products, which are counted.

# %%
def flops(layer, x):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        layer(x)
    return counter.get_total_flops()


def n_star(d, k):
    """The n at which both layers do the same number of operations."""
    return (k - 4) * d / 2


lengths = [round(d * 2 ** (i / 2)) for i in range(-4, 9)]  # from d/4 to 16 d
counted = {name: [flops(*layers(n, d, k, "meta")[name]) for n in lengths]
           for name in ("convolution", "written out", "fused")}

n = round(n_star(d, k))
print(f"your guess: {guess:,}   counted: {n:,}")
for name in counted:
    print(f"FLOPs at n = {n}: {name:11}",
          f"{flops(*layers(n, d, k, 'meta')[name]):13,}")

# %% [markdown]
# So what counts is how long your input is *compared with its width*: a wide layer pays so much for its matrices that meeting many keys costs little beside them. (And for $k \le 4$ there is no such length, because the four matrices alone cost at least as much as the convolution.)
#
# **A trap.** Count the fused layer where it really runs, on a CPU, and compare:

# %%
layer, x = layers(1024, d, k, "cpu")["fused"]
on_cpu = flops(layer, x)
with sdpa_kernel(SDPBackend.MATH):  # as ordinary matrix products
    by_products = flops(layer, x)
two_products = 4 * b * 1024**2 * d
print(f"fused, on a CPU:    {on_cpu:13,}")
print(f"by matrix products: {by_products:13,}")
print(f"QKᵀ and AV, 4 n² d: {two_products:13,}")
print("The counter", "knows" if on_cpu == by_products else "does not know",
      "the fused routine of this CPU.")

# %% [markdown]
# Ordinary matrix products are always counted. For any other routine the counter looks up a formula, and if it has none, it adds 0 and says nothing. PyTorch 2.13 has none for the CPU's fused routine ([issue 195460](https://github.com/pytorch/pytorch/issues/195460)). But fused attention does the same operations in another order; it is not free.
#
# ## Measure
#
# Each layer is called several times, and the fastest call counts, because other programs mostly slow a call down. But a disturbance may outlast all of these calls. So we go through all lengths and sizes in five *rounds*, and look how far the rounds lie apart.

# %% alt="Two panels over n: attention written out left, fused right. In each, five thin orange lines, one per round, give the time of attention divided by that of the convolution, both axes logarithmic. A broad gray line gives the same ratio of the counted operations; where it passes the level line at 1, a dot marks n*."
@torch.no_grad()
def seconds(layer, x, budget=0.01, at_least=3):
    """The fastest of several calls."""
    layer(x)  # warm up
    calls, start = [], time.perf_counter()
    while len(calls) < at_least or time.perf_counter() - start < budget:
        if CUDA:  # works on while Python goes ahead
            torch.cuda.synchronize()
        begin = time.perf_counter()
        layer(x)
        if CUDA:
            torch.cuda.synchronize()
        calls.append(time.perf_counter() - begin)
    return min(calls)


rounds = 5
sizes = (d // 2, k), (d, k), (2 * d, k), (d, 2 * k - 1)  # d and k of each
times = {size: {} for size in sizes}  # size -> name -> one list per round
starts = {}  # name -> one per round and size
for _ in tqdm(range(rounds), leave=False):
    for size in sizes:
        for name, (layer, x) in layers(1, h, 1).items():
            starts.setdefault(name, []).append(seconds(layer, x))
        one = {}
        for n in lengths:
            for name, (layer, x) in layers(n, *size).items():
                one.setdefault(name, []).append(seconds(layer, x))
        for name, row in one.items():
            times[size].setdefault(name, []).append(row)

fig, axes = plt.subplots(1, 2, sharey=True, figsize=(5.2, 3.8))
for ax, name in zip(axes, ("written out", "fused")):
    ax.axhline(1, color=GRAY, lw=1)
    ax.plot(lengths, [(4 + 2 * n / d) / k for n in lengths], color=GRAY, lw=6,
            alpha=0.5, label=f"{name}: FLOPs")
    for rows in zip(times[d, k][name], times[d, k]["convolution"]):
        ax.plot(lengths, [a / c for a, c in zip(*rows)], color=ATTENTION, lw=1,
                label=f"{name}: time in a round")
    ax.plot(n_star(d, k), 1, "o", color="black", ms=8, label="$n^*$")
    ax.annotate("$n^*$", (n_star(d, k), 1), (8, -4), va="top",
                textcoords="offset points")
    ax.set(title=name, xlabel="$n$, positions", xscale="log", yscale="log")
    ax.set_xticks(lengths[::4], [f"{n:,}" for n in lengths[::4]])
    ax.minorticks_off()
axes[0].set_ylabel("attention / convolution")
axes[0].set_yticks([0.5, 1, 2, 4, 8], ["½", "1", "2", "4", "8"])
axes[0].text(0.03, 0.97, "attention is slower\nabove 1", va="top",
             transform=axes[0].transAxes)
for height, name, color in ((0.97, "by the clock", ATTENTION),
                            (0.88, "by the count", GRAY)):
    axes[1].text(0.03, height, name, color=color, va="top",
                 transform=axes[1].transAxes)
plt.show()

# %% [markdown]
# **Figure.** **The clock does not follow the count of FLOPs at every length.** Look where the thin lines (time, one per round) leave the broad one (FLOPs), and where they pass 1.
#
# <small>Attention in units of the convolution, for your $d$ and $k$; the table further down has all four sizes. The farther the thin lines lie apart, the less they say.</small>
#
# ## Where the clock leaves the count
#
# If every operation took the same time, the thin lines would lie on the broad one, and this table of rates would hold one number only. Below it, *start* is the time of a call with next to nothing to compute, from the same rounds.

# %%
names = "convolution", "written out", "fused"


def typical(size, name):
    """The seconds at each length, in the median of the rounds."""
    return [median(column) for column in zip(*times[size][name])]


rates = {name: [flop / t for flop, t in zip(counted[name], typical((d, k), name))]
         for name in names}
print("billion FLOPs per second\n     n " + "".join(f"{name:>13}" for name in names))
for i, n in enumerate(lengths):
    print(f"{n:6} " + "".join(f"{rates[name][i] / 1e9:13.1f}" for name in names))

start = {name: median(row) for name, row in starts.items()}
print(f"\nmicroseconds    start   n = {lengths[0]}")
for name in names:
    print(f"{name:12} {1e6 * start[name]:8.1f} {1e6 * typical((d, k), name)[0]:8.1f}")

print()
fits = max(16, 20_480 // d // 16 * 16)
for n in fits - 1, fits, fits + 16:
    layer, x = layers(n, d, k)["convolution"]
    with profile(activities=[ProfilerActivity.CPU]) as record:
        layer(x)
    routine = [event.name for event in record.events() if "conv" in event.name][-1]
    took = median(seconds(layer, x) for _ in range(rounds))
    rate = flops(*layers(n, d, k, "meta")["convolution"]) / took / 1e9
    print(f"convolution, n = {n}: {1e6 * took:5.0f} µs,",
          f"{rate:4.1f} GFLOP/s, {routine}")

# %% [markdown]
# Four things can stand between the count and the clock.
#
# - **Starting costs.** Each routine has to be looked up and started, however small its input is. The convolution is one routine, attention several (written out, four products, a softmax, and what puts numbers in order; fused, fewer), so attention starts later. By **later start** we mean its start minus the convolution's.
#   Compare attention's start with the time of its shortest input, in the next column: the larger this part is, the more the start slows attention down on a short input.
# - **Blocks.** Products of matrices are computed in blocks, and a length that does not fit the blocks takes longer. The first two of the last three lines are one position apart: which is the faster? On an AMD EPYC, a convolution of 47 or 159 positions took about 1.5 times as long as one of 48 or 160, while fused attention took at most a tenth longer. So there the thin lines zigzag: they are low at 45, 91 and 181, where the convolution fits badly.
# - **Routines change.** On a CPU, PyTorch 2.13 computes the convolution of one small input, up to 20,480 numbers, as a single product of matrices. A larger one it hands to the library oneDNN (`mkldnn`), which first puts input and weights into another order. The last two lines fit the blocks alike and are 16 positions apart. So most of what the last one takes, beyond its few more positions, is the price of the change.
#   From there on the convolution pays this price in every call, and its rate can stay lower, which on long inputs costs more. If this price exceeds attention's later start, it is the *convolution* that loses time there: the thin lines fall at this length, and may end below the broad one. (One AMD EPYC was faster there with oneDNN switched off.)
# - **Memory.** The softmax does little with each number that it fetches, and attention written out fetches $n \times n$ of them, more than once. A processor can do [many operations](../differences/cost.md#traffic) in the time of one fetch, unless the numbers still lie in the fast memory beside it. And for a large $A$ the system has to hand out new memory in each call.
#   Compare the last rates of written out and fused. Both compute the same exponentials, which the counter leaves out, but only one stores $A$: where its rate falls much more than the other two, $A$ is the likely reason. (In [another trial](../differences/cost.md#times) the new memory was much of it.) Where all three fall alike, the table does not say why.
#
# The number of threads is part of the machine, because it takes time to divide the work. So measure with as many as you will use (we have tried only one).
#
# ## Where do they cross?
#
# One crossing says little. So here are four sizes: yours, with half and with twice the channels, and with a longer kernel. Each round has a crossing of its own, the length from which on attention stays the slower one. (On the shortest inputs attention may be slower as well, because of its start. We look only for the last length at which it was faster.)
#
# Is there always one? By the count, attention saves $4nd\,(n^* - n)$ FLOPs: nothing at $n^*$, and most at half of it, where it saves $d\,{n^*}^2$. But it also starts later. How many FLOPs could attention do in that time? We take its usual rate: the median over all lengths, written out and fused, of your size. If its later start is worth more than these $d\,{n^*}^2$, attention will hardly catch up, unless the convolution changes its routine (at $nd$ = 20,480) before $n^*$ or not far beyond.
#
# In the table, *saves at most* is this $d\,{n^*}^2$, in millions of FLOPs (MFLOP), and *slower (5)* says that in five rounds attention was slower at each length. *130 to 394, slower (3)* would mean that it was so in three, and that the other two crossed at 130 and 394; *faster (1)*, that in one round it was still faster at the longest.

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


def show(crossings, later):
    print("   d   k       n*  saves at most         written out               fused")
    for (d_, k_), found in crossings.items():
        most = d_ * n_star(d_, k_) ** 2 / 1e6
        print(f"{d_:4} {k_:3} {n_star(d_, k_):8.0f} {most:8.1f} MFLOP",
              *(f"{in_words(each):>22}" for each in found.values()))
    print("In its later start attention could do", ", ".join(
        f"{flop / 1e6:.1f} MFLOP ({name})" for name, flop in later.items()))


crossings = {
    size: {name: [crossing(*rows) for rows in zip(table["convolution"], table[name])]
           for name in ("written out", "fused")}
    for size, table in times.items()}
usual_rate = median(rates["written out"] + rates["fused"])
# the FLOPs per input that attention could do in its later start
later = {name: usual_rate * (start[name] - start["convolution"]) / b
         for name in ("written out", "fused")}
print("this run:", machine)
show(crossings, later)
print(f"For d = {d}, k = {k} you guessed {guess:,}.")

# %% [markdown]
# Take the table row by row. Does $n^*$ lie near the crossings of all rounds? Then the clock agrees with the count. Do all rounds cross elsewhere? Then the two layers compute at different rates, or the start still counts. Does the row say *slower*? Then compare what it *saves at most* with the last line: if the last line has more, the start is the likely reason. And if the rounds disagree with each other, repeat the run, because other programs may have been at work.
#
# To compare, here is a run recorded while the machine had hardly anything else to do. (Printed above is the run that made this page.)

# %%
recorded = {  # the crossing of each round; 0: attention was always slower
    (64, 9): {"written out": [0, 0, 0, 0, 0], "fused": [0, 0, 0, 0, 0]},
    (128, 9): {"written out": [303, 318, 304, 301, 279],
               "fused": [348, 341, 339, 347, 348]},
    (256, 9): {"written out": [596, 502, 578, 564, 554],
               "fused": [566, 624, 573, 565, 568]},
    (128, 17): {"written out": [672, 663, 671, 690, 618],
                "fused": [715, 704, 695, 743, 687]},
}
recorded_later = {"written out": 3.4e6, "fused": 2.3e6}
print("recorded: Intel Xeon with 2 cores, threads: 1, torch 2.13.0+cpu")
show(recorded, recorded_later)

# %% [markdown]
# In the recorded run, with 64 channels, attention was slower at each length: it could do more in its later start than it saves at most. At the three larger sizes every round crossed between about three quarters of $n^*$ and a tenth beyond it. If your rounds lie much farther apart than these, read no more into them than "near the count" or "far from it".

# %% [markdown]
# ## Memory
#
# Written out, attention holds the scores and their shares at the same time: two matrices of $n \times n$ numbers of 4 bytes for each head. Is this what a long input costs? Let us count what a layer holds at most *while it runs*, and what it *keeps for training*, for the backward pass, which computes the gradients. The column *cache* is for networks that write a text word by word. There each position sees only the earlier ones, and attention remembers the keys and values of all words so far: its [cache](../differences/cost.md#cache).

# %%
@torch.no_grad()
def peak_bytes(layer, x):
    """The most of PyTorch's memory that a call holds at once, its output included."""
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


MiB = 2**20  # bytes
memory_lengths = [512, 1024, 2048, 4096]
running, kept = (
    {name: [measure(*layers(n, d, k)[name]) / b / MiB for n in memory_lengths]
     for name in names}
    for measure in (peak_bytes, kept_bytes))
cache = [4 * 2 * n * d / MiB for n in memory_lengths]

print("MiB per input while it runs              kept for training")
print("     n " + "   conv written   fused  " * 2 + " cache  one n × n per head")
for i, n in enumerate(memory_lengths):
    print(f"{n:6}", *("".join(f"{row[i]:8.2f}" for row in table.values()) + " "
                      for table in (running, kept)),
          f"{cache[i]:5.1f} {4 * h * n**2 / MiB:12.0f}")

# %% [markdown]
# Read the columns downwards, from one length to twice that length. Fused, the numbers of attention about double, like the cache and like what the convolution keeps. Written out, they come closer to growing fourfold in each row. (For training only one of the two matrices is kept, because the softmax's backward pass needs the shares, not the scores.)
#
# So without a mask that is given as a tensor (exercise 3) the $n \times n$ matrix is no longer a reason to avoid attention on a long input: it was a matter of how the program is written (Rabe and Staats 2021, Dao et al. 2022). But two things stay, and both grow with every position. In training, fused attention keeps five times as much as the convolution: its input, the queries, the keys, the values and the result
# before the last matrix. And whoever writes a text word by word keeps the cache, in each layer, where a convolution needs only the last $k - 1$ inputs.
#
# ## Which layer to take
#
# This is how we would choose between layers like these two, if only the time of a forward pass counts:
#
# 1. **Count.** Attention has $\rho = (4 + 2n/d)\,/\,k$ times the FLOPs of the convolution. If $\rho$ is above 1 (so if $n$ is above $n^*$), take the convolution.
# 2. **Look at the start.** Below $n^*$ attention saves $4nd\,(n^* - n)$ FLOPs. If its later start is worth more FLOPs than it saves, take the convolution. If it saves over four times what the start is worth, and $\rho$ is below 0.8, take attention.
#   (On a CPU, past 20,480 numbers $nd$, put 0 for the later start: the convolution's change of routine costs about as much.)
# 3. **Otherwise measure**, because then a small thing that nobody counted decides.
#
# Let us try the rule on all lengths and sizes that you have just timed.

# %%
def rule(n, d, k, later):
    saved = 4 * n * d * (n_star(d, k) - n)
    if not CUDA and n * d > 20_480:
        later = 0  # here the convolution pays for oneDNN
    if saved < later:
        return "convolution"
    if saved > 4 * later and (4 + 2 * n / d) / k < 0.8:
        return "attention"
    return "measure"


def show_rule(what, answers):
    print(what)
    for answer, (cases, least, most) in answers.items():
        print(f"{answer:13} {cases:7}   {least:.2f} to {most:.2f}")


cases = {}  # answer -> ratio, name, n and size of each case
for size in sizes:
    for name in later:
        both = typical(size, name), typical(size, "convolution")
        for n, a, c in zip(lengths, *both):
            answer = rule(n, *size, later[name])
            cases.setdefault(answer, []).append((a / c, name, n, size))
print("the rule says   cases   attention's time / the convolution's")
show_rule("in this run", {answer: (len(some), min(some)[0], max(some)[0])
                          for answer, some in cases.items()})
ratio, name, n, size = min(cases["convolution"])
print(f"({ratio:.2f}: {name}, n = {n}, (d, k) = {size})")

recorded_rule = {
    "the nine sizes on which we chose it": {
        "convolution": (115, 0.77, 8.76), "attention": (58, 0.44, 0.97),
        "measure": (61, 0.51, 1.49)},
    "six other sizes": {
        "convolution": (75, 0.99, 12.53), "attention": (55, 0.36, 0.92),
        "measure": (26, 0.48, 1.37)},
    "these six on an AMD EPYC": {
        "convolution": (77, 0.77, 10.99), "attention": (55, 0.32, 0.92),
        "measure": (24, 0.49, 1.25)},
    "there, by n* alone": {
        "convolution": (66, 0.79, 10.99), "attention": (90, 0.32, 1.64)},
}
for what, answers in recorded_rule.items():
    show_rule("\nrecorded: " + what, answers)

# %% [markdown]
# The rule is right as long as the range stays above 1 where it takes the convolution, and below 1 where it takes attention. Where a range passes 1, it shows the worst mistake: 0.85 beside *convolution* means that attention once needed only 0.85 of the time. (The line below *in this run* names the case. Do its rounds agree?) We chose its 4 and its 0.8 on nine sizes, and then tried it on six others: it decided 130 of 156 cases (two at each length, written out and fused), and no mistake cost more than about a hundredth of the time. On an AMD EPYC it was wrong in nine, and lost at most a factor of 1.3; with $n^*$ alone, 22 were wrong, and lost up to a factor of 1.6. So the start is worth a look.
#
# <details markdown="1"><summary>How the rule was chosen and tried</summary>
#
# The nine sizes are the four above, and (96, 9), (192, 9), (128, 7), (64, 17) and (48, 33). With 2 or 3 for the 4 the rule sometimes took attention where that was slower. With 4 it was wrong six times, once just above $n^*$ and else on inputs of up to 24 positions: it took the convolution, and lost at most a factor of 1.3.
#
# The six others are $(d, k)$ = (80, 9), (160, 9), (224, 5), (112, 13), (192, 13) and (96, 25), each from $d/4$ to $16d$. On the EPYC the rule decided 132 (and left 24 to the clock). Its mistakes were again always for the convolution, mostly between $n^*$ and 1.6 times that. In a second run there it was wrong in eight, and lost at most a factor of 1.4, with $n^*$ alone in 19, and 1.7. (Other programs were running, so we took another clock, `time.thread_time`, which stops while they have the processor.)
#
# </details>
#
# The count is exact for the products and convolutions whose routines the counter knows; exponentials it leaves out. The times are of forward passes in 32 bits, of one input at a time, with the weights at hand from the call before. For training, larger batches or fewer bits, measure again, on the machine that will do the work.
#
# ## One block of each kind
#
# A network is made of blocks: one part mixes the tokens, then an MLP treats each of them by itself, and both have a norm and a skip. So before you choose a network for a device, time one block of each kind there. Here are three with the same MLP, on tokens that stand on a square. What mixes is a 3×3 convolution; or a *separable* one, that is a *depthwise* 3×3, which convolves each channel by itself, and then a 1×1, which mixes the channels of each token; or fused attention. Put in the side of your square, and what else you want to compare.

# %%
side = 14  # so n = 14² = 196


class Plus(nn.Sequential):
    """A skip."""

    def forward(self, x):
        return x + super().forward(x)


class OnSquare(nn.Sequential):
    """Layers for images; the tokens stand on a square."""

    def forward(self, x):  # (b, n, d)
        square = x.mT.unflatten(2, (side, side))  # (b, d, side, side)
        return super().forward(square).flatten(2).mT


def mixers():
    return {
        "3×3": OnSquare(nn.Conv2d(d, d, 3, padding=1)),
        "depthwise 3×3, 1×1": OnSquare(
            nn.Conv2d(d, d, 3, padding=1, groups=d), nn.Conv2d(d, d, 1)),
        "attention": Attention(d, fused),
    }


def block(mixer):
    mlp = nn.LayerNorm(d), nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d)
    return nn.Sequential(Plus(nn.LayerNorm(d), mixer), Plus(*mlp))


def kinds(where):
    """What mixes and the whole block, of each kind, and an input."""
    with torch.device(where):
        found = {}
        for name, mixer in mixers().items():
            found[name, "mixes"], found[name, "block"] = mixer, block(mixer)
        return found, torch.randn(b, side**2, d)


made, x = kinds("meta")
block_flops = {kind: flops(layer, x) for kind, layer in made.items()}
made, x = kinds(device)
block_times = {kind: [] for kind in made}
for _ in range(rounds):
    for kind, layer in made.items():
        block_times[kind].append(seconds(layer, x))

print(f"n = {side**2:4}, d = {d:4}        the part that mixes            whole block")
for name in mixers():
    row = f"{name:20}"
    for kind in (name, "mixes"), (name, "block"):
        took = 1e6 * median(block_times[kind])
        row += f" {block_flops[kind] / 1e6:7.1f} MFLOP {took:6.0f} µs"
    print(row)

# %% [markdown]
# By the count, the separable convolution does several times fewer operations than the other two. Is it as many times faster, too? And how much of its lead is left in the whole block, where the MLP is the same in all three? Both depend on the machine, so read them off yours. To time a block of your own, add what mixes in it to `mixers`, as one more line.
#
# How far each of the two sees for its price is told in [Receptive field](../differences/receptive-field.md#long-range), and which one to take in [Choosing](../together/choosing.md).
#
# ## Three things to change
#
# Each takes one line. Write down what you expect before you run. (In 2 and 3 the last cell protests, because it checks the layers as they were. In exercise 2 the gray line and the rule still mean the whole convolution.)
#
# 1. **Heads.** Set `h = 8` (this needs 1.7 GB). Which of the counts changes, and what happens to the memory and to the clock?
# 2. **A depthwise convolution.** Give `nn.Conv1d` the option `groups=d`: it cuts the channels into $d$ groups that do not see each other, so that each channel is convolved by itself. How many operations are saved, and how much of the time, on long inputs and on short ones?
# 3. **A window, as a mask.** In `layers`, put `mask = torch.ones(n, n).tril(32).triu(-32) > 0`, which is true from 32 places left of the diagonal to 32 right of it, so that each query sees only 32 positions on each side. How much faster is fused attention, and what does its memory do?
#
# <details markdown="1"><summary>What we found</summary>
#
# Counts and bytes are the same in every run. Times are medians, each compared with the unchanged layer in the same run, on an Intel Xeon and an AMD EPYC (in this order), in processor time, since both were busy.
#
# 1. No count changes, because the heads divide the channels among themselves. But there are eight matrices $A$ now: at $n = 4096$ attention written out holds 1,032 MiB and not 136, and fused attention 10, as before. At 512 positions fused attention took 1.7 and 1.5 times as long as with one head, because its products are narrower and its exponentials eight times as many.
#   Written out it took 4.8 and 2.3 times as long. It has the same products and exponentials, so the likely reason is that it alone stores eight matrices.
# 2. The convolution does 128 times fewer operations, but from 512 positions on it was only 9 to 12 and 17 to 43 times faster, and at 32 only 1.3 and 1.6 times: it goes to oneDNN at every length, where a call took 75 and 100 µs even if there was little to compute. By the count, attention is now dearer at every length. By the clock, fused attention with 64 channels starts earlier, and was faster up to 40 or 50 positions.
# 3. It is not faster, because the routine meets every pair all the same, and the mask only removes what comes out: at 512 positions the times differed little, at 2,048 it took 1.3 and 1.1 times as long. And PyTorch turns the boolean mask into $n \times n$ numbers of 4 bytes, at $n = 4096$ 64 MiB. So the layer holds 73 MiB instead of 10. For training it keeps them: 74 MiB.
#   To save the work takes [blocks](../differences/efficient-attention.md#window-counted).
#
# </details>
#
# ## Sources
#
# - M. N. Rabe, C. Staats: *Self-attention Does Not Need O(n²) Memory*. 2021, [arXiv:2112.05682](https://arxiv.org/abs/2112.05682).
# - T. Dao et al.: *FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness*. NeurIPS 2022,
#   [arXiv:2205.14135](https://arxiv.org/abs/2205.14135).

# %% jupyter={"source_hidden": true}
for i, n in enumerate(lengths):
    assert counted["convolution"][i] == b * 2 * n * k * d**2
    assert counted["written out"][i] == b * (8 * n * d**2 + 4 * n**2 * d)
assert counted["fused"] == counted["written out"]
n = round(n_star(d, k))
assert len({flops(*layers(n, d, k, "meta")[name]) for name in counted}) == 1
assert on_cpu in (by_products, by_products - two_products)  # newer or older PyTorch
assert error < 1e-4

for table in running, kept:
    growth = {name: [b / a for a, b in zip(row, row[1:])]
              for name, row in table.items()}
    assert growth["written out"] == sorted(growth["written out"])
    assert 2.2 < growth["written out"][-1] < 4
    assert 1.8 < growth["fused"][-1] < 2.2
row = kept["convolution"]
assert all(1.9 < b / a < 2.1 for a, b in zip(row, row[1:]))
matrix = 4 * h * memory_lengths[-1] ** 2 / MiB
assert 2 * matrix < running["written out"][-1] < 3 * matrix
assert matrix < kept["written out"][-1] - kept["fused"][-1] < 1.5 * matrix
assert 4.9 < kept["fused"][-1] / kept["convolution"][-1] < 5.3

n = side**2
assert [block_flops[name, "mixes"] for name in mixers()] == [
    b * 18 * n * d**2, b * (18 * n * d + 2 * n * d**2),
    b * (8 * n * d**2 + 4 * n**2 * d)]
for name in mixers():
    rest = block_flops[name, "block"] - block_flops[name, "mixes"]
    assert rest == b * 16 * n * d**2

if (b, d, k, h, CUDA) == (1, 128, 9, 1, False):  # what we found, for these sizes
    n = memory_lengths[-1]
    mask = torch.ones(n, n).tril(32).triu(-32) > 0
    masked = Attention(d, partial(fused, mask=mask))
    x = torch.randn(b, n, d)
    written, held = running["written out"][-1], running["fused"][-1]
    mebibytes = [written, written + 7 * 2 * matrix, held,
                 peak_bytes(masked, x) / MiB, kept_bytes(masked, x) / MiB, matrix]
    assert [round(each) for each in mebibytes] == [136, 1032, 10, 73, 74, 64]

narrow, *wider = recorded.items()
assert narrow[0] == (64, 9) and not any(sum(narrow[1].values(), []))
assert 64 * n_star(64, 9) ** 2 < min(recorded_later.values())
ratios = [n / n_star(*size) for size, found in wider
          for each in found.values() for n in each]
assert 0.72 < min(ratios) < 0.78 and 1.07 < max(ratios) < 1.13
nine, first, second, plain = recorded_rule.values()
for table, count in (nine, 9), (first, 6), (second, 6), (plain, 6):
    assert sum(row[0] for row in table.values()) == count * 13 * 2
assert 6 * 13 * 2 == 156 == 130 + first["measure"][0] == 132 + second["measure"][0]
assert 0.985 < first["convolution"][1]
for table in nine, second:
    assert 1.25 < 1 / table["convolution"][1] < 1.35
assert all(table["attention"][2] < 1 for table in (nine, first, second))
assert 1.55 < plain["attention"][2] < 1.65
# what we found: times on an Intel Xeon and on an AMD EPYC, in those of the unchanged layer
eight_heads = {"fused": (1.7, 1.5), "written out": (4.8, 2.3)}
depthwise_faster = {"512 and more": ((9, 12), (17, 43)),
                    "32": ((1.3, 1.3), (1.6, 1.6))}
masked_at_2048 = 1.3, 1.1
for heads_fused, heads_written in zip(*eight_heads.values()):
    assert 1 < heads_fused < heads_written
for long, short in zip(*depthwise_faster.values()):
    assert 1 < max(short) < min(long) and max(long) < 128  # less than by the count
assert min(masked_at_2048) > 1
# how many cases were wrong, and the factor that the worst lost; on the EPYC in two runs
by_rule = {"nine sizes": (6, 1.3), "EPYC": (9, 1.3), "EPYC, again": (8, 1.4)}
by_n_star = {"EPYC": (22, 1.6), "EPYC, again": (19, 1.7)}
for wrong, star in zip(zip(*by_rule.values()), zip(*by_n_star.values())):
    assert max(wrong) < min(star)  # of the cases, of the factors
# microseconds on an AMD EPYC at lengths that do not fit its blocks, and one position on
blocks = {"convolution": ((441, 280), (885, 593)), "fused": ((243, 236), (554, 514))}
assert all(1.45 < a / b < 1.6 for a, b in blocks["convolution"])
assert all(1 < a / b < 1.1 for a, b in blocks["fused"])
print("counts and bytes are as the text says; so are the times that we typed in")
