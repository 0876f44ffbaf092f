"""The optimum from this project's program, timed, and checked by a certificate computed here."""

import json
import statistics
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from check import Evaluation, evaluate
from problems import Array, Utility

_REPEATS = 3
_REPEAT_BELOW = 2.0


@dataclass(frozen=True)
class Reference:
    """What the program found."""

    utility: Utility
    lower: Array
    """The lower half of the optimal rewards."""
    mean_utility: float
    relative_gap: float
    """The program's own certificate, over its scale of the objective."""
    process_seconds: float
    """From the start of the process to its end: the solve, the certificate, and the rewards as text."""
    solve_seconds: float
    """By the program's clock."""

    @cached_property
    def evaluation(self) -> Evaluation:
        """The rewards evaluated here. `ValueError` if that does not bear out what the program claims."""
        found = evaluate(self.utility, self.lower)
        error = abs(found.mean_utility - self.mean_utility)
        if not found.gap <= 1e-10 * found.scale or not error <= 1e-11 * found.scale:
            raise ValueError(f"{self.utility.name}, n = {2 * self.lower.size}: {self.mean_utility} is not {found}")
        return found


def solve(program: Path, utility: Utility, n: int, limit: float) -> Reference:
    """Runs `reward-collapse solve`, three times where that takes little.

    Raises `subprocess.SubprocessError` if it fails or exceeds the limit.
    """
    command = [str(program), "solve", f"--utility={utility.name}", "--n", str(n), "--format", "json", "--quiet"]
    process, own = [], []
    while not process or (len(process) < _REPEATS and process[-1] < _REPEAT_BELOW):
        start = time.perf_counter()
        output = subprocess.run(command, capture_output=True, check=True, timeout=limit).stdout
        process.append(time.perf_counter() - start)
        solution = json.loads(output)
        own.append(solution["seconds"])
    return Reference(
        utility,
        np.array(solution["rewards"][: n // 2]),
        solution["mean_utility"],
        solution["relative_gap"],
        statistics.median(process),
        statistics.median(own),
    )
