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
# # Predict what label smoothing does
#
# With label smoothing $q$, the Bradley-Terry loss of a pair is $-(1-q) \log \text{sigmoid}(d) - q \log \text{sigmoid}(-d)$, where $d$
# is the difference of the two logits. A single pair has its smallest loss at $d = \log((1-q)/q)$. In a ranking of eight responses, not
# all 28 pairs can have this difference. `solve` computes the rewards that minimise the mean loss.

# %%
import math
import os

import matplotlib.pyplot as plt
import torch

from reward_collapse import Limit, plot, solve
from reward_collapse.torch import RankingLoss

line = (-math.inf, math.inf)
predicted = {q: solve("logsigmoid(x)", 8, support=line, smoothing=q) for q in (0.05, 0.1, 0.2)}
for q, solution in predicted.items():
    print(q, solution.rewards.round(3))

# %% [markdown]
# Now we train four prompts with smoothing 0.1. The rewards are raw logits, one free parameter for each response.

# %%
steps = int(os.environ.get("NOTEBOOK_STEPS", 3000))
loss = RankingLoss("logsigmoid(x)", head="raw", smoothing=0.1)
group, rank = torch.arange(4).repeat_interleave(8), torch.arange(8, 0, -1).repeat(4)
logits = torch.randn(32, generator=torch.Generator().manual_seed(1)).requires_grad_()
adam = torch.optim.Adam([logits], lr=0.02)
for _ in range(steps):
    adam.zero_grad()
    loss(logits, group, rank).backward()
    adam.step()
learned = logits.detach().reshape(4, 8)
learned.numpy().round(3)

# %% [markdown]
# Adding the same number to all logits of a prompt does not change the loss. So each prompt keeps the mean that it had at the start.
# After subtracting these means, all four prompts agree with the prediction.

# %%
centred = (learned - learned.mean(dim=1, keepdim=True)).numpy()
print("largest difference from the prediction:", abs(centred - predicted[0.1].rewards).max().round(4))

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for place, (q, solution) in enumerate(predicted.items()):
    plot.rewards(solution, ax=left, color=f"C{place}", label=f"predicted, q = {q}")
    plot.density(Limit("logsigmoid(x)", support=line, smoothing=q), ax=right, color=f"C{place}", label=f"q = {q}")
plot.learned(centred, ax=left, color="black", label="learned, q = 0.1")
left.legend(fontsize="small")
right.legend(fontsize="small");

# %% [markdown]
# The right panel shows the limit law for many responses. The ends of its support are part of the solution. `Limit(...).support` has
# them:

# %%
{q: round(Limit("logsigmoid(x)", support=line, smoothing=q).support[1], 4) for q in predicted}
