"""Attention written out holds two n x n matrices; it does not have to."""

import os
from functools import cache

os.environ.setdefault("KINETO_LOG_LEVEL", "6")      # keeps the profiler quiet

import matplotlib.pyplot as plt
import torch.nn.functional as F
from style import ATTENTION, FAINT
from torch.profiler import profile
from torch.utils.flop_counter import FlopCounterMode

# --8<-- [start:memory]
import weakref

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def stores(of):
    return {t.untyped_storage() for t in tree_leaves(of) if torch.is_tensor(t)}


class Memory(TorchDispatchMode):
    """Bytes held by tensors that are made inside of it, and their peak."""
    held = peak = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        for store in stores(result) - stores(args):     # a view makes none
            self.add(store.nbytes())
            weakref.finalize(store, self.add, -store.nbytes())
        return result

    def add(self, size):
        self.held += size
        self.peak = max(self.peak, self.held)


def written_out(Q, K, V):                   # (n, d) each -> (n, d)
    A = torch.softmax(Q @ K.T / Q.shape[1]**0.5, dim=1)     # (n, n), twice
    return A @ V


def in_blocks(Q, K, V, rows=128):          # the same, 128 queries at a time
    return torch.cat([written_out(q, K, V) for q in Q.split(rows)])


Q, K, V = torch.randn(3, 2048, 64)
with Memory() as whole:
    y = written_out(Q, K, V)
with Memory() as blocks:
    z = in_blocks(Q, K, V)
print(f"written out: {whole.peak:10,} bytes,",
      f"8n²: {whole.peak == 8 * 2048**2}")
print(f"in blocks:   {blocks.peak:10,} bytes,",
      f"same result: {torch.allclose(y, z, atol=1e-6)}")
# --8<-- [end:memory]

d = 64
LENGTHS = [2**power for power in range(8, 15)]


def fused(Q, K, V):
    return F.scaled_dot_product_attention(*(t[None, None] for t in (Q, K, V)))[0, 0]


def peak(attention, n):
    """Bytes, counted on tensors without contents: nothing is allocated.

    >>> all(peak(written_out, n) == 8 * n**2 for n in LENGTHS)
    True
    >>> all(peak(in_blocks, n) == 8 * 128 * n + 4 * (n - 128) * d for n in LENGTHS)
    True

    The count on real tensors is the same, and so is the number of operations.

    >>> peak(written_out, 2048) == whole.peak, peak(in_blocks, 2048) == blocks.peak
    (True, True)
    >>> flops(written_out, 4096) == flops(in_blocks, 4096) == 4 * 4096**2 * d
    True
    """
    inputs = torch.empty(3, n, d, device="meta")
    with Memory() as memory:
        attention(*inputs)
    return memory.peak


def flops(attention, n):
    """Blocks change only the memory.

    >>> flops(in_blocks, 2048) == flops(written_out, 2048)
    True
    """
    with FlopCounterMode(display=False) as counter:
        attention(*torch.empty(3, n, d, device="meta"))
    return counter.get_total_flops()


@cache
def allocated(attention, n):
    """Peak in bytes according to the allocator, which sees inside a routine.

    >>> 0 <= allocated(written_out, 1024) - peak(written_out, 1024) < 100
    True
    """
    torch.manual_seed(0)
    inputs = torch.randn(3, n, d)
    with profile(profile_memory=True) as record:
        attention(*inputs)
    held = most = 0
    events = record.profiler.kineto_results.events()
    for event in sorted(events, key=lambda event: event.start_ns()):
        if event.name() == "[memory]":
            held += event.nbytes()      # negative when memory is returned
            most = max(most, held)
    return most


def results():
    """Bytes at the peak.

    The fused routine needs its output, one number a row, and for each thread a
    scratch pad that does not grow with n.

    >>> [torch.allclose(other, y, atol=1e-6) for other in (z, fused(Q, K, V))]
    [True, True]
    >>> results()["pad_constant"]
    True
    >>> allocated(fused, 4096) < 4 * 4096 * (d + 1) + 2e6 * torch.get_num_threads()
    True
    """
    pad = [allocated(fused, n) - 4 * n * (d + 1) for n in (2048, 4096)]
    n = 16384
    return {
        "d": d, "n": 4096,
        "written_out": peak(written_out, n), "in_blocks": peak(in_blocks, n),
        "written_out_4096": peak(written_out, 4096), "in_blocks_4096": peak(in_blocks, 4096),
        "fused_4096": allocated(fused, 4096),
        "pad": pad[1] / torch.get_num_threads(), "pad_constant": pad[0] == pad[1],
        "gflops": flops(written_out, n) / 1e9,
    }


def figure():
    n = 4096
    output = (1.06 * n, 0, d, n)                        # x, y, width, height
    fig, ax = plt.subplots(figsize=(5.2, 2.2))
    for left, name, held, what, size, growth in (
            (0, "written out", [(0, 0, n, n), (1.06 * n, 0, n, n)], "scores and shares",
             peak(written_out, n), "n²"),
            (2.4 * n, "in blocks", [(0, 0, n, 128), (0, 300, n, 128), output], "128 rows",
             peak(in_blocks, n), "n"),
            (3.8 * n, "fused", [output], "the output", allocated(fused, n), "n")):
        ax.add_patch(plt.Rectangle((left, 0), n, n, fill=False, ec=FAINT))
        for x, y, width, height in held:
            ax.bar(left + x, height, width, y, align="edge", color=ATTENTION, label=f"{name}, heights")
        ax.text(left, -0.07 * n, name, color=ATTENTION)
        ax.text(left, 1.05 * n, f"{what}:\n{size / 1e6:.1f} MB,\ngrows with {growth}", va="top")
    ax.set(xlim=(-0.02 * n, 5.15 * n), ylim=(1.85 * n, -0.25 * n), xticks=[], yticks=[], aspect=1)
    ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
