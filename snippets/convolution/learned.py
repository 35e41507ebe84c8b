"""Nobody chooses the numbers of a kernel: one question makes it a difference, another an average."""

import functools

import matplotlib.pyplot as plt
from style import CONVOLUTION, FAINT, signed

# --8<-- [start:learned]
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits


def images(n):
    """Noisy images (n, 1, 14, 14): is there a bar (n, 1), and does it lie (n, 1)?"""
    there, lies = torch.randint(2, (2, n, 1))
    high, wide = 6 - 4 * lies, 2 + 4 * lies           # 6 x 2 or 2 x 6 pixels
    i, top, left = torch.arange(14), *(1 + (torch.rand(2, n, 1) * 7).long())
    rows = (top <= i) & (i < top + high) & (there > 0)
    columns = (left <= i) & (i < left + wide)
    bar = rows[:, None, :, None] & columns[:, None, None, :]
    return bar + 0.3 * torch.randn(n, 1, 14, 14), there.float(), lies.float()


class OneKernel(nn.Module):
    """Answers by how strongly a single 3 x 3 kernel responds, on average."""

    def __init__(self):
        super().__init__()
        self.kernel, self.answer = nn.Conv2d(1, 1, 3, bias=False), nn.Linear(1, 1)

    def forward(self, x):
        return self.answer(self.kernel(x).abs().mean((2, 3)))


def learn(question, seed, steps=300):
    torch.manual_seed(seed)
    x, there, lies = images(2000)
    if question == "upright or lying?":
        x, wanted = x[there[:, 0] > 0], lies[there[:, 0] > 0]
    else:
        wanted = there
    network = OneKernel()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1)
    for _ in range(steps):
        batch = torch.randint(len(x), (64,))
        loss = binary_cross_entropy_with_logits(network(x[batch]), wanted[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.kernel.weight[0, 0].detach()


for question in "upright or lying?", "bar or no bar?":
    kernel = learn(question, seed=0)
    both = bool(kernel.min() < -0.01 and kernel.max() > 0.01)
    print(f"{question} weights of both signs: {both}")
# --8<-- [end:learned]

SEEDS = 5
DIFFERENCE, MEAN = torch.tensor([[-1.0, 0, 1]] * 3), torch.ones(3, 3)


def alike(kernel, *others):
    """The largest cosine, without its sign, between a kernel and some others."""
    return max(torch.cosine_similarity(kernel.flatten(), other.flatten(), dim=0).abs().item()
               for other in others)


@functools.cache
def kernels(question):
    """The kernels that SEEDS runs learn, each with a largest weight of 1 or −1."""
    found = [learn(question, seed) for seed in range(SEEDS)]
    return [kernel / kernel.abs().max() for kernel in found]


def results():
    """How like a difference, or a mean, the learned kernels are: cosines without sign.

    >>> r = results()
    >>> r["lies_min"] > 0.98, r["there_min"] > 0.98
    (True, True)
    """
    lies = [alike(kernel, DIFFERENCE, DIFFERENCE.T) for kernel in kernels("upright or lying?")]
    there = [alike(kernel, MEAN) for kernel in kernels("bar or no bar?")]
    return {
        "lies_min": min(lies),
        "there_min": min(there),
    }


def figure():
    starts = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        images(2000)
        start = OneKernel().kernel.weight[0, 0].detach()
        starts.append(start / start.abs().max())
    fig = plt.figure(figsize=(5.2, 4.1))
    rows = {"five random starts": starts}
    rows |= {f"learned: {question}": kernels(question)
             for question in ("upright or lying?", "bar or no bar?")}
    for part, (title, found) in zip(fig.subfigures(3), rows.items()):
        part.suptitle(title, x=0.01, ha="left", size=12)
        for ax, kernel in zip(part.subplots(1, SEEDS), found):
            ax.imshow(kernel.numpy(), cmap=signed(CONVOLUTION), vmin=-1, vmax=1,
                      interpolation="none")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=FAINT)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
