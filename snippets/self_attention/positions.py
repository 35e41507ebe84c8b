"""Five ways to tell attention where it is, and what each makes of distance."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, GRAY, shades

# --8<-- [start:positions]
import torch

n, d = 160, 64
torch.manual_seed(0)
i = torch.arange(n).double()
distance = i - i[:, None]                        # (n, n): j - i
omega = 10_000 ** (-torch.arange(0, d, 2).double() / d)
sin, cos = (i[:, None] * omega).sin(), (i[:, None] * omega).cos()
sinusoidal = torch.stack([sin, cos], 2).flatten(1)      # (n, d)
learned = torch.randn(n, d).double()             # before training


def rotate(x):
    """Rotary: channels 2m and 2m + 1 of token i turn by i omega_m."""
    a, b = x[:, 0::2], x[:, 1::2]                # (n, d / 2)
    return torch.stack([a * cos - b * sin, a * sin + b * cos], 2).flatten(1)


def bucket(distance):
    """T5: a bucket for each distance below 8, ever wider ones up to 128."""
    size = distance.abs()
    wide = (8 + 2 * (size / 8).log2()).clamp(max=15)
    return size.where(size < 8, wide).long() + 16 * (distance > 0)


q = torch.randn(d).double().expand(n, d)         # the same query and key everywhere
W_Q, W_K = torch.randn(2, d, d).double() / d**0.5
added = {                                        # to the scores, (n, n)
    "sinusoidal": sinusoidal @ sinusoidal.T,
    "learned": learned @ learned.T,
    "relative bias": torch.randn(32).double()[bucket(distance)],
    "rotary": rotate(q) @ rotate(q).T,
    "ALiBi": -distance.abs() / 8,
    "sinusoidal, projected": sinusoidal @ W_Q.T @ W_K @ sinusoidal.T,
    "rotary, projected": rotate(q @ W_Q.T) @ rotate(q @ W_K.T).T,
}
print("At the same distance, pairs differ by up to")
for name, S in added.items():
    equal = [S.diagonal(offset) for offset in range(-64, 65)]
    print(f"{max(s.max() - s.min() for s in equal):2.0f}  {name}")
# --8<-- [end:positions]

reach = range(-64, 65)
SCHEMES = "sinusoidal", "learned", "relative bias", "rotary", "ALiBi"
SHOWN = 40      # positions in the figure


def spread(S, offsets=reach):
    """Largest difference between two pairs (i, j) at the same distance."""
    return max((S.diagonal(o).max() - S.diagonal(o).min()).item() for o in offsets)


def results():
    """For which of the five the distance alone decides, and how far others are.

    >>> [name for name in SCHEMES if spread(added[name]) < 1e-9]
    ['sinusoidal', 'relative bias', 'rotary', 'ALiBi']

    The sinusoidal product is a sum of cosines of the distance, and rotary scores of
    a constant vector are the same sum: the same frequencies, twice.

    >>> cosines = torch.cos(distance[..., None] * omega).sum(2)
    >>> torch.allclose(added["sinusoidal"], cosines)
    True
    >>> one = torch.full((n, d), 0.5**0.5).double()
    >>> torch.allclose(rotate(one) @ rotate(one).T, cosines)
    True

    Turning by i omega is multiplying by exp(i omega sqrt(-1)), a pair as a complex
    number.

    >>> pairs = torch.view_as_complex(learned.reshape(n, -1, 2))
    >>> turned = pairs * torch.polar(torch.ones(n, d // 2).double(), i[:, None] * omega)
    >>> torch.allclose(rotate(learned), torch.view_as_real(turned).flatten(1))
    True

    Rotary turns after the projections: any query and key keep the property. The
    sinusoidal vectors are projected, and lose it.

    >>> spread(added["rotary, projected"]) < 1e-9
    True
    >>> spread(added["sinusoidal, projected"]) > 1
    True

    T5 keeps each distance below 8 apart and lumps all from 128 on together; from 8
    on, each doubling takes two buckets.

    >>> bucket(-torch.tensor([16, 32, 64]).double()).tolist()
    [10, 12, 14]
    >>> bucket(torch.arange(0, -10, -1).double()).tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 8]
    >>> bucket(-torch.tensor([127.9, 128, 5000])).tolist(), len(set(
    ...     bucket(distance.flatten()).tolist()))
    ([15, 15, 15], 31)
    """
    return {
        "spread_learned": spread(added["learned"], [0]),
        "spread_learned_apart": spread(added["learned"], [o for o in reach if o]),
        "spread_projected": spread(added["sinusoidal, projected"]),
        "peak": added["sinusoidal"][0, 0].item(),
    }


def figure():
    fig, axes = plt.subplots(2, 3, figsize=(5.2, 4))
    *panels, key = axes.flat
    for ax, name in zip(panels, SCHEMES):
        ax.imshow(added[name][:SHOWN, :SHOWN], cmap=shades(ATTENTION), interpolation="none", label=name)
        ax.set_title(name)
    key.plot([8, SHOWN], [0, SHOWN - 8], color=GRAY, lw=1)
    key.text(1, SHOWN - 2, "on this line,\n$j - i$ is the\nsame", color=GRAY)
    key.set(xlim=(0, SHOWN), ylim=(SHOWN, 0), aspect=1)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=FAINT)
    for ax in axes[:, 0]:
        ax.set_ylabel("query $i$")
    for ax in axes[1]:
        ax.set_xlabel("key $j$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
