from collections.abc import Sequence
from typing import Any, Literal, SupportsFloat, SupportsIndex, final, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str

_Scalar = SupportsFloat | SupportsIndex

@final
class Utility:
    def __new__(cls, text: str) -> Utility: ...
    @overload
    def __call__(self, x: float) -> float: ...
    @overload
    def __call__(self, x: ArrayLike) -> Any: ...
    @overload
    def derivative(self, x: float, order: int = 1) -> float: ...
    @overload
    def derivative(self, x: ArrayLike, order: int = 1) -> Any: ...
    @property
    def text(self) -> str: ...
    @property
    def slope_at_zero(self) -> float: ...
    @property
    def closed_form(self) -> str | None: ...
    @property
    def concavity(self) -> str: ...
    @property
    def _tree(self) -> tuple[Any, ...]: ...
    @property
    def _continuation(self) -> tuple[str] | tuple[str, float, float]: ...
    @property
    def _series(self) -> tuple[float, list[float]] | None: ...
    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Law:
    def __new__(
        cls, utility: Utility, field: str | None, support: tuple[float, float], smoothing: float, centering: float
    ) -> Law: ...
    def pdf(self, x: ArrayLike) -> Any: ...
    def cdf(self, x: ArrayLike) -> Any: ...
    def ppf(self, u: ArrayLike) -> Any: ...
    def central_moment(self, k: int) -> float: ...
    @property
    def mean(self) -> float: ...
    @property
    def var(self) -> float: ...
    @property
    def atoms(self) -> list[tuple[float, float]]: ...
    @property
    def ends(self) -> tuple[float, float]: ...
    @property
    def gap(self) -> float: ...
    @property
    def mean_utility(self) -> float: ...
    @property
    def concavity(self) -> str: ...
    @property
    def closed_form(self) -> str | None: ...

_Unique = bool | str

def solve(
    utility: Utility, n: int, field: str | None, support: tuple[float, float], smoothing: float, centering: float
) -> tuple[NDArray[np.float64], float, float, float, _Unique, int, str | None, str, float, str]: ...
def fit(
    utility: Utility,
    items: Sequence[str],
    winner: NDArray[np.uint32],
    loser: NDArray[np.uint32],
    count: NDArray[np.float64] | None,
    margin: NDArray[np.float64] | None,
    field: str | None,
    support: tuple[float, float],
    smoothing: float,
    standard_errors: bool,
) -> tuple[
    list[str],
    NDArray[np.float64],
    NDArray[np.float64] | None,
    float,
    float,
    float,
    _Unique,
    int,
    str,
    float,
]: ...
def wasserstein_to_law(rewards: NDArray[np.float64], law: Law) -> float: ...
def wasserstein_between(one: NDArray[np.float64], other: NDArray[np.float64]) -> float: ...
def asymptotics(utility: Utility, sizes: Sequence[int]) -> dict[str, Any]: ...
def simulate(utility: Utility, n: int, prompts: int, steps: int, options: dict[str, Any]) -> dict[str, Any]: ...
def field_tree(field: str, support: tuple[float, float]) -> tuple[Any, ...]: ...
def seconds_of_solve(utility: Utility, n: int, times: int) -> float: ...

@final
class Rewards:
    def __new__(
        cls,
        prompt: Sequence[str],
        reward: NDArray[np.float64],
        kind: Sequence[str] | None,
        rank: NDArray[np.float64] | None,
    ) -> Rewards: ...
    @staticmethod
    def read(
        path: str, prompt: str | None, reward: str | None, kind: str | None, rank: str | None
    ) -> Rewards: ...
    @property
    def types(self) -> list[str]: ...

def compare(
    rewards: Rewards,
    utilities: Sequence[Utility],
    sigmoid: bool,
    field: str | None,
    support: tuple[float, float],
    smoothing: float,
    centering: float,
) -> str: ...
def diagnose(
    rewards: Rewards,
    utility: str | None,
    sigmoid: bool,
    raw: bool,
    remove_shift: bool | None,
    tolerance: float,
    near_end: float,
    permutations: int,
    resamples: int,
    seed: int,
) -> str: ...
