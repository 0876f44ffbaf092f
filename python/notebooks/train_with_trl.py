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
# A tiny reward model with random weights, on a CPU, in a minute or two. The same code trains a real one: put the name of a model in the place of
# `tiny_model()`, and leave out the tokenizer.

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
# Prompts of two types. An *open* one wants a graded scale of rewards, a *closed* one a right and a wrong. Each has eight
# responses; a word tells how good one is, and other words hide it a little.

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
# TRL knows pairs. Here it trains on all 28 of a prompt, with its centring term, which gives the Bradley-Terry loss a best state. `CollapseCallback` goes into
# any trainer of Hugging Face.

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
# `distance` is the mean distance of held-out rewards from the optimal ones, and `within` how much rewards of one rank differ from prompt to prompt. It goes
# to 0: a reward no longer depends on the prompt.

# %%
callback.figure(callback.score(steps))

# %% [markdown]
# ## Rankings
#
# `RankingRewardTrainer` takes a ranking as it is. It encodes each text once: 8 texts a prompt, where pairs have 56. The loss is the same, and so is
# collapse, with any one utility. This is the loss of the paper, `log(x+0.1)` behind a sigmoid.

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
# Open and closed prompts have the same rewards, though different ones are wanted.
#
# ## The cure: a utility for each type of prompt
#
# `x` for closed prompts, `-1/(x+0.1)` for open ones.

# %%
trainer, callback = ranked({"open": "-1/(x+0.1)", "closed": "x"})
watch(trainer, "distance/open", "distance/closed", "pair_accuracy")
callback.figure(callback.score(steps))

# %% [markdown]
# Each type goes to its own prediction. What was trained stays in files that the program `reward-collapse` reads: `figure experiment --runs FOLDER`
# draws them.

# %%
sorted(os.listdir(callback.directory))
