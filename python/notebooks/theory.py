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
# A reward model is trained on ranked responses. It minimises the mean of $-U(r_j - r_i)$ over all pairs in which response $j$ is
# better than response $i$. Here $U$ is the *utility*, and $r$ are the rewards. If the model fits its data, the rewards of a prompt
# maximise the sum of $U$ over its pairs. They depend on $U$ and on the number of responses, but not on the prompt. This is
# *reward collapse*.

# %%
import math

import matplotlib.pyplot as plt

from reward_collapse import Limit, Utility, plot, solve, wasserstein

solution = solve("log(x)", 8)
solution

# %% [markdown]
# `gap` is an upper bound on how far the objective is from the optimum. So these rewards are proved to be optimal up to `gap`.
#
# The utility decides the rewards. With `x` all rewards are 0 or 1. With `-1/x` they are spread almost evenly.

# %%
for utility in ("x", "logsigmoid(4x)", "log(x)", "-1/x"):
    print(f"{utility:15}", solve(utility, 8).rewards.round(3))

# %% [markdown]
# As the number of responses grows, the rewards converge to a probability law, the *limit law*. It may have atoms at 0 and 1. Then a
# share of the responses gets a reward of exactly 0, and an equal share exactly 1.

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
# Most reward models have no sigmoid. On raw logits the Bradley-Terry loss has no optimum, and `solve` raises an error. With label
# smoothing or centring there is an optimum.

# %%
line = (-math.inf, math.inf)
try:
    solve("logsigmoid(x)", 4, support=line)
except ValueError as error:
    print(error)
solve("logsigmoid(x)", 4, support=line, smoothing=0.1).rewards.round(4)

# %% [markdown]
# Any increasing concave expression can be a utility. Other expressions are refused, and the error gives the reason.

# %%
print(Utility("log(x + 0.1) + x/2").concavity)
try:
    Utility("x^2")
except ValueError as error:
    print(error)
