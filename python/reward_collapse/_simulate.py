"""Simulated training."""

from __future__ import annotations

from typing import Literal, Sequence

from . import _core
from ._arguments import LossLike, count, loss_of
from ._errors import InputError
from ._results import Simulation

__all__ = ["simulate"]


def simulate(
    utility: LossLike,
    n: int,
    prompts: int,
    steps: int,
    *,
    optimiser: Literal["adam", "sgd"] = "adam",
    learning_rate: float | None = None,
    batch: int | Literal["pairs", "full"] = "full",
    head: Literal["sigmoid", "raw"] = "sigmoid",
    flip: float = 0.0,
    qualities: Sequence[float] | None = None,
    noise: Literal["fixed", "fresh"] = "fixed",
    field: str | None = None,
    smoothing: float = 0.0,
    centering: float = 0.0,
    compared: int | None = None,
    initial_spread: float = 0.1,
    every: int | None = None,
    seed: int = 0,
) -> Simulation:
    """How training gets to the optimal rewards: many prompts with free logits.

    Every prompt has a logit for each response, and no network ties prompts together. The result depends on the seed, and not on
    the number of threads.

    Parameters
    ----------
    utility : str, Utility or Design
        Of a finite slope at 0: training begins with pairs in the wrong order.
    n, prompts, steps : int
        Responses of each prompt, prompts, and steps of the optimiser.
    optimiser : {"adam", "sgd"}
        How logits follow the gradient.
    learning_rate : float, optional
        0.05 for Adam and 1 for gradient descent unless given.
    batch : int, "pairs" or "full"
        The pairs of a prompt in each step: all, one, or so many drawn at random.
    head : {"sigmoid", "raw"}
        From logits to rewards.
    flip : float
        The probability that a pair's label is swapped.
    qualities : sequence of float, shape (n,), optional
        True qualities, the worst response first: labels are then those of Bradley and Terry.
    noise : {"fixed", "fresh"}
        Whether random labels are drawn once, or in every step.
    field : str, optional
        A concave expression in a reward ``x``, or the potential of a law; the loss has less twice its mean over the responses.
    smoothing, centering : float
        Label smoothing and centring coefficient of the loss.
    compared : int, optional
        So many pairs of each prompt are compared at all.
    initial_spread : float
        The standard deviation of the first logits.
    every : int, optional
        A row every so many steps; ten a decade unless given.
    seed : int
        The seed of every random draw.

    Returns
    -------
    Simulation
        The path of the rewards, beside the optimum and the limit law.

    Examples
    --------
    >>> import reward_collapse
    >>> run = reward_collapse.simulate("logsigmoid(4x)", 8, prompts=10, steps=100, seed=1)
    >>> run.rewards.shape == (len(run.step), 8)
    True
    """
    room = (float("-inf"), float("inf")) if head == "raw" else (0.0, 1.0)
    parsed, field, ends = loss_of(utility, field, None, room)
    if ends != room:
        raise InputError(f"the design has rewards in {ends}, and this head gives rewards in {room}")
    sizes = {"full": None, "pairs": 1}
    options = {
        "optimiser": optimiser,
        "learning_rate": learning_rate,
        "batch": sizes[batch] if isinstance(batch, str) and batch in sizes else count("batch", batch, 1),  # type: ignore[arg-type]
        "head": head,
        "flip": flip,
        "qualities": None if qualities is None else [float(quality) for quality in qualities],
        "noise": noise,
        "field": field,
        "smoothing": smoothing,
        "centering": centering,
        "compared": None if compared is None else count("compared", compared, 1),
        "initial_spread": initial_spread,
        "every": None if every is None else count("every", every, 1),
        "seed": count("seed", seed, 0),
    }
    found = _core.simulate(
        parsed, count("n", n, 2), count("prompts", prompts, 1), count("steps", steps, 1), options
    )
    import numpy as np

    found["step"] = np.array(found["step"], dtype=np.int64)
    return Simulation(parsed.text, **found)
