"""Two processes train as one does: the example script, launched by Accelerate over gloo on the loopback address."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

EXAMPLES = Path(__file__).parents[1] / "examples"
#: What differs from run to run, and an estimate of operations, which knows only one process's batch.
OF_THE_RUN = ("runtime", "second", "flos")


def options(folder: Path, batch: int) -> list[str]:
    return [
        "--output_dir", str(folder), "--double", "true", "--max_steps", "4", "--logging_steps", "1", "--eval_strategy", "steps",
        "--eval_steps", "2", "--held_out", "6", "--gradient_accumulation_steps", "2", "--learning_rate", "1e-3", "--save_strategy", "no",
        "--report_to", "none", "--bf16", "false", "--gradient_checkpointing", "false", "--use_cpu", "true", "--disable_tqdm", "true",
        "--per_device_train_batch_size", str(batch), "--per_device_eval_batch_size", str(batch),
    ]  # fmt: skip


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_two_processes_are_one(tmp_path):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    script = str(EXAMPLES / "train_rankings.py")
    launch = [
        "-m", "accelerate.commands.launch", "--config_file", str(EXAMPLES / "cpu.yaml"), "--main_process_port", str(free_port()),
    ]  # fmt: skip
    runs = [
        subprocess.Popen(
            [sys.executable, *words, script, *options(tmp_path / name, batch)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for name, words, batch in (("one", [], 4), ("two", launch, 2))
    ]  # fmt: skip
    for run in runs:
        output, _ = run.communicate(timeout=300)
        assert run.returncode == 0, output[-3000:]
    one, two = (json.loads((tmp_path / name / "trainer_state.json").read_text())["log_history"] for name in ("one", "two"))
    assert len(one) == len(two) and sum("grad_norm" in logs for logs in one) == 4
    # Rows that fill up the last batch of the evaluation count once.
    assert any("eval_loss" in logs for logs in one) and any("collapse/distance" in logs for logs in one)
    for a, b in zip(one, two, strict=True):
        assert set(a) == set(b)
        for key, value in a.items():
            if not any(part in key for part in OF_THE_RUN):
                # The logged loss is added up in single precision.
                assert b[key] == pytest.approx(value, rel=1e-6, abs=1e-6 if "loss" in key else 1e-9), key
    from safetensors.torch import load_file

    weights = [load_file(tmp_path / name / "model.safetensors") for name in ("one", "two")]
    for name, tensor in weights[0].items():
        torch.testing.assert_close(weights[1][name], tensor, rtol=1e-9, atol=1e-9)
    for name in ("scores.csv", "rewards.csv", "run.json"):
        assert (tmp_path / "two" / "collapse" / name).exists()


@pytest.mark.parametrize("name", ["cpu.yaml", "ddp.yaml", "fsdp.yaml"])
def test_accelerate_reads_the_configurations(name):
    from accelerate.commands.config.config_args import load_config_from_file

    config = load_config_from_file(str(EXAMPLES / name))
    assert config.num_processes == 2
    assert config.distributed_type.value == ("FSDP" if name == "fsdp.yaml" else "MULTI_GPU")
