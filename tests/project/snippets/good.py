"""A snippet that keeps the contract, without torch."""

import matplotlib.pyplot as plt


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
def results():
    return {"number": 3, "square": square(3)}
# --8<-- [end:silent]


def figure():
    fig, ax = plt.subplots()
    ax.plot([1, 3], [square(1), square(3)], color="#0072B2", label="square")
    return fig
