"""Dashboards that tests ask."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from highnoon import HPOTrialManager
from highnoon.webui import App
from tests.processes import WAIT_SECONDS, wait_until


@dataclass(frozen=True)
class Dashboard:
    """A dashboard that runs in a thread of this process."""

    app: App
    port: int
    token: str

    @property
    def server(self) -> Any:
        assert self.app._running is not None
        return self.app._running.server

    @property
    def kernels(self) -> Any:
        return self.server.kernel_manager


Serve = Callable[..., Dashboard]


@pytest.fixture(scope="session")
def studies(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with the study "demo"."""
    url = f"sqlite:///{tmp_path_factory.mktemp('studies')}/hpo.db"
    HPOTrialManager("demo", n_trials=4, sampler="random", seed=0, storage=url).optimize(
        lambda config: config["x"] ** 2, {"x": ("uniform", -1.0, 1.0)}
    )
    return url


@pytest.fixture(scope="module")
def serve_dashboard(studies: str) -> Iterator[Serve]:
    """Start dashboards, each in a thread, with the options of `app.run`."""
    with ExitStack() as stack:

        def start(**options: Any) -> Dashboard:
            app = App()
            # Kernels outlast tests that take long to connect with them.
            options = {"host": "0.0.0.0", "port": 0, "storage": studies, "cull": 3600.0, **options}
            thread = threading.Thread(target=app.run, kwargs=options)
            thread.start()

            def end() -> None:
                app.stop()
                thread.join(WAIT_SECONDS)
                assert not thread.is_alive()

            stack.callback(end)
            wait_until(lambda: app.is_serving)
            assert app.url is not None
            url = urlsplit(app.remote_url or app.url)
            assert url.port is not None
            token = options.get("token") or parse_qs(url.query).get("token", [""])[0]
            return Dashboard(app, url.port, token)

        yield start


@pytest.fixture(scope="module")
def dashboard(serve_dashboard: Serve) -> Dashboard:
    """A dashboard as the guide starts it: open to this machine, with a token for others."""
    return serve_dashboard()
