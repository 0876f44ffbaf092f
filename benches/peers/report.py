"""Draws results.csv as a figure, and writes its tables into the chapter of the book."""

import argparse
import csv
import json
import math
from collections import defaultdict
from pathlib import Path

import figure
from run import HERE, OURS_SOLVE, Result

_CHAPTER = HERE.parents[1] / "docs" / "src" / "peers.md"
_IMAGES = _CHAPTER.parent / "images"
_BEGIN, _END = "<!-- results: written by benches/peers/report.py -->", "<!-- end of results -->"
_COMMON = (64, 512, 4096)

Series = dict[str, dict[str, list[Result]]]


def read(path: Path) -> Series:
    """Results by utility, then method, with n increasing."""
    series: Series = defaultdict(lambda: defaultdict(list))
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            result = Result(
                method=row["method"],
                utility=row["utility"],
                n=int(row["n"]),
                seconds=float(row["seconds"]),
                distance=float(row["distance"]),
                reward_error=float(row["reward_error"]),
                status=row["status"],
                note=row["note"],
            )
            series[result.utility][result.method].append(result)
    return series


def _seconds(value: float) -> str:
    if value < 0.0995:
        return f"{1000 * value:.2g} ms"
    return f"{value:.2g} s" if value < 9.95 else f"{value:.0f} s"


def _end(results: list[Result], limit: float, memory: int) -> str:
    """What happened at the n after the last success."""
    last = results[-1]
    if last.status == "reached":
        return ""
    what = {
        "start": "the start is close enough",
        "time": f"over {limit:.0f} s",
        "memory": f"over {memory / 2**30:.0f} GiB",
        "missed": f"ends at a distance of {last.distance:.0e}: {last.note}",
        "error": last.note.split(": ", 1)[-1],
    }[last.status]
    return f"{last.n}: {what}"


def _largest_table(series: Series, limit: float, memory: int) -> list[str]:
    lines = [
        "| utility | method | largest `n` | time | distance | rewards off by | next `n` |",
        "|---|---|---|---|---|---|---|",
    ]
    for utility, methods in series.items():
        for method, results in methods.items():
            if method == OURS_SOLVE:
                continue
            reached = [result for result in results if result.status == "reached"]
            end = _end(results, limit, memory)
            if reached:
                best = reached[-1]
                error = "" if math.isnan(best.reward_error) else f"{best.reward_error:.0e}"
                cells = [str(best.n), _seconds(best.seconds), f"{abs(best.distance):.0e}", error, end]
            else:
                cells = ["none", "", "", "", end]
            lines.append("| " + " | ".join([f"`{utility}`", method, *cells]) + " |")
    return lines


def _common_table(series: Series) -> list[str]:
    """Times at the same n; empty where a method did not get there or had nothing to do."""
    methods = list(next(iter(series.values())))
    lines = ["| utility | `n` | " + " | ".join(methods) + " |", "|---|---|" + "---|" * len(methods)]
    for utility, results in series.items():
        for n in _COMMON:
            cells = []
            for method in methods:
                times = [result.seconds for result in results[method] if result.n == n and result.status == "reached"]
                cells.append(_seconds(times[0]) if times else "")
            lines.append("| " + " | ".join([f"`{utility}`", str(n), *cells]) + " |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=HERE / "results.csv")
    parser.add_argument("--chapter", type=Path, default=_CHAPTER)
    parser.add_argument("--images", type=Path, default=_IMAGES)
    options = parser.parse_args()

    series = read(options.results)
    at = json.loads(options.results.with_suffix(".json").read_text())
    options.images.mkdir(parents=True, exist_ok=True)
    figure.draw(series, at["limit_seconds"], options.images)

    circumstances = (
        f"{at['cores']} cores of an {at['processor']}; {at['program']}; Python {at['python']}, NumPy {at['numpy']}, "
        f"SciPy {at['scipy']}, CVXPY {at['cvxpy']}, Clarabel {at['clarabel']}. At most {at['limit_seconds']:.0f} s and "
        f"{at['memory_bytes'] / 2**30:.0f} GiB for one solve. Distance to reach: {at['accuracy']:.0e}."
    )
    block = [
        _BEGIN,
        circumstances,
        "",
        *_largest_table(series, at["limit_seconds"], at["memory_bytes"]),
        "",
        "Times at the same `n`:",
        "",
        *_common_table(series),
        _END,
    ]
    text = options.chapter.read_text()
    before, rest = text.split(_BEGIN)
    after = rest.split(_END)[1]
    options.chapter.write_text(before + "\n".join(block) + after)


if __name__ == "__main__":
    main()
