"""The private servers that the other tests stand on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from highnoon.hpo.storage import StorageURL
from highnoon.testing import servers
from highnoon.testing.servers import MariaDBServer, PostgresServer, PrivateServer
from tests.processes import wait_until


def rows(url: str, sql: str) -> list[tuple]:
    engine = sa.create_engine(StorageURL.parse(url).url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(sql))]


def write(url: str, *statements: str) -> None:
    engine = sa.create_engine(StorageURL.parse(url).url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.mark.parametrize("kill", [False, True])
def test_what_was_committed_is_there_after_a_restart(own_server: PrivateServer, kill: bool) -> None:
    url = own_server.create_database()
    write(url, "CREATE TABLE t (n INT)", "INSERT INTO t VALUES (7)")
    own_server.restart(kill=kill)
    assert rows(url, "SELECT n FROM t") == [(7,)]


def test_a_stopped_server_refuses_connections_until_it_is_started(
    own_server: PrivateServer,
) -> None:
    url = own_server.create_database()
    own_server.stop()
    with pytest.raises(sa.exc.OperationalError):
        rows(url, "SELECT 1")
    own_server.start()
    assert rows(url, "SELECT 1") == [(1,)]


def test_a_dropped_database_is_gone_though_someone_is_in_a_transaction(
    own_server: PrivateServer,
) -> None:
    url = own_server.create_database()
    write(url, "CREATE TABLE t (n INT)")
    engine = sa.create_engine(StorageURL.parse(url).url, poolclass=sa.NullPool)
    connection = engine.connect()
    connection.execute(sa.text("SELECT * FROM t"))
    own_server.drop_database(url)
    with pytest.raises(sa.exc.OperationalError):
        rows(url, "SELECT 1")
    connection.invalidate()
    connection.close()


@pytest.mark.parametrize("server", [PostgresServer, MariaDBServer])
def test_a_closed_server_leaves_nothing_behind(server: type[PrivateServer]) -> None:
    if not server.is_installed():
        pytest.skip(f"{server.name} is not installed")
    with server() as closed:
        assert closed.running
        assert closed.folder.exists()
    assert not closed.folder.exists()
    assert not closed.running


@pytest.mark.parametrize("server", [PostgresServer, MariaDBServer])
def test_a_server_ends_when_the_process_that_started_it_is_killed(
    server: type[PrivateServer],
) -> None:
    if not server.is_installed():
        pytest.skip(f"{server.name} is not installed")
    source = f"""
import time
from highnoon.testing.servers import {server.__name__}
server = {server.__name__}()
print(server._process.pid, server.folder, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        pid, folder = starter.stdout.readline().decode().split()
        assert psutil.pid_exists(int(pid))
        os.kill(starter.pid, signal.SIGKILL)
    wait_until(lambda: not Path(folder).exists())
    assert not psutil.pid_exists(int(pid))


def test_a_server_that_is_not_installed_is_named_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PostgresServer, "_programs", ("no-such-program",))
    assert not PostgresServer.is_installed()
    with pytest.raises(servers.MissingDependencyError, match="apt-get install postgresql"):
        PostgresServer()


def test_a_server_that_does_not_start_shows_its_log() -> None:
    if not PostgresServer.is_installed():
        pytest.skip("PostgreSQL is not installed")
    with pytest.raises(servers.StorageError, match="no_such_setting"):
        PostgresServer(options=["--no_such_setting=1"])
