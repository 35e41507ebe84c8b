"""Exact attention without the n x n matrix: the online softmax, written out."""

import math
import os

os.environ.setdefault("KINETO_LOG_LEVEL", "6")      # keeps the profiler quiet

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY
from torch.profiler import profile
from torch.utils.flop_counter import FlopCounterMode

# --8<-- [start:streamed]
import torch
import torch.nn.functional as F


def streamed(Q, K, V, rows=128, columns=128):           # (n, d) each
    """softmax(Q K^T / sqrt(d)) V, one tile of the scores at a time."""
    y = []
    for q in Q.split(rows):
        top = q.new_full((len(q), 1), -torch.inf)   # largest score so far
        total, mix = 0, 0       # sums of e^(s - top), of e^(s - top) v
        for k, v in zip(K.split(columns), V.split(columns)):
            s = q @ k.T / q.shape[1]**0.5               # (rows, columns)
            new = torch.maximum(top, s.amax(1, keepdim=True))
            p, old = torch.exp(s - new), torch.exp(top - new)
            total = total * old + p.sum(1, keepdim=True)        # (rows, 1)
            mix = mix * old + p @ v                             # (rows, d)
            top = new
        y.append(mix / total)
    return torch.cat(y)


torch.manual_seed(0)
Q, K, V = torch.randn(3, 1000, 64)
full = F.scaled_dot_product_attention(Q, K, V)
error = (streamed(Q, K, V) - full).abs().max()
print("equal to the library:", bool(error < 1e-6))
# --8<-- [end:streamed]

# --8<-- [start:traffic]
import torch
import torch.nn.functional as F


class Slow:
    """Counts each number that is fetched from slow memory or written to it."""
    moved = 0

    def move(self, x):
        self.moved += x.numel()
        return x


def tiles(Q, K, V, M, columns=16):
    """Attention with room for M numbers in fast memory; what it moves."""
    n, d = Q.shape
    rows = (M - 2 * columns * d) // (2 * d + columns + 2)
    slow, y = Slow(), []
    for q in map(slow.move, Q.split(rows)):             # (rows, d)
        top, total, mix = q.new_full((len(q), 1), -torch.inf), 0, 0
        for k, v in zip(K.split(columns), V.split(columns)):
            s = q @ slow.move(k).T / d**0.5             # (rows, columns)
            new = torch.maximum(top, s.amax(1, keepdim=True))
            p, old = torch.exp(s - new), torch.exp(top - new)
            total = total * old + p.sum(1, keepdim=True)
            mix, top = mix * old + p @ slow.move(v), new
        y.append(slow.move(mix / total))                # (rows, d)
    return torch.cat(y), slow.moved


torch.manual_seed(0)
n, d = 2048, 64
Q, K, V = torch.randn(3, n, d)
full = F.scaled_dot_product_attention(Q, K, V)
print(f"written out:{4 * n**2 + 4 * n * d:12,} numbers moved")
for M in 2**13, 2**14, 2**15, 2**16:
    y, moved = tiles(Q, K, V, M)
    print(f"M = {M:6,}: {moved:12,} moved = {moved * M / (n * d)**2:.1f} n²d²/M,",
          torch.allclose(y, full, atol=1e-6))
# --8<-- [end:traffic]

d = 64


def written_out(Q, K, V):
    return torch.softmax(Q @ K.T / Q.shape[1]**0.5, dim=1) @ V


def flops(attention, n):
    """
    >>> flops(streamed, 1000) == flops(written_out, 1000) == 4 * 1000**2 * d
    True
    """
    with FlopCounterMode(display=False) as counter:
        attention(*torch.randn(3, n, d))
    return counter.get_total_flops()


def peak(attention, n):
    """Most bytes that it holds at one time, beyond Q, K and V.

    >>> 1 <= peak(written_out, 1024) / (8 * 1024**2) < 1.01
    True
    """
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


def traffic(M, n=2048, columns=16):
    """The formula of `tiles`, without running it."""
    rows = (M - 2 * columns * d) // (2 * d + columns + 2)
    return 2 * n * d * (1 + -(-n // rows))


BLOCK, BLOCKS = 32, 8
torch.manual_seed(0)
Q, K, V = torch.randn(3, 1000, 64)
q, k, v = 3 * Q[16:17], K[:BLOCK * BLOCKS], V[:BLOCK * BLOCKS]
scores = (q @ k.T / d**0.5)[0]                      # one query: (256,)
ends = range(BLOCK, len(k) + 1, BLOCK)


def by_hand():
    """Scores 1, 2 and then 4; values 10, 20 and then 40.

    >>> scores, values = torch.tensor([1., 2, 4]), torch.tensor([10., 20, 40])
    >>> abs(torch.softmax(scores, 0) @ values - by_hand()["output"]) < 1e-4
    tensor(True)
    """
    total, mix = math.exp(-1) + 1, 10 * math.exp(-1) + 20
    old = math.exp(2 - 4)
    return {"first_total": total, "first_mix": mix, "old": old,
            "old_total": total * old, "old_mix": mix * old,
            "new_total": total * old + 1, "new_mix": mix * old + 40,
            "output": (mix * old + 40) / (total * old + 1)}


def results():
    """The numbers the page quotes.

    After each block the answer is exact attention over the keys so far.

    >>> all(torch.allclose(streamed(q, k[:end], v[:end], 1, BLOCK),
    ...                    F.scaled_dot_product_attention(q, k[:end], v[:end]),
    ...                    atol=1e-6)
    ...     for end in ends)
    True

    Any tile will do, and scores in the hundreds stay finite.

    >>> q, k, v = torch.randn(3, 1000, d)
    >>> exact = F.scaled_dot_product_attention(q, k, v)
    >>> all(torch.allclose(streamed(q, k, v, *tile), exact, atol=1e-6)
    ...     for tile in ((1000, 1000), (128, 128), (7, 300), (1000, 1)))
    True
    >>> torch.allclose(streamed(100 * q, k, v),
    ...                F.scaled_dot_product_attention(100 * q, k, v), atol=1e-3)
    True

    Tiles that hold M numbers move 2nd + 2nd n / rows, which tends to 4 n^2 d^2 / M.

    >>> q, k, v = torch.randn(3, 1024, d)
    >>> for M in 2**14, 2**15:
    ...     rows = (M - 32 * d) // (2 * d + 18)
    ...     assert 2 * 1024 * d * (1 + -(-1024 // rows)) == traffic(M, 1024)
    ...     assert tiles(q, k, v, M)[1] == traffic(M, 1024)
    >>> all(4 < traffic(M) * M / (2048 * d)**2 < 6.5 for M in (2**13, 2**14, 2**15, 2**16))
    True

    Beyond its output, and a copy of it, it holds the same at every n.

    >>> extra = [peak(streamed, n) - 2 * 4 * n * d for n in (1024, 2048, 4096)]
    >>> extra[0] == extra[1] == extra[2] < 200_000
    True
    """
    most, whole = peak(streamed, 4096), peak(written_out, 4096)
    raises = (scores.view(BLOCKS, BLOCK).amax(1).cummax(0).values.diff() > 0).sum()
    return {
        "d": d, "written_out_4096": whole,
        "streamed_4096": most, "extra": most - 2 * 4 * 4096 * d,
        "streamed_doubled": peak(streamed, 8192) / most,
        "written_out_doubled": whole / peak(written_out, 2048),
        "gflops_4096": flops(streamed, 4096) / 1e9,
        "saves_32768": (4 * 2048**2 + 4 * 2048 * d) / traffic(2**15),
        **by_hand(), "raises": int(raises), "blocks": BLOCKS, "keys": len(k),
    }


def figure():
    fig, (above, below) = plt.subplots(2, figsize=(5.2, 5), sharex=True)
    for ax in above, below:
        for end in ends[:-1]:
            ax.axvline(end, color=FAINT, lw=1)
    above.vlines(range(1, len(k) + 1), 0, scores, color=GRAY, lw=1, label="_")
    tops = scores.view(BLOCKS, BLOCK).amax(1).cummax(0).values
    above.step([0, *ends], [tops[0], *tops], color=ATTENTION, label="largest so far")
    above.set(title="scores of one query, and the largest so far")
    so_far = [streamed(q, k[:end], v[:end])[0, 0] for end in ends]
    below.axhline(so_far[-1], color=FAINT, lw=3)
    below.plot(ends, so_far, "o-", color=ATTENTION, label="output so far")
    below.text(0, so_far[-1] + 0.03, "all keys", color=GRAY)
    below.set(title="one channel of the output so far", xlabel="keys read",
              xticks=[0, *ends[1::2]])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
