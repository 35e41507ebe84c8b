"""Five ways to tell attention where it is, and what each makes of distance."""

import matplotlib.pyplot as plt

# --8<-- [start:positions]
import math

import torch

n, d = 160, 64
torch.manual_seed(0)
i = torch.arange(n).double()
distance = i - i[:, None]                        # (n, n): j - i
omega = 10_000 ** (-torch.arange(0, d, 2).double() / d)
angle = i[:, None] * omega                       # (n, d / 2)
sinusoidal = torch.stack([angle.sin(), angle.cos()], 2).flatten(1)    # (n, d)
learned = torch.randn(n, d).double()             # before training


def rotate(x):
    """Rotary: channels (2m, 2m + 1) of x_i (n, d) turn by i omega_m."""
    turned = torch.view_as_complex(x.reshape(n, -1, 2)) * torch.exp(1j * angle)
    return torch.view_as_real(turned).flatten(1)


def bucket(distance, buckets=32, furthest=128):
    """T5: a bucket for each small distance, ever wider ones up to `furthest`."""
    side, exact = buckets // 2, buckets // 4
    size = distance.abs()
    wide = exact + (side - exact) * (size / exact).log() / math.log(furthest / exact)
    size = torch.where(size < exact, size, wide.clamp(max=side - 1))
    return size.long() + side * (distance > 0)


q = torch.randn(d).double().expand(n, d)         # the same query and key everywhere
added = {                                        # to the score of i for j, (n, n)
    "sinusoidal": sinusoidal @ sinusoidal.T / d**0.5,
    "learned": learned @ learned.T / d**0.5,
    "relative bias": torch.randn(32).double()[bucket(distance)],
    "rotary": rotate(q) @ rotate(q).T / d**0.5,
    "ALiBi": -distance.abs() / 8,
}
for name, S in added.items():
    spread = max(S.diagonal(offset).std() for offset in range(-64, 65))
    print(f"{name}: a function of j - i: {bool(spread < 1e-9)}")
# --8<-- [end:positions]

ATTENTION = "#D55E00"
reach = range(-64, 65)
captions = {
    "sinusoidal": "sinusoidal: $p_i · p_j$",
    "learned": "learned: $p_i · p_j$, untrained",
    "relative bias": "relative bias: one number a bucket",
    "rotary": "rotary: turned $q · k$",
    "ALiBi": "ALiBi: $−m\\,|i − j|$",
}


def spread(S):
    """Largest difference between two pairs (i, j) at the same distance."""
    return max((S.diagonal(o).max() - S.diagonal(o).min()).item() for o in reach)


def results():
    """For which of the five the distance alone decides, and how far others are.

    >>> r = results()
    >>> r["exact"], r["exact_names"]
    (4, 'sinusoidal, relative bias, rotary and ALiBi')

    The sinusoidal product is a sum of cosines of the distance, and rotary scores of
    a constant vector are the same sum: the same frequencies, twice.

    >>> cosines = torch.cos(distance[..., None] * omega).sum(2) / d**0.5
    >>> torch.allclose(added["sinusoidal"], cosines)
    True
    >>> one = torch.full((n, d), 0.5**0.5).double()
    >>> torch.allclose(rotate(one) @ rotate(one).T / d**0.5, cosines)
    True

    Rotary turns after the projections: any query and key keep the property. The
    sinusoidal vectors are projected, and lose it.

    >>> Q, K = torch.randn(2, 1, d).double().expand(2, n, d)
    >>> spread(rotate(Q) @ rotate(K).T) < 1e-9
    True
    >>> W_Q, W_K = torch.randn(2, d, d).double() / d**0.5
    >>> spread((sinusoidal @ W_Q.T) @ (sinusoidal @ W_K.T).T / d**0.5) > 1
    True

    T5 keeps each distance below 8 apart and lumps all from 128 on together.

    >>> bucket(torch.arange(0, -10, -1).double()).tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 8]
    >>> bucket(-torch.tensor([127.9, 128, 5000])).tolist(), len(set(
    ...     bucket(distance.flatten()).tolist()))
    ([15, 15, 15], 31)
    """
    generator = torch.Generator().manual_seed(0)
    W_Q, W_K = torch.randn(2, d, d, generator=generator).double() / d**0.5
    projected = (sinusoidal @ W_Q.T) @ (sinusoidal @ W_K.T).T / d**0.5
    exact = [name for name, S in added.items() if spread(S) < 1e-9]
    return {
        "exact": len(exact),
        "exact_names": f"{', '.join(exact[:-1])} and {exact[-1]}",
        "spread_learned": round(spread(added["learned"]), 1),
        "spread_projected": round(spread(projected), 1),
    }


def figure():
    fig, axes = plt.subplots(5, figsize=(5.2, 8.2), sharex=True)
    for ax, (name, S) in zip(axes, added.items()):
        diagonals = [S.diagonal(o) for o in reach]
        ax.fill_between(reach, [s.min().item() for s in diagonals],
                        [s.max().item() for s in diagonals],
                        color=ATTENTION, alpha=0.3, lw=0, label="_range")
        step = "steps-mid" if name == "relative bias" else "default"
        ax.plot(reach, [s.mean().item() for s in diagonals], color=ATTENTION,
                drawstyle=step, label=name)
        ax.set_title(captions[name])
    axes[2].set_ylabel("what position adds to the score")
    axes[4].set_xlabel("distance $j - i$")
    axes[4].set_xticks([-64, -32, 0, 32, 64], ["−64", "−32", "0", "32", "64"])
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
