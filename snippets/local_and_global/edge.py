"""Fixed weights blur a jump; weights computed from the content stop at it."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY

# --8<-- [start:edge]
import torch
from torch import nn

n, noise, near, i = 48, 0.5, 6, torch.arange(48)
offset = (i - i[:, None]) % n  # from i to j, on a ring
beyond = torch.minimum(offset, n - offset) > near


def around(y, reach):  # (b, n) -> (b, n, k)
    return torch.stack([y.roll(-o, 1) for o in range(-reach, reach + 1)], 2)


torch.manual_seed(0)
level = (torch.rand(2000, n) < 1 / 12).cumsum(1)  # jumps once in 12
x = torch.randn(2000, n + 1).gather(1, level)  # what is to be found
y = x + noise * torch.randn(2000, n)  # what is given
M = around(y, near).flatten(0, 1)  # (2000 n, 13)
kernel = torch.linalg.solve(M.T @ M, M.T @ x.flatten())
embed = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 16))
bias = nn.Parameter(torch.zeros(n))  # a score by offset


def weights(y):  # (b, n) -> (b, n, n)
    q, k = embed(around(y, 1)).chunk(2, dim=-1)  # (b, n, 8) each
    scores = q @ k.mT + bias[offset]
    return scores.masked_fill(beyond, -torch.inf).softmax(dim=-1)


optimizer = torch.optim.Adam([*embed.parameters(), bias], lr=0.01)
for batch in torch.randint(2000, (300, 16)):
    found = (weights(y[batch]) @ y[batch, :, None])[..., 0]
    optimizer.zero_grad()
    (found - x[batch]).square().mean().backward()
    optimizer.step()
x = (i < n / 2) * 2.0 - 1  # one jump: 1, then -1
y = x + noise * torch.randn(500, n)
found = {"fixed weights": around(y, near) @ kernel,
         "computed weights": (weights(y).detach() @ y[..., None])[..., 0]}
for name, z in found.items():
    error = (z - x).square().mean(0) / noise**2  # (n,)
    print(f"{name}: error {error[12]:.1f} far from the jump,",
          f"{error[23]:.1f} beside it")
# --8<-- [end:edge]

SHOWN, LAST = 3, n // 2 - 1  # the signal drawn; the position before the jump
A = weights(y).detach()


def results():
    """The numbers the page quotes; errors relative to the variance of the noise.

    >>> r = results()
    >>> r["computed_last"] < r["fixed_last"] / 2, r["computed"] < r["fixed"] / 2
    (True, True)
    >>> r["fixed_across"] > 0.25, r["computed_across"] < 0.15
    (True, True)

    Rows of A sum to 1, and A is zero beyond the window.

    >>> bool((A.sum(-1) - 1).abs().max() < 1e-5), A[:, beyond].max().item()
    (True, 0.0)
    """
    fixed, computed = ((z - x).square().mean(0) / noise**2 for z in found.values())
    return {
        "window": 2 * near + 1,
        "last": LAST,
        "fixed": fixed.mean().item(),
        "computed": computed.mean().item(),
        "fixed_last": fixed[LAST].item(),
        "computed_last": computed[LAST].item(),
        "fixed_across": (kernel[near + 1:].sum() / kernel.sum()).item(),
        "computed_across": A[:, LAST, LAST + 1:].sum(-1).mean().item(),
    }


def figure():
    fig, (signal, *rows) = plt.subplots(3, figsize=(5.2, 6), sharex=True,
                                        height_ratios=(2, 1, 1))
    signal.plot(i, x, color=FAINT, lw=6, label="to be found")
    signal.plot(i, y[SHOWN], "o", color=GRAY, ms=4, label="given")
    bars = torch.zeros(n)
    bars[LAST - near : LAST + near + 1] = kernel
    for ax, (name, z), weight, color, style in zip(
            rows, found.items(), (bars, A[SHOWN, LAST]),
            (CONVOLUTION, ATTENTION), ("-", "--")):
        signal.plot(i, z[SHOWN], style, color=color, label=name)
        ax.bar(i, weight, color=color, width=0.8, label=name)
        ax.set_title(f"{name} of output {LAST}", color=color, weight="bold")
        ax.set(ylim=(0, 0.5), yticks=[0, 0.4])
    for ax in signal, *rows:
        ax.axvline(LAST + 0.5, color="black", lw=1, ls=":", label="_jump")
    signal.set(ylim=(-3.6, 2.1), yticks=[-1, 1], title="a noisy jump")
    signal.legend(loc="lower left", ncols=2, handlelength=1.5, columnspacing=1)
    rows[-1].set_xlabel("input position $j$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
