"""What an endless stream of sound costs each way of looking back."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION

# --8<-- [start:streams]
def convolutions(n, d, k, dilations):
    """Causal layers, one after the other; all numbers for the stack."""
    L, back = len(dilations), (k - 1) * sum(dilations)
    return {"weights": L * k * d**2,
            "MACs": L * n * k * d**2,
            "peak": 2 * n * d,          # at once, if all n are computed together
            "train": L * n * d,         # kept for the gradients
            "state": back * d,          # kept for the next output
            "field": back + 1}          # positions it sees


def separable(n, d, k, L):
    """L causal layers: each channel by itself, then a matrix."""
    return convolutions(n, d, k, [1] * L) | {
        "weights": L * (k * d + d**2), "MACs": L * n * (k * d + d**2),
        "peak": 3 * n * d, "train": L * 2 * n * d}


def attention(n, d, L, w=None):
    """L causal layers; each position sees w before it, or all n."""
    keys = min(w + 1, n) if w else n
    return {"weights": L * 4 * d**2,
            "MACs": L * (4 * n * d**2 + 2 * n * keys * d),
            "peak": 5 * n * d,          # fused
            "train": L * 5 * n * d,     # without h n
            "state": L * 2 * min(w or n, n) * d,
            "field": min(n, 1 + L * (w or n))}


def state_space(n, d, L, N=16):
    """L layers like Mamba-2: six matrices, a table of N rows for 2 d channels."""
    return {"weights": L * (6 * d**2 + 2 * d * N),
            "MACs": L * n * (6 * d**2 + 8 * d * N),
            "peak": 7 * n * d, "train": L * 7 * n * d,
            "state": L * 2 * d * N, "field": n}


second = 16_000                                 # samples
wavenet = [2**i for i in range(10)] * 3         # 1, 2, ..., 512; again
audio = {                   # costs of a second, samples for each token
    "plain, 30 layers": (convolutions(second, 64, 2, [1] * 30), 1),
    "dilated, 30 layers": (convolutions(second, 64, 2, wavenet), 1),
    "window 512, 6 layers": (attention(second, 64, 6, 512), 1),
    "attention, 6 layers": (attention(second, 64, 6), 1),
    "frames, convolution": (convolutions(25, 144, 3, [1] * 12), 640),
    "frames, separable": (separable(25, 144, 3, 12), 640),
    "frames, attention": (attention(25, 144, 16), 640),
    "frames, state space": (state_space(25, 144, 10), 640)}
print("4 bytes a number      M weights  MMACs    kB: state    peak    train  sees ms")
for name, (cost, hop) in audio.items():
    print(f"{name:21}{cost['weights'] / 1e6:10.2f}{cost['MACs'] / 1e6:9,.0f}",
          f"{4 * cost['state'] / 1e3:12,.1f}{4 * cost['peak'] / 1e3:8,.0f}",
          f"{4 * cost['train'] / 1e3:8,.0f}",
          f"{1e3 * cost['field'] * hop / second:7,.0f}")
# --8<-- [end:streams]

def kept(name):
    """Bytes of a state, 4 a number. And the formulas against counts and gradients.

    >>> import torch
    >>> import torch.nn.functional as F
    >>> from torch.utils.flop_counter import FlopCounterMode
    >>> n, d, k, dilations = 60, 4, 3, [1, 2, 4]
    >>> W = torch.ones(d, d, k)
    >>> x = torch.ones(1, d, n, requires_grad=True)
    >>> def stack(y):
    ...     for dilation in dilations:
    ...         y = F.conv1d(y, W, dilation=dilation)
    ...     return y
    >>> stack(x)[0, 0, -1].backward()
    >>> field = x.grad[0, 0].count_nonzero().item()
    >>> cost = convolutions(n, d, k, dilations)
    >>> field, cost["field"], cost["state"] == (field - 1) * d
    (15, 15, True)
    >>> with FlopCounterMode(display=False) as counter:
    ...     for dilation in dilations:          # padded: n outputs each
    ...         y = F.conv1d(x, W, dilation=dilation, padding="same")
    >>> counter.get_total_flops() == 2 * cost["MACs"]
    True

    Attention with a causal window: the field of 3 layers, and the work of one.

    >>> i = torch.arange(n)
    >>> w = 4
    >>> near = (i <= i[:, None]) & (i >= i[:, None] - w)
    >>> x = torch.randn(1, n, d, requires_grad=True)
    >>> y = x
    >>> for _ in range(3):
    ...     y = y + F.scaled_dot_product_attention(y, y, y, attn_mask=near)
    >>> y[0, -1].sum().backward()
    >>> seen = x.grad[0].abs().sum(1).count_nonzero().item()
    >>> seen == attention(n, d, 3, w)["field"] == 13
    True
    >>> Q, K, M = torch.ones(n, d), torch.ones(w + 1, d), torch.ones(d, d)
    >>> with FlopCounterMode(display=False) as counter:
    ...     _ = [Q @ M for _ in range(4)], (Q @ K.T) @ K
    >>> counter.get_total_flops() == 2 * attention(n, d, 1, w)["MACs"]
    True
    >>> attention(n, d, 1, n)["MACs"] == attention(n, d, 1)["MACs"]
    True
    """
    return 4 * audio[name][0]["state"]


def results():
    """The numbers the page quotes; states of audio in bytes, 4 a number.

    >>> r = results()
    >>> round(r["dilated_ms"]), round(r["window_ms"])
    (192, 192)

    On frames: 25 positions are one second for all four.

    >>> [cost["field"] for name, (cost, _) in audio.items() if name.startswith("frames")]
    [25, 25, 25, 25]

    The separable stack has the least weights and work of them, a third of the work of the plain one, and
    its state. The table of state-space layers lies between convolution and attention.

    >>> frames = {name[8:]: cost for name, (cost, _) in audio.items() if name.startswith("frames")}
    >>> for what in "weights", "MACs":
    ...     assert min(frames, key=lambda name: frames[name][what]) == "separable"
    >>> 2.9 < frames["convolution"]["MACs"] / frames["separable"]["MACs"] < 3.1
    True
    >>> 0.9 < frames["state space"]["weights"] / frames["attention"]["weights"] < 1.1
    True
    >>> frames["separable"]["state"] == frames["convolution"]["state"]
    True
    >>> 5 * frames["separable"]["state"] < frames["state space"]["state"] < frames["attention"]["state"] / 2
    True

    One separable layer, counted. (State-space layers are a formula, that of the five blocks.)

    >>> import torch
    >>> import torch.nn.functional as F
    >>> from torch.utils.flop_counter import FlopCounterMode
    >>> x, W = torch.ones(1, 4, 60), torch.ones(4, 1, 3)
    >>> with FlopCounterMode(display=False) as counter:
    ...     _ = torch.ones(4, 4) @ F.conv1d(x, W, padding=1, groups=4)[0]
    >>> counter.get_total_flops() == 2 * separable(60, 4, 3, 1)["MACs"]
    True

    At the same reach and width, L layers of attention keep 2 L times the state.

    >>> a, c = attention(1023, 64, 6), convolutions(1023, 64, 2, wavenet[:10])
    >>> c["field"], a["state"] / c["state"]
    (1024, 12.0)
    """
    dilated, window = audio["dilated, 30 layers"][0], audio["window 512, 6 layers"][0]
    return {
        "dilated_state": kept("dilated, 30 layers"),
        "window_state": kept("window 512, 6 layers"),
        "attention_state": kept("attention, 6 layers"),
        "frame_state": kept("frames, convolution"),
        "frame_attention_state": kept("frames, attention"),
        "frame_table_state": kept("frames, state space"),
        "frame_ratio": round(kept("frames, attention") / kept("frames, convolution")),
        "dilated_train": 4 * dilated["train"],
        "dilated_ms": 1e3 * dilated["field"] / second,
        "window_ms": 1e3 * window["field"] / second}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.1))
    kB = {      # kept to look back one second
        "on samples": (4 * (second - 1) * 64 / 1e3, 4 * 6 * 2 * second * 64 / 1e3),
        "on frames": (kept("frames, convolution") / 1e3, kept("frames, attention") / 1e3)}
    names = ("convolution", CONVOLUTION), ("attention", ATTENTION)
    for y, (where, sizes) in enumerate(kB.items()):
        for (name, color), size in zip(names, sizes):
            ax.plot(size, y, "o", ms=12, color=color, label=f"{name} {where}: kB")
            text = f"{size / 1e3:.0f} MB" if size > 1e3 else f"{size:.0f} kB"
            ax.annotate(text if y else f"{name}\n{text}", (size, y), (0, -12 if y else 12),
                        textcoords="offset points", ha="center", va="top" if y else "bottom", color=color)
    for (_, color), (side, edge), samples, frames in zip(names, (("right", "bottom"), ("left", "top")), *kB.values()):
        ax.annotate("", (frames, 1), (samples, 0), arrowprops=dict(
            arrowstyle="->", color=color, shrinkA=10, shrinkB=10))
        ax.annotate(f"{samples / frames:.0f} times less", ((samples * frames)**0.5, 0.5),
                    (-9, 3) if side == "right" else (9, -3), textcoords="offset points", ha=side, va=edge, color=color)
    ax.set(xscale="log", xlim=(4, 2e5), ylim=(1.5, -0.7), xlabel="kept for a look back of one second")
    ax.set_xticks([10, 1e3, 1e5], ["10 kB", "1 MB", "100 MB"])
    ax.set_yticks([0, 1], kB)
    ax.minorticks_off()
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
