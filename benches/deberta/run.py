"""One optimiser step of 8 prompts: this program's training beside transformers' DeBERTa-v2, on the same weights and
texts.

    pip install -r requirements.txt
    python run.py --program PROGRAM                                        # on text that the program makes
    python run.py --program PROGRAM --data instructions.parquet --embedded-vocabulary 8192
    python run.py --program PROGRAM --data rankings.jsonl --model DIR

where PROGRAM is target/release/reward-collapse, built with training. Three ways to compute the same step, in float32 on
the CPU:

reward-collapse
    `reward-collapse train`; seconds from its metrics.jsonl.
transformers, 8 texts
    DebertaV2ForSequenceClassification with its usual dynamic padding: a prompt's distinct texts encoded once, padded to
    the longest of them; gradients accumulated over the prompts; clipping; torch.optim.AdamW.
transformers, 56 texts
    the same with both texts of each of a prompt's 28 pairs encoded, as the released code does.

Each measurement is a process of its own: --warm-up steps that do not count, then --steps that do, all on the same 8
prompts. A round takes the three in turn, and the next round other prompts. The machine's load then acts on all three
alike, and ratios are taken within a round. Where others compute on the same cores, processor time says more than time;
compare it with --threads 1, for threads that wait for each other use it too.

The losses of the first and the last step are compared: they agree only for the same weights, texts, pairs, gradients
and updates. Without --model, the program first trains its small default model for a few steps on the same data, so that the
losses are not those of a model without an opinion. Dropout is turned off everywhere.

Use the libtorch version that the program was built with (requirements.txt has it). Writes results.csv, and versions and
machine to results.json.
"""

import argparse
import csv
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROMPTS = 8
LEARNING_RATE = 1e-4
OURS = "reward-collapse"
PEERS = {"transformers, 8 texts": "distinct", "transformers, 56 texts": "pairs"}
DROPOUT = ("hidden_dropout_prob", "attention_probs_dropout_prob", "pooler_dropout", "cls_dropout")
# The losses of the same step may differ by rounding; those of later steps also by what it does to the weights.
_SAME_LOSS = 1e-4


@dataclass(frozen=True)
class Result:
    """A row of results.csv: one measurement."""

    round: int
    method: str
    seconds: float
    """The median of the steps."""
    cpu_seconds: float
    """Processor time of all threads, the mean of the steps."""
    sequences: int
    """Of a step."""
    tokens: int
    """Of a step, without padding."""
    padded: int
    """With padding; 0 where it is not known."""
    first_loss: float
    last_loss: float
    peak_bytes: int
    """The largest resident memory of the process."""


def _run(command: list[Any], threads: int, watch: Callable[[int], None] | None = None) -> tuple[str, int]:
    """Output and peak memory of a process, whose number `watch` is called with again and again while it runs."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as error:
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=error, env=environment)
        while True:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG if watch else 0)
            if ended:
                break
            watch(process.pid)
            time.sleep(0.005)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        error.seek(0)
        if process.returncode:
            sys.exit(f"{' '.join(map(str, command))}: exit status {process.returncode}\n{error.read()[-2000:]}")
        return out.read(), usage.ru_maxrss * 1024


class StepClock:
    """Processor time of a process at each line that it adds to a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.at: list[float] = []

    def __call__(self, process: int) -> None:
        try:
            lines = sum('"seconds"' in line for line in self.path.read_text().splitlines())
            if lines > len(self.at):
                tasks = Path(f"/proc/{process}/task").glob("*/schedstat")
                self.at += [sum(int(task.read_text().split()[0]) for task in tasks) / 1e9] * (lines - len(self.at))
        except OSError:
            # Not there yet, or no longer; or another system than Linux.
            pass

    def each(self, warm_up: int, steps: int) -> float:
        """The mean of the steps after the first ones; not a number where it could not be seen."""
        if len(self.at) < warm_up + steps:
            return math.nan
        return (self.at[warm_up + steps - 1] - self.at[warm_up - 1]) / steps


def _configuration(path: Path, **keys: Any) -> Path:
    path.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items()))
    return path


def prepare_rankings(options: argparse.Namespace, folder: Path) -> Path:
    """Rankings as JSON lines."""
    if options.data is not None and options.data.suffix == ".jsonl":
        return options.data
    out = folder / "rankings.jsonl"
    source = ["--embedded", 2000] if options.data is None else ["--input", options.data]
    _run([options.program, "--quiet", "dataset", "build", *source, "--out", out], options.threads)
    return out


def prepare_model(options: argparse.Namespace, rankings: Path, folder: Path) -> Path:
    """A folder with weights and tokeniser, of a model without dropout."""
    model = options.model
    if model is None:
        configuration = _configuration(
            folder / "start.yml",
            model_name="embedded",
            embedded={"vocab_size": options.embedded_vocabulary},
            loss="log",
            learning_rate=2e-3,
            max_steps=options.start_steps,
            gradient_accumulation_steps=1,
            per_device_train_batch_size=PROMPTS,
            eval_at_start=False,
            eval_prompts=1,
            device="cpu",
            output_dir=str(folder / "start"),
        )
        _run([options.program, "--quiet", "train", configuration, "--data", rankings], options.threads)
        model = folder / "start" / f"checkpoint-{options.start_steps}"
    out = folder / "model"
    out.mkdir()
    for path in model.iterdir():
        if path.name == "config.json":
            config = json.loads(path.read_text())
            config.update(dict.fromkeys(DROPOUT, 0.0))
            (out / path.name).write_text(json.dumps(config, indent=2))
        elif path.is_file() and not path.name.startswith("optimizer"):
            (out / path.name).symlink_to(path.resolve())
    return out


def measure_ours(options: argparse.Namespace, round: int, model: Path, data: Path, folder: Path) -> Result:
    """This program's training. Of 9 rankings the last tests, and each step takes the other 8. One step more than is
    counted: an evaluation follows the last one."""
    steps = options.warm_up + options.steps + 1
    output = folder / f"ours-{round}"
    configuration = _configuration(
        folder / "ours.yml",
        model_name=str(model),
        loss="log",
        learning_rate=LEARNING_RATE,
        scheduler="constant",
        warmup_ratio=0.0,
        weight_decay=0.01,
        max_grad_norm=2.0,
        max_length=512,
        max_steps=steps,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=PROMPTS,
        logging_steps=1,
        eval_at_start=False,
        eval_steps=steps,
        save_steps=steps,
        eval_prompts=1,
        precision="float32",
        device="cpu",
        threads=options.threads,
        output_dir=str(output),
    )
    clock = StepClock(output / "metrics.jsonl")
    _, peak = _run([options.program, "--quiet", "train", configuration, "--data", data], options.threads, clock)
    lines = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]
    lines = [line for line in lines if "seconds" in line]
    shutil.rmtree(output)
    at = [0.0, *(line["seconds"] for line in lines)]
    seconds = [after - before for before, after in zip(at, at[1:])]
    last = lines[-1]
    return Result(
        round,
        OURS,
        statistics.median(seconds[options.warm_up : -1]),
        clock.each(options.warm_up, options.steps),
        round_to(last["sequences_per_second"] * seconds[-1]),
        round_to(last["tokens_per_second"] * seconds[-1]),
        0,
        lines[0]["loss"],
        lines[-2]["loss"],
        peak,
    )


def round_to(count: float) -> int:
    """A count that was multiplied and divided."""
    return int(count + 0.5)


def measure_peer(options: argparse.Namespace, round: int, method: str, model: Path, data: Path) -> Result:
    """The same steps by transformers."""
    output, peak = _run(
        [
            *(sys.executable, HERE / "peer.py", "--model", model, "--data", data, "--prompts", PROMPTS),
            *("--texts", PEERS[method], "--threads", options.threads, "--steps", options.warm_up + options.steps),
            *("--learning-rate", LEARNING_RATE),
        ],
        options.threads,
    )
    found = json.loads(output)
    losses = found["losses"]
    median = statistics.median(found["seconds"][options.warm_up :])
    cpu = statistics.mean(found["cpu_seconds"][options.warm_up :])
    counts = [found[key] for key in ("sequences", "tokens", "padded")]
    return Result(round, method, median, cpu, *counts, losses[0], losses[-1], peak)


def report(results: list[Result]) -> bool:
    """Prints the table; whether the losses agree."""
    ours = {result.round: result for result in results if result.method == OURS}
    titles = ("s/step", "ratio", "CPU s", "ratio", "texts/s", "tokens", "padded", "peak MB", "first loss")
    print(f"\n{'':22}", *(f"{title:>10}" for title in titles))
    same = True
    for method in (OURS, *PEERS):
        own = [result for result in results if result.method == method]
        if not own:
            continue
        median = lambda value: statistics.median(value(result) for result in own)  # noqa: E731
        # Texts that matter: the same prompts, whatever was encoded for them.
        texts = median(lambda r: ours[r.round].sequences / r.seconds)
        padded = median(lambda r: r.padded)
        cells = (
            f"{median(lambda r: r.seconds):.3f}",
            f"{median(lambda r: r.seconds / ours[r.round].seconds):.2f}",
            f"{median(lambda r: r.cpu_seconds):.3f}",
            f"{median(lambda r: r.cpu_seconds / ours[r.round].cpu_seconds):.2f}",
            f"{texts:.1f}",
            f"{median(lambda r: r.tokens):.0f}",
            f"{padded:.0f}" if padded else "",
            f"{median(lambda r: r.peak_bytes) / 1e6:.0f}",
            f"{own[0].first_loss:.6f}",
        )
        print(f"{method:22}", *(f"{cell:>10}" for cell in cells))
        for result in own:
            best = ours[result.round]
            if method in PEERS and PEERS[method] == "distinct" and result.tokens != best.tokens:
                same = False
                print(f"round {result.round}: {method} sees {result.tokens} tokens, {OURS} {best.tokens}")
            for name in ("first_loss", "last_loss"):
                difference = abs(getattr(result, name) / getattr(best, name) - 1.0)
                if not difference <= _SAME_LOSS:
                    same = False
                    print(f"round {result.round}: {name} of {method} differs by {difference:.1e}")
    worst = max(abs(r.first_loss / ours[r.round].first_loss - 1.0) for r in results)
    last = max(abs(r.last_loss / ours[r.round].last_loss - 1.0) for r in results)
    agree = "agree" if same else "DIFFER"
    print(f"\nlosses {agree}: of the first step within {worst:.1e}, of the last within {last:.1e}")
    return same


def circumstances(options: argparse.Namespace, model: Path) -> dict[str, Any]:
    """What the times depend on."""
    processor = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    config = json.loads((model / "config.json").read_text())
    shape = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    return {
        "processor": processor[0].split(":")[1].strip() if processor else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "threads": options.threads,
        "data": "embedded" if options.data is None else options.data.name,
        "model": {key: config[key] for key in shape},
        "prompts_per_step": PROMPTS,
        "warm_up": options.warm_up,
        "steps": options.steps,
        "rounds": options.rounds,
        "program": subprocess.run([options.program, "--version"], capture_output=True, text=True).stdout.strip(),
        "python": platform.python_version(),
        **{package: version(package) for package in ("torch", "transformers")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, required=True, help="the reward-collapse binary, with training")
    parser.add_argument("--data", type=Path, help="rankings, or what `dataset build` reads; embedded text unless given")
    parser.add_argument("--model", type=Path, help="a folder with a model; the small default unless given")
    parser.add_argument("--embedded-vocabulary", type=int, default=4096, help="of the small default model")
    parser.add_argument("--start-steps", type=int, default=30, help="that the small default is trained first")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="the ranking to begin with")
    parser.add_argument("--only", choices=("distinct", "none"), help="leave out the 56 texts, or transformers")
    parser.add_argument("--out", type=Path, default=HERE / "results.csv")
    options = parser.parse_args()
    options.program = options.program.resolve()
    if options.start_steps < 1 or options.warm_up < 1 or options.steps < 1 or options.rounds < 1 or options.threads < 1:
        parser.error("steps, rounds and threads are at least 1")
    peers = [method for method, texts in PEERS.items() if options.only in (None, texts)]

    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rankings = prepare_rankings(options, folder)
        model = prepare_model(options, rankings, folder)
        about = circumstances(options, model)
        for round in range(options.rounds):
            begin = options.first + round * PROMPTS
            data = folder / "round.jsonl"
            with rankings.open() as lines:
                taken = list(islice(lines, begin, begin + PROMPTS + 1))
            if len(taken) <= PROMPTS:
                parser.error(f"{rankings} has too few rankings for so many rounds")
            data.write_text("".join(taken))
            results.append(measure_ours(options, round, model, data, folder))
            results.extend(measure_peer(options, round, method, model, data) for method in peers)
            own = [result for result in results if result.round == round]
            words = (f"{r.method} {r.seconds:.3f} s ({r.cpu_seconds:.3f} s CPU)" for r in own)
            print(f"round {round}:", *words, sep="  ", flush=True)

    options.out.with_suffix(".json").write_text(json.dumps(about, indent=2) + "\n")
    with options.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Result)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(result) for result in results)
    if not report(results):
        sys.exit(1)


if __name__ == "__main__":
    main()
