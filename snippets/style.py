"""What the figures share: the colours, colour maps, and numbers with a true minus."""

from matplotlib.colors import LinearSegmentedColormap, to_rgba

CONVOLUTION, ATTENTION, HYBRID = "#0072B2", "#D55E00", "#CC79A7"  # of Okabe and Ito
GRAY, FAINT = "#7A828B", "#D5DAE0"


def shades(color, low=0, high=1):
    """A colour map of one color, from the opacity low to the opacity high."""
    return LinearSegmentedColormap.from_list("", [to_rgba(color, low), to_rgba(color, high)])


def signed(color):
    """A colour map from gray (below 0) over transparent (0, in the middle) to a color."""
    return LinearSegmentedColormap.from_list(
        "", [(0, GRAY), (0.5, (GRAY, 0)), (0.5, (color, 0)), (1, color)])


def minus(number, digits=".0f"):
    """A number as text, with a minus as wide as its plus.

    >>> minus(-0.25, "+.1f")
    '−0.2'
    """
    return f"{number:{digits}}".replace("-", "−")
