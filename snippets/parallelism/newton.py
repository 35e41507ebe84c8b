"""An RNN with a tanh, all positions at once: Newton's method around a scan."""

from functools import cache

import matplotlib.pyplot as plt
from style import FAINT, GRAY, shades

# --8<-- [start:newton]
import torch


def loop(U, inputs):
    """h_t = tanh(inputs_t + U h_{t-1}), one after the other: (n, d)."""
    h, outputs = torch.zeros_like(inputs[0]), []
    for input in inputs:
        h = torch.tanh(input + U @ h)
        outputs.append(h)
    return torch.stack(outputs)


def scan(A, b):
    """h_t = A_t h_{t-1} + b_t in log2 n rounds: (n, d, d), (n, d) -> (n, d)."""
    reach = 1
    while reach < len(b):
        more = (A[reach:] @ b[:-reach, :, None])[..., 0]
        A, b = (torch.cat([A[:reach], A[reach:] @ A[:-reach]]),
                torch.cat([b[:reach], b[reach:] + more]))
        reach *= 2
    return b


def newton(U, inputs, tries):
    """Guess all h, put the tangent in place of tanh, solve; once a try."""
    h = torch.zeros_like(inputs)
    for _ in range(tries):
        before = torch.cat([torch.zeros_like(h[:1]), h[:-1]])   # h_{t-1}
        y = torch.tanh(inputs + before @ U.T)                   # (n, d)
        A = (1 - y**2)[..., None] * U                           # slope: (n, d, d)
        h = scan(A, y - (A @ before[..., None])[..., 0])
        yield h


torch.manual_seed(0)
n, d = 1024, 16
U = 0.5 * torch.randn(d, d).double() / d**0.5
inputs = torch.randn(n, d).double()
for h in newton(U, inputs, tries=5):
    print(f"largest error below 1e-8: {(h - loop(U, inputs)).abs().max() < 1e-8}")
# --8<-- [end:newton]

TRIES, SEEDS, GAINS = 12, range(5), (0.5, 1, 2)


@cache
def far(gain, seed):
    """The error of each position after each try; U is gain times a random matrix."""
    torch.manual_seed(seed)
    U = gain * torch.randn(d, d).double() / d**0.5
    inputs = torch.randn(n, d).double()
    true = loop(U, inputs)
    return torch.stack([(h - true).abs().amax(1).nan_to_num(1e9)
                        for h in newton(U, inputs, TRIES)])     # (TRIES, n)


def errors(gain, seed):
    """The largest error after each try."""
    return far(gain, seed).amax(1).tolist()


def tries(gain, seed, enough=1e-8):
    """The try after which the error is small; one more than there were if never."""
    return next((i for i, e in enumerate(errors(gain, seed), 1) if e < enough), TRIES + 1)


@cache
def forgets(gain, seed):
    """Mean logarithm of how much a small change of h grows in one step."""
    torch.manual_seed(seed)
    U = gain * torch.randn(d, d).double() / d**0.5
    change, growth = torch.ones(d).double() / d**0.5, 0.0
    for h in loop(U, torch.randn(n, d).double()):
        change = (1 - h**2) * (U @ change)
        growth += change.norm().log().item() / n
        change = change / change.norm()
    return growth


def results():
    """How many tries it takes, of five networks each; gain 2 is not done after twelve.

    >>> {tries(2, seed) for seed in SEEDS} == {TRIES + 1}
    True
    >>> all(min(errors(2, seed)) > 1e-2 for seed in SEEDS)
    True
    >>> max(tries(0.5, seed) for seed in SEEDS) < max(tries(1, seed) for seed in SEEDS) < 10
    True
    >>> all(forgets(0.5, seed) < -0.8 < forgets(1, seed) < -0.3 < forgets(2, seed) < 0
    ...     for seed in SEEDS)
    True

    With gain 2 the outputs become right one after the other.

    >>> all(TRIES <= (far(2, seed)[-1] < 1e-8).sum() < 100 for seed in SEEDS)
    True

    The scan is the recurrence, and after s tries the first s outputs are right.

    >>> A, b = torch.randn(9, 3, 3).double(), torch.randn(9, 3).double()
    >>> h, one = torch.zeros(3).double(), []
    >>> for A_t, b_t in zip(A, b):
    ...     h = A_t @ h + b_t
    ...     one.append(h)
    >>> torch.allclose(scan(A, b), torch.stack(one))
    True
    >>> U = 2 * torch.randn(4, 4).double()
    >>> inputs = torch.randn(20, 4).double()
    >>> true = loop(U, inputs)
    >>> all(torch.allclose(h[:s], true[:s], atol=1e-6)
    ...     for s, h in enumerate(newton(U, inputs, 20), 1))
    True
    """
    fast, slow = ([tries(gain, seed) for seed in SEEDS] for gain in (0.5, 1))
    return {"n": n, "d": d, "rounds": (n - 1).bit_length(), "tries": TRIES,
            "fast_max": max(fast),
            "slow_min": min(slow), "slow_max": max(slow),
            "scans": max(slow) * (n - 1).bit_length()}


def figure():
    fig, axes = plt.subplots(3, figsize=(5.2, 4.4), sharex=True)
    for ax, gain, name in zip(axes, GAINS, ("gain ½", "gain 1", "gain 2")):
        right = torch.stack([far(gain, seed) < 1e-8 for seed in SEEDS]).float().mean(0)
        ax.imshow(right, cmap=shades(GRAY), vmin=0, vmax=1, aspect="auto", interpolation="none",
                  extent=(0, n, TRIES + 0.5, 0.5), label=f"networks whose output is right, {name}")
        done = [tries(gain, seed) for seed in SEEDS]
        ax.set_title(f"{name}: all right after {max(done)} tries" if max(done) <= TRIES
                     else f"{name}: most still wrong after {TRIES} tries")
        ax.set(ylabel="try", yticks=[1, 4, 8, 12], xticks=[1, 256, 512, 768, n])
        ax.spines[:].set(visible=True, color=FAINT)
    axes[-1].set_xlabel("position")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
