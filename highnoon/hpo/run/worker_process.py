"""One worker process, as the process that started it sees it."""

import contextlib
import os
import pickle
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from highnoon.hpo.provenance import host_name
from highnoon.hpo.run import pickling
from highnoon.hpo.run.fork_server import ForkedProcess, ForkServer
from highnoon.hpo.run.metering import LOG_BYTES, tail_of
from highnoon.hpo.run.pool_worker import ENDED, Setting, accept

__all__ = ["StartMethod", "WorkerProcess", "default_start_method"]

StartMethod = Literal["fork_server", "spawn"]

_LONGEST_LOG_BYTES = 2_000_000
_SECONDS_BETWEEN_LOOKS = 0.2
_SECONDS_FOR_A_MESSAGE = 1.0

_servers: dict[tuple[object, ...], ForkServer] = {}
_lock = threading.Lock()


def default_start_method() -> StartMethod:
    """Return how workers are started: from a fork server on Linux, as new processes elsewhere."""
    return "fork_server" if sys.platform == "linux" else "spawn"


class WorkerProcess:
    """Starts a worker process, runs calls in it, and ends it.

    Args:
        environment: Environment variables that differ from this process'.
        preload: Modules that the fork server imports.
        start_method: How it is started.

    Raises:
        OSError: It could not be started; the message holds what it wrote.
    """

    def __init__(
        self, environment: Mapping[str, str], preload: Sequence[str], start_method: StartMethod
    ) -> None:
        self._sending = threading.Lock()  # whoever ends the run sends from another thread
        self._log = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115, closed with the worker
        self._process: subprocess.Popen[bytes] | ForkedProcess
        setting = Setting(
            path=list(sys.path),
            arguments=list(sys.argv),
            directory=_working_directory(),
            environment={**os.environ, **environment},
        )
        if start_method == "fork_server":
            server = _fork_server(preload, environment)
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    self._process = server.fork(theirs.fileno(), self._log.fileno(), setting)
                except OSError as error:
                    ours.close()
                    raise OSError(f"{error}. It wrote: {server.output()}") from error
            self._connection = Connection(ours.detach())
        else:
            self._spawn(setting)

    @property
    def name(self) -> str:
        """The worker's name, as its trials know it."""
        return f"{host_name()}-{self._process.pid}"

    def call(self, function: Callable[..., Any], arguments: Sequence[Any]) -> None:
        """Start a call; a worker runs one at a time.

        Raises:
            OSError: The worker is gone.
        """
        message = b"c" + pickling.dumps((function, arguments))
        with self._sending:
            self._connection.send_bytes(message)

    def result(self, *, watch: Callable[["WorkerProcess"], None]) -> tuple[bool, Any]:
        """Wait for the end of the call; returns whether it returned, and its value or error.

        Args:
            watch: Called now and then from the moment at which the objective is called; it may
                kill the worker.

        Raises:
            EOFError: The worker died.
        """
        started = False
        while True:
            if self._connection.poll(_SECONDS_BETWEEN_LOOKS):
                message = self._receive()
                if message[:1] == ENDED:
                    return pickle.loads(message[1:])
                started = True
            elif self._process.poll() is not None and not self._connection.poll(0):
                raise EOFError
            if started:
                watch(self)
                self._shorten_log()

    def interrupt(self, cause: str) -> None:
        """Have the running trial given back; a worker that does not even take its call has none."""
        if not self._sending.acquire(timeout=_SECONDS_FOR_A_MESSAGE):
            return
        try:
            with contextlib.suppress(OSError):
                self._connection.send_bytes(b"i" + cause.encode())
        finally:
            self._sending.release()

    def memory(self) -> int:
        """Return its resident memory in bytes, 0 where it is gone."""
        import psutil

        try:
            return psutil.Process(self._process.pid).memory_info().rss
        except psutil.Error:
            return 0

    def kill(self) -> None:
        """End it now, and all that it started."""
        if isinstance(self._process, subprocess.Popen) and hasattr(os, "killpg"):
            if self._process.poll() is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()

    def ended(self, timeout: float) -> int | None:
        """Wait for its end; returns its exit status, negative for a signal, or None."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout)
        return None

    def log(self) -> str:
        """Return the end of what it wrote since its last call began."""
        return tail_of(self._log.fileno())

    def end(self, seconds: float) -> None:
        """End it in peace, and kill it where that takes longer than `seconds`."""
        with self._sending:  # another connection may get its number
            self._connection.close()
        if self.ended(seconds) is None:
            self.kill()
            self.ended(seconds)
        self._log.close()

    def _spawn(self, setting: Setting) -> None:
        token = secrets.token_bytes(32)
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            "from highnoon.hpo.run.pool_worker import main; main()"
        )
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._process = process = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=self._log,
                stderr=self._log,
                env=setting.environment,
                start_new_session=True,
            )
            assert process.stdin is not None
            with contextlib.suppress(OSError), process.stdin:
                process.stdin.write(pickle.dumps((listener.getsockname()[1], token, setting)))
            listener.settimeout(_SECONDS_BETWEEN_LOOKS)
            while True:
                with contextlib.suppress(TimeoutError):
                    connection = accept(listener, token)
                    if connection is not None:
                        self._connection = connection
                        return
                if process.poll() is not None:
                    raise OSError(f"a worker process ended as it started. It wrote: {self.log()}")

    def _receive(self) -> bytes:
        try:
            return self._connection.recv_bytes()
        except OSError as error:
            raise EOFError from error

    def _shorten_log(self) -> None:
        log = self._log.fileno()
        if os.fstat(log).st_size > _LONGEST_LOG_BYTES:
            end = tail_of(log)
            os.ftruncate(log, 0)
            os.lseek(log, 0, os.SEEK_SET)
            os.write(log, end.encode()[-LOG_BYTES:])


def _fork_server(preload: Sequence[str], environment: Mapping[str, str]) -> ForkServer:
    """Return the fork server for these modules and limits; it serves all later runs too."""
    key = (tuple(preload), tuple(sorted(environment.items())))
    with _lock:
        server = _servers.get(key)
        if server is None or not server.usable:
            server = _servers[key] = ForkServer(preload, {**os.environ, **environment})
        return server


def _working_directory() -> str | None:
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return None
