"""The lab's five seeds: where the hybrid leads, and the two changes that end it.

A record, not a run. It was made by the notebook docs/en/labs/little-data.py with
FULL = True (torch 2.13, AMD EPYC, one thread): signals of MNIST-1D, 4,000 to learn from
and 1,000 to test, 500 steps of 32; digits of scikit-learn on 16 x 16 pixels, 1,197 and
600, 200 steps of 32. TOKENS and RING: the same, with other `embed` and `positions`.
"""

import matplotlib.pyplot as plt
from style import ATTENTION, CONVOLUTION, GRAY, HYBRID

# --8<-- [start:recorded]
RECORDED = {                    # accuracy of five seeds, in thousandths
    "signals": {
        "hybrid": [838, 809, 869, 859, 882],
        "CNN": [762, 731, 765, 690, 760],
        "transformer, 4 a token": [591, 571, 664, 536, 598],
        "MLP": [557, 558, 526, 531, 524],
        "transformer, 1 a token": [540, 538, 530, 534, 513]},
    "signals, shuffled": {
        "hybrid": [496, 516, 492, 492, 507],
        "CNN": [522, 518, 547, 539, 535],
        "transformer, 4 a token": [488, 464, 501, 474, 477],
        "MLP": [591, 556, 542, 591, 562],
        "transformer, 1 a token": [530, 499, 554, 535, 504]},
    "digits, same place": {
        "hybrid": [958, 953, 957, 958, 960],
        "CNN": [948, 955, 962, 960, 967],
        "ViT": [927, 925, 925, 903, 917],
        "MLP": [952, 955, 947, 955, 953]},
    "digits, new places": {
        "hybrid": [245, 237, 205, 258, 182],
        "CNN": [923, 948, 953, 915, 955],
        "ViT": [142, 197, 187, 195, 172],
        "MLP": [182, 177, 197, 178, 178]}}


def mean(seeds):
    return sum(seeds) / len(seeds) / 1000


for task, table in RECORDED.items():
    best = max(set(table) - {"hybrid"}, key=lambda name: mean(table[name]))
    print(f"{task}: hybrid {mean(table['hybrid']):.2f},",
          f"best other {mean(table[best]):.2f} ({best})")
# --8<-- [end:recorded]

COLORS = {"hybrid": HYBRID, "CNN": CONVOLUTION, "MLP": GRAY}
TOKENS = {              # (kernel, stride) of one linear layer that makes the tokens
    (2, 2): [575, 547, 559, 598, 577], (3, 2): [659, 719, 760, 653, 688],
    (5, 2): [814, 847, 805, 826, 804], (9, 2): [869, 852, 845, 853, 855],
    (17, 2): [836, 841, 832, 835, 842],
    (4, 4): RECORDED["signals"]["transformer, 4 a token"],
    (9, 4): [692, 806, 674, 659, 717], (8, 8): [499, 502, 561, 509, 540]}
RING = {                # digits: the stem on a ring, at stride 1 or 2
    "ring": [788, 777, 887, 540, 735], "ring_new": [788, 777, 887, 540, 735],
    "table": [573, 902, 860, 337, 943], "table_new": [270, 540, 473, 215, 700],
    "stride": [897, 855, 810, 770, 870], "stride_new": [443, 442, 330, 370, 447]}


def results():
    """The means and ranges of the five seeds.

    The hybrid leads in the first task only, there with each of its seeds.

    >>> [min(table["hybrid"]) > max(max(seeds) for name, seeds in table.items()
    ...                             if name != "hybrid") for table in RECORDED.values()]
    [True, False, False, False]

    Kernels that overlap beat those that do not, on the mean of five seeds.

    >>> apart = [mean(seeds) for (k, stride), seeds in TOKENS.items() if k <= stride]
    >>> over = [mean(seeds) for (k, stride), seeds in TOKENS.items() if k > stride]
    >>> max(apart) < min(over) - 0.1
    True

    On a ring, without a table of positions, new places change no answer.

    >>> RING["ring"] == RING["ring_new"]
    True
    """
    signals, shuffled, same, new = RECORDED.values()
    series = {
        "signals_cnn": signals["CNN"],
        "signals_patches": signals["transformer, 4 a token"],
        "signals_samples": signals["transformer, 1 a token"],
        "shuffled_hybrid": shuffled["hybrid"],
        "shuffled_patches": shuffled["transformer, 4 a token"],
        "shuffled_mlp": shuffled["MLP"],
        "same_vit": same["ViT"], "new_vit": new["ViT"],
        "same_mlp": same["MLP"], "new_mlp": new["MLP"]}
    with_range = {
        "signals_hybrid": signals["hybrid"],
        "same_hybrid": same["hybrid"], "new_hybrid": new["hybrid"],
        "same_cnn": same["CNN"], "new_cnn": new["CNN"], **RING,
        **{f"k{k}_s{stride}": seeds for (k, stride), seeds in TOKENS.items()}}
    numbers = {key: mean(seeds) for key, seeds in (series | with_range).items()}
    for key, seeds in with_range.items():
        numbers |= {f"{key}_low": min(seeds) / 1000, f"{key}_high": max(seeds) / 1000}
    return numbers


def figure():
    fig, axes = plt.subplots(2, figsize=(5.2, 5.8), height_ratios=(5, 4), sharex=True)
    pairs = (("signals", "signals, shuffled",
              "signals of MNIST-1D   ● as they are   ○ shuffled"),
             ("digits, same place", "digits, new places",
              "digits   ● same place   ○ new places"))
    for ax, (first, second, title) in zip(axes, pairs):
        for row, name in enumerate(RECORDED[first]):
            color = COLORS.get(name, ATTENTION)
            for task, face in ((first, color), (second, "none")):
                seeds = [s / 1000 for s in RECORDED[task][name]]
                ax.plot([min(seeds), max(seeds)], [row, row], color=color, alpha=0.3,
                        lw=9, solid_capstyle="butt", label=f"{name}, {task}, range")
                ax.plot(mean(RECORDED[task][name]), row, "o", color=color, ms=7,
                        mfc=face, label=f"{name}, {task}, mean")
        ax.set_yticks(range(len(RECORDED[first])), RECORDED[first])
        ax.set(ylim=(len(RECORDED[first]) - 0.4, -0.6), xlim=(0, 1))
        ax.set_title(title, x=-0.55)
        ax.tick_params(axis="y", length=0)
    axes[1].set(xlabel="accuracy on new examples")
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
