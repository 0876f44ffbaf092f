"""Collapse watched during training."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import TrainerCallback
from trl import RewardTrainer

from reward_collapse import InputError, Utility
from reward_collapse.torch import RankingLoss

from .data import Row, _pad, check_type, ranks_of, texts_of, tokenize
from .files import Scored, is_ranking_without_ties, read_rewards, rewards_rows, write_description, write_rewards, write_scores
from .theory import Theory

Prompts = Iterable[Row]


class CollapseCallback(TrainerCallback):  # type: ignore[misc]
    """Lays the rewards of a model over theory at each evaluation of any Hugging Face ``Trainer``.

    At each evaluation it scores all responses to some prompts, and logs, to whatever ``report_to`` names,

    - ``collapse/distance`` and ``collapse/distance/TYPE``: the mean absolute difference of rewards from the optimal rewards of the loss;
    - ``collapse/within``: the standard deviation of rewards of one rank over prompts of one type and size, which collapse takes to 0;
    - ``collapse/between``: the standard deviation of the mean rewards of the ranks;
    - ``collapse/pair_accuracy``: the share of pairs in the right order;

    each for the held-out prompts where there are any, and with ``collapse/train/`` for those trained on. It draws the figure to TensorBoard, if
    that is among ``report_to`` and matplotlib is installed, and writes files that the program ``reward-collapse`` reads:
    ``scores.csv`` of the last evaluation, for its commands ``compare`` and ``diagnose``, and ``rewards.csv`` with ``run.json`` of all evaluations,
    for ``figure experiment``.

    Parameters
    ----------
    trainer : Trainer
        The trainer that the callback is added to.
    prompts : sequence of rows, or mapping of such, optional
        Rows with ``responses``, ``ranks`` or ``scores``, and optionally ``prompt`` and ``type``; or ``{"train": rows, "test": rows}``.
        Rows alone count as held out. Without them, those of the trainer's datasets, if they are rankings.
    loss : RankingLoss, Utility, str or mapping, optional
        What the model is trained with; a utility stands for ``RankingLoss(utility)``. Where it is not given, the loss of the trainer:
        its own for a :class:`RankingRewardTrainer`, and the Bradley-Terry loss for TRL's ``RewardTrainer``.
    directory : str or Path, optional
        Where files are written: ``collapse`` in the output directory of the run. ``False`` writes none.
    limit : int
        Prompts of each split that are scored.
    batch_size : int, optional
        Texts that are scored at once: the evaluation's batch size.

    Examples
    --------
    >>> trainer.add_callback(CollapseCallback(trainer))  # doctest: +SKIP
    """

    def __init__(
        self,
        trainer: Any,
        prompts: Sequence[Row] | Mapping[str, Sequence[Row]] | None = None,
        *,
        loss: RankingLoss | Utility | str | Mapping[Any, Utility | str] | None = None,
        directory: str | Path | bool | None = None,
        limit: int = 64,
        batch_size: int | None = None,
    ) -> None:
        self.trainer = trainer
        if loss is None:
            loss = _loss_of(trainer)
        own = loss if isinstance(loss, RankingLoss) else RankingLoss(loss)
        self.loss = own.replace(reduction="sum", validate=False)
        self.theory = Theory(self.loss)
        self.directory = None if directory is False else self._directory(directory)
        self.batch_size = batch_size or trainer.args.per_device_eval_batch_size
        self._prompts = {split: self._read(split, rows, limit) for split, rows in self._splits(prompts).items()}
        self._history: list[tuple[Any, ...]] | None = None

    def _directory(self, directory: str | Path | bool | None) -> Path:
        if isinstance(directory, (str, Path)):
            return Path(directory)
        return Path(self.trainer.args.output_dir) / "collapse"

    def _splits(self, prompts: Any) -> dict[str, Prompts]:
        if prompts is None:
            given = {"train": self.trainer.train_dataset, "test": self.trainer.eval_dataset}
            splits: dict[str, Prompts] = {
                split: rows
                for split, rows in given.items()
                if rows is not None and not isinstance(rows, Mapping) and "ranks" in (rows.column_names or ())
            }
            if not splits:
                raise InputError("the trainer's datasets are no rankings: give `prompts`, rows with `responses` and `ranks`")
            return splits
        if isinstance(prompts, Mapping):
            unknown = set(prompts) - {"train", "test"}
            if unknown:
                raise InputError(f"prompts are of the splits 'train' and 'test', not {sorted(unknown)}")
            return dict(prompts)
        return {"test": prompts}

    def _read(self, split: str, rows: Prompts, limit: int) -> list[_Prompt]:
        tokenizer = self.trainer.processing_class
        read = []
        for place, row in enumerate(itertools.islice(rows, limit)):
            where = f"{place} of the {split} prompts"
            ranks, _ = ranks_of(row, where)
            check_type(row, self.loss.types, where)
            ids = row.get("responses_ids")
            if ids is None:
                ids = [tokenize(tokenizer, text) for text in texts_of(row, tokenizer.eos_token)]
            read.append(_Prompt([tuple(own) for own in ids], ranks, row.get("type")))
        return read

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Scores, logs, draws and writes."""
        scored = self.score(state.global_step)
        logs: dict[str, float] = {}
        for split in self._prompts:
            prefix = "collapse/" if split == "test" or "test" not in self._prompts else "collapse/train/"
            own = [one for one in scored if one.split == split]
            logs |= {prefix + name: value for name, value in self.measure(own).items()}
        self.trainer.log(logs)
        if not state.is_world_process_zero:
            return
        if self.directory is not None:
            self._write(args, state, scored)
        self._draw(state.global_step, scored)

    def score(self, step: int) -> list[Scored]:
        """The rewards of all responses; every process scores its share of the texts."""
        texts = sorted({ids for own in self._prompts.values() for prompt in own for ids in prompt.texts}, key=len)
        outputs = dict(zip(texts, self._outputs(texts).tolist(), strict=True))
        scored = []
        for split, prompts in self._prompts.items():
            for number, prompt in enumerate(prompts):
                values = torch.tensor([outputs[ids] for ids in prompt.texts], dtype=torch.float64)
                rewards = self.loss.reward(values)
                for k, rank in enumerate(prompt.ranks):
                    scored.append(Scored(split, number, prompt.type, k, rank, float(values[k]), float(rewards[k])))
        return scored

    def _outputs(self, texts: list[tuple[int, ...]]) -> Tensor:
        """What the model says of each text, in double precision on the CPU."""
        accelerator, model = self.trainer.accelerator, self.trainer.model_wrapped
        pad = self.trainer.processing_class.pad_token_id
        was_training = model.training
        model.eval()
        found = []
        step = self.batch_size * accelerator.num_processes
        with torch.no_grad(), self.trainer.compute_loss_context_manager():
            for begin in range(0, len(texts), step):
                batch = texts[begin : begin + step]
                # Every process has as many texts as any other; the last ones are repeated.
                filled = batch + batch[-1:] * (-len(batch) % accelerator.num_processes)
                share = len(filled) // accelerator.num_processes
                first = share * accelerator.process_index
                ids, mask = _pad(filled[first : first + share], pad or 0, None)
                logits = model(input_ids=ids.to(accelerator.device), attention_mask=mask.to(accelerator.device)).logits
                found.append(accelerator.gather(logits.squeeze(-1).float())[: len(batch)].double().cpu())
        if was_training:
            model.train()
        return torch.cat(found)

    def measure(self, scored: Sequence[Scored]) -> dict[str, float]:
        """The numbers that are logged of some responses."""
        logs: dict[str, float] = {}
        distances: dict[Hashable, list[float]] = {}
        within, between, correct, pairs = [], [], 0, 0
        for (kind, _), table in self.tables(scored).items():
            for rewards in table:
                distance = self.theory.distance(rewards, kind)
                if distance is not None:
                    distances.setdefault(kind, []).append(distance)
            within.append((len(table), float(np.sqrt(table.var(axis=0).mean()))))
            between.append((len(table), float(table.mean(axis=0).std())))
        for own in _by_prompt(scored).values():
            for better, worse in itertools.permutations(own, 2):
                if better.rank < worse.rank:
                    pairs += 1
                    correct += better.output > worse.output
        if distances:
            logs["distance"] = float(np.mean(list(itertools.chain(*distances.values()))))
        logs |= {f"distance/{kind}": float(np.mean(own)) for kind, own in distances.items() if kind is not None}
        for name, values in (("within", within), ("between", between)):
            if values:
                logs[name] = float(np.average([value for _, value in values], weights=[count for count, _ in values]))
        if pairs:
            logs["pair_accuracy"] = correct / pairs
        return logs

    def tables(self, scored: Sequence[Scored]) -> dict[tuple[Hashable, int], NDArray[np.float64]]:
        """Rewards by type and number of responses: one row a prompt without ties, from the worst response to the best.

        Where the loss leaves the mean of a prompt's rewards free, it is taken off.
        """
        tables: dict[tuple[Hashable, int], list[list[float]]] = {}
        for own in _by_prompt(scored).values():
            if len({one.rank for one in own}) == len(own) > 1:
                rewards = [one.reward for one in sorted(own, key=lambda one: -one.rank)]
                tables.setdefault((own[0].type, len(own)), []).append(rewards)
        arrays = {key: np.array(rows) for key, rows in tables.items()}
        for (kind, n), array in arrays.items():
            optimum = self.theory.optimum(n, kind)
            if self.loss.head == "raw" and (optimum is None or optimum.unique == "up to a shift"):
                array -= array.mean(axis=1, keepdims=True)
        return arrays

    def _write(self, args: Any, state: Any, scored: Sequence[Scored]) -> None:
        assert self.directory is not None
        write_scores(self.directory / "scores.csv", scored)
        if self.loss.margin is not None or not is_ranking_without_ties(scored):
            return
        path = self.directory / "rewards.csv"
        if self._history is None:
            # A run that is resumed goes on with what it wrote before.
            self._history = read_rewards(path, state.global_step) if state.global_step else []
        self._history = [row for row in self._history if int(row[0]) != state.global_step]
        # The figure wants prompts of the train split; those held out stand in for them.
        named = scored if "train" in self._prompts else [one._replace(split="train") for one in scored]
        self._history += rewards_rows(state.global_step, named)
        write_rewards(path, self._history)
        model = self.trainer.accelerator.unwrap_model(self.trainer.model_wrapped)
        write_description(
            self.directory / "run.json", self.loss,
            name=", ".join(dict.fromkeys(str(utility) for utility in self.loss.utilities.values())),
            model=str(getattr(model.config, "name_or_path", "") or model.__class__.__name__),
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            responses=max(len(own) for own in _by_prompt(scored).values()),
            max_steps=state.max_steps, learning_rate=args.learning_rate, seed=args.seed, device=args.device.type,
        )  # fmt: skip

    def _draw(self, step: int, scored: Sequence[Scored]) -> None:
        callbacks = self.trainer.callback_handler.callbacks
        writers: list[Any] = [one.tb_writer for one in callbacks if getattr(one, "tb_writer", None) is not None]
        if not writers:
            return
        if importlib.util.find_spec("matplotlib") is None:
            return
        for writer in writers:
            writer.add_figure("collapse/rewards", self.figure(scored), global_step=step)
            writer.flush()

    def figure(self, scored: Sequence[Scored]) -> Any:
        """The collapse figure: one panel for each split, with the commonest number of responses of each type of prompt."""
        from matplotlib.figure import Figure

        from reward_collapse import plot

        figure = Figure(figsize=(5.0 * len(self._prompts), 4.0), layout="constrained")
        for ax, split in zip(np.atleast_1d(figure.subplots(1, len(self._prompts))), self._prompts, strict=True):
            tables = self.tables([one for one in scored if one.split == split])
            commonest: dict[Hashable, NDArray[np.float64]] = {}
            for (kind, _), table in tables.items():
                if kind not in commonest or len(table) > len(commonest[kind]):
                    commonest[kind] = table
            theory = {kind: self.theory.nearest(table.mean(axis=0), kind) for kind, table in commonest.items()}
            if commonest:
                plot.collapse(commonest, theory, ax=ax)
            ax.set_title({"train": "prompts trained on", "test": "held-out prompts"}[split])
        return figure


def _loss_of(trainer: Any) -> RankingLoss:
    """What a trainer trains with."""
    if isinstance(getattr(trainer, "loss", None), RankingLoss):
        own: RankingLoss = trainer.loss
        return own
    if isinstance(trainer, RewardTrainer):
        centering = trainer.args.center_rewards_coefficient or 0.0
        return RankingLoss("logsigmoid(x)", head="raw", centering=centering)
    raise InputError("loss is missing: what is the model trained with? For example RankingLoss('logsigmoid(x)', head='raw')")


class _Prompt:
    """A prompt with its tokenised responses."""

    def __init__(self, texts: list[tuple[int, ...]], ranks: list[float], type: Hashable) -> None:
        self.texts = texts
        self.ranks = ranks
        self.type = type


def _by_prompt(scored: Iterable[Scored]) -> dict[tuple[str, int], list[Scored]]:
    prompts: dict[tuple[str, int], list[Scored]] = {}
    for one in scored:
        prompts.setdefault((one.split, one.prompt), []).append(one)
    return prompts
