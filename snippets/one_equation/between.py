"""Five layers between convolution and attention, and what each of them shares."""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, FAINT, GRAY, HYBRID

# --8<-- [start:between]
import torch
from torch.nn.functional import gelu, relu, softmax

torch.manual_seed(0)
n, d, k = 12, 6, 3
kernel = torch.randn(k, d).double()
P_1, P_2 = torch.randn(2, n, n).double()        # across positions
W_1, W_Q, W_K = torch.randn(3, d, d).double()   # across channels
G = torch.randn(k, d).double()                  # from a vector to a kernel


def slide(a, v):
    """y_i = sum_o a_o v_{i+o}, on a ring: a is (k, d) or (n, k, 1)."""
    return sum(a[..., o, :] * v.roll(1 - o, 0) for o in range(k))


def step(v):
    return v.roll(1, 0)         # one position further


def across(v):
    return v.roll(1, 1)         # one channel further


layers = {          # mix v (n, d) with weights that x (n, d) may decide
    "depthwise": lambda x, v: slide(kernel, v),
    "Mixer": lambda x, v: P_2 @ gelu(P_1 @ v),
    "involution": lambda x, v: slide((relu(x @ W_1.T) @ G.T)[..., None], v),
    "dynamic": lambda x, v: slide(softmax(x @ G.T, 1)[..., None], v),
    "attention": lambda x, v: softmax((x @ W_Q.T) @ (x @ W_K.T).T, 1) @ v,
}
x, y, v = torch.randn(3, n, d).double()
one, at, p = torch.ones(n, d).double(), torch.arange(n), torch.randperm(n)
spike, far, same = one * (at == 0)[:, None], at[2:-1], torch.allclose
probes = {
    "weights from input": lambda f: not same(f(x, v), f(y, v)),
    "same for positions": lambda f: same(f(x, step(v)), step(f(x, v))),
    "same for channels": lambda f: same(f(x, across(v)), across(f(x, v))),
    "near inputs only": lambda f: not f(x, spike)[far].any(),
    "weights sum to 1": lambda f: same(f(x, one), one),
    "shift moves along": lambda f: same(f(step(x), step(v)), step(f(x, v))),
    "shuffle moves along": lambda f: same(f(x[p], v[p]), f(x, v)[p]),
    "linear in input": lambda f: same(f(x + y, x + y), f(x, x) + f(y, y)),
}
answers = {name: [q for q, probe in probes.items() if probe(f)]
           for name, f in layers.items()}
print("columns:", ", ".join(layers))
for q in probes:
    print(f"{q:20}", *("·●"[q in yes] for yes in answers.values()))
# --8<-- [end:between]

COLORS = dict.fromkeys(layers, HYBRID) | {
    "depthwise": CONVOLUTION, "attention": ATTENTION}


def steps(name, other):
    """How many of the eight answers differ between two layers."""
    return len(set(answers[name]) ^ set(answers[other]))


def results():
    """The numbers the page quotes.

    >>> results()["depthwise_dynamic"], results()["dynamic_attention"]
    (5, 2)
    >>> [steps(name, "attention") for name in layers]
    [7, 4, 3, 2, 0]

    Two of them against PyTorch.

    >>> ring = torch.cat([v[-1:], v, v[:1]]).T[None]     # (1, d, n + 2)
    >>> y_i = torch.conv1d(ring, kernel.T[:, None], groups=d)[0].T
    >>> same(layers["depthwise"](x, v), y_i)
    True
    >>> sdpa = torch.nn.functional.scaled_dot_product_attention
    >>> same(layers["attention"](x, v),
    ...      sdpa(x @ W_Q.T, x @ W_K.T, v, scale=1))
    True

    With its weights fixed, each is linear in what it mixes, but the Mixer.

    >>> [name for name, f in layers.items()
    ...  if not same(f(x, x + y), f(x, x) + f(x, y))]
    ['Mixer']
    """
    return {
        "probes": len(probes),
        "depthwise_dynamic": steps("depthwise", "dynamic"),
        "dynamic_attention": steps("dynamic", "attention"),
        "depthwise_attention": steps("depthwise", "attention"),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.4))
    for row, question in enumerate(probes):
        ax.axhline(row, color=FAINT, lw=1, zorder=0)
        for column, (name, yes) in enumerate(answers.items()):
            if question in yes:
                ax.plot(column, row, "o", color=COLORS[name], ms=15,
                        label=f"{name}: {question}")
            else:
                ax.plot(column, row, "o", color=GRAY, ms=5, label="_")
    for column, (name, color) in enumerate(COLORS.items()):
        ax.text(column, -0.6 - 0.5 * (column % 2), name, color=color, weight="bold",
                ha="center", va="bottom")
    ax.set_yticks(range(len(probes)), probes)
    ax.set(xlim=(-0.5, 4.7), ylim=(len(probes) - 0.5, -1.6), xticks=[])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
