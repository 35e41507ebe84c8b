"""One head cannot be an edge filter; two can, or one whose tokens hold patches."""

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


def nearest(sign):
    """The kernel sign * a, with all a >= 0, that comes closest to Sobel."""
    G, b = windows.T @ windows, sign * windows.T @ target
    a = torch.zeros(9).double()
    for _ in range(2000):                                   # one a at a time
        for o in range(9):
            a[o] = (a[o] - (G[o] @ a - b[o]) / G[o, o]).clamp(min=0)
    return sign * a


one = min(nearest(1), nearest(-1),
          key=lambda kernel: (windows @ kernel - target).square().sum())
left = (windows @ one - target).square().sum() / target.square().sum()
print(f"one head leaves {left:.1%}: w = {one.sum():.2f}, A =",
      (one / one.sum()).tolist())
# --8<-- [end:difference]

plus, less = sobel.flatten().clamp(min=0), (-sobel.flatten()).clamp(min=0)
two = torch.stack([-less, plus])                            # (2, 9): w_h A_h


def one_head_of_patches(sharpness):
    """One head whose tokens hold 3 x 3 pixels: W_V is Sobel, the scores favour oneself."""
    some = windows[:500]                                    # (500, 9)
    S = -sharpness * torch.cdist(some, some).square()       # (500, 500)
    V = some @ sobel.view(9, 1)                             # (500, 1)
    return (S.softmax(1) @ V)[:, 0]


def results():
    """The numbers the page quotes.

    The best kernel of one sign: no small step of one weight improves it (the conditions of
    Karush, Kuhn and Tucker), and the problem is convex. The other sign is worse.

    >>> gradient = one.sign().sum().sign() * windows.T @ (windows @ one - target) / len(windows)
    >>> bool((gradient > -1e-9).all()), bool((gradient[one != 0].abs() < 1e-9).all())
    (True, True)
    >>> 0.94 < results()["one_error"] < 0.97, (one > 0).sum().item()
    (True, 1)

    Any kernel is two heads: its positive part and its negative part. A softmax comes as
    close as one likes.

    >>> kernel = torch.randn(9, generator=torch.manual_seed(0)).double()
    >>> parts = kernel.clamp(min=0), (-kernel).clamp(min=0)
    >>> w = [part.sum() for part in parts]
    >>> A = [(part / part.sum()).log().clamp(min=-50).softmax(0) for part in parts]
    >>> torch.allclose(w[0] * A[0] - w[1] * A[1], kernel)
    True

    Tokens that hold patches need no second head: the sharper, the closer.

    >>> errors = [(one_head_of_patches(s) - target[:500]).abs().max().item()
    ...           for s in (1e2, 1e4, 1e6)]
    >>> errors[0] > errors[1] > errors[2], errors[2] < 0.01
    (True, True)
    """
    return {"one_error": left.item(), "one_share": 1 - left.item(),
            "two_error": ((windows @ two.sum(0) - target).square().sum()
                          / target.square().sum()).item()}


def data():
    return {"photo": (255 * photo).round().int().flatten().tolist()}


def figure():
    fig, axes = plt.subplots(2, 2, figsize=(5.2, 5.7))
    panels = (("Sobel", sobel.flatten(), CONVOLUTION),
              ("one head", one, ATTENTION),
              ("two heads", two.sum(0), ATTENTION))
    for ax, (name, kernel, color) in zip(axes.flat, panels):
        ax.imshow((windows @ kernel).abs().view(94, 94), cmap=shades(color),
                  vmin=0, vmax=1.5, interpolation="none")
        ax.set_title(name, color=color, weight="bold")
    last = axes[1, 1]
    negative, positive = two
    for left, kernel in (0, negative), (4, positive):
        last.imshow(kernel.view(3, 3), cmap=signed(ATTENTION), vmin=-2,
                    vmax=2, interpolation="none", extent=(left, left + 3, 3, 0),
                    label=f"head with a total of {kernel.sum():+.0f}")
        last.add_patch(plt.Rectangle((left, 0), 3, 3, fill=False, ec=FAINT))
        last.text(left + 1.5, 3.2, f"total {minus(kernel.sum(), '+.0f')}",
                  ha="center", va="top")
    last.set(xlim=(-0.1, 7.1), ylim=(4.5, -2.5))
    last.set_title("their kernels", color=ATTENTION, weight="bold")
    for ax in axes.flat:
        ax.axis("off")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
