"""What several tests share."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def program() -> Callable[..., Any]:
    """Runs the Rust program and reads the JSON that it writes."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    path = Path(os.environ.get("REWARD_COLLAPSE", target / "release" / "reward-collapse"))
    if not path.exists():
        pytest.skip("the program is not built: make build")

    def run(*arguments: object) -> Any:
        words = [str(path), *map(str, arguments), "--format", "json"]
        return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)

    return run
