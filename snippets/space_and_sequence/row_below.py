"""What a random layer sees of positions is nothing; what one fixed matrix can read is all."""

import matplotlib.pyplot as plt
from style import ATTENTION, FAINT, shades

# --8<-- [start:read]
import torch

side, d = 14, 64  # a grid of 14 x 14 patches
i = torch.arange(side**2)  # numbered row by row
row, column = i // side, i % side


def sinusoidal(place, d):
    """A vector for each place, (n,) -> (n, d); the angle of a step in each pair."""
    omega = 10_000 ** (-torch.arange(0, d, 2).double() / d)
    angle = place[:, None] * omega  # (n, d / 2)
    return torch.cat([angle.sin(), angle.cos()], dim=1), omega


def onward(omega, steps):
    """The matrix that makes the vector of place i from that of i - steps: (d, d)."""
    sin, cos = (omega * steps).sin().diag(), (omega * steps).cos().diag()
    return torch.cat([torch.cat([cos, -sin], 1), torch.cat([sin, cos], 1)])


p, omega = sinusoidal(i, d)  # one number for each patch, along the list
M = onward(omega, side)  # 14 steps on: the patch below
best = (p @ M @ p.T).argmax(dim=1)  # the highest score of each patch
print("with one fixed matrix, right for", (best[:-side] == i[side:]).sum().item(),
      "of the", side**2 - side, "patches that have one below")
# --8<-- [end:read]

numbers_in_line = p
q, half = sinusoidal(row, d // 2)
row_and_column = torch.cat([q, sinusoidal(column, d // 2)[0]], 1)
zero = torch.zeros(d // 2, d // 2).double()
DOWN = {
    "number in the list": (numbers_in_line, M),
    "row and column": (row_and_column, torch.block_diag(
        onward(half, 1), torch.eye(d // 2).double())),
}
blocks = sum((at - at[:, None]).abs() for at in (row, column))  # rows plus columns
inner = (blocks == 1).sum(1) == 4  # has four neighbours


def random_matrices(draws=50):
    """W_Q.T @ W_K of untrained layers."""
    torch.manual_seed(0)
    for _ in range(draws):
        W_Q, W_K = torch.randn(2, d, d).double() / d**0.5
        yield W_Q.T @ W_K


def neighbours_found(p, M):
    """How many of the four neighbours are among the four highest scores, on average."""
    S = p @ M @ p.T
    S.fill_diagonal_(-torch.inf)
    nearest = S[inner].topk(4).indices
    return 4 * (blocks[inner].gather(1, nearest) == 1).double().mean().item()


def results():
    """The numbers the page quotes.

    The patch below has the highest score, whichever way the patches are numbered.

    >>> [(int(((p @ M @ p.T).argmax(1)[:-side] == i[side:]).sum())) for p, M in DOWN.values()]
    [182, 182]

    So has every other offset of the list: it is the same turn for all patches.

    >>> all(((p @ onward(omega, s) @ p.T).argmax(1)[:-s] == i[s:]).all()
    ...     for s in range(1, 60))
    True

    "The patch to the right" by the number in the list is wrong at the end of each row.

    >>> best = (p @ onward(omega, 1) @ p.T).argmax(1)[:-1]
    >>> right = (best == i[1:]) & (column[:-1] < side - 1)
    >>> int(right.sum()), int((best == i[1:]).sum()), side * (side - 1)
    (182, 195, 182)

    A matrix that is trained instead of built from turns: every patch finds the one to
    its right, and the last of a row finds itself.

    >>> target = torch.where(column < side - 1, i + 1, i)
    >>> trained = torch.zeros(d, d).double().requires_grad_()
    >>> optimizer = torch.optim.Adam([trained], lr=1.0)
    >>> for _ in range(300):
    ...     loss = torch.nn.functional.cross_entropy(p @ trained @ p.T, target)
    ...     optimizer.zero_grad()
    ...     loss.backward()
    ...     optimizer.step()
    >>> int(((p @ trained @ p.T).argmax(1) == target).sum())
    196

    Before training: the numbering makes no difference, and neither shows.

    >>> r = results()
    >>> max(r["random_line"], r["random_cells"]) < 0.2
    True
    >>> for p, _ in DOWN.values():
    ...     like = torch.stack([torch.corrcoef(torch.stack(
    ...         [(p @ p.T).flatten(), (p @ R @ p.T).flatten()]))[0, 1]
    ...         for R in random_matrices()])
    ...     print(bool(like.mean().abs() < 0.1), bool(like.abs().mean() < 0.2))
    True True
    True True

    With equal queries and keys the products of the vectors themselves are the scores.

    >>> one = torch.eye(d).double()
    >>> neighbours_found(DOWN["number in the list"][0], one)
    2.0
    >>> neighbours_found(DOWN["row and column"][0], one)
    4.0
    """
    chance = 4 * 4 / (side**2 - 1)
    found = [sum(neighbours_found(p, R) for R in random_matrices()) / 50
             for p, _ in DOWN.values()]
    p, M = DOWN["number in the list"]
    below = ((p @ M @ p.T).argmax(1)[:-side] == i[side:]).sum().item()
    return {"side": side, "random_line": found[0], "random_cells": found[1],
            "chance": chance, "below": below}


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.2))
    centre = (side // 2) * side + side // 2
    untrained = next(random_matrices())
    for (name, (p, M)), column in zip(DOWN.items(), axes.T):
        for ax, matrix, what in zip(column, (untrained, M), ("random", "one fixed matrix")):
            S = (p @ matrix @ p.T)[centre]
            ax.imshow(S.view(side, side), cmap=shades(ATTENTION), interpolation="none",
                      label=f"{name}, {what}")
            ax.plot(side // 2, side // 2, "s", ms=9, mfc="none", mec="black")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=FAINT)
        column[0].set_title(name, loc="center", fontsize=12)
        column[1].plot(side // 2, side // 2 + 1, "o", ms=5, mfc="none", mec="black")
    axes[0, 0].set_ylabel("random matrices")
    axes[1, 0].set_ylabel("one fixed matrix")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
