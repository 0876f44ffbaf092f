"""The folded problem as a cone program, by CVXPY and Clarabel."""

import cvxpy as cp
import numpy as np
from scipy.sparse import csr_array, vstack

from problems import Array, Utility

METHOD = "CVXPY Clarabel"

# Clarabel's tolerance and step rules. They are tried in turn until one is accurate enough, and only that solve is
# timed. Loose tolerances overshoot or fall short by up to two digits. Where there are ties, or many cones, its steps
# shrink to nothing; shorter steps into the cones, or later changes of its scaling, then help for a while.
_SHORT: dict[str, float] = {"max_step_fraction": 0.9}
_PATIENT: dict[str, float] = {"min_switch_step_length": 1e-3, "min_terminate_step_length": 1e-8}
SETTINGS: tuple[tuple[float, dict[str, float]], ...] = (
    (1e-5, {}),
    (1e-6, {}),
    (1e-7, {}),
    (1e-8, {}),
    (1e-6, _SHORT),
    (1e-8, _SHORT),
    (1e-6, _PATIENT),
    (1e-12, _PATIENT),
)


def solve(utility: Utility, n: int, setting: int) -> tuple[str, Array]:
    """Clarabel's message and the lower half of the rewards.

    A cone for each distance between two rewards: exponential for logarithms, second-order for the others. The first
    reward is 0 by substitution. Order is only constrained where the utility does not see to it.

    Worse: the sum of utilities in place of their mean (Clarabel fails), distances as variables, power cones, gaps as
    variables (dense rows), Clarabel's other factorisation. CVXPY's compilers differ little; their time is counted, and
    is about a tenth.
    """
    half = n // 2
    matrix, offset, weights = _distances(half)
    rewards = cp.Variable(half - 1)
    distance = matrix[:, 1:] @ rewards + offset
    order = [rewards[0] >= 0, rewards[1:] >= rewards[:-1]] if utility.ties else []
    program = cp.Problem(cp.Maximize(weights @ _UTILITIES[utility.name](distance) / (n * (n - 1) / 2)), order)
    tolerance, steps = SETTINGS[setting]
    try:
        program.solve(
            solver=cp.CLARABEL,
            ignore_dpp=True,
            tol_gap_abs=tolerance,
            tol_gap_rel=tolerance,
            tol_feas=tolerance,
            **steps,
        )
    except cp.error.SolverError:
        raise ArithmeticError("Clarabel ends without a solution") from None
    if rewards.value is None or not np.isfinite(rewards.value).all():
        raise ArithmeticError(f"Clarabel: {program.status}")
    return f"Clarabel: {program.status}", np.append(0.0, rewards.value)


_UTILITIES = {
    "log(x)": cp.log,
    "-1/x": lambda t: -cp.power(t, -1),
    # log(t + 0.1), but for a constant; in this scale Clarabel goes further.
    "log(x+0.1)": lambda t: cp.log(10 * t + 1),
    "x^0.5": lambda t: cp.power(t, 0.5),
}


def _distances(half: int) -> tuple[csr_array, Array, Array]:
    """All distances as `matrix @ x + offset`, and how often each counts.

    They are `x_j - x_i` for `i < j`, then `1 - x_i - x_j` for `i < j`, then `1 - 2 x_i`.
    """
    first, second = np.triu_indices(half, 1)
    count = first.size
    rows = np.tile(np.arange(count), 2)
    columns = np.concatenate([second, first])
    ones = np.ones(count)
    within = csr_array((np.concatenate([ones, -ones]), (rows, columns)), shape=(count, half))
    across = csr_array((-np.ones(2 * count), (rows, columns)), shape=(count, half))
    middle = csr_array((np.full(half, -2.0), (np.arange(half), np.arange(half))), shape=(half, half))
    offset = np.concatenate([np.zeros(count), np.ones(count + half)])
    weights = np.concatenate([np.full(2 * count, 2.0), np.ones(half)])
    return vstack([within, across, middle], format="csr"), offset, weights
