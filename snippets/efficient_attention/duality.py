"""Memories that forget and correct: as a masked attention and as a recurrence."""

import matplotlib.pyplot as plt
from style import ATTENTION, GRAY, shades

# --8<-- [start:duality]
import torch


def recurrence(Q, K, V, gate):
    """Token by token: multiply the state by the gate, then add."""
    S, y = torch.zeros(K.shape[1], V.shape[1]).to(V), []
    for q, k, v, a in zip(Q, K, V, gate):
        S = a * S + k[:, None] * v              # (d, d)
        y.append(q @ S)
    return torch.stack(y)


def decay(gate):
    """What is left of token j at token i: a_(j+1) ... a_i, (n, n)."""
    n = len(gate)
    rows = [torch.cat([gate[i + 1:].new_zeros(i), torch.ones(1).to(gate),
                       gate[i + 1:].cumprod(0)]) for i in range(n)]
    return torch.stack(rows, dim=1)             # a column for each j


def masked(Q, K, V, gate):
    """All tokens at once: attention with the decay as its mask."""
    return (Q @ K.T * decay(gate)) @ V


torch.manual_seed(0)
Q, K, V = torch.randn(3, 200, 16, dtype=torch.float64)
for name, gate in (("always 1   ", torch.ones(200).double()),
                   ("always 0.9 ", torch.full((200,), 0.9).double()),
                   ("computed   ", torch.sigmoid(2 + V[:, 0]))):
    error = masked(Q, K, V, gate) - recurrence(Q, K, V, gate)
    size = recurrence(Q, K, V, gate).abs().max()
    print(f"gate {name} equal: {bool(error.abs().max() / size < 1e-12)}")
# --8<-- [end:duality]

# --8<-- [start:delta]
import torch
import torch.nn.functional as F


def correcting(Q, K, V, gate, beta):
    """Read what stands under the key, and write the difference only."""
    S, y = torch.zeros(K.shape[1], V.shape[1]).to(V), []
    for q, k, v, a, b in zip(Q, K, V, gate, beta):
        S = a * S
        S = S + b * k[:, None] * (v - k @ S)
        y.append(q @ S)
    return torch.stack(y)


torch.manual_seed(0)
anna, ben = F.normalize(torch.randn(2, 8).double(), dim=1)     # keys
red, green, blue = torch.eye(3).double()                       # values
K, V = torch.stack([anna, ben, anna]), torch.stack([red, green, blue])
one = torch.ones(3).double()
added = K.T @ V
print("added:    ", [round(x, 2) for x in (anna @ added).tolist()])
y = correcting(torch.stack([anna] * 3), K, V, one, one)[-1]
print("corrected:", [abs(round(x, 2)) for x in y.tolist()])
# --8<-- [end:delta]


def gated(gate):
    """The parallel form of `correcting`: U solves (I + B) U = beta V.

    What is written at token t is u_t = beta_t (v_t - sum_j<t L_tj (k_t . k_j) u_j).
    """
    def layer(Q, K, V, beta):
        L = decay(gate)
        B = (beta[:, None] * (K @ K.T) * L).tril(-1)
        U = torch.linalg.solve_triangular(torch.eye(len(K)).to(B) + B,
                                          beta[:, None] * V, upper=False)
        return (Q @ K.T * L) @ U
    return layer


def channels(Q, K, V, gates):
    """A gate for each channel of the key (n, d): gated linear attention, in parallel."""
    left = gates.cumprod(0)
    return ((Q * left) @ (K / left).T).tril() @ V


def channels_recurrent(Q, K, V, gates):
    S, y = torch.zeros(K.shape[1], V.shape[1]).to(V), []
    for q, k, v, a in zip(Q, K, V, gates):
        S = a[:, None] * S + k[:, None] * v
        y.append(q @ S)
    return torch.stack(y)


def chunked(Q, K, V, gate, size):
    """Blocks: masked attention within each, the state from one to the next."""
    S, y = torch.zeros(K.shape[1], V.shape[1]).to(V), []
    for q, k, v, a in zip(*(x.split(size) for x in (Q, K, V, gate))):
        left = a.cumprod(0)[:, None]                    # of the state, at each token
        y.append(masked(q, k, v, a) + left * (q @ S))
        S = left[-1] * S + (decay(a)[-1][:, None] * k).T @ v
    return torch.cat(y)


def story(n=24):
    """A gate for a text of three chapters: nearly open, shut where one begins."""
    gate = torch.full((n,), 0.95)
    gate[[8, 16]] = 0.05
    return gate


def relative(x, y):
    return ((x - y).norm() / y.norm()).item()


def errors():
    """The largest relative difference of each pair of forms, in float64.

    >>> all(error < 1e-12 for error in errors().values())
    True
    """
    torch.manual_seed(1)
    n, d = 200, 16
    q, v = torch.randn(2, n, d, dtype=torch.float64)
    k = F.normalize(torch.randn(n, d, dtype=torch.float64), dim=1)
    gate, beta = torch.sigmoid(3 + torch.randn(2, n, dtype=torch.float64))
    gates = torch.sigmoid(4 + torch.randn(n, d, dtype=torch.float64))
    expected = recurrence(q, k, v, gate)
    return {
        "masked": relative(masked(q, k, v, gate), expected),
        "chunks": max(relative(chunked(q, k, v, gate, size), expected)
                      for size in (1, 7, 64, 200)),
        "channels": relative(channels(q, k, v, gates), channels_recurrent(q, k, v, gates)),
        "delta": relative(gated(gate)(q, k, v, beta), correcting(q, k, v, gate, beta)),
    }


def results():
    """The numbers the page quotes.

    A gate of 1 is causal linear attention without its division.

    >>> q, k, v = torch.randn(3, 50, 8, dtype=torch.float64)
    >>> one = torch.ones(50, dtype=torch.float64)
    >>> torch.allclose(masked(q, k, v, one), (q @ k.T).tril() @ v)
    True
    >>> torch.allclose(channels(q, k, v, torch.ones(50, 8).double()), masked(q, k, v, one))
    True

    A constant gate gives a mask that knows only the distance.

    >>> L = decay(torch.full((6,), 0.5))
    >>> torch.equal(L[4, 1], L[5, 2]), L[5, 2].item() == 0.5**3, L[2, 5].item()
    (True, True, 0.0)

    Correcting: after writing with beta = 1 under a key of length 1, the key reads it.

    >>> k = F.normalize(k, dim=1)
    >>> torch.allclose(correcting(k, k, v, one, one), v)
    True

    Added: the old value stays in the answer.

    >>> torch.allclose(anna @ added, red + blue + (anna @ ben) * green)
    True
    """
    L = decay(story())
    return {"largest": max(errors().values()), "kept": L[15, 8].item(),
            "across": L[16, 15].item()}


def figure():
    fig, axes = plt.subplots(1, 3, figsize=(5.2, 2.3), sharey=True)
    masks = {"always 1": torch.ones(24), "always 0.8": torch.full((24,), 0.8),
             "shut at\na chapter": story()}
    for ax, (name, gate) in zip(axes, masks.items()):
        ax.imshow(decay(gate), cmap=shades(ATTENTION), vmin=0, vmax=1, label=name.replace("\n", " "))
        ax.set_title(name)
        ax.set(xticks=[], yticks=[], xlabel="token $j$")
        ax.spines[:].set(visible=True, color=GRAY)
    axes[0].set_ylabel("token $i$")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
