"""How fast a study's page is there, against optuna-dashboard: Chromium, nothing cached.

    python benchmarks/webui.py [--trials 1000 10000] [--rounds 5] [--viewers 5]

One SQLite study of twelve parameters and five reports a trial, served by both; loads alternate, and
optuna-dashboard's cache of trials has expired before each. Timed from the navigation on:

- first content: the study's name is on the screen;
- drawn: the plots of the page are painted (here with the table of trials, which the other has on a
  page of its own);
- answers: the plots are painted and the main thread had no task over 50 ms for a second after.

Then as many viewers at once, each in a browser profile of its own, until each sees first content.
"""

import argparse
import contextlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.widgets import make_study
from tests.browser.jupyter import launch

# optuna-dashboard keeps the trials that it read for up to this long.
CACHE_SECONDS = 11
QUIET_MS = 1000
MEASURED = ("first content", "drawn", "answers")

WATCH = """
window.lastLongTask = 0;
new PerformanceObserver(list => {
    for (const task of list.getEntries())
        window.lastLongTask = Math.max(window.lastLongTask, task.startTime + task.duration);
}).observe({type: "longtask", buffered: true});
"""
# The time of the first frame in which each condition holds, in ms since the navigation.
SEEN = """conditions => new Promise(done => {
    const tests = conditions.map(body => new Function("return " + body));
    const look = () => {
        if (tests.every(test => test())) requestAnimationFrame(() => done(performance.now()));
        else requestAnimationFrame(look);
    };
    look();
})"""
ANSWERS = f"""painted => new Promise(done => {{
    const look = () => {{
        const last = Math.max(painted, window.lastLongTask);
        if (performance.now() - last > {QUIET_MS}) done(last);
        else setTimeout(look, 50);
    }};
    look();
}})"""


class Served:
    """A dashboard that serves the study, and what its page shows when it is drawn."""

    def __init__(
        self, name: str, command: list[str], path: str, content: list[str], drawn: list[str]
    ) -> None:
        self.name = name
        self.command = command
        self.path = path
        self.content = content
        self.drawn = drawn

    @contextlib.contextmanager
    def running(self, database: Path) -> Iterator[str]:
        """Serve a database and give the address of its study's page."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        command = [
            part.format(url=f"sqlite:///{database}", port=port, bin=Path(sys.executable).parent)
            for part in self.command
        ]
        url = f"http://127.0.0.1:{port}{self.path}"
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not _answers(url):
                if server.poll() is not None:
                    sys.exit(f"{self.name} ended at its start: {' '.join(command)}")
                time.sleep(0.2)
            time.sleep(CACHE_SECONDS)
            yield url
        finally:
            server.terminate()
            server.wait()


def plot(selector: str) -> str:
    """Return the condition that a plot has drawn something: marks of SVG or of WebGL."""
    return f"document.querySelector({selector + ' .trace, ' + selector + ' canvas'!r})"


OURS = Served(
    "HighNoon",
    ["{bin}/python", "-m", "highnoon.webui", "--storage", "{url}", "--port", "{port}"],
    "/hpo/study/large",
    ["document.body?.innerText.includes('large')"],
    [
        plot("[data-testid=optimization-history]"),
        plot(".hn-curves"),
        "document.querySelector('[data-testid=trial-table] [role=row][data-trial]')",
    ],
)
THEIRS = Served(
    "optuna-dashboard",
    ["{bin}/optuna-dashboard", "{url}", "--port", "{port}"],
    "/dashboard/studies/1",
    ["document.body?.innerText.includes('large')"],
    [plot("#plot-history"), plot("#graph-intermediate-values")],
)


def load(browser: Browser, served: Served, url: str) -> dict[str, float]:
    """Open the page with nothing cached and return the seconds of each of `MEASURED`."""
    context = browser.new_context(viewport={"width": 1440, "height": 2000})
    try:
        page = context.new_page()
        page.set_default_timeout(300_000)
        page.add_init_script(WATCH)
        page.goto(url, wait_until="commit")
        content = page.evaluate(SEEN, served.content)
        drawn = page.evaluate(SEEN, served.drawn)
        answers = page.evaluate(ANSWERS, drawn)
    finally:
        context.close()
    return dict(zip(MEASURED, (content / 1000, drawn / 1000, answers / 1000), strict=True))


def load_at_once(browser: Browser, served: Served, url: str, viewers: int) -> list[float]:
    """Open the page for several viewers at once and return when each saw first content."""
    contexts = [browser.new_context() for _ in range(viewers)]
    pages: list[Page] = [context.new_page() for context in contexts]
    for page in pages:
        page.add_init_script(f"window.seen = ({SEEN})({served.content!r})")
        page.evaluate(f"setTimeout(() => location.assign({url!r}), 50)")
    seen = []
    for page in pages:
        page.wait_for_url(url, wait_until="commit")
        seen.append(page.evaluate("window.seen") / 1000)
    for context in contexts:
        context.close()
    return seen


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=30):
            return True
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast a study's page is there.")
    parser.add_argument("--trials", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--viewers", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        for trials in options.trials:
            database = Path(folder) / f"{trials}.db"
            make_study(database, trials)
            times: dict[str, list[dict[str, float]]] = {OURS.name: [], THEIRS.name: []}
            with OURS.running(database) as ours, THEIRS.running(database) as theirs:
                for _ in range(options.rounds):
                    times[OURS.name].append(load(browser, OURS, ours))
                    times[THEIRS.name].append(load(browser, THEIRS, theirs))
                    time.sleep(CACHE_SECONDS)
                at_once = load_at_once(browser, OURS, ours, options.viewers)
            print(f"\n{trials} trials, medians of {options.rounds} loads, seconds")
            print(f"{'':16}{OURS.name:>18}{THEIRS.name:>18}{'ratio':>10}")
            for what in MEASURED:
                a, b = (statistics.median(each[what] for each in times[n]) for n in times)
                print(f"{what:16}{a:18.2f}{b:18.2f}{a / b:10.2f}")
            print(f"{options.viewers} viewers at once: first content after {max(at_once):.2f}")
        browser.close()


if __name__ == "__main__":
    main()
