"""What `import highnoon` costs, beside `import optuna`: wall time of fresh processes.

python benchmarks/import_time.py [--rounds 9]
"""

import argparse
import statistics
import subprocess
import sys
import time

PROGRAMS = {"python": "pass", "highnoon": "import highnoon", "optuna": "import optuna"}


def seconds(program: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description="What import highnoon costs.")
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    for program in PROGRAMS.values():
        seconds(program)  # the first run compiles
    taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(rounds):
        for name, program in PROGRAMS.items():
            taken[name].append(seconds(program))
    wall = {name: statistics.median(each) for name, each in taken.items()}
    print(f"{rounds} rounds, medians of fresh processes, ms\n")
    print(f"{'import':<12}{'wall':>9}{'above an empty program':>26}")
    for name, each in wall.items():
        print(f"{name:<12}{each * 1000:>9.1f}{(each - wall['python']) * 1000:>26.1f}")
    above = {name: max(each - wall["python"], 0.0) for name, each in wall.items()}
    print(
        f"\nhighnoon / optuna: {wall['highnoon'] / wall['optuna']:.3f} whole process, "
        f"{above['highnoon'] / above['optuna']:.3f} above an empty program"
    )
    print("goals: at most 0.5, hoped for 0.2")


if __name__ == "__main__":
    main()
