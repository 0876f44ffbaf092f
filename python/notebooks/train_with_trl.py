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
# # Train with TRL: watch collapse, and cure it
#
# This notebook trains a tiny reward model with random weights. It takes a minute or two on a CPU. The same code trains a real model:
# replace `tiny_model()` by the name of a model, and leave out the tokenizer.

# %%
# %matplotlib inline
import os
import tempfile
import warnings

import torch
import transformers
from datasets import Dataset, disable_progress_bars
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForSequenceClassification, PreTrainedTokenizerFast
from trl import RewardConfig, RewardTrainer

from reward_collapse.torch import RankingLoss
from reward_collapse.trl import CollapseCallback, RankingRewardTrainer

warnings.filterwarnings("ignore", category=FutureWarning)
transformers.logging.set_verbosity_error()
disable_progress_bars()
steps = int(os.environ.get("NOTEBOOK_STEPS", 300))

# %% [markdown]
# ## The data
#
# There are two types of prompts. For *open* prompts we want rewards on a graded scale. For *closed* prompts we want two rewards, right
# and wrong. Each prompt has eight responses. One word of a response tells how good it is. The other words are random.

# %%
LEVELS = [f"level{k}" for k in range(1, 9)]
WORDS = [f"word{k}" for k in range(50)]

def rankings(prompts, seed):
    random = torch.Generator().manual_seed(seed)
    words = lambda count: " ".join(WORDS[k] for k in torch.randint(50, (count,), generator=random))
    return [
        {
            "prompt": f"{('open', 'closed')[k % 2]} {words(3)} ",
            "responses": [f"{level} {words(2)}" for level in LEVELS],
            "ranks": list(range(8, 0, -1)),
            "type": ("open", "closed")[k % 2],
        }
        for k in range(prompts)
    ]

train, test = rankings(256, seed=0), rankings(24, seed=1)
train[0]

# %%
def tiny_model():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=64, num_labels=1, pad_token_id=0,
    )
    return LlamaForSequenceClassification(config)

vocabulary = ["<pad>", "<eos>", "<unk>", "open", "closed", *LEVELS, *WORDS]
words = Tokenizer(models.WordLevel({word: k for k, word in enumerate(vocabulary)}, unk_token="<unk>"))
words.pre_tokenizer = pre_tokenizers.Sequence(
    [pre_tokenizers.Split("<eos>", "isolated"), pre_tokenizers.WhitespaceSplit()]
)
tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")

def settings(**changes):
    return RewardConfig(
        output_dir=tempfile.mkdtemp(), max_steps=steps, learning_rate=3e-3, lr_scheduler_type="cosine", logging_steps=steps,
        eval_strategy="steps", eval_steps=max(steps // 5, 1), report_to="none", save_strategy="no", use_cpu=True, bf16=False,
        gradient_checkpointing=False, disable_tqdm=True, **{"per_device_train_batch_size": 8} | changes,
    )

def watch(trainer, *names):
    """What the callback logged at each evaluation."""
    for logs in trainer.state.log_history:
        if "collapse/within" in logs:
            print(f"step {logs['step']:4}", *(f"{name} {logs[f'collapse/{name}']:.3f}" for name in names if f"collapse/{name}" in logs))

# %% [markdown]
# ## Preference pairs, and TRL's own trainer
#
# TRL's trainer takes pairs. Here it trains on all 28 pairs of each prompt, with TRL's centring term. With this term, the Bradley-Terry
# loss has an optimum. `CollapseCallback` works with any `Trainer` of Hugging Face.

# %%
pairs = [
    {"chosen": row["prompt"] + better, "rejected": row["prompt"] + worse}
    for row in train
    for worse_place, worse in enumerate(row["responses"])
    for better in row["responses"][worse_place + 1 :]
]
trainer = RewardTrainer(
    tiny_model(), settings(center_rewards_coefficient=0.1, per_device_train_batch_size=32), train_dataset=Dataset.from_list(pairs),
    eval_dataset=Dataset.from_list(pairs[:8]), processing_class=tokenizer,
)
callback = CollapseCallback(trainer, test)
trainer.add_callback(callback)
silenced = trainer.remove_callback(transformers.PrinterCallback)
trainer.train()
watch(trainer, "distance", "within", "pair_accuracy")

# %% [markdown]
# `distance` is the mean absolute difference between held-out rewards and the optimal ones. `within` is the standard deviation over
# prompts of the rewards of one rank. It decreases towards 0: the rewards hardly depend on the prompt any more.

# %%
callback.figure(callback.score(steps))

# %% [markdown]
# ## Rankings
#
# `RankingRewardTrainer` takes whole rankings. It encodes each text once: 8 texts for each prompt, where the pairs have 56. Any loss that
# is the same for all prompts leads to collapse. This run uses a loss of the paper's code, `log(x+0.1)` behind a sigmoid.

# %%
def ranked(loss):
    trainer = RankingRewardTrainer(
        tiny_model(), settings(), loss=loss, train_dataset=Dataset.from_list(train), eval_dataset=Dataset.from_list(test),
        processing_class=tokenizer,
    )
    callback = CollapseCallback(trainer)
    trainer.add_callback(callback)
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()
    return trainer, callback

trainer, callback = ranked("log(x+0.1)")
watch(trainer, "distance", "within", "pair_accuracy")
callback.figure(callback.score(steps))

# %% [markdown]
# Open and closed prompts have the same rewards, although we want different ones.
#
# ## The cure: a utility for each type of prompt
#
# Closed prompts are trained with `x`, and open prompts with `-1/(x+0.1)`.

# %%
trainer, callback = ranked({"open": "-1/(x+0.1)", "closed": "x"})
watch(trainer, "distance/open", "distance/closed", "pair_accuracy")
callback.figure(callback.score(steps))

# %% [markdown]
# The rewards of each type converge to the prediction for this type. The callback has written them to files. The program
# `reward-collapse` reads these: `figure experiment --runs FOLDER` draws them.

# %%
sorted(os.listdir(callback.directory))
