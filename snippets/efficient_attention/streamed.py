"""Exact attention without the n x n matrix: the online softmax, written out."""

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
        top = torch.full((len(q), 1), -torch.inf)   # largest score so far
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
for tile in (1000, 1000), (128, 128), (7, 300), (1000, 1):
    error = (streamed(Q, K, V, *tile) - full).abs().max()
    print(f"tiles of {tile}: equal to the library: {error < 1e-6}")
large = streamed(100 * Q, K, V)
print("scores in the hundreds, still finite:", bool(large.isfinite().all()))
# --8<-- [end:streamed]

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


BLOCK, BLOCKS = 32, 8
q, k, v = 3 * Q[16:17], K[:BLOCK * BLOCKS], V[:BLOCK * BLOCKS]
scores = (q @ k.T / d**0.5)[0]                      # one query: (256,)
ends = range(BLOCK, len(k) + 1, BLOCK)


def results():
    """The numbers the page quotes.

    After each block the answer is exact attention over the keys so far.

    >>> all(torch.allclose(streamed(q, k[:end], v[:end], 1, BLOCK),
    ...                    F.scaled_dot_product_attention(q, k[:end], v[:end]),
    ...                    atol=1e-6)
    ...     for end in ends)
    True
    >>> torch.allclose(large, F.scaled_dot_product_attention(100 * Q, K, V), atol=1e-3)
    True

    Beyond its output, and a copy of it, it holds the same at every n.

    >>> extra = [peak(streamed, n) - 2 * 4 * n * d for n in (1024, 2048, 4096)]
    >>> extra[0] == extra[1] == extra[2] < 200_000
    True
    """
    most = peak(streamed, 4096)
    raises = (scores.view(BLOCKS, BLOCK).amax(1).cummax(0).values.diff() > 0).sum()
    return {
        "d": d, "written_out_4096": peak(written_out, 4096),
        "streamed_4096": most, "extra": most - 2 * 4 * 4096 * d,
        "gflops_4096": flops(streamed, 4096) / 1e9,
        "raises": int(raises), "blocks": BLOCKS, "keys": len(k),
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
