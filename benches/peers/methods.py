"""SciPy's methods, each in the coordinates, with the start and the options in which it was fastest.

What was tried and found worse is noted with each. A method is stopped at the first point within the target: it needs
no stopping rule of its own, and pays for none. It could not do so without the reference, so times are lower bounds.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import Bounds, LinearConstraint, minimize
from scipy.sparse import csr_array
from scipy.sparse.linalg import LinearOperator

from problems import Array, Folded, Utility

# Value out of order, where utilities without ties end, and line searches and trust regions must turn back.
_WALL = 1e10
# With ties, rewards may be out of order by this much: active-set methods satisfy constraints only to rounding.
_SLACK = 1e-11
_UNLIMITED = 10**9


class Reached(Exception):
    """Raised at the first point within the target."""


class Problem(Folded):
    """The folded problem, with a target at which the method is stopped and a memory of the best point."""

    evaluations = 0

    def __init__(self, utility: Utility, n: int, scale: float, target: float) -> None:
        super().__init__(utility, n, scale)
        self.best = self.start()
        self._least = np.inf
        self._target = target

    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        least = min(x[0], np.diff(x).min(), 0.5 - x[-1])
        if not self.utility.ties and (least < 0 or np.diff(x).min() <= 0):
            return _WALL, np.zeros_like(x)
        value, gradient = super().value_and_gradient(x)
        self.evaluations += 1
        if value < self._least and least >= -_SLACK:
            self.best, self._least = x.copy(), value
            if value <= self._target:
                raise Reached
        return (value, gradient) if np.isfinite(value) else (_WALL, np.zeros_like(x))


# Coordinates. The widths w are the gaps of the whole ranking up to its middle, each with its mirror image, so that
# they add up to 1: w_k = 2 (x_{k+1} - x_k) for k < h, and w_h = 1 - 2 x_h.


def _widths(x: Array) -> Array:
    return np.append(2 * np.diff(x), 1 - 2 * x[-1])


def _rewards(widths: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(widths[:-1]) / 2])


def _by_width(gradient: Array) -> Array:
    """The gradient by widths: a width moves all rewards above it."""
    return np.append(np.cumsum(gradient[:0:-1])[::-1] / 2, 0.0)


def _softmax(z: Array) -> Array:
    weights = np.exp(z - z.max())
    return weights / weights.sum()


def _log_widths(x: Array, ties: bool) -> Array:
    """Softmax coordinates of a start. A tie has none; a thousandth of the mean width stands in for it."""
    return np.log(np.maximum(_widths(x), 1e-3 / x.size if ties else 0.0))


def slsqp(problem: Problem) -> str:
    """SLSQP, in the coordinates that are best for each utility.

    Worse: uniform starts (up to fifty times as many evaluations), normalised widths, softmax (gets stuck with ties).
    """
    utility = problem.utility.name
    if utility in ("log(x)", "-1/x"):
        return _slsqp_in_widths(problem, relative_to_start=utility == "-1/x")
    return _slsqp_in_rewards(problem)


_SLSQP_OPTIONS = {"maxiter": _UNLIMITED, "ftol": 1e-16}


def _slsqp_in_widths(problem: Problem, relative_to_start: bool) -> str:
    """All widths but the last, which is what they leave of 1."""
    start = _widths(problem.start())[:-1]
    unit = start if relative_to_start else np.full_like(start, 1 / problem.n)

    def objective(y: Array) -> tuple[float, Array]:
        widths = np.append(y * unit, 1 - y @ unit)
        value, gradient = problem.value_and_gradient(_rewards(widths))
        return value, _by_width(gradient)[:-1] * unit

    room = {"type": "ineq", "fun": lambda y: np.array([1 - y @ unit]), "jac": lambda y: -unit}
    return minimize(
        objective,
        start / unit,
        jac=True,
        method="SLSQP",
        bounds=Bounds(1e-12, np.inf),
        constraints=[room],
        options=_SLSQP_OPTIONS,
    ).message


def _slsqp_in_rewards(problem: Problem) -> str:
    """All rewards but the first, with their order as linear constraints."""
    matrix, bound = _order(problem.half)

    def objective(y: Array) -> tuple[float, Array]:
        value, gradient = problem.value_and_gradient(np.append(0.0, y))
        return value, gradient[1:]

    order = {"type": "ineq", "fun": lambda y: matrix @ y - bound, "jac": lambda y: matrix}
    return minimize(
        objective, problem.start()[1:], jac=True, method="SLSQP", constraints=[order], options=_SLSQP_OPTIONS
    ).message


def _order(half: int) -> tuple[Array, Array]:
    """`0 <= x_2 <= ... <= x_h <= 1/2` as `matrix @ x[1:] >= bound`."""
    matrix = np.eye(half, half - 1) - np.eye(half, half - 1, k=-1)
    return matrix, np.append(np.zeros(half - 1), -0.5)


def lbfgsb(problem: Problem) -> str:
    """L-BFGS-B on non-negative widths that are normalised, in units of the start where it has no ties.

    Worse: widths relative to the middle one, uniform starts, 5 corrections (more evaluations); 50 corrections and
    starts from the solution for n/2 gain nothing.
    """
    start = _widths(problem.start())
    unit = np.full_like(start, 1 / problem.n) if problem.utility.ties else start

    def objective(y: Array) -> tuple[float, Array]:
        widths = y * unit
        total = widths.sum()
        value, gradient = problem.value_and_gradient(_rewards(widths / total))
        slopes = _by_width(gradient)
        return value, (slopes - widths @ slopes / total) / total * unit

    lowest = 0.0 if problem.utility.ties else 1e-12
    return minimize(
        objective,
        start / unit,
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(lowest, np.inf),
        options=_lbfgs_options(corrections=20),
    ).message


def softmax_lbfgs(problem: Problem) -> str:
    """L-BFGS on the logarithms of the widths, free of constraints.

    With ties, from the solution for n/2, and that from the one for n/4, with 50 corrections: started from the law,
    runs end where a width has vanished that should not have, or the other way round. Worse: uniform starts, smaller
    or larger stand-ins for ties in the start.
    """
    if problem.utility.ties and problem.n > _COARSEST:
        return _softmax_lbfgs(problem, _from_half(problem.utility, problem.n), corrections=50)
    return _softmax_lbfgs(problem, problem.start(), corrections=20)


_COARSEST = 8


def _from_half(utility: Utility, n: int) -> Array:
    """A start for n: the solution for n/2, its rewards interpolated as a function of their share of the ranking."""
    coarse = Problem(utility, n // 2, scale=1.0, target=-np.inf)
    start = _from_half(utility, n // 2) if n // 2 > _COARSEST else coarse.start()
    _softmax_lbfgs(coarse, start, corrections=50, reduction=1e-10)
    rewards = np.concatenate([coarse.best, 1 - coarse.best[::-1]])
    return PchipInterpolator(np.linspace(0, 1, n // 2), rewards)(np.arange(n // 2) / (n - 1))


def _softmax_lbfgs(problem: Problem, start: Array, corrections: int, reduction: float = 0.0) -> str:
    def objective(z: Array) -> tuple[float, Array]:
        widths = _softmax(z)
        value, gradient = problem.value_and_gradient(_rewards(widths))
        slopes = _by_width(gradient)
        return value, widths * (slopes - widths @ slopes)

    return minimize(
        objective,
        _log_widths(start, problem.utility.ties),
        jac=True,
        method="L-BFGS-B",
        options=_lbfgs_options(corrections, reduction),
    ).message


def _lbfgs_options(corrections: int, reduction: float = 0.0) -> dict[str, Any]:
    return {
        "maxcor": corrections,
        "ftol": reduction,
        "gtol": 0,
        "maxls": 50,
        "maxiter": _UNLIMITED,
        "maxfun": _UNLIMITED,
    }


def trust_constr(problem: Problem) -> str:
    """trust-constr with exact second derivatives, in the form that is best for each utility.

    Worse: bounded normalised widths (slow interior-point iterations), the same form for all utilities, a dense
    constraint matrix (a hundred times as slow at n = 512), other barrier parameters, products with a preconditioned
    matrix that is formed.
    """
    utility = problem.utility
    if utility.ties:
        return _trust_interior(problem)
    if utility.name == "-1/x":
        return _trust_softmax(problem)
    return _trust_preconditioned(problem)


_TRUST_OPTIONS = {"maxiter": _UNLIMITED, "gtol": 1e-14, "xtol": 1e-16, "barrier_tol": 1e-14}


def _trust_interior(problem: Problem) -> str:
    """All rewards but the first, in order by the method's own barrier. It starts inside, a tenth towards the law."""
    half = problem.half
    matrix, bound = _order(half)
    even = np.arange(1, half) / (2 * half - 1)

    def objective(y: Array) -> tuple[float, Array]:
        value, gradient = problem.value_and_gradient(np.append(0.0, y))
        return value, gradient[1:]

    return minimize(
        objective,
        0.9 * even + 0.1 * problem.start()[1:],
        jac=True,
        hess=lambda y: problem.hessian(np.append(0.0, y))[1:, 1:],
        method="trust-constr",
        constraints=[LinearConstraint(csr_array(matrix), bound, np.inf, keep_feasible=True)],
        options=_TRUST_OPTIONS,
    ).message


def _trust_preconditioned(problem: Problem) -> str:
    """Rewards, in coordinates in which the Hessian at the start is the identity. The utility keeps them in order."""
    start = problem.start()
    problem.value_and_gradient(start)  # Where this is within the target, nothing need be factorised.
    factor = cholesky(problem.hessian(start)[1:, 1:], lower=True, overwrite_a=True, check_finite=False)

    def solve(vector: Array, transposed: bool) -> Array:
        return solve_triangular(factor, vector, lower=True, trans=int(transposed), check_finite=False)

    def rewards(y: Array) -> Array:
        return start + np.append(0.0, solve(y, transposed=True))

    def objective(y: Array) -> tuple[float, Array]:
        value, gradient = problem.value_and_gradient(rewards(y))
        return value, solve(gradient[1:], transposed=False)

    def hessian(y: Array) -> LinearOperator:
        matrix = problem.hessian(rewards(y))[1:, 1:]
        return _operator(y.size, lambda v: solve(matrix @ solve(v, transposed=True), transposed=False))

    return minimize(
        objective,
        np.zeros(problem.half - 1),
        jac=True,
        hess=hessian,
        method="trust-constr",
        options=_TRUST_OPTIONS,
    ).message


def _trust_softmax(problem: Problem) -> str:
    """Logarithms of the widths, free of constraints."""

    def derivatives(z: Array) -> tuple[float, Array, Array, Array]:
        widths = _softmax(z)
        x = _rewards(widths)
        value, gradient = problem.value_and_gradient(x)
        slopes = _by_width(gradient)
        return value, widths * (slopes - widths @ slopes), widths, x

    def hessian(z: Array) -> LinearOperator:
        _, gradient, widths, x = derivatives(z)
        matrix = problem.hessian(x)

        def product(v: Array) -> Array:
            mean = widths @ v
            pulled = _by_width(matrix @ _rewards(widths * (v - mean)))
            curved = widths * (pulled - widths @ pulled)
            return curved + gradient * (v - mean) - widths * (gradient @ v)

        return _operator(z.size, product)

    return minimize(
        lambda z: derivatives(z)[:2],
        _log_widths(problem.start(), ties=False),
        jac=True,
        hess=hessian,
        method="trust-constr",
        options=_TRUST_OPTIONS | {"initial_tr_radius": 10.0},
    ).message


def _operator(size: int, product: Callable[[Array], Array]) -> LinearOperator:
    return LinearOperator((size, size), matvec=lambda v: product(np.ravel(v)), dtype=np.float64)


METHODS: dict[str, Callable[[Problem], str]] = {
    "SLSQP": slsqp,
    "L-BFGS-B": lbfgsb,
    "trust-constr": trust_constr,
    "softmax L-BFGS": softmax_lbfgs,
}
