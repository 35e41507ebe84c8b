"""How many FLOPs each layer does with a byte that it reads or writes."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY

# --8<-- [start:traffic]
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode


def tensors(of):
    return {id(t): t for t in tree_leaves(of) if torch.is_tensor(t)}.values()


class Traffic(TorchDispatchMode):
    """Bytes that operations read and write, if each does so once."""
    moved = 0
    inside = False

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        stores = {t.untyped_storage() for t in tensors(args)}
        made = [t for t in tensors(result) if t.untyped_storage() not in stores]
        if made and not self.inside:                # a view moves nothing
            self.moved += sum(t.nbytes for t in (*tensors(args), *made))
        return result

    def fused(self, layer, *inputs):
        """Inputs are read, the result is written, nothing between them."""
        self.inside = True
        result = layer(*inputs)
        self.inside = False
        self.moved += sum(t.nbytes for t in (*inputs, result))
        return result


def core(Q, K, V):                                  # (h, n, d_head) each
    return torch.softmax((Q / Q.shape[-1]**0.5) @ K.mT, dim=-1) @ V


h, n, d_head, size = 12, 1000, 64, 2                # 2 bytes a number
Q, K, V = torch.empty(3, h, n, d_head, device="meta", dtype=torch.bfloat16)
with FlopCounterMode(display=False) as counter, Traffic() as written:
    core(Q, K, V)
with Traffic() as once:
    once.fused(core, Q, K, V)
flops = counter.get_total_flops()
for name, moved, numbers in (
        ("written out", written.moved, h * (4 * n**2 + 6 * n * d_head)),
        ("fused", once.moved, h * 4 * n * d_head)):
    print(f"{name:11} {flops / 1e9:.2f} GFLOPs, {moved / 1e6:5.1f} MB,",
          f"{flops / moved:3.0f} FLOPs a byte; formula:", moved == size * numbers)
# --8<-- [end:traffic]

d, k = 768, 9
PEAK, BANDWIDTH = 989e12, 3.35e12       # H100 SXM: FLOPs and bytes a second
ROOF = PEAK / BANDWIDTH


def count(layer, *shapes, fused=False):
    """FLOPs, and bytes moved, of a layer on bfloat16 tensors of these shapes."""
    inputs = [torch.empty(s, device="meta", dtype=torch.bfloat16) for s in shapes]
    with FlopCounterMode(display=False) as counter, Traffic() as traffic:
        traffic.fused(layer, *inputs) if fused else layer(*inputs)
    return counter.get_total_flops(), traffic.moved


def intensity(layer, *shapes, fused=False):
    """FLOPs a byte of a layer.

    An operation of its own has the intensity of its formula:

    >>> intensity(F.conv1d, (d, n + k - 1), (d, d, k)) == 2 * n * k * d**2 / (
    ...     2 * (d * (n + k - 1) + k * d**2 + n * d))
    True

    With one query the core does 2 FLOPs with each number of the cache; so close to
    1 a byte, at every length. With many queries, fused, it does n / 2.

    >>> [round(decode(t), 2) for t in (100, 1000, 10_000)]
    [0.99, 1.0, 1.0]
    >>> [prefill(t) == t / 2 for t in (100, 1000, 10_000)]
    [True, True, True]

    Written out it stays below half the channels of a head, at every length.

    >>> all(prefill(t, fused=False) < d_head / 2 for t in (100, 1000, 100_000))
    True
    """
    flops, moved = count(layer, *shapes, fused=fused)
    return flops / moved


def prefill(n, fused=True):
    return intensity(core, *[(h, n, d_head)] * 3, fused=fused)


def decode(t, share=1, d_head=d_head):
    """One new token against t in the cache; share: query heads to a key-value head.

    >>> [round(decode(100_000, share), 1) for share in (1, 4, 8, 64)]
    [1.0, 4.0, 8.0, 64.0]
    """
    return intensity(core, (h, share, d_head), (h, t, d_head), (h, t, d_head),
                     fused=True)


def latent(t, heads=128, c=512, turned=64):
    """DeepSeek-V2's: all heads read one vector of c + turned numbers a token.

    Its first c numbers serve as the value, too. Near 2 heads (2c + turned) / (2 (c + turned)).

    >>> round(latent(100_000) / (128 * (2 * 512 + 64) / (512 + 64)), 2)
    1.0
    """
    return intensity(lambda Q, C: torch.softmax(Q @ C.T, 1) @ C[:, :c],
                     (heads, c + turned), (t, c + turned), fused=True)


def blocks(n, rows):
    """Bytes of one head if `rows` queries at a time meet all keys, in one routine each.

    Twice the rows (twice the fast memory) halve what is read again and again.

    >>> all(blocks(n, rows) == 2 * (2 * n * d_head + 2 * n * d_head * n // rows)
    ...     for n in (1024, 4096) for rows in (64, 128, 256))
    True
    """
    Q, K, V = torch.empty(3, 1, n, d_head, device="meta", dtype=torch.bfloat16)
    with Traffic() as traffic:
        for q in Q.split(rows, 1):
            traffic.fused(core, q, K, V)
    return traffic.moved


def layers():
    """FLOPs a byte: (name, at 1,000 positions)."""
    return {
        "convolution": intensity(F.conv1d, (d, n + k - 1), (d, d, k)),
        "depthwise": intensity(lambda x, W: F.conv1d(x, W, groups=d),
                               (d, n + k - 1), (d, 1, k)),
        "pointwise": intensity(lambda x, W: x @ W, (n, d), (d, d)),
        "written_out": prefill(n, fused=False), "fused": prefill(n),
        "decode": decode(n), "shared": decode(n, share=8),
        "latent": latent(n)}


def bound(layer, *shapes):
    """Seconds of the layer by the roofline: for its FLOPs or for its bytes."""
    flops, moved = count(layer, *shapes)
    return max(flops / PEAK, moved / BANDWIDTH)


def bounds():
    """The convolution, and the two parts of the separable one, at 1,000 positions.

    The depthwise part has 1 % of the FLOPs and about two fifths of the time.

    >>> whole, depthwise, pointwise = bounds()
    >>> 0.35 < depthwise / (depthwise + pointwise) < 0.45
    True
    """
    x = d, n + k - 1
    return (bound(F.conv1d, x, (d, d, k)),
            bound(lambda x, W: F.conv1d(x, W, groups=d), x, (d, 1, k)),
            bound(lambda x, W: x @ W, (n, d), (d, d)))


def token(batch, t=n):
    """Bytes read to write one token in each of `batch` texts: attention, convolution.

    The weights are read once for all texts, the cache of each text for itself.

    >>> token(1)[0] == 2 * (4 * d**2 + 2 * 1000 * d)
    True
    """
    return (size * (4 * d**2 + batch * 2 * t * d),
            size * (k * d**2 + batch * (k - 1) * d))


def results():
    """FLOPs a byte at n = 1,000, and bytes a token.

    >>> r = results()
    >>> r["depthwise"] < 5 and r["decode"] < 1 and r["written_out"] < 32
    True
    >>> r["convolution"] > ROOF and r["fused"] > ROOF
    True
    """
    numbers = layers() | {"roof": ROOF, "blocks_64": blocks(4096, 64), "blocks_128": blocks(4096, 128),
                          "written_4096": written_bytes(4096)}
    whole, depthwise, pointwise = bounds()
    numbers |= {"separable_saves": whole / (depthwise + pointwise),
                "depthwise_flops": k / (k + d),
                "depthwise_time": depthwise / (depthwise + pointwise)}
    for batch in 1, 64:
        attention, convolution = token(batch)
        numbers |= {f"token_attention_{batch}": attention / batch,
                    f"token_convolution_{batch}": convolution / batch}
    return numbers


def written_bytes(n):
    """Of one head; each operation reads its inputs and writes its output.

    >>> n = 4096                    # scores, exponentials ... : 4 matrices; q, k, v, y, scaling: 6
    >>> written_bytes(n) == 2 * (4 * n * n + 6 * n * d_head)
    True
    """
    return count(core, *[(1, n, d_head)] * 3)[1]


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.6))
    ax.plot([0.5, ROOF, 2000], [0.5 / ROOF, 1, 1], color=GRAY, lw=2, label="roof")
    ax.axvline(ROOF, color=FAINT, lw=1.5, zorder=0)
    texts = {
        "convolution": ("convolution", (2, 9), "center"),
        "depthwise": ("separable:\ndepthwise part", (14, -14), "left"),
        "pointwise": ("separable: matrix", (-16, 9), "right"),
        "written_out": ("attention,\nwritten out", (10, -14), "left"),
        "fused": ("attention,\nfused", (-8, -36), "left"),
        "decode": ("writing\nword by word", (14, -8), "left"),
        "shared": ("8 heads share\ntheir keys", (-10, 4), "right"),
        "latent": ("one latent\nfor all heads", (-26, -14), "right")}
    for name, value in layers().items():
        text, offset, side = texts[name]
        color = CONVOLUTION if name in ("convolution", "depthwise", "pointwise") \
            else ATTENTION
        y = min(1, value / ROOF)
        ax.plot(value, y, "o", color=color, ms=8, label=text.replace("\n", " "))
        ax.annotate(text, (value, y), offset, textcoords="offset points", ha=side,
                    color=color)
    ax.loglog()
    ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    ax.set_yticks([0.01, 0.1, 1], ["1 %", "10 %", "100 %"])
    ax.minorticks_off()
    ax.set(xlabel="FLOPs for each byte that is read or written",
           ylabel="at most this part of the full speed",
           xlim=(0.5, 2000), ylim=(0.0017, 2.2))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
