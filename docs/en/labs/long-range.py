# %% [markdown]
# # Long range: the cliff, and how to move it
#
# **A stack of convolutions can learn to answer up to the edge of its window, and can only guess one step
# past it. Dilation moves the edge, and makes what is far away easier to learn. One layer of attention has no edge,
# and goes on finding its token in inputs 64 times as long as those it was trained on.**
#
# You will train nine small networks on one task, in two minutes on one core, and see
#
# 1. the cliff of 2, 4 and 8 plain layers, exactly where the
#    [formula of the receptive field](../differences/receptive-field.md#formula) puts it;
# 2. five layers with dilation reach further than sixteen without, and after equal training use more of their window;
# 3. attention on inputs of up to 6,144 tokens, after training on 96;
# 4. that attention can solve the task while it never looks at one of the answers.
#
# The chapter behind this lab is [Receptive field](../differences/receptive-field.md#long-range).

# %%
# pip install torch matplotlib

import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)  # for tensors this small one thread is the fastest
plt.rcParams.update({
    "figure.figsize": (5.2, 3.2),
    "figure.constrained_layout.use": True,
    "font.size": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
})
CONVOLUTION, ATTENTION, GRAY, FAINT = "#0072B2", "#D55E00", "#7A828B", "#D5DAE0"

# %% [markdown]
# ## The task
#
# A sequence has $n$ tokens, each with one of 8 values. One token carries a flag, $D$ steps before the end.
# The question, asked at the *last* position: which value does the flagged token have? Whoever cannot see it is right once in 8.
#
# Nothing about the task is hard except the reach. That is the point of it.

# %%
N, VALUES = 96, 8


def flagged(tokens, D):
    """Flag the token D steps before the last one; its value is the answer.

    tokens: (b, n) -> one-hot values and a flag (b, n, VALUES + 1), answers (b,)
    """
    at = torch.arange(len(tokens)), tokens.shape[1] - 1 - D
    x = F.one_hot(tokens, VALUES + 1).float()  # the last channel is still free
    x[at + (VALUES,)] = 1
    return x, tokens[at]


x, y = flagged(torch.tensor([[3, 1, 4, 1, 5, 7, 2, 6]]), D=3)
print("values ", *x[0, :, :VALUES].argmax(-1).tolist())
print("flag   ", *x[0, :, VALUES].int().tolist())
print("answer ", y.item())

# %% [markdown]
# ## The models
#
# Both embed each token by itself, mix positions, and classify what has arrived at the last position. They differ in the mixing.
#
# A layer of `Convolutions` reads three positions, $\delta$ apart: its own and two earlier ones. It adds what it finds to what was there. With dilations
# $\delta_1, \dots, \delta_L$ the last position sees
#
# $$r = 1 + 2 \sum_{l=1}^{L} \delta_l$$
#
# tokens. So it sees the flag if $D \le r - 1$, which is $2L$ without dilation. The code drops the tokens further back right away: they cannot
# reach the output.
#
# `Attention` is one layer with one head, and without [positions](../operations/self-attention.md#positions): here
# the flag says all about the place that the answer needs.

# %%
d = 32  # channels


class Convolutions(nn.Module):
    """Residual layers with k = 3: the last position sees D = 0 ... r - 1."""

    def __init__(self, dilations):
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(d, d, 3, dilation=s) for s in dilations)
        self.r = 1 + 2 * sum(dilations)

    def forward(self, h):
        h = F.pad(h.mT, (self.r - h.shape[1], 0))  # (b, n, d) -> (b, d, r)
        for layer in self.layers:
            new = layer(h).relu()  # unpadded: 2 dilation positions fewer
            h = h[..., -new.shape[-1] :] + new
        return h.squeeze(-1)  # (b, d, 1) -> (b, d)


class Attention(nn.Module):
    """One layer, one head. Only the last position asks."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(d, 3 * d)

    def forward(self, h):
        q, k, v = self.qkv(h).chunk(3, dim=-1)  # (b, n, d) each
        self.A = (q[:, -1:] @ k.mT / d**0.5).softmax(-1)  # (b, 1, n)
        return (self.A @ v).squeeze(1)  # (b, d)


def trained(mix, n, steps, seed=0, b=64, lr=6e-3):
    """Embed, mix, classify; learn on n tokens with the flag anywhere among them."""
    rng = torch.Generator().manual_seed(seed)
    embed = nn.Linear(VALUES + 1, 64), nn.ReLU(), nn.Linear(64, d)
    model = nn.Sequential(*embed, mix, nn.Linear(d, VALUES))
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps)  # ends at 0
    for _ in range(steps):
        tokens = torch.randint(VALUES, (b, n), generator=rng)
        x, y = flagged(tokens, torch.randint(n, (b,), generator=rng))
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        schedule.step()
    return model


@torch.no_grad()
def accuracy(model, D, n=N, contexts=8):
    """At distance D.

    Each random context comes with all 8 values of the flagged token. A model that
    does not see it gives the same answer to all 8, and is right exactly once.
    """
    rng = torch.Generator().manual_seed(D)
    tokens = torch.randint(VALUES, (contexts, n), generator=rng)
    tokens = tokens.repeat_interleave(VALUES, 0)  # (8 contexts, n)
    tokens[:, n - 1 - D] = torch.arange(VALUES).repeat(contexts)
    x, y = flagged(tokens, D)
    return (model(x).argmax(-1) == y).float().mean().item()


# %% [markdown]
# ## The cliff
#
# Each stack is trained on inputs exactly as long as its window, so that it always sees the flag: its best case. All stacks of this lab get the same
# 800 steps. Attention is trained on all 96 tokens, and 300 steps are enough for it. Then each is asked at every distance.

# %%
stacks = {}
for L in 2, 4, 8:
    torch.manual_seed(0)
    mix = Convolutions([1] * L)
    stacks[L] = trained(mix, n=mix.r, steps=800)

attention = []
for seed in range(4):
    torch.manual_seed(seed)
    attention.append(trained(Attention(), n=N, steps=300, seed=seed))

curves = {L: [accuracy(model, D) for D in range(N)] for L, model in stacks.items()}
attention_curve = [accuracy(attention[0], D) for D in range(N)]

for L, curve in curves.items():
    inside, outside = curve[: 2 * L + 1], curve[2 * L + 1 :]
    print(f"{L} layers: D = 0 to {2 * L}: at least {min(inside):.3f};",
          f"D = {2 * L + 1} to {N - 1}: {min(outside):.3f} to {max(outside):.3f}")
    assert min(inside) == 1  # no mistake up to the edge,
    assert min(outside) == max(outside) == 1 / VALUES  # a guess beyond it
print(f"attention: D = 0 to {N - 1}: at least {min(attention_curve):.3f}")
assert min(attention_curve) == 1

# %% alt="Accuracy over the distance of the flagged token. Convolutions with 2, 4 and 8 layers stay at 1 up to distances 4, 8 and 16 and drop to 0.125 one step later. One layer of attention stays at 1 up to distance 95."
fig, ax = plt.subplots()
ax.plot(attention_curve, color=ATTENTION, lw=6, label="attention")
ax.text(N - 1, 1.05, "attention, 1 layer", color=ATTENTION, ha="right")
for (L, curve), style in zip(curves.items(), (":", "--", "-")):
    ax.plot(curve, style, color=CONVOLUTION, lw=2, label=f"convolution, {L} layers")
    ax.text(2 * L, 1.05, L, color=CONVOLUTION, ha="center")
ax.text(18.5, 1.05, "layers", color=CONVOLUTION)
ax.axhline(1 / VALUES, color=GRAY, lw=1, zorder=0)
ax.text(N - 1, 1 / VALUES + 0.03, "chance", color=GRAY, ha="right")
ax.set(xlabel="distance $D$ of the flagged token", ylabel="accuracy",
       ylim=(0, 1.03), xticks=[0, 4, 8, 16, 40, 60, 80, 95], yticks=[0, 0.5, 1])
plt.show()

# %% [markdown]
# **Figure.** Accuracy at each distance. $L$ plain layers see back to $D = 2L$, and there they fall off: from all right to 1 in 8.
#
# After this training there is no slope. *During* the training there is one: the near end of a plain window is learned first and the far end last,
# because a token from there has to pass more layers ([the chapter](../differences/receptive-field.md#long-range) shows it step by step, and that it is the
# layers and not the distance). Outside it is different: nothing that happens there can move the output, however long we train. We can ask for that to the last bit:

# %%
@torch.no_grad()
def movement(model, D):
    """Largest change of a logit when the flagged token changes its value."""
    tokens = torch.zeros(2, N, dtype=torch.long)
    tokens[1, N - 1 - D] = 1
    before, after = model(flagged(tokens, D)[0])
    return (after - before).abs().max().item()


for L, model in stacks.items():
    beyond = max(movement(model, D) for D in range(2 * L + 1, N))
    print(f"{L} layers: at D = {2 * L} the logits move,",
          f"beyond they move by {beyond}")
    assert movement(model, 2 * L) > 1 and beyond == 0  # not even by a rounding

# %% [markdown]
# ## Move the edge: depth or dilation
#
# To see 63 tokens, a plain stack needs 31 layers. With the dilations 1, 2, 4, 8, 16 five layers do:
# $r = 1 + 2\,(1 + 2 + 4 + 8 + 16) = 63$. Let us train those five, and sixteen plain layers ($r = 33$), for the same 800 steps as before. (The largest
# dilation comes first: $r$ is the same in each order, and this one leaves the later layers fewer positions.)

# %%
torch.manual_seed(0)
dilated = trained(Convolutions([16, 8, 4, 2, 1]), n=63, steps=800)
torch.manual_seed(0)
deep = trained(Convolutions([1] * 16), n=33, steps=800)

for name, model in ("5 dilated layers", dilated), ("16 plain layers", deep):
    r = model[3].r
    curve = [accuracy(model, D) for D in range(N)]
    curves[name] = curve
    inside, outside = curve[:r], curve[r:]
    print(f"{name}: D < {r}: mean above 0.9: {sum(inside) / r > 0.9};",
          f"beyond: at most {max(outside):.3f}")
    assert sum(inside) / r > 0.9 and max(outside) == 1 / VALUES  # the edge is at r - 1
assert min(curves["5 dilated layers"][:63]) == 1

# %% alt="Accuracy over distance after 800 steps each. Five dilated layers stay at 1 up to distance 62 and drop to 0.125. Sixteen plain layers, above 0.9 on average, drop to 0.125 after distance 32."
fig, ax = plt.subplots()
ax.plot(curves["5 dilated layers"], color=CONVOLUTION, lw=2, label="5 dilated layers")
ax.plot(curves["16 plain layers"], ":", color=CONVOLUTION, lw=2,
        label="16 plain layers")
ax.text(62, 1.05, "5 dilated layers", color=CONVOLUTION, ha="right")
ax.text(34, 0.5, "16 plain\nlayers", color=CONVOLUTION, va="center")
ax.axhline(1 / VALUES, color=GRAY, lw=1, zorder=0)
ax.text(N - 1, 1 / VALUES + 0.03, "chance", color=GRAY, ha="right")
ax.set(xlabel="distance $D$ of the flagged token", ylabel="accuracy",
       ylim=(0, 1.03), xticks=[0, 16, 32, 62, 80, 95], yticks=[0, 0.5, 1])
plt.show()

# %% [markdown]
# **Figure.** The dilated stack sees back to $D = 62$ with 5 layers and stays right all the way. The sixteen plain layers see back to $D = 32$, and look
# at their curve left of that: if it is below 1 somewhere, they do not yet use all that they see.
#
# This is the second lesson of the task. The edge is a matter of *arithmetic*: it holds for every training, at both stacks it stands
# exactly at $r - 1$. What happens inside is a matter of *optimisation*, and a signal that has to pass 16 layers is harder to find than
# one that passes 5: with three seeds, after these 800 steps the dilated stack was right at every distance inside each time, the plain one never.
#
# ## Longer inputs
#
# Attention has learned to find a flag among 96 tokens. Is it still found among 6,144? The network runs unchanged: none of its weights
# depends on $n$. But the shares must now suffice for 64 times as many tokens. If the flagged token scores $g$ above
# all the others, its share is
#
# $$a = \frac{e^{g}}{e^{g} + n - 1},$$
#
# which [falls with $n$](../differences/receptive-field.md#dispersion) unless $g$ is large. Did training make $g$ large enough? We ask
# four runs that differ only in their seed. The dilated stack is asked the same, with the flag anywhere in the input.

# %%
lengths = [96, 192, 384, 768, 1536, 3072, 6144]


@torch.no_grad()
def over_lengths(model, places=8):
    """At each length: mean accuracy and mean share over flags all over the input."""
    scores, weights = [], []
    for n in lengths:
        score = weight = 0
        for D in torch.linspace(0, n - 1, places).long().tolist():
            score += accuracy(model, D, n, contexts=1) / places
            weight += model[3].A[..., n - 1 - D].mean().item() / places
        scores.append(score)
        weights.append(weight)
    return scores, weights


runs = [over_lengths(model) for model in attention]
# Beyond its window the dilated stack is right once in 8: no need to run it.
inside = curves["5 dilated layers"][:63]
blind = [(sum(inside) + (n - 63) / VALUES) / n for n in lengths]
for seed, (scores, weights) in enumerate(runs):
    print(f"attention, seed {seed}: accuracy {scores[0]:.2f} at n = {lengths[0]},",
          f"{scores[-1]:.2f} at {lengths[-1]};",
          f"share {8 * weights[0]:.1f}/8, {8 * weights[-1]:.1f}/8")
    assert min(weights) > 0.8 and max(weights) - min(weights) < 0.05  # not dispersed
    assert min(scores) >= 0.95  # nearly all found, at each length
print(f"dilated convolutions: {blind[0]:.2f} at n = {lengths[0]},",
      f"{blind[-1]:.2f} at {lengths[-1]}")
assert blind == sorted(blind, reverse=True) and blind[-1] < 1 / VALUES + 0.01

# %% alt="Upper panel: accuracy over the length of the input from 96 to 6144 tokens; four runs of attention stay near 1, the dilated convolutions fall from about 0.7 almost to chance, 0.125. Lower panel: attention's share for the flagged token, each run near 1 or near 7/8."
fig, (top, bottom) = plt.subplots(2, sharex=True, figsize=(5.2, 5))
for seed, (scores, weights) in enumerate(runs):
    line = dict(color=ATTENTION, lw=2, alpha=0.6, marker="osD^"[seed], ms=5)
    top.plot(lengths, scores, label=f"attention, seed {seed}", **line)
    bottom.plot(lengths, weights, label=f"share, seed {seed}", **line)
top.plot(lengths, blind, "--", color=CONVOLUTION, lw=2, label="5 dilated layers")
top.axhline(1 / VALUES, color=GRAY, lw=1, zorder=0)
top.text(96, 0.16, "chance", color=GRAY)
top.text(600, 0.85, "attention, 4 seeds", color=ATTENTION)
top.text(300, 0.38, "5 dilated layers", color=CONVOLUTION)
top.set(ylabel="accuracy", ylim=(0, 1.06), yticks=[0, 0.5, 1])
bottom.axhline(7 / 8, color=GRAY, lw=1, ls=":", zorder=0)
bottom.text(96, 7 / 8 - 0.14, "7/8", color=GRAY)
bottom.set(xscale="log", xlabel="length $n$ of the input", xticks=lengths[::2],
           xticklabels=lengths[::2], ylabel="share of the flag", ylim=(0, 1.06),
           yticks=[0, 0.5, 1])
bottom.minorticks_off()
plt.show()

# %% [markdown]
# **Figure.** Trained at $n = 96$, tested up to $n = 6144$. In these four runs, attention loses at most a few answers in a hundred. The convolutions do not
# get worse at anything: their window of 63 tokens becomes a smaller and smaller part of the input.
#
# So over these lengths the softmax has not dispersed, in any of the four runs: $g$ is so large that 6,143 other tokens hardly matter. That is a
# property of what was *learned*, not of attention. The third thing to change below can give a model with a smaller $g$.
#
# ## Solved, but how?
#
# Some runs give the flag a share of about 7/8, at every length. Let us look at the values one by one.

# %%
print("share of the flagged token, by its value")
print("value ", *(f"{v:5d}" for v in range(VALUES)))
never_seen = []  # how many values each run gives next to no weight
for seed, model in enumerate(attention):
    rng = torch.Generator().manual_seed(1)
    tokens = torch.randint(VALUES, (VALUES, N), generator=rng)
    tokens[:, 10] = torch.arange(VALUES)
    with torch.no_grad():
        right = (model(flagged(tokens, N - 11)[0]).argmax(-1) == tokens[:, 10]).sum()
    weight = model[3].A[:, 0, 10]
    never_seen.append((weight < 0.1).sum().item())
    assert right == VALUES and (weight > 0.9).sum() >= VALUES - 1
    print(f"seed {seed}", *(f"{a:5.1f}" for a in weight), f"  {right} of 8 right")
assert {*never_seen} == {0, 1}  # some runs look up all values, some all but one

# %% [markdown]
# In the runs with 7/8, seven values are looked up and one is not, and still all eight answers are right. A network that finds seven values can answer the eighth
# *by elimination*: "I found nothing, so it is that one." The loss cannot tell the difference, and the accuracy is the same. Only the shares show it.
# Keep that in mind whenever a model solves your task: it may have solved another one.
#
# ## What it means
#
# - A convolution's edge is exact. Outside of it there is nothing to learn from. Inside, everything *can* be learned, but what has to pass many layers comes last.
# - Depth moves the edge by 2 per layer, at a growing cost in training. Dilation moves it exponentially. A window of fixed size, though, is blind
#   for most of an input that is long enough.
# - Attention reaches everything in one step, at lengths that it has never seen. Whether it still *finds* its token depends on the gap between scores
#   that training has left, and here that gap is large.
#
# What this lab does not show: real tasks with many cues, where attention must choose among tokens that nearly match; and [positions](../operations/self-attention.md#positions), which a
# task without a flag would need, and which bring limits of length of their own.
#
# ## Three things to change
#
# 1. **Let the dilated stack see everything.** Use dilations 32, 16, 8, 4, 2, 1 and `n=96`. We found: after the same 800 steps
#    it was right at every distance, with both of two seeds.
# 2. **Give the deep stack more time.** Train the sixteen plain layers for 1,500 steps (about 35 seconds). We found: with both of two seeds
#    it was right in about 96 of 100 cases inside its window, and still not at each distance. The edge never moved.
# 3. **Train attention on 8 tokens instead of 96.** Append 24,576 to `lengths` to see more. We found, in four runs: at $n = 24{,}576$ two of them
#    have only .93 and .97 of their answers right, the two others all. Short inputs ask for less, and a network may learn no more than it is asked for.
