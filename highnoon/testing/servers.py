"""Private PostgreSQL and MariaDB servers for tests and benchmarks.

A server has a folder and a port of its own and never touches one that the machine runs. It ends
with the process that started it, even if that process is killed.

Example:
    ```python
    with PostgresServer() as server:
        url = server.create_database()
    ```
"""

import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import psutil
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from highnoon.exceptions import MissingDependencyError, StorageError
from highnoon.testing.certificates import make_certificate
from highnoon.testing.databases import Databases

__all__ = ["MariaDBServer", "PostgresServer", "PrivateServer"]

_USER = "highnoon"
_START_SECONDS = 60

# Below the ports that outgoing connections use, so that a restarted server finds its own free.
_PORTS = range(20_000, 32_000)

# Waits until whoever started the server is gone, ends the server and removes its folder.
_GUARD = """
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
    kill "-$1" "$pid" 2>/dev/null
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
fi
rm -rf "$2"
"""


class PrivateServer(Databases):
    """A database server of one's own: `create_database`, `stop`, `start`, `restart`, `close`.

    Args:
        durable: Whether commits are on the disk when they return, as a benchmark wants it. Without
            it tests are quicker, and a power cut may cost data; killing the server does not.
        tls: Whether it takes encrypted connections, with a certificate of its own.
        options: Further options for the server's command line.

    Attributes:
        certificate: The certificate to trust, where it has TLS.
        port: The TCP port on 127.0.0.1.
        folder: Holds the server's data and log.

    Raises:
        MissingDependencyError: The server is not installed.
        StorageError: It does not start; the message holds the end of its log.
    """

    name: ClassVar[str]
    """What the server is called."""
    package: ClassVar[str]
    """The Debian package that installs it."""
    _programs: ClassVar[tuple[str, ...]]
    _account: ClassVar[str]
    _stop_signal: ClassVar[signal.Signals]
    _guard_signal: ClassVar[str]

    def __init__(
        self, *, durable: bool = False, tls: bool = False, options: Sequence[str] = ()
    ) -> None:
        self._paths = self._find_programs()
        self._durable = durable
        self._options = tuple(options)
        self._password = secrets.token_hex(8)
        self._process: subprocess.Popen[Any] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix=f"highnoon-{self._account}-"))
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", self._guard_signal, str(self.folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,  # the terminal's Ctrl-C is not meant for it
        )
        try:
            self.certificate, self._key = make_certificate(self.folder) if tls else (None, None)
            self._give_to_owner(self.folder, *self.folder.iterdir())
            self._create()
            self._start_on_a_free_port()
        except BaseException:
            self.close()
            raise

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the server's programs are on this machine."""
        try:
            cls._find_programs()
        except MissingDependencyError:
            return False
        return True

    @property
    def running(self) -> bool:
        """Whether the server's process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """What the server wrote so far."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start the server on its port and wait until it answers."""
        if self.running:
            return
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._as_owner
            )
        self._tell_guard(str(self._process.pid))
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            if not self.running or time.monotonic() > until:
                self.stop(kill=True)
                end = "\n".join(self.log.splitlines()[-15:])
                raise StorageError(f"The private {self.name} server did not start:\n{end}")
            time.sleep(0.05)

    def stop(self, *, kill: bool = False) -> None:
        """Stop the server, whoever is connected: in an orderly way, or by kill -9."""
        if self._process is None:
            return
        # Of a server that is killed, its own children learn that a moment later.
        children = _children_of(self._process)
        self._process.send_signal(signal.SIGKILL if kill else self._stop_signal)
        try:
            self._process.wait(timeout=_START_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        psutil.wait_procs(children, timeout=_START_SECONDS)
        self._process = None
        self._tell_guard("")

    def restart(self, *, kill: bool = False, down_seconds: float = 0.0) -> None:
        """Stop the server and start it again on the same port, with the same data."""
        self.stop(kill=kill)
        time.sleep(down_seconds)
        self.start()

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self.stop()
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @classmethod
    def _find_programs(cls) -> dict[str, str]:
        folders = [*os.get_exec_path(), "/usr/sbin", "/usr/local/sbin"]
        folders += map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))
        found: dict[str, str] = {}
        for program in cls._programs:
            path = shutil.which(program, path=os.pathsep.join(folders))
            if path is None:
                raise MissingDependencyError(
                    f"{cls.name} is not installed: there is no {program} on this machine. "
                    f"Install it: apt-get install {cls.package}"
                )
            found[program] = path
        return found

    @property
    def _as_owner(self) -> dict[str, Any]:
        """How the server's programs are run: as their own account where we are root."""
        options: dict[str, Any] = {"cwd": self.folder, "start_new_session": True}
        # A MariaDB that starts removes every temporary table in the common folder, others' too.
        options["env"] = {**os.environ, "TMPDIR": str(self.folder)}
        if os.geteuid() == 0:
            options |= {"user": self._account, "group": self._account, "extra_groups": []}
        return options

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, **self._as_owner
        )
        if done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace").splitlines()[-15:]
            raise StorageError(f"{Path(command[0]).name} failed:\n" + "\n".join(said))

    def _start_on_a_free_port(self) -> None:
        for attempt in range(5):
            self.port = _free_port()
            self._connect(self._url())
            try:
                self.start()
            except StorageError:
                if attempt == 4 or "ddress already in use" not in self.log:
                    raise
            else:
                return

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except DBAPIError:
            return False
        return True

    def _tell_guard(self, line: str) -> None:
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{line}\n".encode())
        self._guard.stdin.flush()

    def _private_file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        self._give_to_owner(path)
        return str(path)

    def _give_to_owner(self, *paths: Path) -> None:
        if os.geteuid() == 0:
            for path in paths:
                shutil.chown(path, self._account, self._account)

    def _create(self) -> None:
        raise NotImplementedError

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _url(self) -> URL:
        raise NotImplementedError


class PostgresServer(PrivateServer):
    """A private PostgreSQL server."""

    name = "PostgreSQL"
    package = "postgresql"
    _programs = ("initdb", "postgres")
    _account = "postgres"
    _stop_signal = signal.SIGINT  # "fast": connected clients are sent away
    _guard_signal = "QUIT"

    def _create(self) -> None:
        self._run(
            self._paths["initdb"],
            f"--pgdata={self.folder / 'data'}",
            f"--username={_USER}",
            f"--pwfile={self._private_file('password', self._password)}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )

    def _command(self) -> list[str]:
        settings: dict[str, Any] = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "max_connections": 200,
        }
        settings["unix_socket_directories"] = ""
        if self.certificate:
            settings |= {"ssl": "on", "ssl_cert_file": self.certificate, "ssl_key_file": self._key}
        if not self._durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        return [
            self._paths["postgres"],
            f"-D{self.folder / 'data'}",
            *(f"--{name}={value}" for name, value in settings.items()),
            *self._options,
        ]

    def _url(self) -> URL:
        return URL.create(
            "postgresql+psycopg", _USER, self._password, "127.0.0.1", self.port, "postgres"
        )


class MariaDBServer(PrivateServer):
    """A private MariaDB server."""

    name = "MariaDB"
    package = "mariadb-server"
    _programs = ("mariadb-install-db", "mariadbd")
    _account = "mysql"
    _stop_signal = signal.SIGTERM
    _guard_signal = "KILL"

    def _create(self) -> None:
        self._run(
            self._paths["mariadb-install-db"],
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-name-resolve",
            "--skip-test-db",
        )
        self._private_file(
            "init.sql",
            f"CREATE USER IF NOT EXISTS '{_USER}'@'%' IDENTIFIED BY '{self._password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO '{_USER}'@'%' WITH GRANT OPTION;\n",
        )

    def _command(self) -> list[str]:
        settings: dict[str, Any] = {
            "datadir": self.folder / "data",
            "init-file": self.folder / "init.sql",
            "bind-address": "127.0.0.1",
            "port": self.port,
            "socket": "socket",  # inside the data folder; a whole path may be too long for one
            "pid-file": "pid",
            "max-connections": 200,
            "character-set-server": "utf8mb4",
        }
        if self.certificate:
            settings |= {"ssl-cert": self.certificate, "ssl-key": self._key}
        if not self._durable:
            settings |= {"innodb-flush-log-at-trx-commit": 2, "innodb-doublewrite": "OFF"}
        return [
            self._paths["mariadbd"],
            "--no-defaults",
            "--skip-name-resolve",
            *(f"--{name}={value}" for name, value in settings.items()),
            *self._options,
        ]

    def _url(self) -> URL:
        return URL.create("mysql+pymysql", _USER, self._password, "127.0.0.1", self.port, "mysql")


def _children_of(process: "subprocess.Popen[Any]") -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _free_port() -> int:
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise StorageError(f"There is no free port between {_PORTS.start} and {_PORTS.stop}.")
