"""Threads, processes and signals."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import reward_collapse as rc

# More than enough for two threads: by interpolation, and by dense matrices.
WORK = [("log(x+0.1)", 3000), ("x^0.5+log(x+0.2)", 150)]


def work(_: int) -> list[float]:
    law = rc.Limit("x^0.5+log(x+0.2)")
    return [rc.solve(utility, n).objective for utility, n in WORK] + [law.gap, rc.Utility("x")(np.ones(5000)).sum()]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_compute_what_their_parent_does(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} on this system")
    # The pool of threads is in use before the fork.
    expected = work(0)
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map_async(work, range(4)).get(timeout=120)
    np.testing.assert_allclose(found, [expected] * 4, rtol=1e-12)


def test_a_child_of_a_child_computes_too() -> None:
    code = """
import os, sys
import reward_collapse as rc
rc.solve("log(x+0.1)", 3000)
for _ in range(2):
    child = os.fork()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    rc.solve("log(x+0.1)", 3000)
sys.exit(0 if rc.solve("log(x+0.1)", 3000).gap < 1e-9 else 1)
"""
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", code], check=True, timeout=120)


def test_threads_compute_at_once() -> None:
    results: list[rc.Solution] = []
    threads = [threading.Thread(target=lambda: results.append(rc.solve("log(x+0.1)", 400))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and all(result == results[0] for result in results)


def test_other_threads_go_on_during_a_long_call() -> None:
    done = threading.Event()
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    rc.solve("x^0.5+log(x+0.2)", 700)
    done.set()
    thread.join()
    # A call that held the interpreter would leave it a tick at each end.
    assert ticks > 5


INTERRUPTED = {
    "solve": "rc.solve('x^0.5+log(x+0.2)', 3_000_000)",
    "fit": "rc.solve('logsigmoid(x)', preferences=(a, b))",
    "simulate": "rc.simulate('log(x+0.1)', 64, prompts=2000, steps=1_000_000)",
    "asymptotics": "rc.asymptotics('log(x+0.1)', [1_000_000, 2_000_000])",
}


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("call", INTERRUPTED)
def test_ctrl_c_ends_a_long_call(call: str) -> None:
    code = f"""
import sys, numpy as np
import reward_collapse as rc
random = np.random.default_rng(0)
a, b = random.integers(0, 400_000, size=(2, 4_000_000))
a, b = a[a != b], b[a != b]
print("ready", flush=True)
try:
    {INTERRUPTED[call]}
except KeyboardInterrupt:
    print("interrupted", flush=True)
    # The process can be used further.
    print(rc.solve("x", 4).rewards, flush=True)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=60)
    assert out.splitlines() == ["interrupted", "[0. 0. 1. 1.]"] and child.returncode == 0


@pytest.mark.parametrize("order", ["torch, reward_collapse", "reward_collapse, torch"])
def test_torch_and_this_package_in_either_order(order: str) -> None:
    pytest.importorskip("torch")
    code = f"""
import {order}
import numpy as np
a = torch.randn(300, 300, dtype=torch.float64)
for _ in range(3):
    b = torch.linalg.solve(a, a)
    s = reward_collapse.solve("x^0.5+log(x+0.2)", 400)
assert torch.allclose(b, torch.eye(300, dtype=torch.float64), atol=1e-6) and s.gap < 1e-9
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_nothing_is_printed_and_numpy_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, reward_collapse; sys.exit('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert done.stdout == done.stderr == b""
