# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # Five minutes with the theory
#
# A reward model is trained on ranked responses: it minimises the mean of `-U(r_j - r_i)` over pairs, `j` ranked above `i`. If it
# fits its data, the rewards of a prompt are those that maximise the sum of `U` over pairs. They depend on `U` and on the number of
# responses, and not on the prompt. This is *reward collapse*.

# %%
import math

import matplotlib.pyplot as plt

from reward_collapse import Limit, Utility, plot, solve, wasserstein

solution = solve("log(x)", 8)
solution

# %% [markdown]
# `gap` is a bound on how much better any other rewards could be: the optimum is certified, not only converged.
#
# The utility decides the rewards. `U = x` gives 0 and 1 only; `-1/x` spreads them nearly evenly.

# %%
for utility in ("x", "logsigmoid(4x)", "log(x)", "-1/x"):
    print(f"{utility:15}", solve(utility, 8).rewards.round(3))

# %% [markdown]
# As the number of responses grows, the rewards tend to a law. It may have atoms: shares of the responses that get exactly 0 or exactly 1.

# %%
law = Limit("log(x+0.1)")
law

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for utility in ("log(x+0.1)", "-1/x"):
    plot.density(Limit(utility), ax=left, label=f"U = {utility}")
    plot.quantiles(Limit(utility), ax=right, label=f"U = {utility}")
plot.rewards(solve("log(x+0.1)", 8), ax=right, color="C0", linestyle="none", label="8 responses")
left.legend()
right.legend();

# %%
[(n, round(wasserstein(solve("log(x+0.1)", n).rewards, law), 5)) for n in (8, 32, 128)]

# %% [markdown]
# Most reward models have no sigmoid. On raw logits the Bradley-Terry loss has no best state, and says so; label smoothing or centring
# gives it one.

# %%
line = (-math.inf, math.inf)
try:
    solve("logsigmoid(x)", 4, support=line)
except ValueError as error:
    print(error)
solve("logsigmoid(x)", 4, support=line, smoothing=0.1).rewards.round(4)

# %% [markdown]
# Any increasing concave expression is a utility. What is not is refused, with the reason.

# %%
print(Utility("log(x + 0.1) + x/2").concavity)
try:
    Utility("x^2")
except ValueError as error:
    print(error)
