"""What every test shares: databases, no progress bars, and no skipped test in CI."""

import logging
import os
import shutil
import subprocess
import sys

os.environ.setdefault("HIGHNOON_PROGRESS", "0")

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from highnoon.hpo.storage import StorageURL
from highnoon.hpo.storage.engines import load_psycopg
from highnoon.testing.databases import Databases
from highnoon.testing.servers import MariaDBServer, PostgresServer, PrivateServer
from tests.prepared import create_tables, empty
from tests.processes import StartPython

load_psycopg()  # before the first test module imports it in a process that has TensorFlow

_WORKER_DIED = pytest.StashKey[bool]()
_SERVERS = {"postgresql": PostgresServer, "mariadb": MariaDBServer}
_URLS = {"postgresql": "HIGHNOON_TEST_POSTGRES_URL", "mariadb": "HIGHNOON_TEST_MYSQL_URL"}


def _missing(kind: str) -> str:
    return f"{_SERVERS[kind].name} is not installed"


def _start(kind: str) -> PrivateServer:
    if not _SERVERS[kind].is_installed():
        pytest.skip(_missing(kind))
    return _SERVERS[kind]()


@pytest.fixture(autouse=True)
def _own_spool(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep results that could not be told apart from those of the user who runs the tests."""
    monkeypatch.setenv("HIGHNOON_SPOOL", str(tmp_path_factory.mktemp("spool")))


@pytest.fixture(autouse=True)
def _own_handlers() -> Iterator[None]:
    """Take away what a test adds to loggers, whose stream is closed when the test has ended."""
    before = _handlers()
    yield
    for name, handler in _handlers() - before:
        logging.getLogger(name).removeHandler(handler)


def _handlers() -> set[tuple[str, logging.Handler]]:
    loggers = [logging.getLogger(), *logging.Logger.manager.loggerDict.values()]
    return {
        (logger.name, handler)
        for logger in loggers
        if isinstance(logger, logging.Logger)
        for handler in logger.handlers
    }


@pytest.fixture(scope="session")
def _servers() -> Iterator[Callable[[str], PrivateServer]]:
    with ExitStack() as stack:
        yield cache(lambda kind: stack.enter_context(_start(kind)))


@pytest.fixture
def postgres_server(_servers: Callable[[str], PrivateServer]) -> PrivateServer:
    """A private PostgreSQL server, shared by the tests of the session: do not stop it."""
    return _servers("postgresql")


@pytest.fixture
def mariadb_server(_servers: Callable[[str], PrivateServer]) -> PrivateServer:
    """A private MariaDB server, shared by the tests of the session: do not stop it."""
    return _servers("mariadb")


@pytest.fixture(scope="session")
def _servers_to_restart() -> Iterator[Callable[[str], PrivateServer]]:
    with ExitStack() as stack:
        yield cache(lambda kind: stack.enter_context(_start(kind)))


@pytest.fixture(params=["postgresql", "mariadb"])
def own_server(
    request: pytest.FixtureRequest, _servers_to_restart: Callable[[str], PrivateServer]
) -> Iterator[PrivateServer]:
    """A private server that the test may stop, kill and restart, but not close."""
    server = _servers_to_restart(request.param)
    yield server
    server.start()


@pytest.fixture(scope="session")
def databases(_servers: Callable[[str], PrivateServer]) -> Callable[[str], Databases]:
    """The server that makes databases of a kind: the one that the environment names, or ours."""

    def of(kind: str) -> Databases:
        given = os.environ.get(_URLS[kind])
        return Databases(given) if given else _servers(kind)

    return cache(of)


@pytest.fixture
def new_database(
    databases: Callable[[str], Databases], tmp_path: Path
) -> Iterator[Callable[[str], str]]:
    """Make a fresh database of a kind and return its URL: sqlite, postgresql or mariadb."""
    made: list[tuple[str, str]] = []
    files: list[Path] = []

    def make(kind: str) -> str:
        if kind == "sqlite":
            files.append(tmp_path / f"hpo{len(files) or ''}.db")
            return f"sqlite:///{files[-1]}"
        url = databases(kind).create_database()
        made.append((kind, url))
        return url

    yield make
    for kind, url in made:
        databases(kind).drop_database(url)


@pytest.fixture(scope="session")
def _prepared(
    databases: Callable[[str], Databases], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    made: list[tuple[str, str]] = []

    def make(kind: str) -> str:
        file = tmp_path_factory.mktemp("prepared") / "hpo.db"
        url = f"sqlite:///{file}" if kind == "sqlite" else databases(kind).create_database()
        create_tables(url)
        made.append((kind, url))
        return url

    yield cache(make)
    for kind, url in made:
        if kind != "sqlite":
            databases(kind).drop_database(url)


@pytest.fixture
def prepared_database(_prepared: Callable[[str], str], tmp_path: Path) -> Callable[[str], str]:
    """Return the URL of a database of a kind that has Optuna's tables and nothing in them.

    A server has one, which is emptied: faster than a fresh one, for tests of what comes after.
    """

    def url_of(kind: str) -> str:
        url = _prepared(kind)
        if kind == "sqlite":
            copy = tmp_path / "hpo.db"
            shutil.copy(StorageURL.parse(url).url.database or "", copy)
            return f"sqlite:///{copy}"
        empty(url)
        return url

    return url_of


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    """The URL of a fresh database; the test runs once for each kind."""
    return new_database(request.param)


@pytest.fixture(params=["postgresql", "mariadb"])
def server_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    """The URL of a fresh database on a server; the test runs once for each kind."""
    return new_database(request.param)


@pytest.fixture
def postgres_url(new_database: Callable[[str], str]) -> str:
    """The URL of a fresh PostgreSQL database."""
    return new_database("postgresql")


@pytest.fixture
def mariadb_url(new_database: Callable[[str], str]) -> str:
    """The URL of a fresh MariaDB database."""
    return new_database("mariadb")


@pytest.fixture
def start_python(tmp_path: Path) -> Iterator[StartPython]:
    """Start Python with these arguments, in `tmp_path`; it is killed when the test ends."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path) -> "subprocess.Popen[str]":
        started.append(
            subprocess.Popen(
                [sys.executable, *arguments],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """What HighNoon told the user so far."""
    caplog.set_level(logging.INFO, logger="highnoon")
    return lambda: "\n".join(r.getMessage() for r in caplog.records if r.name == "highnoon")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end which servers were missing and how to get them."""
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for kind in _SERVERS:
        if not any(_missing(kind) in reason for reason in skipped):
            continue
        name, package = _SERVERS[kind].name, _SERVERS[kind].package
        terminalreporter.write_line(
            f"Not tested: {name}, which is not installed. Install it (apt-get install {package}), "
            f"or set {_URLS[kind]} to the URL of a server whose user may create databases.",
            yellow=True,
        )


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Remember that a worker died, with tests that nobody has run."""
    if error:
        node.config.stash[_WORKER_DIED] = True


def pytest_unconfigure() -> None:
    """Take away what libraries added to loggers: threads outlast the streams of the tests."""
    for name, handler in _handlers():
        if isinstance(handler, logging.StreamHandler) and handler.stream is not sys.__stderr__:
            logging.getLogger(name).removeHandler(handler)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Turn a run with skipped tests into a failed one where CI is set."""
    if session.config.stash.get(_WORKER_DIED, False):  # so that nobody tries only what failed
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
    if skipped and os.environ.get("CI") and exitstatus == 0:
        reporter.write_line(f"{skipped} tests were skipped; in CI that is a failure.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
