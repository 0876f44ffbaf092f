"""The utilities, and the folded problem that every peer is given.

For even `n` the optimum is symmetric, `r_i + r_{n+1-i} = 1` (docs/src/finite-problem.md), so that the lower half
`x_1 <= ... <= x_h`, `h = n/2`, determines it:

    S(x) = 2 sum_{i<j} [ U(x_j - x_i) + U(1 - x_i - x_j) ] + sum_i U(1 - 2 x_i).

It has half of the unknowns and half of the pairs. `x_1 = 0` at the optimum, as the utilities increase.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

Array = NDArray[np.float64]

# Rows of the matrix of pairs that are evaluated together, so that what is computed from them stays in the cache:
# four times as fast as whole matrices at n = 2048.
BLOCK = 64


@dataclass(frozen=True)
class Utility:
    """An increasing concave function on (0, 1], for arrays of distances."""

    name: str
    label: str
    """The name in TeX, for figures."""
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    curvature: Callable[[Array], Array]
    total_and_slopes: Callable[[Array, Array], tuple[float, Array, Array]]
    """For two arrays: the sum of all values, and the slopes of each. What the three share is computed once."""
    limit: Callable[[Array], Array]
    """Quantiles of the law that the optimal rewards tend to, for shares below 1/2: the start of every method."""
    ties: bool
    """Whether the slope at 0 is finite, so that rewards tie at the ends."""


def _beta_quantiles(exponent: float) -> Callable[[Array], Array]:
    return lambda share: beta.ppf(share, exponent, exponent)


def _law_with_atoms(share: Array) -> Array:
    """Close to the law of log(x+0.1), which has no closed form: its atoms at the ends, and a mixture between."""
    atom = 0.184
    inner = np.maximum(0, (share - atom) / (1 - 2 * atom))
    return 0.7 * np.square(np.sin(np.pi / 2 * inner)) + 0.3 * inner


def _logarithm(a: Array, b: Array) -> tuple[float, Array, Array]:
    return float(np.log(a * b).sum()), 1 / a, 1 / b


def _smoothed_logarithm(a: Array, b: Array) -> tuple[float, Array, Array]:
    return _logarithm(a + 0.1, b + 0.1)


def _inverse(a: Array, b: Array) -> tuple[float, Array, Array]:
    a, b = 1 / a, 1 / b
    return -float((a + b).sum()), a * a, b * b


def _root(a: Array, b: Array) -> tuple[float, Array, Array]:
    a, b = np.sqrt(a), np.sqrt(b)
    return float((a + b).sum()), 0.5 / a, 0.5 / b


UTILITIES = {
    utility.name: utility
    for utility in (
        Utility(
            name="log(x)",
            label=r"$\log x$",
            value=np.log,
            slope=np.reciprocal,
            curvature=lambda t: -1 / (t * t),
            total_and_slopes=_logarithm,
            limit=_beta_quantiles(1 / 2),
            ties=False,
        ),
        Utility(
            name="-1/x",
            label=r"$-1/x$",
            value=lambda t: -1 / t,
            slope=lambda t: 1 / (t * t),
            curvature=lambda t: -2 / (t * t * t),
            total_and_slopes=_inverse,
            limit=_beta_quantiles(1),
            ties=False,
        ),
        Utility(
            name="log(x+0.1)",
            label=r"$\log(x + 0.1)$",
            value=lambda t: np.log(t + 0.1),
            slope=lambda t: 1 / (t + 0.1),
            curvature=lambda t: -1 / np.square(t + 0.1),
            total_and_slopes=_smoothed_logarithm,
            limit=_law_with_atoms,
            ties=True,
        ),
        Utility(
            name="x^0.5",
            label=r"$\sqrt{x}$",
            value=np.sqrt,
            slope=lambda t: 0.5 / np.sqrt(t),
            curvature=lambda t: -0.25 / (t * np.sqrt(t)),
            total_and_slopes=_root,
            limit=_beta_quantiles(1 / 4),
            ties=False,
        ),
    )
}


class Folded:
    """Minus the mean utility over `scale`, as a function of the lower half `x` of the rewards."""

    def __init__(self, utility: Utility, n: int, scale: float) -> None:
        if n % 2:
            raise ValueError("only even numbers of responses are folded")
        self.utility = utility
        self.n = n
        self.half = n // 2
        self._factor = -1 / (scale * n * (n - 1) / 2)

    def start(self) -> Array:
        """The lower half of the limit law's quantiles, with the first reward at 0."""
        return self.utility.limit(np.arange(self.half) / (self.n - 1))

    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        """The objective and its gradient in `n^2/4` pairs. The value is infinite where ties are not allowed."""
        pair = self.utility.total_and_slopes
        ones = np.ones(self.half)
        total, gradient = 0.0, np.zeros(self.half)
        with np.errstate(divide="ignore", invalid="ignore"):
            for start in range(0, self.half, BLOCK):
                stop = min(start + BLOCK, self.half)
                low, high = x[start:stop, None], x[None, stop:]
                value, near, far = pair(high - low, (1 - low) - high)
                total += 2 * value
                gradient[start:stop] -= 2 * ((near + far) @ ones[stop:])
                gradient[stop:] += 2 * (ones[: stop - start] @ (near - far))

                i, j = np.triu_indices(stop - start, 1)
                i, j = i + start, j + start
                value, near, far = pair(x[j] - x[i], (1 - x[i]) - x[j])
                total += 2 * value
                size = self.half
                gradient += 2 * (np.bincount(j, near - far, size) - np.bincount(i, near + far, size))

                middle = 1 - 2 * x[start:stop]
                total += float(self.utility.value(middle).sum())
                gradient[start:stop] -= 2 * self.utility.slope(middle)
        value = self._factor * total
        return (value if np.isfinite(value) else np.inf), self._factor * gradient

    def hessian(self, x: Array) -> Array:
        """The matrix of second derivatives."""
        size = self.half
        matrix = np.empty((size, size))
        diagonal = np.zeros(size)
        for start in range(0, size, BLOCK):
            stop = min(start + BLOCK, size)
            rows = x[start:stop, None]
            distance = np.abs(x - rows)
            own = np.arange(start, stop)
            distance[own - start, own] = 1.0
            near = self.utility.curvature(distance)
            near[own - start, own] = 0.0
            far = self.utility.curvature((1 - rows) - x)
            matrix[start:stop] = far - near
            diagonal[start:stop] = near.sum(axis=1) + far.sum(axis=1)
        matrix[np.diag_indices(size)] += diagonal
        return 2 * self._factor * matrix
