"""What something costs a page: time of its main thread by Chromium's trace, bytes it receives."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, WebSocket

__all__ = ["Busy", "busy_during", "widget_messages"]

# The names of threads are in every trace; the category of tasks is the least there is.
CATEGORIES = ["toplevel"]
MAIN = "CrRendererMain"
TASK = "ThreadControllerImpl::RunTask"


@dataclasses.dataclass(frozen=True)
class Busy:
    """How long tasks took, in milliseconds of the processor, which other programs do not lengthen.

    Attributes:
        longest: The longest one.
        longest_by_clock: The longest one by the clock.
        total: All of them.
    """

    longest: float
    longest_by_clock: float
    total: float


def busy_during(browser: Browser, page: Page, act: Callable[[], Any]) -> Busy:
    """Return how busy a page's main thread was while `act` ran."""
    browser.start_tracing(page=page, categories=CATEGORIES)
    act()
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == MAIN
    }
    tasks: dict[tuple[int, int], list[dict[str, Any]]] = {thread: [] for thread in mains}
    for event in events:
        thread = event["pid"], event["tid"]
        if event["name"] == TASK and thread in mains and "tdur" in event:
            tasks[thread].append(event)
    # Chromium has pages of its own; the one that is looked at works most.
    busiest = max(tasks.values(), key=lambda found: sum(task["tdur"] for task in found))
    spent = [task["tdur"] / 1000 for task in busiest]
    return Busy(
        longest=max(spent, default=0.0),
        longest_by_clock=max((task["dur"] / 1000 for task in busiest), default=0.0),
        total=sum(spent),
    )


def widget_messages(page: Page) -> list[int]:
    """Return a list that takes the size of each message to a widget, from the next notebook on."""
    sizes: list[int] = []

    def take(frame: str | bytes) -> None:
        data = frame if isinstance(frame, bytes) else frame.encode()
        if b'"comm_' in data:
            sizes.append(len(data))

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", take)

    page.on("websocket", listen)
    return sizes
