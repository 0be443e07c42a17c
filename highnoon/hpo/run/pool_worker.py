"""The other end of the worker pool: a process that runs one call after the other."""

import faulthandler
import hmac
import os
import pickle
import queue
import signal
import socket
import sys
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["ENDED", "STARTED", "Setting", "accept", "main", "serve_forked"]

STARTED = b"s"
"""First byte of the message that the objective is about to be called."""

ENDED = b"e"
"""First byte of the message that a call ended; its result follows."""

_SECONDS_TO_END = 8.0


@dataclass(frozen=True)
class Setting:
    """What a worker takes over from the process that it works for.

    Attributes:
        path: `sys.path`.
        arguments: `sys.argv`.
        directory: Working directory.
        environment: Environment variables.
    """

    path: list[str]
    arguments: list[str]
    directory: str | None
    environment: dict[str, str]

    def take_over(self) -> None:
        """Make them this process' own."""
        os.environ.clear()
        os.environ.update(self.environment)
        sys.path[:] = self.path
        sys.argv[:] = self.arguments
        if self.directory is not None:
            os.chdir(self.directory)


def serve_forked(connection: int, log: int, setting: Setting) -> None:
    """Be a worker in a process that was just forked."""
    setting.take_over()
    if "numpy" in sys.modules:  # all workers are forked with the same state
        sys.modules["numpy"].random.seed()
    _serve(Connection(connection), log)


def main() -> None:
    """Be a worker in a process of its own; where to connect is read from standard input."""
    port, token, setting = pickle.load(sys.stdin.buffer)
    setting.take_over()
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(token)
    _serve(Connection(sock.detach()), None)


def accept(listener: socket.socket, token: bytes) -> Connection | None:
    """Return the connection of the worker that knows the token, None for anyone else."""
    sock, _ = listener.accept()
    sock.settimeout(5.0)
    try:
        given = sock.recv(len(token), socket.MSG_WAITALL)
    except OSError:
        given = b""
    if not hmac.compare_digest(given, token):
        sock.close()
        return None
    sock.settimeout(None)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(sock.detach())


def _serve(connection: Connection, log: int | None) -> None:
    from highnoon.hpo.run.metering import keep_output, on_start

    if log is not None:
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
    keep_output()
    on_start(lambda: connection.send_bytes(STARTED))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    faulthandler.enable(file=2)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    calls: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    threading.Thread(
        target=_listen, args=(connection, calls), name="highnoon-pool", daemon=True
    ).start()
    while (call := calls.get()) is not None:
        reply = _run(call)
        try:
            connection.send_bytes(ENDED + reply)
        except OSError:  # no one is left to hear it
            return


def _listen(connection: Connection, calls: "queue.SimpleQueue[bytes | None]") -> None:
    """Take calls, and the wish that the running one ends."""
    from highnoon.hpo.run.task import interrupt_tasks

    try:
        while message := connection.recv_bytes():
            kind, content = message[:1], message[1:]
            if kind == b"c":
                calls.put(content)
            else:
                interrupt_tasks(content.decode())
    except (EOFError, OSError):
        interrupt_tasks("SIGTERM")
        threading.Timer(_SECONDS_TO_END, os._exit, args=(1,)).start()
    calls.put(None)


def _run(call: bytes) -> bytes:
    try:
        function, arguments = pickle.loads(call)
        result: Any = (True, function(*arguments))
    except BaseException as error:
        result = (False, error)
    try:
        return pickle.dumps(result)
    except Exception:
        text = "".join(traceback.format_exception(result[1])) if not result[0] else repr(result[1])
        return pickle.dumps((False, RuntimeError(f"What a worker returned has no pickle: {text}")))
