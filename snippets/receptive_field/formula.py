"""The receptive field of a stack of convolutions: the formula and the gradient."""

import matplotlib.pyplot as plt
from style import CONVOLUTION, FAINT, GRAY

# --8<-- [start:formula]
import random

import torch
import torch.nn.functional as F


def receptive_field(layers):
    """Width r of the input window that feeds one output, in positions.

    layers: (kernel, stride, dilation) of each layer, input side first.
    r = 1 + sum_l (k_l - 1) * dilation_l * prod_{i<l} stride_i
    (Araujo, Norris & Sim 2019, Computing Receptive Fields, Distill)

    >>> receptive_field([(1, 1, 1)] * 9), receptive_field([(3, 1, 1)] * 3)
    (1, 7)
    """
    r, jump = 1, 1  # jump: distance, in inputs, between two positions
    for k, stride, dilation in layers:
        r += (k - 1) * dilation * jump
        jump *= stride
    return r


def measured_field(layers, n=10_000):
    """The same, as the width of the support of one output's gradient."""
    x = torch.ones(1, 1, n, dtype=torch.float64, requires_grad=True)
    y = x
    for k, stride, dilation in layers:
        kernel = torch.ones(1, 1, k, dtype=torch.float64)
        y = F.conv1d(y, kernel, stride=stride, dilation=dilation)
    y[0, 0, 0].backward()
    support = x.grad[0, 0].nonzero()
    return int(support.max() - support.min()) + 1


rng = random.Random(0)
choices = (1, 2, 3, 5, 7), (1, 2, 3), (1, 2, 4)  # kernel, stride, dilation
stacks = [[tuple(map(rng.choice, choices)) for _ in range(rng.randint(1, 6))]
          for _ in range(50)]
measured = [measured_field(layers) for layers in stacks]
computed = [receptive_field(layers) for layers in stacks]
exact = sum(r == s for r, s in zip(measured, computed))

print("three 3-wide layers:", receptive_field([(3, 1, 1)] * 3))
print("formula equals gradient:", exact, "of", len(stacks), "random stacks")
# --8<-- [end:formula]

no_stride = [receptive_field([(k, 1, dilation) for k, _, dilation in layers])
             for layers in stacks]
no_dilation = [receptive_field([(k, stride, 1) for k, stride, _ in layers])
               for layers in stacks]
# VGG-16 to its last pooling (Simonyan & Zisserman 2015, Table 1, column D)
vgg16 = [layer for convolutions in (2, 2, 3, 3, 3)
         for layer in [(3, 1, 1)] * convolutions + [(2, 2, 1)]]


def results():
    """How many stacks each formula gets right, and the windows of VGG-16.

    Its first dense layer reads the 7 x 7 outputs of the last pooling.

    >>> results()["stacks_exact"] == results()["stacks"] == 50
    True
    >>> results()["r_vgg16"] == measured_field(vgg16) == 212
    True
    >>> results()["r_vgg16_dense"] == measured_field([*vgg16, (7, 1, 1)]) == 404
    True
    """
    return {
        "stacks": len(stacks),
        "stacks_exact": exact,
        "exact_without_stride": sum(map(int.__eq__, no_stride, measured)),
        "exact_without_dilation": sum(map(int.__eq__, no_dilation, measured)),
        "r_vgg16": receptive_field(vgg16),
        "r_vgg16_dense": receptive_field([*vgg16, (7, 1, 1)]),
    }


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 4.2))
    limits = 0.7, 1500
    ax.plot(limits, limits, color=FAINT)
    ax.plot(no_stride, measured, "x", color=GRAY, label="stride forgotten")
    ax.plot(no_dilation, measured, "^", color=GRAY, fillstyle="none",
            label="dilation forgotten")
    ax.plot(computed, measured, "o", color=CONVOLUTION, fillstyle="none",
            markersize=8, markeredgewidth=2, label="the formula")
    ax.loglog()
    ticks, labels = [1, 10, 100, 1000], ["1", "10", "100", "1000"]
    ax.set_xticks(ticks, labels)
    ax.set_yticks(ticks, labels)
    ax.set(xlim=limits, ylim=limits, xlabel="computed window (positions)",
           ylabel="measured window (gradient)")
    ax.text(160, 65, "the formula", color=CONVOLUTION)
    line = {"arrowstyle": "-", "color": GRAY, "shrinkB": 6}
    for mark, place, text in (((8, 27), (1, 75), "dilation forgotten"),
                              ((32, 824), (1, 500), "stride forgotten")):
        ax.annotate(text, mark, place, color=GRAY, arrowprops=line)
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
