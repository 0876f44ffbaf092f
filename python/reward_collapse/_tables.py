"""The rewards of any model: compared with theory, and diagnosed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from . import _core
from ._arguments import LossLike, UtilityLike, count, loss_of, utility_of
from ._errors import InputError
from ._results import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Comparison", "Diagnosis", "compare", "diagnose"]


@dataclass(frozen=True, eq=False)
class Comparison(Record):
    """Rewards beside the optimum of their loss.

    Attributes
    ----------
    rows : list of dict
        One for each type of prompts: ``type``, ``prompts``, ``n``, ``utility``, ``mean_abs_difference``, ``largest``,
        ``largest_prompt``, ``w1``, ``w1_limit``, ``order``, ``shifted``, ``tied``, ``single``, ``gap``, ``bound``, ``concavity`` and ``sizes``, as in
        the JSON of ``reward-collapse compare``.
    sigmoid : bool
        Whether the rewards were logits, and their sigmoids were compared.

    Examples
    --------
    >>> import reward_collapse
    >>> table = {"prompt": ["a"] * 4, "reward": reward_collapse.solve("-1/x", 4).rewards}
    >>> reward_collapse.compare(table, "-1/x").rows[0]["largest"]
    0.0
    """

    rows: list[dict[str, Any]]
    sigmoid: bool


@dataclass(frozen=True, eq=False)
class Diagnosis(Record):
    """What the rewards of many prompts say.

    Attributes
    ----------
    verdict : str
        ``"collapsed"``, ``"prompt-dependent"`` or ``"undecided"``.
    why : str
        The reason, in a sentence.
    prompts, responses, left_out : int
        Prompts with two responses or more, their responses, and prompts with fewer.
    types : list of dict
        Each type of prompts: ``type``, ``prompts``, ``responses``, ``spread_within``, ``spread_between``, ``saturated``, ``ties``,
        ``best_utility``, ``distance`` and more.
    tests : list of dict
        ``null``, ``statistic``, ``p_value``, ``effect``, ``interval`` and more.
    details : dict
        Everything else that the JSON of ``reward-collapse diagnose`` has.

    Examples
    --------
    >>> import reward_collapse
    >>> rewards = reward_collapse.solve("log(x+0.1)", 8).rewards
    >>> table = {
    ...     "prompt": [str(i) for i in range(100) for _ in range(8)],
    ...     "reward": [r + 1e-3 * (i % 7) * r * (1 - r) for i in range(100) for r in rewards],
    ...     "type": ["open" if i % 2 else "closed" for i in range(100) for _ in range(8)],
    ... }
    >>> reward_collapse.diagnose(table).verdict
    'collapsed'
    """

    verdict: str
    why: str
    prompts: int
    responses: int
    left_out: int
    types: list[dict[str, Any]]
    tests: list[dict[str, Any]]
    details: dict[str, Any]


def _rewards(
    data: Any,
    prompt_column: str | None,
    reward_column: str | None,
    type_column: str | None,
    rank_column: str | None,
) -> _core.Rewards:
    """The table of a file, a DataFrame or a mapping."""
    if isinstance(data, (str, os.PathLike)):
        return _core.Rewards.read(os.fspath(data), prompt_column, reward_column, type_column, rank_column)
    from ._frames import column, columns_of, numbers, plain

    table = plain(data)
    names = columns_of(table)

    def find(given: str | None, usual: str, needed: bool) -> NDArray[Any] | None:
        name = usual if given is None else given
        if name in names:
            return column(table, name)
        if needed or given is not None:
            raise InputError(f"there is no column {name!r}; the table has {', '.join(names)}")
        return None

    prompt, reward = find(prompt_column, "prompt", True), find(reward_column, "reward", True)
    kind, rank = find(type_column, "type", False), find(rank_column, "rank", False)
    assert prompt is not None and reward is not None
    rows = len(prompt)
    if kind is not None and len(kind) != rows:
        raise InputError(f"{rows} prompts and {len(kind)} types")
    return _core.Rewards(
        [str(name) for name in prompt.tolist()],
        numbers("reward", reward, rows),
        None if kind is None else [str(name) for name in kind.tolist()],
        None if rank is None else numbers("rank", rank, rows),
    )


def compare(
    data: Any,
    utility: LossLike | Mapping[str, LossLike],
    *,
    sigmoid: bool = False,
    prompt_column: str | None = None,
    reward_column: str | None = None,
    type_column: str | None = None,
    rank_column: str | None = None,
    field: str | None = None,
    support: Sequence[float] | None = None,
    smoothing: float = 0.0,
    centering: float = 0.0,
) -> Comparison:
    """The rewards of any reward model over the theory of its loss.

    Each prompt is compared with the optimal rewards of its own number of responses, and all prompts of a type with the limit law.

    Parameters
    ----------
    data : path or table
        A file that ``reward-collapse compare`` reads, or a mapping of columns or DataFrame with a row for each response:
        ``prompt``, ``reward`` and, where there are any, ``type`` and ``rank`` (1 is the best).
    utility : str, Utility, Design or mapping
        What the model was trained on; by type where it is a mapping.
    sigmoid : bool
        Whether the rewards are logits, and their sigmoids are to be compared.
    prompt_column, reward_column, type_column, rank_column : str, optional
        Other names of the columns.
    field, support, smoothing, centering
        As for :func:`solve`.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> import reward_collapse
    >>> table = {"prompt": [1, 1, 2, 2], "reward": [0.1, 1.0, 0.8, 0.2]}
    >>> round(reward_collapse.compare(table, "log(x)").rows[0]["mean_abs_difference"], 12)
    0.125
    """
    rewards = _rewards(data, prompt_column, reward_column, type_column, rank_column)
    kinds = rewards.types
    if isinstance(utility, Mapping):
        for name in [*utility, *kinds]:
            if name not in utility or name not in kinds:
                what = "has no utility" if name in kinds else "is not in the table"
                raise InputError(f"the type {name!r} {what}; the table has the types {', '.join(kinds)}")
        losses = [loss_of(utility[kind], field, support, (0.0, 1.0)) for kind in kinds]
    else:
        losses = [loss_of(utility, field, support, (0.0, 1.0))] * len(kinds)
    rows = _core.compare(rewards, losses, sigmoid, smoothing, centering)
    return Comparison(json.loads(rows), sigmoid)


def diagnose(
    data: Any,
    *,
    utility: UtilityLike | None = None,
    sigmoid: bool = False,
    raw: bool = False,
    shift: bool | None = None,
    tolerance: float = 0.02,
    near_end: float = 0.01,
    permutations: int = 999,
    resamples: int = 999,
    seed: int = 0,
    prompt_column: str | None = None,
    reward_column: str | None = None,
    type_column: str | None = None,
    rank_column: str | None = None,
) -> Diagnosis:
    """Whether a reward model has collapsed: what the rewards of many prompts say.

    Parameters
    ----------
    data : path or table
        As for :func:`compare`.
    utility : str or Utility, optional
        What the model was trained on, where it is known.
    sigmoid : bool
        Whether the rewards are logits, and their sigmoids are to be looked at.
    raw : bool
        Whether the rewards are raw logits, even if all lie in [0, 1].
    shift : bool, optional
        Whether each prompt's rewards are shifted to mean 0 first; for raw logits unless given.
    tolerance : float
        The largest difference that does not count, as a share of the width of the scale.
    near_end : float
        How near to 0 or 1 a reward counts as saturated.
    permutations, resamples : int
        Of each test, and of each bootstrap interval.
    seed : int
        The seed of every random draw.
    prompt_column, reward_column, type_column, rank_column : str, optional
        Other names of the columns.

    Returns
    -------
    Diagnosis

    Examples
    --------
    >>> import reward_collapse
    >>> table = {"prompt": [1, 1, 2, 2], "reward": [0.1, 1.0, 0.8, 0.2]}
    >>> reward_collapse.diagnose(table, permutations=99, resamples=99).prompts
    2
    """
    found = json.loads(
        _core.diagnose(
            _rewards(data, prompt_column, reward_column, type_column, rank_column),
            None if utility is None else utility_of(utility).text,
            sigmoid,
            raw,
            shift,
            tolerance,
            near_end,
            count("permutations", permutations, 1),
            count("resamples", resamples, 1),
            count("seed", seed, 0),
        )
    )
    names = ("verdict", "why", "prompts", "responses", "left_out", "types", "tests")
    return Diagnosis(**{name: found.pop(name) for name in names}, details=found)
