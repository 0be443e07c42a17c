"""A process that has imported TensorFlow once and forks ready worker processes from then on.

Importing TensorFlow takes seconds, forking a process that has imported it takes milliseconds. The
server itself computes nothing, so that it has no threads when it forks. Unlike multiprocessing's
fork server it never imports the script that runs, takes an environment of its own, and leaves no
process behind: when the process that started it dies, it ends its workers and itself, and when a
worker dies, all that the worker had started goes with it.
"""

import contextlib
import ctypes
import importlib
import os
import pickle
import selectors
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

__all__ = ["ForkServer", "ForkedProcess", "main"]

_LENGTH = struct.Struct("!I")
_EXIT = struct.Struct("!qi")
_FILES_PER_WORKER = 2
_SECONDS_FOR_WORKERS_TO_END = 10.0
_SECONDS_BETWEEN_LOOKS_AT_PARENT = 2.0
_PR_SET_PDEATHSIG = 1


class ForkedProcess:
    """A process that a fork server started, with what `subprocess.Popen` offers.

    Attributes:
        pid: Its process number.
        returncode: How it ended, negative for a signal; None while it runs.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = threading.Event()

    def poll(self) -> int | None:
        """Return how it ended, or None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end, for `timeout` seconds at most."""
        self._ended.wait(timeout)
        return self.returncode

    def kill(self) -> None:
        """End it and all that it started."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def note_end(self, returncode: int) -> None:
        """Note that it has ended."""
        self.returncode = returncode
        self._ended.set()


class ForkServer:
    """Starts the server process, and asks it for workers.

    Args:
        preload: Modules that it imports.
        environment: Environment variables that it starts with.
    """

    def __init__(self, preload: Sequence[str], environment: Mapping[str, str]) -> None:
        import subprocess

        self._lock = threading.Lock()
        self._processes: dict[int, ForkedProcess] = {}
        self._started: list[ForkedProcess] = []
        self._answered = threading.Condition()
        self._gone = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, read when it ended
        ours, theirs = socket.socketpair()
        self._socket = ours
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            "from highnoon.hpo.run.fork_server import main; "
            f"main({theirs.fileno()}, {list(preload)!r})"
        )
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                env=dict(environment),
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C reaches the driver alone, which ends its workers
            )
        self._owner = os.getpid()
        threading.Thread(target=self._read, name="highnoon-fork-server", daemon=True).start()

    @property
    def usable(self) -> bool:
        """Whether the server runs and belongs to this process, not to the one it forked from."""
        return not self._gone and self._owner == os.getpid()

    def fork(self, connection: int, log: int, setting: Any) -> ForkedProcess:
        """Start a worker.

        Args:
            connection: File descriptor of the worker's end of its connection.
            log: File descriptor of the file that takes its output.
            setting: What it needs to know about this process, see `pool_worker`.

        Raises:
            OSError: The server has ended.
        """
        request = pickle.dumps(setting)
        with self._lock:
            if self._gone:
                raise OSError("the process that starts workers has ended")
            socket.send_fds(self._socket, [_LENGTH.pack(len(request))], [connection, log])
            self._socket.sendall(request)
            with self._answered:
                self._answered.wait_for(lambda: self._started or self._gone)
                if not self._started:
                    raise OSError("the process that starts workers has ended")
                return self._started.pop()

    def output(self) -> str:
        """Return the last that the server itself wrote, which says why it ended."""
        self._errors.seek(0)
        return self._errors.read()[-2000:].decode(errors="replace")

    def _read(self) -> None:
        """Take the server's answers: a worker started, or one ended."""
        with contextlib.suppress(OSError):
            while message := _receive(self._socket, _EXIT.size):
                pid, status = _EXIT.unpack(message)
                with self._answered:
                    if pid > 0:
                        self._processes[pid] = process = ForkedProcess(pid)
                        self._started.append(process)
                    else:
                        self._processes.pop(-pid).note_end(status)
                    self._answered.notify_all()
        with self._answered:
            self._gone = True
            for process in self._processes.values():
                process.kill()  # the kernel ended it with the server, but not what it started
                process.note_end(-signal.SIGKILL)
            self._processes.clear()
            self._answered.notify_all()


def main(control: int, preload: Sequence[str]) -> NoReturn:
    """Be the server, until the process at the other end of the socket is gone."""
    for name in preload:
        try:
            importlib.import_module(name)
        except Exception as error:  # a worker that needs it raises it again, where it is seen
            print(f"{name} was not imported: {error!r}", file=sys.stderr)  # noqa: T201
    parent = os.getppid()
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    children: set[int] = set()
    with socket.socket(fileno=control) as server, selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        selector.register(reader, selectors.EVENT_READ)
        with contextlib.suppress(OSError):
            while os.getppid() == parent:
                ready = {key.fd for key, _ in selector.select(_SECONDS_BETWEEN_LOOKS_AT_PARENT)}
                if reader in ready:
                    os.read(reader, 65536)
                    for pid, status in _reap(children):
                        server.sendall(_EXIT.pack(-pid, status))
                if control in ready:
                    request = _receive_request(server)
                    if request is None:
                        break
                    pid = _fork(*request, unused=[control, reader, writer])
                    children.add(pid)
                    server.sendall(_EXIT.pack(pid, 0))
    _end(children)
    os._exit(0)


def _receive_request(server: socket.socket) -> tuple[list[int], bytes] | None:
    head, files, _, _ = socket.recv_fds(server, _LENGTH.size, _FILES_PER_WORKER)
    if len(head) < _LENGTH.size:
        return None
    body = _receive(server, _LENGTH.unpack(head)[0])
    return None if body is None else (files, body)


def _receive(sock: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            return None
        data += part
    return data


def _fork(files: list[int], body: bytes, *, unused: Sequence[int]) -> int:
    server = os.getpid()
    pid = os.fork()
    if pid:
        for file in files:
            os.close(file)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # both do it, so that it is done when either goes on
        return pid
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
        _die_with_parent(server)
        for file in unused:
            os.close(file)
        from highnoon.hpo.run.pool_worker import serve_forked

        serve_forked(files[0], files[1], pickle.loads(body))
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(0)


def _die_with_parent(parent: int) -> None:
    """Have the kernel end this process when its parent dies, however that happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _reap(children: set[int]) -> list[tuple[int, int]]:
    ended = []
    while children:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            break
        if found is None:
            break
        pid = found.si_pid
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # what it had started itself
        _, status = os.waitpid(pid, 0)
        children.discard(pid)
        ended.append((pid, os.waitstatus_to_exitcode(status)))
    return ended


def _end(children: set[int]) -> None:
    """See the workers end: they give their trials back as their connections close.

    Those that do not notice are told, then killed.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _SECONDS_FOR_WORKERS_TO_END / 2
        while children and time.monotonic() < deadline:
            _reap(children)
            time.sleep(0.05)
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)
