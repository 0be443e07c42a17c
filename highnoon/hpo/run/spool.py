"""Results on this machine's disk, for the moment between a trial's end and the storage's having it.

A result is written to a file before it is told and the file removed afterwards. Each process keeps
its files in a folder of its own, under a lock that the operating system releases when the process
ends, however it ends: the files of a folder whose lock is free are a dead process', and whoever
runs trials next on this machine delivers them.

The folder is `HIGHNOON_SPOOL`, else `highnoon/spool` in `XDG_STATE_HOME` or `~/.local/state`.
"""

import atexit
import contextlib
import hashlib
import logging
import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from highnoon._notices import logger, notice, notice_once
from highnoon.exceptions import StorageError
from highnoon.hpo.provenance import host_name, worker_name
from highnoon.hpo.run.results import TrialResult, deliver
from highnoon.hpo.storage import shown_url, storage_errors
from highnoon.hpo.storage.engines import engine_of

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["Spool", "spool_folder"]

_LOCK = "lock"
_SECONDS_WORTH_A_SYNC = 1.0
_TRIES = 5


def spool_folder() -> Path:
    """Return the folder of all processes' results."""
    given = os.environ.get("HIGHNOON_SPOOL")
    if given:
        return Path(given)
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "highnoon" / "spool"


class Spool:
    """Keeps the results of one storage's trials until the storage has them.

    Where the spool cannot be written, it says so once, and results go to the storage alone.

    Args:
        storage: A storage in a database; any other has no spool.
    """

    def __init__(self, storage: "BaseStorage") -> None:
        self._storage = storage
        engine = engine_of(storage)
        self._url = None if engine is None else shown_url(engine.url)
        self._suffix = ""
        if self._url is not None:
            self._suffix = f".{hashlib.sha256(self._url.encode()).hexdigest()[:16]}.json"

    @contextlib.contextmanager
    def kept(self, result: TrialResult, *, seconds: float) -> Iterator[None]:
        """Keep a result on the disk until the block, which tells it, has come to its end.

        Args:
            result: What is told.
            seconds: How long the trial took. What took long is forced to the disk at once.

        Raises:
            StorageError: The storage refused, or is silent for too long; the result is kept.
        """
        path = self._write(result, sync=seconds >= _SECONDS_WORTH_A_SYNC)
        if path is None or self._url is None:
            yield
            return
        try:
            with storage_errors(self._url):
                yield
        except StorageError as error:
            raise StorageError(
                f"{error} The result of trial {result.number} is kept in {path}; the next run on "
                "this machine writes it to the database."
            ) from error
        else:
            with contextlib.suppress(OSError):
                path.unlink()
        finally:
            _busy.discard(path)

    def replay(self) -> list[TrialResult]:
        """Deliver what dead processes of this machine, and this one earlier, could not tell.

        Returns the results that the storage has now.
        """
        delivered: list[TrialResult] = []
        if self._url is None:
            return delivered
        folder = spool_folder()
        own = None if _owner is None else _owner.folder
        for other in _folders(folder):
            if other == own:
                delivered += self._deliver_all(other)
                continue
            with _locked_if_free(other) as locked:
                if not locked:
                    continue
                delivered += self._deliver_all(other)
                if not any(other.glob("*.json")):
                    shutil.rmtree(other, ignore_errors=True)
        return delivered

    def _deliver_all(self, folder: Path) -> Iterator[TrialResult]:
        """Deliver the results for this storage; those for others stay."""
        for path in sorted(folder.glob("*" + self._suffix)):
            if path in _busy:
                continue
            try:
                result = TrialResult.from_json(path.read_text(encoding="utf-8"))
            except (ValueError, OSError):  # cut off in the middle: the trial was not at its end
                result = None
            if result is not None:
                self._deliver(result)
                yield result
            with contextlib.suppress(OSError):
                path.unlink()

    def _deliver(self, result: TrialResult) -> None:
        try:
            delivered = deliver(result, self._storage)
        except ValueError as error:  # its parameters do not agree with the study's
            logger.warning("The kept result of trial %d is refused: %s", result.number, error)
            return
        if delivered == "of nothing":
            logger.warning(
                "A result was kept for trial %d of a study that is not in %s any more.",
                result.number,
                self._url,
            )
        elif delivered != "known":
            how = "" if delivered == "written" else f", {delivered}"
            notice(f"The result of trial {result.number} was kept and is written now{how}.")

    def _write(self, result: TrialResult, *, sync: bool) -> Path | None:
        if self._url is None:
            return None
        try:
            path = _own_folder() / f"{result.study_id}-{result.number}{self._suffix}"
            _busy.add(path)
            with path.open("w", encoding="utf-8") as file:
                file.write(result.to_json())
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            notice_once(
                f"Results cannot be kept in {spool_folder()} while they are written to the "
                f"database ({error.strerror or error}). The run goes on without; a worker that is "
                "killed at that moment loses its result. Set HIGHNOON_SPOOL to a folder that can "
                "be written.",
                level=logging.WARNING,
            )
            return None
        return path


class _Owner:
    """The folder of this process, and the lock that says that the process lives."""

    def __init__(self) -> None:
        from filelock import FileLock, Timeout

        self.pid = os.getpid()
        self.parent = spool_folder()
        for tries_left in reversed(range(_TRIES)):
            self.folder = self.parent / f"{worker_name()}-{secrets.token_hex(4)}"
            self.folder.mkdir(parents=True, mode=0o700)
            try:
                self._lock = FileLock(self.folder / _LOCK, timeout=0, thread_local=False)
                self._lock.acquire()
            except (OSError, Timeout):  # a process that replays took the empty folder away
                if not tries_left:
                    raise
            else:
                break
        atexit.register(self.close)

    def close(self) -> None:
        """Leave nothing behind but results that the storage does not have."""
        if os.getpid() != self.pid:
            return
        if not any(self.folder.glob("*.json")):
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()


_owner: _Owner | None = None
_owner_lock = threading.Lock()
_busy: set[Path] = set()


def _own_folder() -> Path:
    global _owner
    with _owner_lock:
        if _owner is None or _owner.pid != os.getpid() or _owner.parent != spool_folder():
            _owner = _Owner()
        return _owner.folder


def _folders(parent: Path) -> list[Path]:
    """Return the folders of this machine's processes: locks say nothing about another's."""
    try:
        return sorted(parent.glob(f"{host_name()}-*-*"))
    except OSError:
        return []


@contextlib.contextmanager
def _locked_if_free(folder: Path) -> Iterator[bool]:
    from filelock import FileLock, Timeout

    lock: FileLock = FileLock(folder / _LOCK, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except (OSError, Timeout):
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
