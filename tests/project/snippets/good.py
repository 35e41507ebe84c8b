"""A snippet that keeps the rules, without torch."""

import matplotlib.pyplot as plt
from style import CONVOLUTION


# --8<-- [start:idea]
def square(x):
    """
    >>> square(3)
    9
    """
    return x * x


print(square(3))
# --8<-- [end:idea]

# --8<-- [start:silent]
side = 3
# --8<-- [end:silent]


def results():
    return {"number": side, "square": square(side), "half": side / 6, "odd": side % 2 == 1}


def figure():
    fig, ax = plt.subplots()
    ax.plot([1, 3], [square(1), square(3)], color=CONVOLUTION, label="square")
    return fig


def data():
    return {"side": side}


if __name__ == "__main__":
    figure()
    plt.show()
