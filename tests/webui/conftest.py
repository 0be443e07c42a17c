"""A server with the API's routes, in a thread, and a plain HTTP client to ask it."""

import asyncio
import gzip
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import optuna
import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from highnoon.hpo.storages import Storages
from highnoon.webui.access import Access
from highnoon.webui.api import api_handlers
from highnoon.webui.hub import Hub
from tests.processes import WAIT_SECONDS
from tests.webui.dashboards import dashboard, serve_dashboard, studies  # noqa: F401


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        body = self.body
        return (gzip.decompress(body) if self.headers.get("Content-Encoding") else body).decode()

    @property
    def token(self) -> str:
        return self.headers["X-HighNoon-Revision"]


class Served:
    """The API of some storages, served by a loop of its own."""

    def __init__(self, storages: Storages) -> None:
        self.loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(storages,))
        self._thread.start()
        self._ready.wait()

    def _serve(self, storages: Storages) -> None:
        asyncio.set_event_loop(self.loop)

        async def start() -> None:
            self.hub = Hub(storages)
            app = tornado.web.Application(
                api_handlers("/hpo"), access=Access(), hub=self.hub, log_function=lambda _: None
            )
            server = tornado.httpserver.HTTPServer(app)
            (socket,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
            self.port = socket.getsockname()[1]
            server.add_sockets([socket])
            self._server = server
            self._ready.set()

        self.loop.run_until_complete(start())
        self.loop.run_forever()

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for an address below the API's."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        connection.request("GET", f"/hpo/api/{path}", headers=headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer

    def of(self, name: str, what: str = "", alias: str | None = None, **headers: str) -> Answer:
        """Ask for something of a study."""
        storage = "" if alias is None else f"{quote(alias, safe='')}/"
        return self.get(f"{storage}study/{quote(name, safe='')}{what}", **headers)

    def run(self, coroutine: Any) -> Any:
        """Run a coroutine in the server's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(WAIT_SECONDS)

    def close(self) -> None:
        async def stop() -> None:
            self._server.stop()
            await self.hub.close()
            await self._server.close_all_connections()
            self.loop.stop()

        asyncio.run_coroutine_threadsafe(stop(), self.loop)
        self._thread.join()
        self.loop.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serve the API of storages until the test ends."""
    servers: list[Served] = []

    def start(storage: Any = None, **options: Any) -> Served:
        servers.append(Served(Storages(storage, **options)))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def url(prepared_database: Callable[[str], str]) -> str:
    """The URL of a SQLite database without studies."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return prepared_database("sqlite")


@pytest.fixture
def study(url: str) -> optuna.Study:
    """A study of three trials, of Optuna's making."""
    study = optuna.create_study(study_name="first", storage=url)
    study.optimize(lambda trial: trial.suggest_float("x", -1.0, 1.0) ** 2, n_trials=3)
    return study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder without studies."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder
