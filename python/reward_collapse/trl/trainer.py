"""TRL's reward trainer for rankings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from trl import RewardConfig, RewardTrainer

from reward_collapse import InputError, Utility
from reward_collapse.torch import RankingLoss

from .data import RankingCollator, check_type, is_ranking, prepare
from .metrics import Totals, prompt_statistics
from .theory import Theory


class RankingRewardTrainer(RewardTrainer):  # type: ignore[misc]
    """Trains a reward model on rankings of any number of responses, with a loss of this package.

    It is TRL's ``RewardTrainer`` with other rows: ``prompt`` (optional), ``responses``, ``ranks`` (1 is the best) or ``scores`` (higher is
    better), and ``type`` where the loss has a utility for each type of prompt. Each distinct text of a batch is encoded once, and
    all pairs of a prompt are in one batch. TRL's own rows, ``chosen`` and ``rejected``, are taken unchanged, and then the default loss is TRL's.

    The loss of a step is the mean over the prompts of all its batches and all processes, however many responses each has, so that it
    does not depend on how they are spread.

    Parameters
    ----------
    model : str or PreTrainedModel
        As for ``RewardTrainer``.
    args : RewardConfig, optional
        As for ``RewardTrainer``.
    loss : RankingLoss, str, Utility or mapping, optional
        The loss; a utility, or one for each type of prompt, stands for ``RankingLoss(utility)``, which has a sigmoid. The default is TRL's,
        ``RankingLoss("logsigmoid(x)", head="raw")``. ``args.center_rewards_coefficient`` is the centring.
    **kwargs
        As for ``RewardTrainer``: ``train_dataset``, ``eval_dataset``, ``processing_class``, ``callbacks`` and others.

    Attributes
    ----------
    loss : RankingLoss
        The loss.
    theory : Theory
        What theory predicts for it.

    Notes
    -----
    It logs what TRL logs (``min_reward``, ``mean_reward``, ``max_reward``, ``accuracy``, ``margin``, ``num_tokens``), where ``accuracy`` and
    ``margin`` are means over prompts of means over pairs, and ``pair_accuracy``, the share of all pairs in the right order, and
    ``distance_to_theory`` or ``distance_to_theory/TYPE``, the mean absolute difference of rewards from the optimal rewards of
    :func:`reward_collapse.solve`, where these exist.

    Examples
    --------
    >>> from reward_collapse.trl import RankingRewardTrainer
    >>> rows = [{"prompt": "2 + 2 =", "responses": [" 4", " 5", " 22"], "ranks": [1, 2, 3]}]
    >>> trainer = RankingRewardTrainer(
    ...     "my-model", loss={"open": "log(x+0.1)", "closed": "x"}, train_dataset=Dataset.from_list(rows)
    ... )  # doctest: +SKIP
    >>> trainer.train()  # doctest: +SKIP
    """

    # The loss is divided by the number of prompts of all accumulated batches.
    loss_is_scaled_for_ga = True

    _signature_columns: list[str] | None
    _tag_names = ["trl", "reward-trainer", "reward-collapse"]

    def __init__(
        self,
        model: Any,
        args: RewardConfig | None = None,
        *,
        loss: RankingLoss | str | Utility | Mapping[Any, str | Utility] | None = None,
        train_dataset: Any = None,
        **kwargs: Any,
    ) -> None:
        centering = (args.center_rewards_coefficient if args is not None else None) or 0.0
        if isinstance(loss, RankingLoss):
            if centering not in (0.0, loss.centering):
                raise InputError(
                    f"args.center_rewards_coefficient is {centering} and loss.centering is {loss.centering}: give one of them"
                )
            self.loss = loss if loss.reduction == "sum" else loss.replace(reduction="sum")
        else:
            columns = getattr(train_dataset, "column_names", None) or []
            margin = 1.0 if "margin" in columns and not is_ranking(columns) else None
            settings: dict[str, Any] = {"centering": centering, "margin": margin, "reduction": "sum"}
            if loss is None:
                self.loss = RankingLoss("logsigmoid(x)", head="raw", **settings)
            else:
                self.loss = RankingLoss(loss, **settings)
        self.theory = Theory(self.loss)
        self._prompt_loss = self.loss.replace(reduction="none", validate=False)
        self._totals = {"train": Totals(), "eval": Totals()}
        super().__init__(model, args, train_dataset=train_dataset, **kwargs)
        if self.args.accelerator_config.split_batches:
            raise InputError("accelerator_config.split_batches would cut prompts apart: leave it out")
        self.loss.to(self.args.device)
        if kwargs.get("data_collator") is None:
            self.data_collator = RankingCollator(
                self.processing_class.pad_token_id, self.loss.types, self.args.pad_to_multiple_of
            )

    def _prepare_dataset(self, dataset: Any, processing_class: Any, args: RewardConfig, dataset_name: str) -> Any:
        columns = dataset.column_names or list(next(iter(dataset)))
        if "margin" in columns and self.loss.margin is None:
            raise InputError("the rows have a `margin`, but the loss has none: RankingLoss(..., margin=1.0)")
        if self.loss.margin is not None and not {"margin", "scores"} & set(columns):
            raise InputError("the loss has a margin, but the rows have neither `scores` nor `margin`")
        if is_ranking(columns):
            options = {"num_proc": args.dataset_num_proc} if hasattr(dataset, "__len__") else {}
            return prepare(dataset, processing_class, self.loss.types, args.max_length, dataset_name, **options)
        if self.loss.types:
            for place, row in enumerate(dataset):
                check_type(row, self.loss.types, f"{place} of the {dataset_name} dataset")
        return super()._prepare_dataset(dataset, processing_class, args, dataset_name)

    def _set_signature_columns_if_needed(self) -> None:
        if self._signature_columns is None:
            self._signature_columns = [
                "chosen_ids", "rejected_ids", "margin", "responses_ids", "ranks", "scores", "type",
            ]  # fmt: skip

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> Tensor | None:
        """The number of prompts in the batches of all processes."""
        if not batch_samples:
            return None
        count = torch.tensor(float(sum(len(batch["prompt"]) for batch in batch_samples)), device=device)
        return self.accelerator.gather(count).sum()

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The loss of a batch: the sum over its prompts by their number in all batches of the step.

        As ``RewardTrainer.compute_loss``; ``num_items_in_batch`` is the number of prompts, those of this batch where it is missing.
        """
        mode = "train" if self.model.training else "eval"
        texts = {"input_ids": inputs["input_ids"], "attention_mask": inputs["attention_mask"]}
        outputs = model(**texts, use_cache=False)
        logits = outputs.logits.squeeze(-1).index_select(0, inputs["response"])
        total = self.loss(logits, inputs["group"], inputs["rank"], type=inputs.get("type"), score=inputs.get("score"))
        # Gradients are averaged over processes.
        scale = self.accelerator.num_processes if num_items_in_batch is not None else 1
        loss = total * scale / (len(inputs["prompt"]) if num_items_in_batch is None else num_items_in_batch)
        self._measure(mode, logits, inputs)
        return (loss, outputs) if return_outputs else loss

    def _measure(self, mode: str, logits: Tensor, inputs: dict[str, Any]) -> None:
        if mode == "train":
            tokens = self.accelerator.gather(inputs["attention_mask"].sum()).sum().item()
            self._total_train_tokens += tokens // self._tp_size
        self._metrics[mode]["num_tokens"] = [self._total_train_tokens]
        table = prompt_statistics(self._prompt_loss, self.theory, logits, inputs)
        if self.accelerator.num_processes > 1:
            # In evaluation, rows that were repeated to fill the last batch are taken out.
            gather = self.accelerator.gather if mode == "train" else self.accelerator.gather_for_metrics
            precision = torch.float32 if self.args.device.type == "mps" else torch.float64
            table = gather(table.to(self.args.device, precision)).cpu().double()
        self._totals[mode].add(table, self.loss.types)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Adds the metrics since the last call to what is logged."""
        mode = "train" if self.model.training else "eval"
        means = self._totals[mode].means()
        self._totals[mode].clear()
        loss = means.pop("loss", None)
        name = next((key for key in logs if key.endswith("_loss") and key != "train_loss"), None)
        if mode == "eval" and loss is not None and name is not None:
            # The mean over all prompts, where the last batch may have fewer.
            logs[name] = loss
        for key, value in means.items():
            self._metrics[mode][key] = [value]
        super().log(logs, start_time)


