"""How many small defects are left to find when a photograph is shrunk."""

import math

import matplotlib.pyplot as plt
from style import FAINT, GRAY

# --8<-- [start:shrink]
import torch

normal = torch.distributions.Normal(0, 1)


def found(side, factor, contrast=3, alarms=1, width=4000, height=3000):
    """The share of square defects that an ideal detector finds.

    A pixel of the shrunk photograph is the mean of factor x factor pixels.
    The contrast is in units of the noise of one pixel; alarms are the
    false ones that the threshold allows in a photograph.
    """
    start = torch.arange(factor)[:, None]       # each place in the grid
    pixel = factor * torch.arange(side // factor + 2)
    overlap = (torch.minimum(pixel + factor, start + side)
               - torch.maximum(pixel, start)).clamp(min=0)
    energy = overlap.square().sum(1).float()    # along one axis
    signal = contrast / factor * torch.outer(energy, energy).sqrt()
    positions = torch.tensor(width * height / factor**2)
    threshold = normal.icdf(1 - alarms / positions.double()).float()
    return normal.cdf(signal - threshold).mean().item()


print("longer side " + "".join(f"{4000 // f:8}" for f in (1, 2, 4, 8, 16)))
for side, contrast in (2, 3), (2, 9), (4, 3), (8, 1), (8, 3):
    print(f"{side} x {side}, {contrast}x   " + "".join(
        f"{found(side, factor, contrast):8.0%}" for factor in (1, 2, 4, 8, 16)))
# --8<-- [end:shrink]

FACTORS = 1, 2, 4, 8, 16


def results():
    """Shares found, as found_side_factor, and tiles of 512 that overlap by 64.

    The same by drawing noise: the matched filter at the place of the defect, 4 x 4 pixels
    shrunk by 8, over all places in the grid of the shrunk pixels.

    >>> _ = torch.manual_seed(0)
    >>> side, f, hits = 4, 8, []
    >>> threshold = normal.icdf(torch.tensor(1 - f * f / 12e6).double()).item()
    >>> for y in range(f):
    ...     for x in range(f):
    ...         defect = torch.zeros(1, 3 * f, 3 * f)
    ...         defect[0, y:y + side, x:x + side] = 3
    ...         photos = defect + torch.randn(200, 3 * f, 3 * f)
    ...         small, shape = (torch.nn.functional.avg_pool2d(p, f) for p in (photos, defect))
    ...         score = (small * shape).sum((1, 2)) / (shape.norm() / f)
    ...         hits.append((score > threshold).float().mean())
    >>> abs(torch.stack(hits).mean().item() - found(side, f)) < 0.02
    True
    >>> all(found(side, a) >= found(side, b)
    ...     for side in (2, 4, 8) for a, b in zip(FACTORS, FACTORS[1:]))
    True

    Shrinking is free, up to a twelfth of contrast x area, if the defect is seen at all.

    >>> def rule(alarms, part, least):
    ...     for side, quarters in ((side, c) for side in (2, 4, 8, 16) for c in range(4, 49)):
    ...         contrast = quarters / 4
    ...         for factor in FACTORS:
    ...             if contrast * side >= least and contrast * side**2 >= part * factor:
    ...                 assert found(side, factor, contrast, alarms) > 0.95, (side, contrast, factor)
    >>> rule(1, 12, 9)
    >>> found(4, 8) < 0.7, found(2, 8, 9) < 0.5         # a sixth and more: it is not
    (True, True)

    With one false alarm in fifty photographs, up to a fourteenth.

    >>> rule(0.02, 14, 10)
    >>> found(2, 2, 6, 0.02) < 0.91, found(2, 2, 6.5, 0.02) < 0.95      # a twelfth, a thirteenth
    (True, True)

    At full size, some are lost once contrast x side is 7, or 8 with fewer alarms.

    >>> [found(1, 1, product) < 0.97 for product in (7, 8)]
    [True, False]
    >>> [found(1, 1, product, 0.02) < 0.95 for product in (7, 8)]
    [True, False]
    """
    def tiles(*sides):
        return math.prod(math.ceil((side - 64) / (512 - 64)) for side in sides)

    return {f"found_{side}_{factor}": found(side, factor)
            for side, factor in ((2, 2), (4, 4), (4, 8), (4, 16), (8, 16))} | {
        "strict_4_4": found(4, 4, alarms=0.02), "strict_4_8": found(4, 8, alarms=0.02),
        "strong_2_4": found(2, 4, 9), "strong_2_8": found(2, 8, 9),
        "tiles": tiles(4000, 3000), "tiles_half": tiles(2000, 1500)}


def figure():
    fig, ax = plt.subplots(figsize=(5.2, 3.4))
    for side, contrast, style in ((8, 3, ":"), (4, 3, "-"), (2, 9, "-."), (2, 3, "--")):
        share = [100 * found(side, factor, contrast) for factor in FACTORS]
        ax.plot(FACTORS, share, "o" + style, color="black" if side == 4 else GRAY, ms=6,
                label=f"{side}×{side} pixels, contrast {contrast}: % found")
    ax.text(11.2, 88, "8×8", color=GRAY, ha="center")
    ax.text(9.2, 62, "4×4 pixels", color="black")
    ax.text(2.1, 40, "2×2", color=GRAY)
    ax.text(5.9, 52, "2×2, three times\nthe contrast", color=GRAY, ha="right", va="center")
    ax.axhline(0, color=FAINT, lw=0.8)
    ax.set_xscale("log", base=2)
    ax.set_xticks(FACTORS, [f"{4000 // factor:,}" for factor in FACTORS])
    ax.minorticks_off()
    ax.set(xlabel="longer side of the photograph after shrinking, pixels",
           ylabel="defects found, %", ylim=(-4, 106))
    return fig


if __name__ == "__main__":
    figure()
    plt.show()
