"""One method on one problem, in a process of its own: `worker.py METHOD SETTING UTILITY N SCALE TARGET MEMORY OUT`.

Writes the rewards to OUT, and to standard output, as JSON, the seconds (the median of three solves where one takes
less than two seconds), what the method said at the end, and whether its start was the best point.
"""

import json
import resource
import statistics
import sys
import time
import warnings

import conic
import methods
import numpy as np
from problems import UTILITIES, Array

_REPEATS = 3
_REPEAT_BELOW = 2.0


def solve(method: str, setting: int, utility: str, n: int, scale: float, target: float) -> tuple[str, Array, bool]:
    """The method's last words, the lower half of the best rewards that it found, and whether it started from these."""
    if method == conic.METHOD:
        return *conic.solve(UTILITIES[utility], n, setting), False
    problem = methods.Problem(UTILITIES[utility], n, scale, target)
    try:
        message = methods.METHODS[method](problem)
    except methods.Reached:
        message = f"reached in {problem.evaluations} evaluations"
    return message, problem.best, bool(np.allclose(problem.best, problem.start(), rtol=1e-9, atol=0))


def main() -> None:
    method, setting, utility, n, scale, target, memory, out = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    warnings.simplefilter("ignore")
    seconds: list[float] = []
    while not seconds or (len(seconds) < _REPEATS and seconds[-1] < _REPEAT_BELOW):
        start = time.perf_counter()
        message, lower, started_there = solve(method, int(setting), utility, int(n), float(scale), float(target))
        seconds.append(time.perf_counter() - start)
    np.save(out, lower)
    json.dump({"seconds": statistics.median(seconds), "message": message, "started_there": started_there}, sys.stdout)


if __name__ == "__main__":
    main()
