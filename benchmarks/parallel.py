"""What parallel trials gain: two HSMN trials side by side, and how soon a fresh worker is ready.

    python benchmarks/parallel.py [--rounds 3] [--tokens 80000]

Two trials of the same configuration run one after the other, each with two threads, in a worker
process; then both at once, each with one thread. A worker is ready when its objective is called:
measured from the moment at which it is asked of a fork server that has imported TensorFlow.
"""

import argparse
import os
import statistics
import time
from typing import Any

import highnoon as hn
from highnoon.hpo.run.processes import ProcessPool, cores, thread_caps
from highnoon.hpo.run.worker_process import WorkerProcess

PRELOAD = ("highnoon.hpo.manager", "highnoon.hpo.run.task", "tensorflow", "keras")
PARAMS = {
    "learning_rate": 3e-3,
    "batch_size": 8,
    "embedding_dim": 96,
    "num_reasoning_blocks": 3,
}


def moment() -> float:
    """Return when the call began; run in a worker that has TensorFlow."""
    import sys

    assert "tensorflow" in sys.modules
    return time.time()


def seconds_until_ready(rounds: int) -> list[float]:
    environment = thread_caps(2)
    times = []
    for number in range(rounds + 1):
        asked = time.time()
        worker = WorkerProcess(environment, PRELOAD, "fork_server")
        worker.call(moment, ())
        _, began = worker.result(watch=lambda _: None)
        if number:  # the first starts the server, which imports TensorFlow
            times.append(began - asked)
        worker.end(5.0)
    return times


def train(tokens: int) -> float:
    started = time.monotonic()
    hn.HSMNObjective(tokens=tokens)(PARAMS)
    return time.monotonic() - started


def seconds_of_two(workers: int, tokens: int) -> float:
    """Return the wall time of two trainings by one or two workers, tracing included."""
    with ProcessPool(workers, preload=[*PRELOAD, "highnoon.training"]) as pool:
        for future in [pool.submit(os.getpid) for _ in range(workers)]:
            future.result()
        started = time.monotonic()
        for future in [pool.submit(train, tokens) for _ in range(2)]:
            future.result()
        return time.monotonic() - started


def show(what: str, seconds: list[float]) -> None:
    listed = ", ".join(f"{each:.2f}" for each in seconds)
    print(f"{what:<44}{statistics.median(seconds):>8.2f} s   ({listed})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="What parallel trials gain.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=80_000)
    options: Any = parser.parse_args()
    print(f"{cores()} cores, {options.rounds} rounds, medians\n")
    show("a worker with TensorFlow is ready in", seconds_until_ready(max(5, options.rounds)))
    one, two = [], []
    for _ in range(options.rounds):
        one.append(seconds_of_two(1, options.tokens))
        two.append(seconds_of_two(2, options.tokens))
    show("two trials one after the other, two threads", one)
    show("two trials side by side, one thread each", two)
    print(f"{'gain':<44}{statistics.median(one) / statistics.median(two):>8.2f}")
    print("\ngoals: ready in 0.3 s, a gain of 1.3")


if __name__ == "__main__":
    main()
