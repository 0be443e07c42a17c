"""Pages of the dashboard that come and go in a real browser: what each costs, and what is left.

python benchmarks/viewers.py [--views 50] [--at-once 5] [--trials 1000] [--cull 5]
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import optuna
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

MIB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description="What viewers of the dashboard cost.")
    parser.add_argument("--views", type=int, default=50)
    parser.add_argument("--at-once", type=int, default=5)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--cull", type=float, default=5.0)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        storage = f"sqlite:///{folder}/hpo.db"
        fill(storage, options.trials)
        process, url = start(Path(folder), storage, options.cull)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=options.chromium)
                watch(browser, psutil.Process(process.pid), url, options)
        finally:
            process.terminate()
            process.wait(30)


def watch(browser: Browser, server: psutil.Process, url: str, options: argparse.Namespace) -> None:
    """Open and close pages, one in five of them by a crash, and print what they cost."""
    before = uss(server)
    kernels_uss, content = [], []
    crashed = closed = 0
    for first in range(0, options.views, options.at_once):
        pages: list[Page] = []
        for _ in range(min(options.at_once, options.views - first)):
            page = browser.new_context().new_page()
            page.goto(f"{url}/study/demo", wait_until="commit")
            pages.append(page)
        for page in pages:
            page.wait_for_selector("[data-testid=trial-table] [role=row][data-trial]")
            page.wait_for_selector("#highnoon-kernel .lm-Widget", state="attached")
            content.append(
                page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            )
        kernels_uss += [uss(kernel) for kernel in server.children()]
        for page in pages:
            if (crashed + closed) % 5 == 4:
                crash(page)
                crashed += 1
            else:
                page.close(run_before_unload=True)
                closed += 1
    gone = time.monotonic()
    while len(server.children()) > 1 and time.monotonic() - gone < 60:
        time.sleep(0.1)
    left = len(server.children()) - 1
    print(f"{closed} pages closed, {crashed} crashed, {options.at_once} at once")
    middle = statistics.median(content)
    print(f"first content: median {middle:.0f} ms, worst {max(content):.0f} ms")
    print(
        f"kernels left, but for the one that waits: {left}, {time.monotonic() - gone:.1f} s after"
    )
    print(f"memory of a kernel of its own: {statistics.median(kernels_uss) / MIB:.0f} MiB")
    print(f"the server: {before / MIB:.0f} MiB at first, {uss(server) / MIB:.0f} MiB at last")


def crash(page: Page) -> None:
    """End a page's process, as a crash does."""
    try:
        page.goto("chrome://crash", timeout=3000)
    except Exception:
        return


def uss(process: psutil.Process) -> int:
    """Return the memory that would be free without a process."""
    return process.memory_full_info().uss


def start(folder: Path, storage: str, cull: float) -> tuple["subprocess.Popen[str]", str]:
    """Start the dashboard and return its process and address."""
    command = [sys.executable, "-m", "highnoon.webui", "--port", "0", "--storage", storage]
    process = subprocess.Popen(
        [*command, "--cull", str(cull)], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().split(": ")[1].strip()


def fill(storage: str, trials: int) -> None:
    """Make a study of so many trials with five reports each."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    optuna.create_study(study_name="demo", storage=storage).add_trials(
        optuna.trial.create_trial(
            params={"x": number / trials},
            distributions={"x": optuna.distributions.FloatDistribution(0.0, 1.0)},
            intermediate_values={step: 1.0 / (step + 1) + number / trials for step in range(5)},
            value=number / trials,
        )
        for number in range(trials)
    )


if __name__ == "__main__":
    main()
