# %% [markdown]
# # A lab
#
# ![A curve](../figures/labs/good-1.svg){ .small }
#
# A number to the power of 2, $x^2$, with a link to [another page](../index.md#a-page).
#
# $$
# \sum_{i=1}^{n} (2i - 1) = n^2
# $$
#
# ## The squares { #squares }

# %%
# pip install matplotlib
import matplotlib.pyplot as plt
from IPython.display import Markdown, display

squares = [x**2 for x in range(4)]
print(squares)


sum(squares)

# %% alt="A curve that rises from 0 to 9 [a parabola]; half_way it's \"2.25\"."
fig, ax = plt.subplots()
ax.plot(squares, color="#0072B2", label="$x^2$")
ax.set_xlabel("x")
ax.legend()
plt.show()

# %% [markdown]
# **Figure.** **The squares,** and the formula $x^2$.
# A second line.
#
# More text.

# %% alt="The same in orange"
plt.plot(squares, color="#D55E00")
plt.show()
display(Markdown(f"**Figure.** **The last square is {squares[-1]}.**"))
