"""Solves the same problems by this project's program and by its peers, for n = 8, 16, 32, ... until each fails."""

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import conic
import numpy as np
import reference
from check import mean_utility, repaired
from methods import METHODS
from problems import UTILITIES, Utility
from reference import Reference

HERE = Path(__file__).resolve().parent
# The target of a method lies inside of the accuracy by this factor, for the judge sums in another order.
_INSIDE = 0.99
_MEMORY = 6 * 2**30
# Every certificate of this project's program is computed here too up to this n, and beyond it where a peer gets there.
_CHECKED_UP_TO = 16384
# What a process may take beyond its limit: the start of Python, and the end.
_GRACE = 20.0
# Only trust-constr works with matrices large enough for threads; small ones make all methods slower.
_THREADED_FROM = {"trust-constr": 1024}
OURS = "reward-collapse"
OURS_SOLVE = "reward-collapse, solve alone"
PEERS = (*METHODS, conic.METHOD)


@dataclass(frozen=True)
class Result:
    """A row of results.csv."""

    method: str
    utility: str
    n: int
    seconds: float
    distance: float
    """From the optimum, over the scale of the objective. For this project's program: the bound on it."""
    reward_error: float
    """Largest distance of a reward from that of the reference."""
    status: str
    """reached, start (which was close enough), missed, time, memory or error."""
    note: str


def _powers(largest: int) -> Iterator[int]:
    n = 8
    while n <= largest:
        yield n
        n *= 2


def run_ours(options: argparse.Namespace, utility: Utility, references: dict[int, Reference]) -> Iterator[Result]:
    """This project's program up to the largest n. Its solutions are added to the references for the others."""
    for n in sorted({*_powers(options.ours_up_to), options.ours_up_to}):
        try:
            solution = reference.solve(options.program, utility, n, options.limit)
        except subprocess.TimeoutExpired:
            yield Result(OURS, utility.name, n, options.limit, np.nan, np.nan, "time", "")
            break
        except subprocess.CalledProcessError as failure:
            words = failure.stderr.decode(errors="replace").strip()
            yield Result(OURS, utility.name, n, np.nan, np.nan, np.nan, "error", words)
            break
        references[n] = solution
        gap, note = solution.relative_gap, "certificate as reported"
        if n <= _CHECKED_UP_TO:
            gap, note = solution.evaluation.gap / solution.evaluation.scale, "certificate computed by check.py"
        status = "reached" if gap <= options.accuracy else "missed"
        for method, seconds in ((OURS, solution.process_seconds), (OURS_SOLVE, solution.solve_seconds)):
            yield Result(method, utility.name, n, seconds, gap, np.nan, status, note)


def run_peer(options: argparse.Namespace, method: str, utility: Utility, n: int, best: Reference) -> Result:
    """One method on one problem, with its settings in turn until one serves."""
    settings = len(conic.SETTINGS) if method == conic.METHOD else 1
    for setting in range(settings):
        result = _run_setting(options, method, setting, utility, n, best)
        if result.status not in ("missed", "error"):
            break
    return result


def _run_setting(
    options: argparse.Namespace, method: str, setting: int, utility: Utility, n: int, best: Reference
) -> Result:
    """One method in a process with limits on time and memory."""
    optimum = best.evaluation
    target = -optimum.mean_utility / optimum.scale + _INSIDE * options.accuracy
    deadline = options.limit + _GRACE
    threaded = n >= _THREADED_FROM.get(method, n + 1)
    environment = os.environ | ({} if threaded else {"OPENBLAS_NUM_THREADS": "1"})

    def failed(status: str, note: str, seconds: float = np.nan) -> Result:
        return Result(method, utility.name, n, seconds, np.nan, np.nan, status, note)

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rewards.npy"
        arguments = [method, setting, utility.name, n, optimum.scale, target, _MEMORY, out]
        command = [sys.executable, HERE / "worker.py", *map(str, arguments)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=deadline, env=environment)
        except subprocess.TimeoutExpired:
            return failed("time", "", options.limit)
        if done.returncode:
            words = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            return failed("memory" if "emory" in words else "error", words[:200])
        solved = json.loads(done.stdout)
        lower = repaired(np.load(out))
    distance = (optimum.mean_utility - mean_utility(utility, lower)) / optimum.scale
    error = float(np.abs(lower - best.lower).max())
    if not distance <= options.accuracy:
        status = "missed"
    elif solved["seconds"] > options.limit:
        status = "time"
    else:
        status = "start" if solved["started_there"] else "reached"
    return Result(method, utility.name, n, solved["seconds"], distance, error, status, solved["message"])


def _circumstances(options: argparse.Namespace) -> dict[str, Any]:
    """What the times depend on."""
    processor = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    program = subprocess.run([options.program, "--version"], capture_output=True, text=True, check=True).stdout
    return {
        "processor": processor[0].split(":")[1].strip() if processor else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "accuracy": options.accuracy,
        "limit_seconds": options.limit,
        "memory_bytes": _MEMORY,
        "program": program.strip(),
        "python": platform.python_version(),
        **{package: version(package) for package in ("numpy", "scipy", "cvxpy", "clarabel")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True, help="the reward-collapse binary")
    parser.add_argument("--out", type=Path, default=HERE / "results.csv")
    parser.add_argument("--accuracy", type=float, default=1e-8, help="relative distance from the optimum to reach")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one solve")
    parser.add_argument("--ours-up-to", type=int, default=1_000_000)
    parser.add_argument("--peers-up-to", type=int, default=2**18)
    options = parser.parse_args()

    options.out.with_suffix(".json").write_text(json.dumps(_circumstances(options), indent=2) + "\n")
    with options.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Result)], lineterminator="\n")
        writer.writeheader()

        def record(result: Result) -> None:
            writer.writerow(asdict(result))
            file.flush()
            print(
                f"{result.method:28} {result.utility:10} n = {result.n:7} {result.seconds:9.4f} s  "
                f"distance {result.distance:9.2e}  {result.status}",
                flush=True,
            )

        for utility in UTILITIES.values():
            references: dict[int, Reference] = {}
            for result in run_ours(options, utility, references):
                record(result)
            for method in PEERS:
                for n in _powers(min(options.peers_up_to, max(references))):
                    result = run_peer(options, method, utility, n, references[n])
                    record(result)
                    if result.status != "reached":
                        break


if __name__ == "__main__":
    main()
