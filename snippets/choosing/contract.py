"""A contract of 200 pages: what a language model must do to read it, and what it keeps."""

import math

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY

# --8<-- [start:contract]
L, d, kv, mlp = 32, 4096, 1024, 14336       # Llama 3.1 8B: 8 heads of 128 for K, V
words = 128_256 * d                         # a vector for each word, read and said


def weights(keys=kv):
    return L * (2 * d * d + 2 * d * keys + 3 * d * mlp) + 2 * words


def reading(n, full=L, window=None, keys=kv):
    """Reads n tokens: peta-FLOPs; weights, keys and values, peak: GB, 2 bytes each.

    full of the layers see all that came before, the others a window.
    """
    near = min(n, window or n)
    pairs = full * n * n / 2 + (L - full) * n * near
    flops = 2 * n * (weights(keys) - 2 * words) + 4 * pairs * d
    flops += 2 * words                          # one word, after the last token
    kept = 2 * keys * (full * n + (L - full) * near)
    peak = n * (d + 2 * mlp)                    # input, both halves of a block's MLP
    return flops / 1e15, *(2 * m / 1e9 for m in (weights(keys), kept, peak))


contract = 200 * 650                            # tokens a page: count yours
ways = {"the whole contract": reading(contract),
        "whole, keys not shared": reading(contract, keys=d),
        "whole, 5 full layers": reading(contract, 5, 1024),
        "8 passages of 500 tokens": reading(8 * 500)}
print(f"{'':25}PFLOPs   GB: weights + kept + peak")
for name, (flops, *memory) in ways.items():
    print(f"{name:25}{flops:6.2f}      ", "  + ".join(f"{m:4.1f}" for m in memory),
          f" = {sum(memory):4.1f}")
# --8<-- [end:contract]

KINDS = ("full", "shared", "latent", "mixed", "window", "hybrid", "state", "dilated", "short")


def kept(n, d=4096, L=32, head=128):
    """Bytes that nine kinds of layers keep after n tokens, 2 a number.

    >>> a, b = kept(100_000), kept(200_000)
    >>> [kind for kind in KINDS if a[kind] == b[kind]]
    ['window', 'state', 'dilated', 'short']
    >>> a["full"] == 4 * a["shared"]
    True
    """
    fixed = d * head                            # of linear attention: d rows of 128
    numbers = {"full": L * 2 * n * d,
               "shared": L * 2 * n * d // 4,
               "latent": L * n * (4 * head + head // 2),
               "mixed": 2 * d * (5 * n + 27 * 1024),
               "window": 2 * d * L * 4096,
               "hybrid": 8 * 2 * n * d // 4 + 24 * fixed,
               "state": L * 2 * fixed,
               "dilated": d * (2**17 - 1),      # 17 layers: 1, 2, 4, ..., 65,536
               "short": d * L * 3}
    return {kind: 2 * count for kind, count in numbers.items()}


def results():
    """What the pages quote; bytes at 100,000 tokens, and readings of the contract.

    The number of weights is that of the published model.

    >>> weights() + (2 * L + 1) * d         # with the scales of its norms
    8030261248

    It reads at most 2^17 tokens: this is what is left for the question and the answer.

    >>> 2**17 - contract
    1072

    One contract fits a card of 48 GB. Two do not, even without a peak.

    >>> _, w, k, peak = ways["the whole contract"]
    >>> w + k + peak < 48 < w + 2 * k
    True

    A card of 24 GB holds piece after piece, or one contract with one byte a number.

    >>> r = results()
    >>> r["pieces_held"] < 24e9, r["one_byte"] < 24e9 < 1e9 * (w + k + peak)
    (True, True)

    The pieces take a third of the work; vectors for the search twice that of the passages.

    >>> whole, passages = (ways[name][0] for name in ("the whole contract", "8 passages of 500 tokens"))
    >>> round(r["pieces_work"] / whole, 1), round(r["vectors"] / passages)
    (0.3, 2)

    Of 100 answers 90 are right: the exact interval of 95 % is from 82 to 95. Two ways that
    differ in 20 may be 14 to 6 by chance, and hardly 15 to 5.

    >>> def at_most(k, n, p):
    ...     return sum(math.comb(n, i) * p**i * (1 - p)**(n - i) for i in range(k + 1))
    >>> [round(p, 3) for p in (1 - at_most(89, 100, 0.824), at_most(90, 100, 0.951))]
    [0.025, 0.025]
    >>> 2 * at_most(5, 20, 0.5) < 0.05 < 2 * at_most(6, 20, 0.5)
    True

    At 0.8 TB a second 200 tokens take four seconds with passages, eight with the whole.

    >>> [round(0.2 * r[f"token_{what}_ms"]) for what in ("passages", "whole")]
    [4, 8]

    Against PyTorch's counter: the core of one layer for all pairs, twice the causal half.

    >>> import torch
    >>> from torch.utils.flop_counter import FlopCounterMode
    >>> n = 512
    >>> with FlopCounterMode(display=False) as counter, torch.device("meta"):
    ...     Q, K = torch.empty(32, n, 128), torch.empty(32, n, 128)
    ...     y = (Q @ K.mT) @ K
    >>> core = 1e15 * (reading(n)[0] - reading(n, full=0, window=1)[0]) / L
    >>> abs(core / (counter.get_total_flops() / 2 - 4 * n * d) - 1) < 1e-6
    True

    And the matrices that a token meets, the last one included; 2 L d is its own core.

    >>> shapes = L * [(d, d), (d, d), (d, kv), (d, kv), (d, mlp), (d, mlp), (mlp, d)]
    >>> with FlopCounterMode(display=False) as counter, torch.device("meta"):
    ...     for shape in [*shapes, (d, 128_256)]:
    ...         _ = torch.empty(1, shape[0]) @ torch.empty(shape)
    >>> abs((1e15 * reading(1)[0] - 2 * L * d) / counter.get_total_flops() - 1) < 1e-6
    True
    """
    whole, passages = ways["the whole contract"], ways["8 passages of 500 tokens"]
    _, held, whole_kept, peak = whole
    read = held - 2 * words / 1e9               # of the table of words, only a row is read
    pieces = math.ceil(contract / 4000)         # each as long as the passages
    asked = 250                                 # tokens of a question with its answer
    again, anew = reading(contract + asked)[0] - whole[0], reading(8 * 500 + asked)[0]
    return {f"kept_{kind}": size for kind, size in kept(100_000).items()} | {
        "tokens": contract, "left": 2**17 - contract, "weights": 1e9 * held,
        "whole_kept": 1e9 * whole_kept, "one": 1e9 * (held + whole_kept + peak),
        "two": 1e9 * (held + 2 * whole_kept), "passages_kept": 1e9 * passages[2],
        "one_byte": 1e9 * (held + whole_kept + peak) / 2, "token_kept": 1e9 * whole_kept / contract,
        "pieces": pieces, "pieces_work": pieces * passages[0], "pieces_held": 1e9 * sum(passages[1:]),
        "vectors": 2 * 0.5e9 * contract / 1e15,     # a network of 0.5 billion parameters
        "none_of_20": 1 - 0.05**(1 / 20),           # what so many rule out, in 95 % of cases
        "five_kept": 1e9 * ways["whole, 5 full layers"][2],
        "less_work": whole[0] / passages[0], "lead": math.log(100_000 - 1),
        "whole_s": 10 * whole[0], "passages_s": 10 * passages[0],       # 1e14 FLOPs a second
        "token_whole_ms": (read + whole_kept) / 0.8,                    # 0.8 TB a second
        "token_passages_ms": (read + passages[2]) / 0.8,
        "again": again, "anew": anew, "even": whole[0] / (anew - again),
        "twenty": (whole[0] + 20 * again) / (20 * anew),
        "core_share": 1 - 2 * contract * (weights() - 2 * words) / 1e15 / whole[0]}


def figure():
    fig, (memory, work) = plt.subplots(1, 2, sharey=True, figsize=(5.2, 4.1), width_ratios=(2, 1))
    parts = ("weights", GRAY), ("keys and values", ATTENTION), ("peak", FAINT)
    for y, (name, (flops, *sizes)) in enumerate(ways.items()):
        left = 0
        for (what, color), size in zip(parts, sizes):
            memory.barh(y, size, left=left, height=0.4, color=color, label=f"{name}, {what}: GB")
            if y == 1:
                memory.text(left + size / 2, y + 0.22, what, ha="center", va="top",
                            color="black" if color == FAINT else color)
            left += size
        memory.text(0, y - 0.25, name, va="bottom", weight="bold")
        memory.text(97, y - 0.25, f"{left:.0f} GB", ha="right", va="bottom")
        memory.vlines(48, y - 0.24, y + 0.24, color="black", lw=2)
        work.barh(y, flops, height=0.4, color=GRAY, label=f"{name}: PFLOPs")
        work.text(flops + 0.2, y, f"{flops:.2g}", va="center_baseline")
    memory.text(49, 0, "card: 48 GB", va="center_baseline")
    for ax, title, right in (memory, "memory", 100), (work, "work, PFLOPs", 9):
        ax.set_title(title, pad=18)
        ax.set(xlim=(0, right), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    memory.invert_yaxis()
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
