"""What run.sh asks of the files that a run writes. Each check prints one line and fails with the exit status 1.

    check.py rewards RUN OTHER (--each T | --means T)
    check.py finite RUN...
    check.py speed RUN --after STEP [--any] [--size LAYERSxWIDTH]
    check.py lengthen FILE
"""

import argparse
import csv
import json
import math
import pathlib
import statistics
import sys


def rewards(run):
    """The rewards of the last evaluation, by split, prompt, type and response."""
    with open(run / "rewards.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    last = max(int(row["step"]) for row in rows)
    key = lambda row: (row["split"], int(row["prompt"]), row["open_ended"], int(row["response_index"]))
    return {key(row): float(row["reward"]) for row in rows if int(row["step"]) == last}


def means(values):
    """Means over prompts, by split, type and response: the curves that the figures draw."""
    groups = {}
    for (split, _, open_ended, response), reward in values.items():
        groups.setdefault((split, open_ended, response), []).append(reward)
    return {group: statistics.fmean(own) for group, own in groups.items()}


def metrics(run):
    """The lines of metrics of training, and those of evaluations."""
    with open(run / "metrics.jsonl") as file:
        lines = [json.loads(line) for line in file]
    return [line for line in lines if "split" not in line], [line for line in lines if "split" in line]


def furthest(one, other):
    """The largest difference, which is infinite where the two are not of the same things."""
    if one.keys() != other.keys():
        return math.inf
    # NaN would lose every comparison.
    differences = [abs(value - other[key]) for key, value in one.items()]
    return max(differences) if all(map(math.isfinite, differences)) else math.inf


def check_rewards(arguments):
    one, other = rewards(arguments.run), rewards(arguments.other)
    each, mean = furthest(one, other), furthest(means(one), means(other))
    allowed, found = (arguments.each, each) if arguments.each is not None else (arguments.means, mean)
    spread = max(one.values()) - min(one.values())
    print(f"rewards differ by at most {each:.2g}, their means by {mean:.2g}; {allowed:g} is allowed; "
          f"they range over {spread:.2g}")
    return found <= allowed


def check_finite(arguments):
    said, good = [], True
    for run in arguments.runs:
        own, _ = metrics(run)
        # What is not finite is null in JSON. In float16 a step whose gradient overflows is left out, and its norm is 0.
        norms = [math.nan if point["gradient_norm"] is None else point["gradient_norm"] for point in own]
        taken = [norm for norm in norms if norm != 0]
        finite = all(math.isfinite(norm) for norm in norms) and all(point["loss"] is not None for point in own)
        good = good and finite and bool(taken)
        largest = f"norms up to {max(taken):.2g}" if finite and taken else "not finite"
        skipped = f", {len(norms) - len(taken)} of {len(norms)} steps left out" if len(taken) < len(norms) else ""
        step = 1000 * statistics.median(now["seconds"] - before["seconds"] for before, now in zip(own, own[1:]))
        said.append(f"{run.name.rpartition('-')[2]}: {largest}{skipped}, {step:.0f} ms a step")
    print("; ".join(said))
    return good


def check_speed(arguments):
    own, evaluations = metrics(arguments.run)
    # The first steps choose kernels and fill the allocator's cache.
    steady = [(before, now) for before, now in zip(own, own[1:]) if before["step"] >= arguments.after]
    if not steady:
        print(f"no metrics after step {arguments.after}")
        return False
    seconds = [(now["seconds"] - before["seconds"]) / (now["step"] - before["step"]) for before, now in steady]
    tokens = statistics.median(now["tokens_per_second"] for _, now in steady)
    sequences = statistics.median(now["sequences_per_second"] for _, now in steady)
    # The loss of a step says little: prompts of different types have losses of different sizes.
    losses = {}
    for evaluation in evaluations:
        losses.setdefault(evaluation["split"], []).append(evaluation["loss"])
    said = ", ".join(f"{split} loss {own[0]:.4f} -> {own[-1]:.4f}" for split, own in losses.items())
    share = ""
    if arguments.size:
        layers, width = arguments.size
        # Forward and backward: projections and feed-forward, and attention with its two tables of positions, of texts of this length.
        operations = 3 * layers * (24 * width**2 + 12 * width * tokens / sequences)
        share = f", {operations * tokens / 1e12:.0f} TFLOP/s"
    print(
        f"{1000 * statistics.median(seconds):.1f} ms a step, {tokens:.0f} tokens/s, {sequences:.0f} sequences/s{share}; {said}"
    )
    return arguments.any or bool(losses) and all(own[-1] < own[0] for own in losses.values())


def lengthen(arguments):
    """Makes every answer of rankings sixty times as long."""
    with open(arguments.file) as file:
        rankings = [json.loads(line) for line in file]
    with open(arguments.file, "w") as file:
        for ranking in rankings:
            ranking["answers"] = [" ".join([answer] * 60) for answer in ranking["answers"]]
            file.write(json.dumps(ranking) + "\n")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("rewards")
    command.add_argument("run", type=pathlib.Path)
    command.add_argument("other", type=pathlib.Path)
    allowed = command.add_mutually_exclusive_group(required=True)
    allowed.add_argument("--each", type=float)
    allowed.add_argument("--means", type=float)
    command.set_defaults(check=check_rewards)
    command = commands.add_parser("finite")
    command.add_argument("runs", type=pathlib.Path, nargs="+")
    command.set_defaults(check=check_finite)
    command = commands.add_parser("speed")
    command.add_argument("run", type=pathlib.Path)
    command.add_argument("--after", type=int, required=True)
    command.add_argument("--any", action="store_true", help="the losses may be as they like")
    command.add_argument("--size", type=lambda text: tuple(map(int, text.split("x"))), help="for the rate of operations")
    command.set_defaults(check=check_speed)
    command = commands.add_parser("lengthen")
    command.add_argument("file", type=pathlib.Path)
    command.set_defaults(check=lengthen)
    arguments = parser.parse_args()
    sys.exit(0 if arguments.check(arguments) else 1)


if __name__ == "__main__":
    main()
