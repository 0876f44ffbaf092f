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
# # The collapse figure
#
# Left: the optimal rewards of eight responses under four utilities. Right: the limit laws for many responses. Arrows are atoms, and
# an atom of mass 1 would be as high as the axis.

# %%
import matplotlib.pyplot as plt

from reward_collapse import Limit, plot, solve

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for utility in ("x", "logsigmoid(4x)", "log(x)", "-1/x"):
    plot.rewards(solve(utility, 8), ax=left, label=f"U = {utility}")
    plot.density(Limit(utility), ax=right, label=f"U = {utility}")
left.legend(fontsize="small")
right.legend(fontsize="small");

# %% [markdown]
# ## Own rewards over theory
#
# Here there is no model. Each response has a free logit of its own, trained with [`RankingLoss`](../torch.md). There are twelve
# prompts of eight responses, six of each type, and each type has its own utility.

# %%
import os

import torch

from reward_collapse.torch import RankingLoss

steps = int(os.environ.get("NOTEBOOK_STEPS", 2000))
loss = RankingLoss({"open": "-1/(x+0.1)", "closed": "x"})
kinds = (["open"] * 6 + ["closed"] * 6)
group, rank = torch.arange(12).repeat_interleave(8), torch.arange(8, 0, -1).repeat(12)
logits = torch.randn(96, generator=torch.Generator().manual_seed(0)).requires_grad_()
adam = torch.optim.Adam([logits], lr=0.05)
types = loss.encode([kind for kind in kinds for _ in range(8)])
for _ in range(steps):
    adam.zero_grad()
    loss(logits, group, rank, type=types).backward()
    adam.step()

# %%
learned = loss.reward(logits).detach().reshape(2, 6, 8)
own = {kind: table.numpy() for kind, table in zip(loss.types, learned)}
theory = {kind: solve(n=8, **loss.theory(kind)) for kind in loss.types}
plot.collapse(own, theory);

# %% [markdown]
# The twelve prompts lie on two curves, because all prompts of a type have the same rewards. The bars show one standard deviation over
# prompts, but they are too short to be seen. These are the largest differences from theory:

# %%
{kind: float(abs(own[kind] - theory[kind].rewards).max().round(4)) for kind in loss.types}
