"""The command `dashboard`: serve the WebUI."""

import argparse
import logging
import os
from typing import Any

from highnoon.exceptions import PortInUseError

__all__ = ["add_dashboard"]


def add_dashboard(commands: Any) -> None:
    """Add the command to the parser's."""
    dashboard = commands.add_parser("dashboard", help="serve the dashboard, until Ctrl-C")
    add = dashboard.add_argument
    add("--host", default="localhost", help="address to listen on; 0.0.0.0 for all networks")
    add("--port", type=int, default=8000, help="port to listen on; 0 for a free one")
    add(
        "--storage",
        action="append",
        metavar="[ALIAS=]URL",
        help="database to show, several times for several; default: HIGHNOON_STORAGE, else the "
        "SQLite studies of the working directory",
    )
    add(
        "--token",
        default=os.environ.get("HIGHNOON_WEBUI_TOKEN"),
        help="what requests must bring; better in the variable HIGHNOON_WEBUI_TOKEN, which other "
        "users of this machine cannot see",
    )
    add("--base-url", default="/", help="path below which a reverse proxy offers the dashboard")
    add("--read-only", action="store_true", help="show alone, change nothing")
    add("--max-viewers", type=int, default=16, help="how many pages can act at once")
    add("--cull", type=float, default=120.0, help="seconds that the process of a closed page lives")
    add("--preheated", type=int, default=1, help="how many processes wait for the next page")
    add(
        "--embed-from",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="origin whose pages may show the dashboard in a frame",
    )
    add("--access-log", action="store_true", help="write a line for each request")
    add("--open-browser", action="store_true", help="open the dashboard in a browser")
    dashboard.set_defaults(run=_dashboard)


def _dashboard(options: argparse.Namespace) -> None:
    from highnoon.webui import app

    if options.access_log:
        logging.basicConfig(format="%(asctime)s %(message)s")
        logging.getLogger("highnoon.webui").setLevel(logging.INFO)
    ours = ("run", "access_log")
    given = {name: value for name, value in vars(options).items() if name not in ours}
    given["storage"] = _storages(options.storage)
    try:
        app.run(**given)
    except PortInUseError:
        raise PortInUseError(
            f"Port {options.port} is taken by another program, perhaps an earlier dashboard. End "
            f"that, or take another port: --port {options.port + 1}, or --port 0 for a free one."
        ) from None


def _storages(given: list[str] | None) -> str | dict[str, str] | None:
    if given is None:
        return None
    if len(given) == 1 and "://" in given[0].partition("=")[0]:
        return given[0]
    return dict(_named(text, number) for number, text in enumerate(given, 1))


def _named(text: str, number: int) -> tuple[str, str]:
    alias, separator, url = text.partition("=")
    return (alias, url) if separator and "://" not in alias else (f"storage{number}", text)
