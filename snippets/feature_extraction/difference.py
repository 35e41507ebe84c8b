"""One head cannot learn an edge filter; two can, or one whose tokens hold patches."""

from functools import cache

from style import ATTENTION, CONVOLUTION, FAINT, minus, shades, signed

# --8<-- [start:difference]
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib import cbook

with cbook.get_sample_data("grace_hopper.jpg") as file:
    pixels = torch.tensor(plt.imread(file)[:480, 16:496]).double() / 255
photo = F.avg_pool2d(pixels.mean(-1)[None], 5)[0]           # (96, 96)
sobel = torch.tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]).double()
windows = F.unfold(photo[None, None], 3)[0].T               # (n, 9)
target = windows @ sobel.flatten()                          # (n,)


def train(heads, seed=0):
    """Kernels (heads, 9) that together come closest to Sobel.

    Scores depend on the offset o only, as with a relative bias: head h
    computes w_h sum_o A[h, o] x[i + o], where w_h stands for W_O W_V.
    """
    torch.manual_seed(seed)
    scores = torch.randn(heads, 9).double().requires_grad_()
    w = torch.randn(heads, 1).double().requires_grad_()
    optimizer = torch.optim.LBFGS([scores, w], max_iter=300,
                                  line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        kernel = (w * scores.softmax(1)).sum(0)
        loss = (windows @ kernel - target).square().mean()
        loss.backward()
        return loss

    optimizer.step(loss)
    return (w * scores.softmax(1)).detach()


def error(kernel):
    """Mean squared error, relative to the output 0."""
    y = windows @ kernel
    return ((y - target).square().mean() / target.square().mean()).item()


for heads in 1, 2:
    kernel = train(heads).sum(0)
    print(f"heads: {heads}, error {error(kernel):.3f}, kernel",
          (kernel.view(3, 3).mul(10).round() / 10 + 0).tolist())
# --8<-- [end:difference]

STARTS = range(5)


@cache
def learned(heads):
    """One head: the best of five starts. Two: the first start will do."""
    if heads == 2:
        return train(2)
    return min((train(1, seed) for seed in STARTS),
               key=lambda kernels: error(kernels.sum(0)))


def results():
    """The numbers the page quotes.

    >>> r = results()
    >>> r["one_error"] > 0.9, r["two_error"] < 1e-6
    (True, True)

    Any kernel is two heads: its positive part and its negative part.

    >>> kernel = torch.randn(9).double()
    >>> parts = kernel.clamp(min=0), (-kernel).clamp(min=0)
    >>> w = [part.sum() for part in parts]
    >>> A = [(part / part.sum()).log().softmax(0) for part in parts]
    >>> torch.allclose(w[0] * A[0] - w[1] * A[1], kernel)
    True

    The learned two heads are Sobel's two columns, up to what cancels.

    >>> torch.allclose(learned(2).sum(0), sobel.flatten(), atol=1e-3)
    True

    A token that holds its 3 x 3 window needs no second head: W_V is enough.

    >>> W_V = sobel.view(1, 9)
    >>> torch.equal((windows @ W_V.T)[:, 0], target)
    True
    """
    one, two = learned(1), learned(2)
    return {
        "starts": len(STARTS),
        "one_error": error(one.sum(0)),
        "one_share": 1 - error(one.sum(0)),
        "two_error": error(two.sum(0)),
        "two_negative": two.sum(1).min().item(),
        "two_positive": two.sum(1).max().item(),
    }


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.7))
    panels = (("Sobel", sobel.flatten(), CONVOLUTION),
              ("one head", learned(1).sum(0), ATTENTION),
              ("two heads", learned(2).sum(0), ATTENTION))
    for ax, (name, kernel, color) in zip(axes.flat, panels):
        ax.imshow((windows @ kernel).abs().view(94, 94), cmap=shades(color),
                  vmin=0, vmax=1.5, interpolation="none")
        ax.set_title(name, color=color, weight="bold")
    last = axes[1, 1]
    negative, positive = sorted(learned(2), key=torch.sum)
    for left, kernel in (0, negative), (4, positive):
        last.imshow(kernel.view(3, 3), cmap=signed(ATTENTION), vmin=-2.2,
                    vmax=2.2, interpolation="none", extent=(left, left + 3, 3, 0),
                    label=f"head with a total of {kernel.sum():+.1f}")
        last.add_patch(plt.Rectangle((left, 0), 3, 3, fill=False, ec=FAINT))
        last.text(left + 1.5, 3.2, f"total {minus(kernel.sum(), '+.1f')}",
                  ha="center", va="top")
    last.set(xlim=(-0.1, 7.1), ylim=(4.5, -2.5))
    last.set_title("their kernels", color=ATTENTION, weight="bold")
    for ax in axes.flat:
        ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
