# %% [markdown]
# # Long range: the cliff, and how to move it
#
# **A stack of convolutions can learn what lies inside its window, and one step beyond it can only guess, however long it is trained. Dilation moves this edge far out with few layers. Attention has no edge. On the
# length that it was trained on this makes it no better than a plain mean over all tokens; on inputs 64 times as long, attention still finds its token, and the mean guesses.**
#
# You will train nine small networks on one task, and see
#
# 1. the edge of each window, exactly where the [formula](../differences/receptive-field.md#formula) puts it;
# 2. that the edge is arithmetic, while what happens inside is a matter of training;
# 3. what attention does on this task that a mean and a wide kernel do not;
# 4. that attention can solve the task while it never looks at one of the answers.
#
# *The notebook takes about a minute on one core of a laptop and needs 500 MB of memory. It uses a GPU if there is one, but networks as small as these are hardly faster there. You need the pages on
# [convolution](../operations/convolution.md) and [self-attention](../operations/self-attention.md); the chapter behind the lab is [Receptive field](../differences/receptive-field.md#long-range).*

# %%
# pip install torch matplotlib tqdm
import json

import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from tqdm import tqdm

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.set_num_threads(1)  # for tensors this small one thread is the fastest

CONVOLUTION, ATTENTION, GRAY, FAINT = "#0072B2", "#D55E00", "#7A828B", "#D5DAE0"
plt.rcParams.update({
    "figure.figsize": (5.2, 3.2), "figure.constrained_layout.use": True,
    "font.size": 12, "axes.titlesize": 12,
    "axes.spines.top": False, "axes.spines.right": False,
})

# %% [markdown]
# ## The task
#
# In a long message one word is underlined. At the end you are asked which word it was. You need no grammar and no meaning for this, only a memory that reaches back to the word.
#
# Here a message has $n$ tokens, each with one of 8 values, and one token carries a flag, $D$ steps before the end. At the *last* token, the network has to name the value of the flagged one. If it cannot see that token, it can only guess, and is right once in 8.
# Nothing is difficult about this but the reach. So where a network fails, either it does not see the token, or it has not learned to use what it sees, and we shall tell the two apart.

# %%
N, VALUES, d = 96, 8, 32  # tokens, values, channels


def flagged(tokens, D):
    """Flag the token D steps before the last one; its value is the answer.

    tokens: (b, n) -> the same with VALUES added to the flagged one; answers (b,)
    """
    at = torch.arange(len(tokens)), tokens.shape[1] - 1 - D
    tokens, answers = tokens.clone(), tokens[at]
    tokens[at] += VALUES
    return tokens, answers


x, y = flagged(torch.tensor([[3, 1, 4, 1, 5, 7, 2, 6]]), D=3)
print("message", *(f"{v % VALUES}{'*' if v >= VALUES else ''}" for v in x[0].tolist()))
print("answer ", y.item())

# %% [markdown]
# ## Who sees how far?
#
# All networks embed each token by itself, mix the tokens, and classify what has arrived at the last one. They differ only in what mixes.
#
# - **Convolutions.** Each layer reads three tokens, $\delta$ apart: its own and two earlier ones. What it finds is added to what was there. With the dilations $\delta_1, \dots, \delta_L$ the last token sees
#   $r = 1 + 2\,(\delta_1 + \dots + \delta_L)$ tokens, so it sees the flag if $D \le r - 1$. Two, four, eight and sixteen *plain* layers have $\delta = 1$; five *dilated* layers have $\delta$ = 16, 8, 4, 2, 1, or the same in reverse.
# - **Attention.** One layer with one head, without [positions](../operations/self-attention.md#positions), because the flag says all about the place that the answer needs.
# - **Two rivals**, which reach as far as attention. The *mean* is attention with equal shares: it reaches all tokens and looks at none in particular. The *wide kernel* is one layer of convolution with $k = 96$: it has weights of its own for each distance.

# %%
class Embedding(nn.Module):
    """Value and flag enter side by side: what is learned of the flag holds for all values."""

    def __init__(self):
        super().__init__()
        flag = torch.arange(2 * VALUES)[:, None] // VALUES
        kinds = torch.cat([torch.eye(VALUES).repeat(2, 1), flag], 1)
        self.register_buffer("kinds", kinds)  # (2 VALUES, VALUES + 1)
        self.mlp = nn.Sequential(nn.Linear(VALUES + 1, 64), nn.ReLU(), nn.Linear(64, d))

    def forward(self, tokens):
        return F.embedding(tokens, self.mlp(self.kinds))  # (b, n) -> (b, n, d)


class Convolutions(nn.Module):
    """Layers with skips; each reads k tokens, its own and earlier ones."""

    def __init__(self, dilations, k=3):
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(d, d, k, dilation=s) for s in dilations)
        self.r = 1 + (k - 1) * sum(dilations)

    def forward(self, h):
        h = F.pad(h.mT, (max(self.r - h.shape[1], 0), 0))  # (b, n, d) -> (b, d, n)
        for layer in self.layers:
            new = layer(h).relu()  # not padded: shorter by (k - 1) dilation
            h = h[..., -new.shape[-1] :] + new
        return h[..., -1]  # (b, d)


class Attention(nn.Module):
    """One layer, one head. Only the last token asks."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(d, 3 * d)

    def forward(self, h):
        q, k, v = self.qkv(h).chunk(3, dim=-1)  # (b, n, d) each
        self.A = (q[:, -1:] @ k.mT / d**0.5).softmax(-1)  # (b, 1, n)
        return (self.A @ v).squeeze(1)  # (b, d)


class Mean(nn.Module):
    """Attention with equal shares."""

    def __init__(self):
        super().__init__()
        self.v = nn.Linear(d, d)

    def forward(self, h):
        return self.v(h).mean(1)  # (b, d)


networks = {  # how each is made, and the length it is trained on: all that it sees
    "2 plain layers": (lambda: Convolutions([1] * 2), 5),
    "4 plain layers": (lambda: Convolutions([1] * 4), 9),
    "8 plain layers": (lambda: Convolutions([1] * 8), 17),
    "16 plain layers": (lambda: Convolutions([1] * 16), 33),
    "5 dilated layers": (lambda: Convolutions([16, 8, 4, 2, 1]), 63),
    "5 dilated layers, reversed": (lambda: Convolutions([1, 2, 4, 8, 16]), 63),
    "attention": (Attention, N),
    "mean": (Mean, N),
    "wide kernel": (lambda: Convolutions([1], k=N), N),
}


def build(name):
    make, _ = networks[name]
    return nn.Sequential(Embedding(), make(), nn.Linear(d, VALUES)).to(device)


for name, (_, n) in networks.items():
    size = sum(p.numel() for p in build(name).parameters())
    print(f"{name:26s} {size:7,} numbers to learn, on {n:2d} tokens")

# %% [markdown]
# **Before you go on, write down three guesses.** Up to which $D$ will eight plain layers be right, and what will you see just beyond: a slope, or a cliff? Which will use its whole window, sixteen plain layers that see 33 tokens, or five dilated ones that see 63? And does attention need anything but its reach here: will it beat the mean?

# %%
def trained(name, rate, steps=800, seed=0):
    """Learns with the flag anywhere among the tokens."""
    torch.manual_seed(seed)
    model, (_, n) = build(name), networks[name]
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps)  # ends at 0
    for _ in tqdm(range(steps), desc=name, leave=False):
        x, y = flagged(torch.randint(VALUES, (64, n)), torch.randint(n, (64,)))
        optimizer.zero_grad()
        F.cross_entropy(model(x.to(device)), y.to(device)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        schedule.step()
    return model


@torch.no_grad()
def accuracy(model, D, n=N, contexts=8):
    """With the flag at distance D. Each random context comes with all 8 values of the
    flagged token: who does not see it answers them alike, and is right exactly once."""
    rng = torch.Generator().manual_seed(D)
    tokens = torch.randint(VALUES, (contexts, n), generator=rng)
    tokens = tokens.repeat_interleave(VALUES, 0)  # (8 contexts, n)
    tokens[:, n - 1 - D] = torch.arange(VALUES).repeat(contexts)
    x, y = flagged(tokens, D)
    return (model(x.to(device)).argmax(-1).cpu() == y).float().mean().item()


def inside(model, n):
    """Right answers, mean over all distances among n tokens."""
    return sum(accuracy(model, D) for D in range(n)) / n
