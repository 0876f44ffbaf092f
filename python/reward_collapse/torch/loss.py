"""The ranking loss of the project, for any number of responses to a prompt."""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

import reward_collapse as rc
from reward_collapse import _core

from .expression import TensorFunction, compile_tree, on_line
from .potential import Potential
from .pairs import Arrangement, Rows, lay_out
from .sums import Batch, by_prompt, total_of

Head = Literal["sigmoid", "raw"]
Reduction = Literal["mean", "sum", "none"]

#: Pairs that are handled at once. A batch with more keeps no tensor of all its pairs.
CHUNK = 1 << 20


class RankingLoss(nn.Module):
    r"""The loss of a batch of rankings: the mean over prompts of the mean over pairs of ``-U(r_j - r_i)``.

    For a prompt with responses of rewards ``r`` it is

    .. math::
        \frac1P \sum_{(i,j)} \left[ -w_{ij} U_q(r_j - r_i - m_{ij}) + c (r_i + r_j)^2 \right] - \frac2n \sum_i V(r_i),

    where ``j`` is ranked above ``i`` in the ``P`` pairs, and ``U_q(x) = (1-q) U(x) + q U(-x)``. It is the loss of the Rust
    trainer, and what :func:`reward_collapse.solve` predicts is its minimiser. Prompts may have any number of responses, and
    ties, which make no pair. A prompt without pairs is skipped: it counts neither in the sum nor in the mean.

    Parameters
    ----------
    utility : str, Utility, Design or mapping
        An expression in ``x`` such as ``"log(x+0.1)"``; a loss that :func:`reward_collapse.design` made, with its field; or one of
        these for each type of prompt.
    head : {"sigmoid", "raw"}
        How a model's output becomes a reward: by a sigmoid, as in the paper, or as it is.
    smoothing : float
        The label smoothing ``q``, from 0 to less than 1/2.
    centering : float
        The centring coefficient ``c``, from 0: ``center_rewards_coefficient`` of TRL.
    field : str, optional
        The field ``V``, a concave expression in a reward.
    margin : float, optional
        With ``m``, a pair has the margin ``m_ij = m (s_j - s_i)``, where ``s`` is the ``score`` of a call.
    reduction : {"mean", "sum", "none"}
        Over prompts. ``"none"`` gives one loss for each prompt, in the order of ``group``, and 0 for a skipped one.
    chunk : int, optional
        Pairs that are handled at once. A batch with more takes no more memory than these; its gradient is computed with the loss, and
        there are no second derivatives.
    validate : bool
        Whether inputs are checked: lengths, NaN, ranks, types. It costs one synchronisation with a GPU. Compiled code never checks.

    Attributes
    ----------
    types : tuple
        The types of prompt, in the order in which a tensor of types counts them; empty for one utility.
    skipped : Tensor
        How many prompts without pairs were seen. The first one gives a warning.

    Raises
    ------
    ValueError
        For a text that is no utility; a utility of infinite slope at 0, which cannot be trained on pairs in the wrong order; numbers
        out of their domain.

    Examples
    --------
    Two prompts, one with three responses and one with two:

    >>> import torch
    >>> loss = RankingLoss("logsigmoid(x)", head="raw")
    >>> rewards = torch.tensor([2.0, 1.0, 0.0, 0.5, -0.5], requires_grad=True)
    >>> value = loss(rewards, group=torch.tensor([0, 0, 0, 1, 1]), rank=torch.tensor([1, 2, 3, 1, 2]))
    >>> round(float(value.detach()), 6)
    0.282206
    >>> value.backward()

    A prompt-aware loss:

    >>> loss = RankingLoss({"open": "-1/(x+0.1)", "closed": "x"})
    >>> value = loss(rewards, torch.tensor([0, 0, 0, 1, 1]), torch.tensor([1, 2, 3, 1, 2]), type=["open"] * 3 + ["closed"] * 2)
    """

    skipped: Tensor

    def __init__(
        self,
        utility: str | rc.Utility | rc.Design | Mapping[Any, str | rc.Utility | rc.Design] = "x",
        *,
        head: Head = "sigmoid",
        smoothing: float = 0.0,
        centering: float = 0.0,
        field: str | None = None,
        margin: float | None = None,
        reduction: Reduction = "mean",
        chunk: int = CHUNK,
        validate: bool = True,
    ) -> None:
        super().__init__()
        if head not in ("sigmoid", "raw"):
            raise rc.InputError(f"head={head!r}: it is 'sigmoid' or 'raw'")
        if reduction not in ("mean", "sum", "none"):
            raise rc.InputError(f"reduction={reduction!r}: it is 'mean', 'sum' or 'none'")
        if not 0.0 <= smoothing < 0.5:
            raise rc.InputError(f"smoothing={smoothing}: label smoothing is from 0 to less than 1/2")
        if not (math.isfinite(centering) and centering >= 0.0):
            raise rc.InputError(f"centering={centering}: a centring coefficient is finite and not negative")
        if margin is not None and not math.isfinite(margin):
            raise rc.InputError(f"margin={margin}: it is a finite number")
        if chunk < 1:
            raise rc.InputError(f"chunk={chunk}: at least one pair is handled at once")
        by_type = dict(utility) if isinstance(utility, Mapping) else {None: utility}
        if not by_type:
            raise rc.InputError("utility={}: at least one type of prompt has a utility")
        self.head: Head = head
        self.losses: dict[Any, str | rc.Utility | rc.Design] = by_type
        self.utilities: dict[Any, rc.Utility] = {}
        self.fields: dict[Any, str | None] = {}
        for key, value in by_type.items():
            self.utilities[key], self.fields[key] = self._parts(value, field)
        self.types: tuple[Any, ...] = tuple(by_type) if isinstance(utility, Mapping) else ()
        if any(isinstance(key, int) and key != place for place, key in enumerate(self.types)):
            raise rc.InputError("types of prompt that are integers are 0, 1, 2, ... in this order; use names for others")
        self.smoothing = float(smoothing)
        self.centering = float(centering)
        self.field = field
        self.margin = None if margin is None else float(margin)
        self.reduction: Reduction = reduction
        self.chunk = int(chunk)
        self.validate = validate
        self._translate()
        self.register_buffer("skipped", torch.zeros((), dtype=torch.int64), persistent=False)

    def _translate(self) -> None:
        """Utilities and the field as PyTorch operations."""
        self._functions: tuple[TensorFunction, ...] = tuple(on_line(u, self.smoothing) for u in self.utilities.values())
        self._fields: tuple[TensorFunction | None, ...] = tuple(map(self._field, self.fields.values()))

    def _parts(self, loss: str | rc.Utility | rc.Design, field: str | None) -> tuple[rc.Utility, str | None]:
        """Utility and field."""
        if isinstance(loss, str):
            return rc.Utility(loss), field
        if not isinstance(loss, rc.Design):
            return loss, field
        if field is not None:
            raise rc.InputError("a design has a field of its own: leave out field")
        if loss.support != self.support:
            raise rc.InputError(f"the design has rewards in {loss.support}, and head={self.head!r} gives rewards in {self.support}")
        return rc.Utility(loss.utility), loss.field

    def _field(self, field: str | None) -> TensorFunction | None:
        """A field as PyTorch operations; the potential of a law is computed by the extension."""
        if field is None:
            return None
        if field.startswith("potential("):
            return Potential(field, self.support)
        return compile_tree(_core.field_tree(field, self.support))

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the closures, which cannot be pickled."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_functions", "_fields")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Translates again."""
        super().__setstate__(state)
        self._translate()

    def replace(self, **changes: Any) -> RankingLoss:
        """The same loss with other arguments, such as ``reduction="none"``."""
        names = ("head", "smoothing", "centering", "field", "margin", "reduction", "chunk", "validate")
        settings: dict[str, Any] = {name: getattr(self, name) for name in names}
        settings["utility"] = dict(self.losses) if self.types else next(iter(self.losses.values()))
        return RankingLoss(**(settings | changes))

    @property
    def support(self) -> tuple[float, float]:
        """The interval of rewards: what ``support`` is for :func:`reward_collapse.solve`."""
        return (0.0, 1.0) if self.head == "sigmoid" else (-math.inf, math.inf)

    def theory(self, type: Hashable = None) -> dict[str, Any]:
        """What :func:`reward_collapse.solve` and :class:`reward_collapse.Limit` need to know of this loss.

        Parameters
        ----------
        type : hashable, optional
            A type of prompt; without meaning for a loss that has one utility.

        Returns
        -------
        dict
            ``utility``, ``support``, ``smoothing``, ``centering`` and ``field``.

        Examples
        --------
        >>> import reward_collapse as rc
        >>> loss = RankingLoss("logsigmoid(x)", head="raw", smoothing=0.1)
        >>> rc.solve(n=4, **loss.theory()).rewards.round(3).tolist()
        [-1.941, -0.595, 0.595, 1.941]
        """
        if not self.types:
            type = None
        elif type not in self.utilities:
            raise rc.InputError(f"unknown type of prompt {type!r}: this loss has {_listed(self.types)}")
        return {
            "utility": self.utilities[type],
            "support": self.support,
            "smoothing": self.smoothing,
            "centering": self.centering,
            "field": self.fields[type],
        }

    def reward(self, output: Tensor) -> Tensor:
        """Rewards of a model's outputs: their sigmoid, or themselves."""
        return torch.sigmoid(output) if self.head == "sigmoid" else output

    def encode(self, types: Sequence[Hashable], device: torch.device | None = None) -> Tensor:
        """Types of prompt by their place in :attr:`types`, as a tensor that :meth:`forward` takes."""
        places = {key: place for place, key in enumerate(self.types)}
        unknown = next((key for key in types if key not in places), None)
        if unknown is not None:
            raise rc.InputError(f"unknown type of prompt {unknown!r}: this loss has {_listed(self.types)}")
        return torch.tensor([places[key] for key in types], dtype=torch.int64, device=device)

    def forward(
        self,
        rewards: Tensor,
        group: Tensor,
        rank: Tensor,
        type: Tensor | Sequence[Hashable] | None = None,
        weight: Tensor | None = None,
        *,
        pair_weight: Tensor | None = None,
        score: Tensor | None = None,
        prompts: Tensor | float | None = None,
    ) -> Tensor:
        """The loss of a batch.

        Parameters
        ----------
        rewards : Tensor
            Outputs of a model before the head, of shape ``(N,)`` or ``(N, 1)``. Half precision is computed in single precision.
        group : Tensor
            Integers of shape ``(N,)``: responses to one prompt share theirs, and need not be neighbours.
        rank : Tensor
            Numbers of shape ``(N,)``: 1 is the best, and equal ranks make no pair.
        type : Tensor or sequence, optional
            The type of each response's prompt: places in :attr:`types` as a tensor, or the types themselves.
        weight : Tensor, optional
            A weight for each response, not negative. A pair's utility is multiplied with the geometric mean of the two, so that a
            weight that all responses to a prompt share is the prompt's, and a response of weight 0 drops out.
        pair_weight : Tensor, optional
            A weight for each pair, in the order of :func:`~reward_collapse.torch.ranked_pairs`.
        score : Tensor, optional
            Numbers of shape ``(N,)``, higher for better; with ``margin``, a pair has the margin ``margin * (s_j - s_i)``.
        prompts : Tensor or number, optional
            What ``reduction="mean"`` divides by, in place of the number of prompts with pairs in this batch: their number in all
            processes and accumulated batches, so that the gradient does not depend on how prompts are spread over them.

        Returns
        -------
        Tensor
            Without dimensions, or of shape ``(prompts,)`` for ``reduction="none"``; in single or double precision.
        """
        rewards, group, rank, kind, weight, score = self._tensors(rewards, group, rank, type, weight, score)
        if rewards.shape[0] == 0:
            return rewards if self.reduction == "none" else rewards.sum()
        arrangement = lay_out(group, rank, self.chunk)
        pairs = None
        if not torch.compiler.is_compiling():
            pairs = self._examine(rewards, group, rank, kind, weight, score, arrangement)
            if pair_weight is not None and pair_weight.shape != (pairs,):
                raise rc.InputError(f"pair_weight has the shape {tuple(pair_weight.shape)}, but there are {pairs} pairs")
        pair_weight = None if pair_weight is None else arrangement.pair_values(pair_weight.to(rewards))
        own = [None if values is None else arrangement.sort(values) for values in (kind, weight, score)]
        batch = Batch(arrangement, pairs, own[0], own[1], own[2], pair_weight)
        outputs = arrangement.sort(rewards)
        if self.reduction == "none":
            return by_prompt(self, outputs, batch)
        total = total_of(self, outputs, batch)
        if self.reduction == "sum":
            return total
        count = arrangement.prompts() if prompts is None else prompts
        return total / (count.clamp(min=1) if isinstance(count, Tensor) else max(count, 1))

    def extra_repr(self) -> str:
        """What ``repr`` shows."""
        texts = {key: str(utility) for key, utility in self.utilities.items()}
        shown: list[str] = [repr(texts if self.types else texts[None]), f"head={self.head!r}"]
        for name in ("smoothing", "centering", "field", "margin"):
            value = getattr(self, name)
            if value:
                shown.append(f"{name}={value!r}")
        return ", ".join(shown)

    def _tensors(self, rewards: Any, group: Any, rank: Any, type: Any, weight: Any, score: Any) -> tuple[Any, ...]:
        """Everything as tensors of one dimension on one device, rewards in at least single precision."""
        if not isinstance(rewards, Tensor) or not rewards.is_floating_point():
            raise TypeError("rewards are a tensor of floating point numbers")
        if rewards.ndim == 2 and rewards.shape[1] == 1:
            rewards = rewards.squeeze(1)
        if rewards.ndim != 1:
            raise rc.InputError(f"rewards have the shape {tuple(rewards.shape)}: a flat batch has (N,) or (N, 1)")
        if rewards.dtype not in (torch.float32, torch.float64):
            rewards = rewards.float()
        device = rewards.device
        group = _as_tensor("group", group, device)
        if group.is_floating_point() or group.is_complex():
            raise TypeError("group is a tensor of integers")
        rank = _as_tensor("rank", rank, device)
        if self.types:
            if type is None:
                raise rc.InputError(f"type is missing: this loss has one utility for each of {_listed(self.types)}")
            type = type.to(device) if isinstance(type, Tensor) else self.encode(type, device)
        else:
            type = None
        weight = None if weight is None else _as_tensor("weight", weight, device).to(rewards.dtype)
        if self.margin is None:
            score = None
        elif score is None:
            raise rc.InputError("score is missing: a loss with a margin needs the scores of the responses")
        else:
            score = _as_tensor("score", score, device).to(rewards.dtype)
        named = {"group": group, "rank": rank, "type": type, "weight": weight, "score": score}
        for name, tensor in named.items():
            if tensor is not None and tensor.shape != rewards.shape:
                raise rc.InputError(f"{name} has the shape {tuple(tensor.shape)}, but there are {rewards.shape[0]} rewards")
        return rewards, group, rank, type, weight, score

    def _examine(
        self,
        rewards: Tensor,
        group: Tensor,
        rank: Tensor,
        type: Tensor | None,
        weight: Tensor | None,
        score: Tensor | None,
        arrangement: Arrangement | Rows,
    ) -> int:
        """The number of pairs, after a look at the input: one synchronisation for all."""
        if isinstance(arrangement, Rows) and type is weight is score is None:
            # Everything about it is known; a sum is finite only where all its terms are.
            if not self.validate or math.isfinite(rewards.detach().numpy().sum()):
                return arrangement.pairs_of_all()
        named: list[tuple[str, Tensor]] = []
        if self.validate:
            named.append(("a reward that is not finite", rewards.detach() * 0.0 != 0.0))
            if rank.is_floating_point():
                named.append(("a rank that is NaN, so that ranks cannot be compared", rank != rank))
            if type is not None:
                named.append((f"a type that is not 0 to {len(self.types) - 1}", (type < 0) | (type >= len(self.types))))
                named.append(("a type that differs within the prompt", arrangement.differs(type)))
            if weight is not None:
                named.append(("a weight that is negative or not finite", ~((weight >= 0) & torch.isfinite(weight))))
            if score is not None:
                named.append(("a score that is not finite", ~torch.isfinite(score)))
        counts = [arrangement.number_of_pairs(), arrangement.skipped(), self.skipped.to(rewards.device)]
        pairs, skipped, before, *wrong = torch.stack([*counts, *(flags.sum() for _, flags in named)]).tolist()
        for (what, flags), is_wrong in zip(named, wrong, strict=True):
            if is_wrong:
                place = int(flags.nonzero()[0])
                raise rc.InputError(f"response {place}, of prompt {int(group[place])}, has {what}")
        if skipped:
            self.skipped += skipped
            if not before and self.validate:
                warnings.warn(
                    "a prompt without a pair (one response, or all of one rank) is skipped; `skipped` counts such prompts",
                    stacklevel=3,
                )
        return int(pairs)

    def terms(self, outputs: Tensor, batch: Batch, better: Tensor, worse: Tensor, pair_weight: Tensor | None) -> Tensor:
        """What each pair takes from the loss; places are in sorted order."""
        rewards = self.reward(outputs)
        low, high = rewards.index_select(0, worse), rewards.index_select(0, better)
        difference = high - low
        if batch.score is not None and self.margin is not None:
            score = self.margin * batch.score
            difference = difference - (score.index_select(0, better) - score.index_select(0, worse))
        terms = self._utility(difference, batch.type, better)
        if batch.weight is not None:
            root = torch.sqrt(batch.weight)
            terms = terms * (root.index_select(0, worse) * root.index_select(0, better))
        if pair_weight is not None:
            terms = terms * pair_weight
        if self.centering != 0.0:
            terms = terms - self.centering * (high + low) ** 2
        return terms

    def _utility(self, difference: Tensor, type: Tensor | None, better: Tensor) -> Tensor:
        """The utility of each pair by the type of its prompt."""
        if type is None or len(self._functions) == 1:
            return self._functions[0](difference)
        type, shape = type.index_select(0, better).flatten(), difference.shape
        difference = difference.flatten()
        if torch.compiler.is_compiling():
            # All utilities everywhere; a pair that is not of the type is put at 0, where each is finite.
            value = torch.zeros_like(difference)
            for place, function in enumerate(self._functions):
                own = type == place
                value = torch.where(own, function(torch.where(own, difference, 0.0)), value)
            return value.view(shape)
        value = torch.empty_like(difference)
        for place, function in enumerate(self._functions):
            own = (type == place).nonzero().squeeze(1)
            value = value.index_copy(0, own, function(difference.index_select(0, own)))
        return value.view(shape)

    def field_terms(self, outputs: Tensor, type: Tensor | None) -> Tensor | None:
        """The field of each response."""
        if all(field is None for field in self._fields):
            return None
        rewards = self.reward(outputs)
        # Without designs all types have the same field.
        if type is None or len(set(self.fields.values())) == 1:
            field = self._fields[0]
            return None if field is None else field(rewards)
        value = torch.zeros_like(rewards)
        for place, field in enumerate(self._fields):
            if field is not None:
                value = torch.where(type == place, field(rewards), value)
        return value


def _as_tensor(name: str, values: Any, device: torch.device) -> Tensor:
    try:
        return torch.as_tensor(values, device=device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} is not made of numbers that can be compared: {error}") from error


def _listed(types: Sequence[Any]) -> str:
    return ", ".join(repr(key) for key in types) or "no types"
