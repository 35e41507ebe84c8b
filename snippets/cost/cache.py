"""Token by token: attention keeps all keys and values, a convolution its window."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION
from torch.utils.flop_counter import FlopCounterMode

# --8<-- [start:cache]
import torch
import torch.nn.functional as F


def attend(token, K, V):        # (1, d), and (t, d) of the tokens before
    q, key, value = (token @ W_QKV.T).chunk(3, dim=1)
    K, V = torch.cat([K, key]), torch.cat([V, value])       # (t + 1, d)
    a = torch.softmax(q @ K.T / d**0.5, dim=1)              # (1, t + 1)
    return a @ V @ W_O.T, K, V


def convolve(token, window):    # (1, d), and the k - 1 tokens before
    window = torch.cat([window, token])                     # (k, d)
    return torch.einsum("td,edt->e", window, W)[None], window[1:]


n, d, k = 512, 64, 3
torch.manual_seed(0)
x = torch.randn(n, d).double()
W_QKV, W_O, W = (torch.randn(shape).double() / d**0.5
                 for shape in ((3 * d, d), (d, d), (d, d, k)))

K = V = x[:0]                   # the cache: empty
window = torch.zeros(k - 1, d).double()
y, z = [], []
for token in x.split(1):
    out, K, V = attend(token, K, V)
    y.append(out)
    out, window = convolve(token, window)
    z.append(out)

Q, Ks, Vs = (x @ W_QKV.T).chunk(3, dim=1)           # all tokens at once
at_once = F.scaled_dot_product_attention(Q, Ks, Vs, is_causal=True) @ W_O.T
convolved = F.conv1d(F.pad(x.T, (k - 1, 0)), W).T
print("attention: same outputs:", torch.allclose(torch.cat(y), at_once),
      f" kept: {K.numel() + V.numel():,} numbers")
print("convolution: same outputs:", torch.allclose(torch.cat(z), convolved),
      f" kept: {window.numel():,} numbers")
# --8<-- [end:cache]

def step(t):
    """FLOPs of the next output after t tokens: attention, convolution.

    >>> all(step(t) == (8 * d**2 + 4 * (t + 1) * d, 2 * k * d**2) for t in (0, 9, 511))
    True
    """
    counts = []
    for layer, state in (attend, (x[:t], x[:t])), (convolve, (x[:k - 1],)):
        with FlopCounterMode(display=False) as counter:
            layer(x[:1], *state)
        counts.append(counter.get_total_flops())
    return tuple(counts)


def results():
    """What is kept: numbers after 512 tokens here, bytes in networks of known size.

    A layer and 12 layers of d = 768 keep 4 bytes a number, and k = 9; the 96
    layers of GPT-3, d = 12,288, would keep 2 bytes a number. Then numbers a token
    and layer: Llama 2 70B has 64 heads of 128 channels and 8 key-value heads,
    DeepSeek-V2 has 128 heads of 128 and one vector of 512 + 64 for all.

    >>> torch.allclose(torch.cat(y), at_once), torch.allclose(torch.cat(z), convolved)
    (True, True)
    >>> K.numel() + V.numel() == 2 * n * d, window.numel() == (k - 1) * d
    (True, True)
    >>> results()["attention"], results()["convolution"]
    (65536, 128)
    """
    last, convolution = step(n - 1)
    return {
        "attention": K.numel() + V.numel(), "convolution": window.numel(),
        "step_last": last, "step_growth": last / step(0)[0],
        "step_convolution": convolution,
        "layer_1000": 4 * 2 * 768 * 1000, "layer_convolution": 4 * 8 * 768,
        "network_1000": 4 * 2 * 12 * 768 * 1000,
        "network_convolution": 4 * 12 * 8 * 768,
        "llama_own": 2 * 64 * 128, "llama_shared": 2 * 8 * 128,
        "deepseek_own": 2 * 128 * 128, "deepseek_latent": 512 + 64,
        "deepseek_saves": 2 * 128 * 128 / (512 + 64),
        "gpt3_2048": 2 * 2 * 96 * 12288 * 2048,
    }


def figure():
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 2.8))
    at = [1, *range(64, n + 1, 64)]
    kept = [2 * t * d for t in at], [(k - 1) * d for t in at]
    flops = list(zip(*(step(t - 1) for t in at)))
    for ax, series, title in (axes[0], kept, "numbers kept"), (axes[1], flops, "FLOPs for a token"):
        for name, values, color in zip(("attention", "convolution"), series, (ATTENTION, CONVOLUTION)):
            ax.plot(at, values, color=color, label=f"{name}: {title}")
            ax.annotate(f"{name}: {values[-1]:,}", (n, values[-1]), (0, 5), textcoords="offset points",
                        color=color, ha="right")
        ax.set(title=title, xlabel="tokens so far", xticks=[1, 256, n], yticks=[],
               ylim=(0, 1.12 * series[0][-1]))
        ax.spines["left"].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
