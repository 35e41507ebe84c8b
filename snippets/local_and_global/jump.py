"""One kernel rounds a jump; attention stops at it, and so do two kernels with a ReLU."""

from functools import cache

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY

# --8<-- [start:hand]
import torch


def five(readings):
    """The third of five readings, cleaned in three ways."""
    x = torch.tensor(readings)                  # (5,)
    mean = x.mean()                             # one fixed kernel: a fifth of each

    scores = -(x - x[2]).square()               # how well does each fit the third?
    shares = scores.softmax(dim=0)              # (5,)
    attention = shares @ x

    more = torch.relu(x - x[2] + 0.3)           # the first kernel subtracts,
    less = torch.relu(x - x[2] - 0.3)           # and two ReLUs for each neighbour
    limited = more - less - 0.3                 # keep it between -0.3 and 0.3
    two_kernels = x[2] + limited.mean()         # the second kernel: a fifth of each
    return mean, shares, attention, two_kernels


for readings in [2.9, 3.2, 3.0, 3.1, 2.8], [2.9, 3.2, 3.0, 1.1, 0.8]:
    mean, shares, attention, two_kernels = five(readings)
    print(f"mean {mean:.1f}, attention {attention:.1f},",
          f"two kernels {two_kernels:.1f};",
          "shares", *(f"{share:.2f}" for share in shares))
# --8<-- [end:hand]

ON, OFF = five([2.9, 3.2, 3.0, 3.1, 2.8]), five([2.9, 3.2, 3.0, 1.1, 0.8])
n, noise, runs, near, i = 48, 0.5, 5, 6, torch.arange(48)
offset = (i - i[:, None]) % n                           # from i to j, on a ring
beyond = torch.minimum(offset, n - offset) > near
LAST = n // 2 - 1                                       # the last minute before the jump
JUMP = (i <= LAST) * 2.0 - 1                            # 1, then -1


def around(y, reach):
    """The readings around each: (b, n) -> (b, n, 2 reach + 1)."""
    return torch.stack([y.roll(-o, 1) for o in range(-reach, reach + 1)], 2)


class Attention(torch.nn.Module):
    """Shares within the window; a query and a key from each three readings."""

    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Sequential(
            torch.nn.Linear(3, 32), torch.nn.ReLU(), torch.nn.Linear(32, 16))
        self.place = torch.nn.Parameter(torch.zeros(n))

    def shares(self, y):
        q, k = self.embed(around(y, 1)).chunk(2, dim=2)     # (b, n, 8) each
        scores = q @ k.mT + self.place[offset]
        return scores.masked_fill(beyond, -torch.inf).softmax(2)    # (b, n, n)

    def forward(self, y):
        return (self.shares(y) @ y[..., None])[..., 0]


class TwoKernels(torch.nn.Module):
    """A convolution, a ReLU, a convolution: nine readings, then seven."""

    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(
            torch.nn.Conv1d(1, 41, 9), torch.nn.ReLU(), torch.nn.Conv1d(41, 1, 7))

    def forward(self, y):
        return self.net(torch.cat([y[:, -7:], y, y[:, :7]], 1)[:, None])[:, 0]


def signals(b):
    level = (torch.rand(b, n) < 1 / 12).cumsum(1)
    x = torch.randn(b, n + 1).gather(1, level)
    return x, x + noise * torch.randn(b, n)


@cache
@torch.enable_grad()
def trained(make, seed, steps=400):
    torch.manual_seed(seed)
    layer = make()
    adam = torch.optim.Adam(layer.parameters(), 0.03)
    fall = torch.optim.lr_scheduler.LinearLR(adam, 1, 0.01, steps)
    for _ in range(steps):
        x, y = signals(16)
        adam.zero_grad()
        (layer(y) - x).square().mean().backward()
        adam.step()
        fall.step()
    return layer


@cache
def kernel():
    """The best single kernel for such signals: least squares over 2,000 of them."""
    torch.manual_seed(0)
    x, y = signals(2000)
    M = around(y, near).flatten(0, 1)                   # (2000 n, 13)
    return torch.linalg.solve(M.T @ M, M.T @ x.flatten())


@torch.enable_grad()
def amounts(layer, y):
    """How much the output at LAST moves with each reading: (b, n)."""
    y = y.clone().requires_grad_()
    layer(y)[:, LAST].sum().backward()
    return y.grad


def taken(make, seed, y):
    """What the output at LAST takes of each reading; shares, or slopes: (b, n)."""
    if make is None:
        row = torch.zeros(len(y), n)
        row[:, LAST - near : LAST + near + 1] = kernel()
        return row
    layer = trained(make, seed)
    return layer.shares(y).detach()[:, LAST] if make is Attention else amounts(layer, y)


def beyond_jump(row):
    """Which part of the amounts, without their signs, lies beyond the jump."""
    return (row[:, LAST + 1:].abs().sum(1) / row.abs().sum(1)).mean().item()


LAYERS = {"kernel": None, "relu": TwoKernels, "attention": Attention}


def results():
    """The numbers the page quotes: by hand, and what comes from the wrong side.

    Fixed amounts are the same in both cases; shares are not.

    >>> [round(each.item(), 1) for each in (ON[0], OFF[0])]
    [3.0, 2.2]
    >>> [round(each.item(), 1) for each in (OFF[2], OFF[3])]
    [3.0, 2.9]

    The score is a dot product of a query (2 x_i, -1) and a key (x_j, x_j squared), but for
    a number that is the same along the row.

    >>> x = torch.tensor([2.9, 3.2, 3.0, 1.1, 0.8])
    >>> keys = torch.stack([x, x.square()], 1)
    >>> torch.allclose((keys @ torch.tensor([2 * x[2], -1])).softmax(0), OFF[1])
    True

    Taught by examples, both take little from beyond the jump, in each run.

    >>> r = results()
    >>> r["kernel_across"] > 0.25, r["attention_across_max"] < 0.15
    (True, True)
    >>> max(r["relu_across_max"], r["slopes_across_max"]) < r["kernel_across"]
    True
    >>> r["kernel_error"] > 1, max(r["relu_error_max"], r["attention_error_max"]) < 1
    (True, True)
    """
    torch.manual_seed(100)
    y = JUMP + noise * torch.randn(500, n)
    found = {f"share_{place + 1}": share.item() for place, share in enumerate(OFF[1])}
    found |= {"last": LAST, "on_mean": ON[0].item(), "hand_mean": OFF[0].item(),
             "hand_attention": OFF[2].item(), "hand_relu": OFF[3].item(),
             "kernel_error": ((around(y, near) @ kernel())[:, LAST] - 1).square().mean().item()
             / noise**2}
    for name, make in LAYERS.items():
        across, errors, slopes = [], [], []
        for seed in range(runs) if make else [0]:
            across.append(beyond_jump(taken(make, seed, y)))
            if make:
                left = (trained(make, seed)(y).detach()[:, LAST] - 1).square().mean()
                errors.append(left.item() / noise**2)
            if make is Attention:
                slopes.append(beyond_jump(amounts(trained(make, seed), y)))
        if make:
            found |= {f"{name}_across_min": min(across), f"{name}_across_max": max(across),
                      f"{name}_error_min": min(errors), f"{name}_error_max": max(errors)}
        else:
            found["kernel_across"] = across[0]
    return found | {"slopes_across_min": min(slopes), "slopes_across_max": max(slopes)}


def figure():
    torch.manual_seed(102)
    noisy = noise * torch.randn(1, n)
    left, right = LAST - 11, LAST + 12
    fig, axes = plt.subplots(4, 2, figsize=(5.2, 6.4), sharex=True, sharey="row",
                             height_ratios=(1.6, 1, 1, 1))
    titles = {"kernel": "one kernel", "relu": "two kernels\nand a ReLU",
              "attention": "attention"}
    for column, x in enumerate((torch.ones(n), JUMP)):
        y = x + noisy
        top = axes[0, column]
        top.plot(i, 2 + x, color=FAINT, lw=7, drawstyle="steps-mid", label="to be found")
        top.plot(i, 2 + y[0], "o", color=GRAY, ms=4, label="readings")
        top.plot(LAST, 2 + y[0, LAST], "o", color="black", ms=11, mfc="none",
                 label="the reading in question")
        top.set_title(("the kettle stays on", "the kettle goes off")[column])
        for ax, (name, make) in zip(axes[1:, column], LAYERS.items()):
            ax.axhline(0, color=FAINT, lw=1, label="_zero")
            row = amounts(trained(make, 0), y) if make else taken(make, 0, y)
            ax.bar(i, row[0], width=0.8, label=titles[name].replace("\n", " "),
                   color=ATTENTION if name == "attention" else CONVOLUTION)
            if not column:
                ax.text(left, 0.62, titles[name], va="top", weight="bold",
                        color=ATTENTION if name == "attention" else CONVOLUTION)
        for ax in axes[:, column]:
            ax.spines["bottom"].set_visible(ax is axes[-1, column])
            ax.tick_params(bottom=ax is axes[-1, column])
            if column:
                ax.axvspan(LAST + 0.5, right + 0.5, color=FAINT, alpha=0.4, lw=0,
                           zorder=0, label="_beyond")
    axes[0, 0].set(xlim=(left - 0.7, right + 0.5), ylim=(-0.2, 4.2), yticks=[1, 3], ylabel="kW")
    for ax in axes[1:, 0]:
        ax.set(ylim=(-0.14, 0.66), yticks=[0, 0.4])
    for ax in axes[-1]:
        ax.set(xlabel="minute", xticks=[16, 24, 32])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
