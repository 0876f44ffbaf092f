"""What the Python package costs beside the library: latency of small solves, and the time of its import.

    make python && target/python/bin/python benches/python/latency.py

Both times of a row are of the same process and the same library; the least of several rounds counts.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Callable

import reward_collapse
from reward_collapse import _core

ROUNDS = 15
CASES = [("log(x)", 8), ("log(x+0.1)", 8), ("logsigmoid(4x)", 8), ("x", 8), ("log(x)", 32), ("log(x+0.1)", 64)]
TIMED = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def per_call(call: Callable[[], object], times: int) -> float:
    """Seconds a call."""
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times


def import_time(module: str) -> float:
    """Seconds of an import in a new process, from a warm disk cache."""
    def once() -> float:
        return float(subprocess.run([sys.executable, "-c", TIMED.format(module)], check=True, capture_output=True).stdout)

    return min(once() for _ in range(ROUNDS))


def main() -> None:
    print(f"{'solve':24}{'Python':>12}{'Rust':>12}{'more':>12}   (microseconds a call)")
    for text, n in CASES:
        utility = reward_collapse.Utility(text)
        times = 2000 if n == 8 else 200
        python = rust = float("inf")
        for _ in range(ROUNDS):
            python = min(python, per_call(lambda: reward_collapse.solve(text, n), times))
            rust = min(rust, _core.seconds_of_solve(utility, n, times))
        print(f"{f'{text}, n = {n}':24}{python * 1e6:12.1f}{rust * 1e6:12.1f}{(python - rust) * 1e6:12.1f}")
    print()
    for module in ("reward_collapse", "numpy"):
        print(f"import {module:17}{import_time(module) * 1e3:12.1f} ms")


if __name__ == "__main__":
    main()
