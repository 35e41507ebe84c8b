# %% [markdown]
# # Cost on your machine
#
# **The mixing step of attention does $4 n^2 d$ operations, a convolution does $2 n k d^2$. Up to $n = k d / 2$ positions attention does less,
# beyond that more. This holds on every machine, exactly. Where attention becomes *slower* depends on the machine, and this notebook
# measures it on yours. The memory of attention is a matter of how it is written: $8 n^2$ bytes, or next to nothing.**
#
# What you will see:
#
# 1. **Operations**, counted while they run: they agree with the formulas to the last digit, and attention and convolution
#    meet at $n = k d / 2$.
# 2. **Time**, on a CUDA device if there is one, on the CPU otherwise. In the run that we recorded, on a CPU, the curves cross
#    between about half that $n$ and that $n$.
# 3. **Memory**: attention written out keeps two matrices of $n \times n$ numbers; the fused routine, which computes the same result, does not.
#
# At the end the results are written to a JSON file, beside ours, so that you can compare the two. Times differ from run to run, so nothing here
# depends on them: what the text claims is claimed of operations and bytes.

# %%
# pip install torch matplotlib
import json
import math
import os
import platform
import time
from pathlib import Path

os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # keeps torch's profiler quiet

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

CUDA = torch.cuda.is_available()
DEVICE = "cuda" if CUDA else "cpu"


def processor():
    """The name of the device that is measured."""
    if CUDA:
        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")  # Linux; elsewhere platform has to know
    for line in info.read_text().splitlines() if info.exists() else []:
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


machine = {
    "processor": processor(),
    "threads": torch.get_num_threads(),
    "torch": torch.__version__,
    "python": platform.python_version(),
    "system": platform.system(),
}
for name, value in machine.items():
    print(f"{name:10} {value}")

CONVOLUTION, ATTENTION, GRAY, FAINT = "#0072B2", "#D55E00", "#7A828B", "#D5DAE0"
plt.rcParams.update({
    "figure.figsize": (5.2, 3.6), "figure.constrained_layout.use": True,
    "font.size": 12, "axes.titlesize": 12, "axes.titlelocation": "left",
    "axes.spines.top": False, "axes.spines.right": False,
    "legend.frameon": False, "lines.linewidth": 2, "lines.markersize": 5,
})


def on_log_scales(ax, lengths, ylabel, title):
    ax.set(xscale="log", yscale="log", title=title,
           xlabel="$n$, positions", ylabel=ylabel)
    ax.set_xticks(lengths, lengths)
    ax.yaxis.set_major_formatter("{x:g}")
    ax.minorticks_off()

# %% [markdown]
# ## What is measured
#
# One layer each, on one sequence of $n$ positions with $d$ channels. Attention appears twice: **written out**, with its matrix $A$ of
# weights as an ordinary tensor, and **fused**, as PyTorch computes it: block by block, without ever holding $A$. This is the mixing step, the *core*, without the
# projections that make $Q$, $K$ and $V$.

# %%
def written_out(q, k, v):  # (b, n, d) each
    A = torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), dim=-1)  # (b, n, n)
    return A @ v  # (b, n, d)


def fused(q, k, v):
    q, k, v = q[:, None], k[:, None], v[:, None]  # (b, 1, n, d): one head
    return F.scaled_dot_product_attention(q, k, v)[:, 0]  # (b, n, d)


def convolution(x, weight):  # (b, d, n), (d, d, k)
    return F.conv1d(x, weight, padding="same")


def layers(n, d, k, device=DEVICE):
    """Each operation on a random input, ready to call."""
    torch.manual_seed(0)
    q, key, v = torch.randn(3, 1, n, d, device=device)
    x = torch.randn(1, d, n, device=device)
    weight = torch.randn(d, d, k, device=device)
    return {
        "convolution": lambda: convolution(x, weight),
        "attention, written out": lambda: written_out(q, key, v),
        "attention, fused": lambda: fused(q, key, v),
    }


trial = layers(n=500, d=64, k=9)
error = (trial["attention, written out"]() - trial["attention, fused"]()).abs().max()
agree = bool(error < (1e-2 if CUDA else 1e-5))
print("written out and fused agree:", agree)
assert agree

# %% [markdown]
# ## Operations
#
# `FlopCounterMode` counts the floating-point operations (FLOPs) of everything that runs inside of it: two for each multiplication with its addition. On the
# `meta` device tensors have shapes and no contents, so counting costs nothing, at any $n$.
#
# $$
# \underbrace{2 n k d^2}_{\text{convolution}} = \underbrace{4 n^2 d}_{\text{core of attention}}
# \quad\Longleftrightarrow\quad n = \frac{k d}{2}
# $$

# %%
def flops(operation):
    with FlopCounterMode(display=False) as counter:
        operation()
    return counter.get_total_flops()


d, k = 64, 9
lengths = [2 ** i for i in range(5, 13)]
counted = {name: [flops(layers(n, d, k, "meta")[name]) for n in lengths]
           for name in ("convolution", "attention, written out")}
assert counted["convolution"] == [2 * n * k * d ** 2 for n in lengths]
assert counted["attention, written out"] == [4 * n ** 2 * d for n in lengths]

meeting = layers(k * d // 2, d, k, "meta")
print("both formulas hold at each n")
print(f"at n = kd/2 = {k * d // 2}: convolution {flops(meeting['convolution']):,},",
      f"attention {flops(meeting['attention, written out']):,}")
assert flops(meeting["convolution"]) == flops(meeting["attention, written out"])

# %% [markdown]
# **The trap.** Count the fused routine on a CPU, and you get zero:

# %%
on_cpu = layers(1024, d, k, "cpu")["attention, fused"]
print("fused, as it runs on the CPU: ", f"{flops(on_cpu):,}")
assert flops(on_cpu) == 0  # the trap
with sdpa_kernel(SDPBackend.MATH):
    print("fused, through the MATH path: ", f"{flops(on_cpu):,}")
    assert flops(on_cpu) == 4 * 1024 ** 2 * d
print("4 n² d:                       ", f"{4 * 1024 ** 2 * d:,}")

# %% [markdown]
# The counter looks up a formula for each kernel that runs, and for the fused routine of the CPU it has none. It says nothing and adds 0. `sdpa_kernel(SDPBackend.MATH)` makes
# PyTorch take the path of ordinary matrix products, which are counted. So a count of 0 does not mean that fused attention is free: it does the same
# operations, in another order.
#
# A whole attention layer also computes $Q$, $K$, $V$ and an output: $8 n d^2$ more. The chapter [Cost](../differences/cost.md#crossing) counts them too; here only the core is measured.

# %% [markdown]
# ## Time
#
# Each operation runs several times, and the fastest run counts: whatever else the machine was doing can only make a run slower. A CUDA
# device works on while Python goes ahead, so we wait for it before we look at the clock.

# %% alt="Time of one layer over the number of positions, from 32 to 4096, on logarithmic axes: convolution with circles, attention written out with squares, fused attention with triangles. Operations are equal at n = 288, which is marked."
@torch.no_grad()
def seconds(operation, budget=0.04, at_least=3):
    """The fastest of several runs."""
    operation()  # warm up
    runs, start = [], time.perf_counter()
    while len(runs) < at_least or time.perf_counter() - start < budget:
        if CUDA:
            torch.cuda.synchronize()
        begin = time.perf_counter()
        operation()
        if CUDA:
            torch.cuda.synchronize()
        runs.append(time.perf_counter() - begin)
    return min(runs)


def crossing(lengths, first, second):
    """Where `second` becomes dearer than `first`, for good; None if nowhere."""
    gap = [math.log(b / a) for a, b in zip(first, second)]
    for i in reversed(range(len(gap) - 1)):
        if gap[i] < 0 <= gap[i + 1]:
            between = gap[i] / (gap[i] - gap[i + 1])  # interpolated on log scales
            return round(lengths[i] * (lengths[i + 1] / lengths[i]) ** between)
    return None


times = {name: [] for name in layers(1, d, k)}
for n in lengths:
    for name, operation in layers(n, d, k).items():
        times[name].append(seconds(operation))

styles = {
    "convolution": (CONVOLUTION, "o-"),
    "attention, written out": (ATTENTION, "s-"),
    "attention, fused": (ATTENTION, "^--"),
}
fig, ax = plt.subplots()
for name, (color, style) in styles.items():
    ax.plot(lengths, [1e3 * t for t in times[name]], style, color=color, label=name)
on_log_scales(ax, lengths[::2], "milliseconds", f"d = {d}, k = {k}")
ax.axvline(k * d / 2, ymax=0.6, color=GRAY, lw=1, ls=":", label="_kd/2")
ax.text(k * d / 2 * 1.1, ax.get_ylim()[0] * 1.2, f"n = kd/2 = {k * d // 2}",
        color=GRAY)
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# **Figure.** Milliseconds a layer on this machine, the fastest of several runs. The dotted line is where the operations are equal,
# $n = k d / 2 = 288$.

# %% [markdown]
# If all operations took the same time, the curves would have the slopes of the formulas: twice the time of the convolution for twice the $n$, four times that of
# attention. Where $n$ is so small that starting a kernel takes most of the time, as on a GPU far into the figure, the curves are flat instead, and a crossing of them says little.
#
# Does the crossing follow $k d / 2$ when $k$ and $d$ change?

# %%
crossings = {}  # "d, k" -> name -> n
for d_, k_ in ((32, 9), (64, 9), (128, 9), (64, 25)):
    around = [round(k_ * d_ / 2 * 2 ** (i / 2)) for i in range(-4, 6)]
    taken = {name: [] for name in styles}
    for n in around:
        for name, operation in layers(n, d_, k_).items():
            taken[name].append(seconds(operation, budget=0.05))
    crossings[f"{d_}, {k_}"] = {
        name: crossing(around, taken["convolution"], taken[name])
        for name in ("attention, written out", "attention, fused")}

print("  d  k   kd/2   times cross at, in units of kd/2")
for pair, found in crossings.items():
    d_, k_ = map(int, pair.split(", "))
    print(f"{d_:3d} {k_:2d} {k_ * d_ // 2:6d}", end="")
    for name, n in found.items():
        where = f"{n / (k_ * d_ / 2):.2f}" if n else "not in range"
        print(f"   {name.removeprefix('attention, ')} {where}", end="")
    print()

# %% [markdown]
# A ratio of 1 would mean that an operation of attention takes as long as one of the convolution. Above 1, attention's operations are the faster ones on your machine;
# below 1, the convolution's. The formula counts work. How fast the work goes is a matter of kernels, caches and threads. The smaller a layer, the less of
# its time can be arithmetic: expect the crossing of small layers to move most from run to run.

# %% [markdown]
# ## Memory
#
# Written out, attention holds the scores and their softmax at the same time: two matrices of $n \times n$ numbers of 4 bytes, $8 n^2$ bytes.
# The fused routine works through blocks of keys with a running softmax (Rabe and Staats 2021, Dao et al. 2022) and never holds a row of $A$, let alone all.
#
# On CUDA the allocator keeps the peak. On a CPU we let the profiler record each allocation, and add them up.

# %% alt="Memory at the peak over n from 512 to 8192. Attention written out lies on the line of 8 n squared bytes, 512 MiB at n = 8192. Fused attention, the triangles, stays below a sixteenth of that at n = 8192."
@torch.no_grad()
def peak_bytes(operation):
    """The most memory that the operation held at any time, its output included."""
    if CUDA:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        operation()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        operation()
    held = peak = 0
    events = record.profiler.kineto_results.events()
    for event in sorted(events, key=lambda e: e.start_ns()):
        if event.name() == "[memory]":
            held += event.nbytes()  # negative when memory is returned
            peak = max(peak, held)
    return peak


memory_lengths = [512, 1024, 2048, 4096, 8192]
memory = {name: [] for name in styles}
for n in memory_lengths:
    for name, operation in layers(n, d, k).items():
        memory[name].append(peak_bytes(operation))

for n, held in zip(memory_lengths, memory["attention, written out"]):
    print(f"n = {n:4d}: written out {held / 2 ** 20:6.1f} MiB",
          f"= {held / (8 * n ** 2):.2f} × 8n² bytes")
    assert 1 <= held / (8 * n ** 2) < 1.05
assert memory["attention, fused"][-1] < memory["attention, written out"][-1] / 16

fig, ax = plt.subplots()
formula = [8 * n ** 2 / 2 ** 20 for n in memory_lengths]
ax.plot(memory_lengths, formula, color=FAINT, lw=9, label="8n² bytes")
for name, (color, style) in styles.items():
    mebibytes = [held / 2 ** 20 for held in memory[name]]
    ax.plot(memory_lengths, mebibytes, style, color=color, label=name)
on_log_scales(ax, memory_lengths, "MiB at the peak", f"d = {d}, one head")
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# **Figure.** The most memory that one call holds, without its inputs. The written-out version follows $8n^2$ bytes; the fused one computes the same numbers.

# %% [markdown]
# So "attention needs memory quadratic in $n$" was a property of a program, not of attention. The *operations* remain quadratic, fused or not.
# (In training, the gradient is fused in the same way. In generation, the keys and values of all earlier positions are still kept: $2 n d$ numbers a layer.)

# %% [markdown]
# ## Beside ours
#
# What this run found goes into a file. `ours` is such a file, from the machine that it names, with one thread, while
# other programs were running. To compare with a friend's, read theirs in its place.

# %%
results = {
    "machine": machine,
    "setting": {"d": d, "k": k, "dtype": "float32"},
    "lengths": lengths,
    "flops": counted,
    "milliseconds": {
        name: [float(f"{1e3 * t:.3g}") for t in taken]
        for name, taken in times.items()},
    "crossings": crossings,
    "memory_lengths": memory_lengths,
    "bytes": memory,
}
path = Path("cost-on-your-machine.json")
path.write_text(json.dumps(results, indent=1))
print("written to", path)

# %%
ours = json.loads("""
{
  "machine": {"processor": "AMD EPYC", "threads": 1, "torch": "2.13.0+cpu",
              "python": "3.11.7", "system": "Linux"},
  "setting": {"d": 64, "k": 9, "dtype": "float32"},
  "lengths": [32, 64, 128, 256, 512, 1024, 2048, 4096],
  "milliseconds": {
    "convolution": [0.0378, 0.0633, 0.114, 0.215, 0.393, 0.736, 1.43, 3.03],
    "attention, written out": [0.0181, 0.0289, 0.0711, 0.236, 0.893, 7.4, 24.6, 182.0],
    "attention, fused": [0.0146, 0.0258, 0.0675, 0.216, 0.813, 3.2, 27.6, 55.3]
  },
  "crossings": {
    "32, 9": {"attention, written out": 67, "attention, fused": 78},
    "64, 9": {"attention, written out": 231, "attention, fused": 248},
    "128, 9": {"attention, written out": 434, "attention, fused": 474},
    "64, 25": {"attention, written out": 699, "attention, fused": 831}
  },
  "memory_lengths": [512, 1024, 2048, 4096, 8192],
  "bytes": {
    "convolution": [409600, 671744, 1196032, 2244608, 4341760],
    "attention, written out": [2097164, 8388620, 33554444, 134217740, 536870924],
    "attention, fused": [281088, 858112, 1124352, 1656832, 2721792]
  }
}
""")

# %% alt="The times of this run in colour and the recorded ones of another run in gray, over n from 32 to 4096: convolution with circles, attention written out with squares, fused attention with triangles."
for whose, run in ("this run", results), ("recorded", ours):
    m = run["machine"]
    print(f"{whose}: {m['processor']}, threads: {m['threads']}, torch {m['torch']}")

for pair, found in ours["crossings"].items():
    d_, k_ = map(int, pair.split(", "))
    for n in found.values():
        assert 0.45 < n / (k_ * d_ / 2) < 1.1  # from about half of kd/2 to kd/2

fig, ax = plt.subplots()
for name, (color, style) in styles.items():
    ax.plot(ours["lengths"], ours["milliseconds"][name], style, color=GRAY, lw=1,
            label=f"{name}, recorded")
    ax.plot(lengths, results["milliseconds"][name], style, color=color,
            label=f"{name}, this run")
on_log_scales(ax, lengths[::2], "milliseconds", "colour: this run   gray: recorded")
plt.show()

# %% [markdown]
# **Figure.** Colour: this run, on the machine it names. Gray: recorded on our machine. Circles: convolution; squares: attention written out;
# triangles: attention fused.

# %% [markdown]
# ## What it means
#
# - **Count first.** $4n^2d$ against $2nkd^2$ is exact, and says where to look: at $k = 9$, $d = 64$ the two meet at 288 positions; at $d = 1024$, at 4,608.
#   Wide networks on short inputs spend little on attention's square.
# - **Then measure**, on the machine that will do the work. In the recorded run, the crossing of the times follows $k d/2$ roughly: it lies between about half of it and all of it. The factor belongs to the machine.
# - **Memory is not the reason** any more to avoid attention over long inputs. Operations are.
#
# How far each of the two sees for its price is in [Receptive field](../differences/receptive-field.md#long-range).

# %% [markdown]
# ## Three things to change
#
# 1. **Heads.** Give `written_out` tensors of shape $(b, h, n, d/h)$. What we found: the operations stay $4n^2d$, but there are now $h$ matrices $A$.
#    With 8 heads at $n = 2048$ the written-out version held eight times $8n^2$ bytes, 256 MiB, and the fused one about 1 MiB, as with one head.
# 2. **A depthwise convolution.** Make the weight `torch.randn(d, 1, k)` and pass `groups=d`: each channel is then convolved by itself. What we found: $2nkd$
#    operations, without the square of $d$, so the core of attention is cheaper only for $n < k/2$. With $k = 9$ and $d = 64$: 4,608 against 4,096 at $n = 4$, and 5,760 against
#    6,400 at $n = 5$.
# 3. **A window, as a mask.** Pass `attn_mask=(i[:, None] - i).abs() <= 32` with `i = torch.arange(n)` to the fused routine. What we found: the operations, counted on the `MATH` path, are
#    still $4n^2d$. On our CPU the peak at $n = 4096$ rose from about 2 to about 66 MiB, because the mask is turned into $n^2$ floats, and the call did not become faster. A mask says what may not be seen; it
#    does not skip the work. That takes blocks, or a kernel that knows the window.
#
# ## Sources
#
# - A. Vaswani et al.: *Attention Is All You Need*. NeurIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762). Table 1 has the costs, without their constants.
# - M. N. Rabe, C. Staats: *Self-attention Does Not Need O(n²) Memory*. 2021, [arXiv:2112.05682](https://arxiv.org/abs/2112.05682).
# - T. Dao et al.: *FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness*. NeurIPS 2022,
#   [arXiv:2205.14135](https://arxiv.org/abs/2205.14135).
