"""What a training step costs beside the forward pass: twice as much, or 2.5 times."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION

# --8<-- [start:backward]
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode


class Recomputed(torch.autograd.Function):
    """The core of attention that keeps no A, and makes it again."""

    @staticmethod
    def forward(keep, Q, K, V):                     # (n, d_head) each
        S = Q @ K.T / Q.shape[1]**0.5               # product 1
        keep.save_for_backward(Q, K, V, torch.logsumexp(S, 1))
        return torch.softmax(S, 1) @ V              # product 2

    @staticmethod
    def backward(keep, dy):
        Q, K, V, row = keep.saved_tensors
        A = torch.exp(Q @ K.T / Q.shape[1]**0.5 - row[:, None])
        dA = dy @ V.T
        dS = A * (dA - (A * dA).sum(1, keepdim=True)) / Q.shape[1]**0.5
        return dS @ K, dS.T @ Q, A.T @ dy           # 5 products in all


def written_out(Q, K, V):
    return torch.softmax(Q @ K.T / Q.shape[1]**0.5, dim=1) @ V


def ratio(layer, *shapes):
    """FLOPs of the backward pass, for one of the forward pass."""
    inputs = [torch.empty(s, device="meta", requires_grad=True) for s in shapes]
    with FlopCounterMode(display=False) as forward:
        y = layer(*inputs)
    with FlopCounterMode(display=False) as backward:
        y.backward(torch.empty_like(y))
    return backward.get_total_flops() / forward.get_total_flops()


n, d, k = 1000, 64, 9
print("convolution:", ratio(F.conv1d, (d, n + k - 1), (d, d, k)))
print("depthwise, one channel:", ratio(F.conv1d, (1, n + k - 1), (1, 1, k)))
print("matrix:", ratio(lambda x, W: x @ W.T, (n, d), (d, d)))
for core in written_out, Recomputed.apply:
    print("core of attention:", ratio(core, (n, d), (n, d), (n, d)))
# --8<-- [end:backward]

CORES = {"written": written_out, "recomputed": Recomputed.apply}


def step(layer, n=1000, d=768, k=9):
    """MACs a position, in millions: forward and backward, of our layers."""
    forward = {"convolution": k * d**2, "separable": k * d + d**2,
               "written": 4 * d**2 + 2 * n * d, "recomputed": 4 * d**2 + 2 * n * d}[layer]
    extra = 0.5 * 2 * n * d if layer == "recomputed" else 0
    return forward / 1e6, (2 * forward + extra) / 1e6


def results():
    """Ratios of the core, and of a whole attention layer at n = 1,000, d = 768.

    The gradients are autograd's.

    >>> torch.manual_seed(0)  # doctest: +ELLIPSIS
    <...>
    >>> QKV = [torch.randn(50, 8, dtype=torch.float64, requires_grad=True)
    ...        for _ in range(3)]
    >>> dy = torch.randn(50, 8, dtype=torch.float64)
    >>> first, second = (torch.autograd.grad(core(*QKV), QKV, dy) for core in CORES.values())
    >>> all(map(torch.allclose, first, second))
    True
    >>> [ratio(core, *[(n, d)] * 3) for core in CORES.values()]
    [2.0, 2.5]

    Of a depthwise convolution the channels are layers of their own; the counter takes
    the gradient of its weights for that of a whole convolution.

    >>> ratio(F.conv1d, (1, n + k - 1), (1, 1, k)), results()["counter_says"]
    (2.0, 65)
    """
    forward, backward = step("recomputed")
    whole = ratio(lambda x, W: F.conv1d(x, W, groups=d), (d, n + k - 1), (d, 1, k))
    return {"counter_says": round(whole), "channels": d, "written_out": ratio(written_out, *[(n, d)] * 3),
            "recomputed": ratio(Recomputed.apply, *[(n, d)] * 3),
            "layer_recomputed": backward / forward}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.2))
    names = {"separable": "separable", "convolution": "convolution",
             "written": "attention,\nkeeping A", "recomputed": "attention,\nrecomputing A"}
    for y, layer in enumerate(names):
        forward, backward = step(layer)
        color = CONVOLUTION if y < 2 else ATTENTION
        ax.barh(y, forward, 0.6, color=color, label=f"{layer}, forward")
        ax.barh(y, backward, 0.6, left=forward, color=color, alpha=0.4,
                label=f"{layer}, backward")
        ax.annotate(f"{forward:.1f} + {backward:.1f}", (forward + backward, y), (5, 0),
                    textcoords="offset points", va="center")
    ax.set_yticks(range(4), names.values())
    ax.set(ylim=(3.5, -0.5), xticks=[], xlim=(0, 21),
           title="million MACs a word: forward + backward")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
