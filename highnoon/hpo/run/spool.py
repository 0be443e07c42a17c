"""Results on this machine's disk, for the moment between a trial's end and the storage's having it.

A result is written to a file before it is told and the file removed afterwards. Each process keeps
its files in a folder of its own, under a lock that the operating system releases when the process
ends, however it ends: the files of a folder whose lock is free are a dead process', and whoever
runs trials next on this machine delivers them.

Nothing that was computed is deleted before the storage has it: a file that cannot be read as a
result, or whose result the storage will never take, is renamed to `*.refused`, and the user told.

Trials that are given back or infeasible leave no file. They have no value that could be lost: if
their end cannot be told, they are given up like a dead worker's and their parameters tried again.

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

from highnoon._notices import notice, notice_once
from highnoon.exceptions import StorageError
from highnoon.hpo.provenance import host_name, worker_name
from highnoon.hpo.run.results import TrialResult, deliver
from highnoon.hpo.storage import shown_url, storage_errors
from highnoon.hpo.storage.engines import engine_of

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["Spool", "spool_folder"]

_LOCK = "lock"
_REFUSED = ".refused"
_SECONDS_WORTH_A_SYNC = 1.0
_TRIES = 5


def spool_folder() -> Path:
    """Return the folder of all processes' results.

    Raises:
        RuntimeError: None is given, and the user has no home directory.
    """
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

        Returns the results that are settled: their trials need no sign of life any more.
        """
        if self._url is None:
            return []
        # Threads that deliver at the same time would each find a result missing and add it. One
        # lock for each database, so that a silent one does not hold up the trials of another.
        with _replaying.setdefault(self._suffix, threading.Lock()):
            return self._replay()

    def _replay(self) -> list[TrialResult]:
        settled: list[TrialResult] = []
        # A forked child's copy of its parent's owner is not the child's.
        own = _owner.folder if _owner is not None and _owner.pid == os.getpid() else None
        for folder in _folders():
            if folder == own:
                settled += self._deliver_all(folder)
                continue
            with _locked_if_free(folder) as locked:
                if not locked:
                    continue
                settled += self._deliver_all(folder)
                if not _holds_results(folder):
                    shutil.rmtree(folder, ignore_errors=True)
        return settled

    def _deliver_all(self, folder: Path) -> Iterator[TrialResult]:
        """Deliver the results for this storage; those for others stay."""
        for path in sorted(folder.glob("*" + self._suffix)):
            if path in _busy or not _is_own(path):
                continue
            try:
                text = path.read_text(encoding="utf-8")
            except FileNotFoundError:  # it was told meanwhile
                continue
            except UnicodeDecodeError as error:
                _refuse(path, f"It cannot be read: {error}.")
                continue
            except OSError as error:
                notice_once(
                    f"The kept result {path} cannot be read ({error.strerror}). It stays there.",
                    level=logging.WARNING,
                )
                continue
            try:
                result = TrialResult.from_json(text)
            except ValueError as error:  # files are whole: another version of HighNoon wrote it
                _refuse(path, f"It cannot be read by this version of HighNoon: {error}.")
                continue
            if self._deliver(result, path):
                yield result

    def _deliver(self, result: TrialResult, path: Path) -> bool:
        """Deliver a result and remove its file, or set it aside; return whether it is settled."""
        try:
            delivered = deliver(result, self._storage)
        except Exception as error:
            if not _is_for_good(error):
                raise
            why = f"The database does not take it for trial {result.number}: {error}"
            _refuse(path, why.rstrip(".") + ".")
            return True
        if delivered == "of nothing":
            # Another trial may have its number by now.
            _refuse(
                path,
                f"It is of trial {result.number} of a study that is not in {self._url} any more.",
            )
            return False
        if delivered != "known":
            how = "" if delivered == "written" else f", {delivered}"
            notice(f"The result of trial {result.number} was kept and is written now{how}.")
        with contextlib.suppress(OSError):
            path.unlink()
        return True

    def _write(self, result: TrialResult, *, sync: bool) -> Path | None:
        if self._url is None:
            return None
        path = None
        try:
            path = _own_folder() / f"{result.study_id}-{result.number}{self._suffix}"
            _busy.add(path)
            _write_whole(path, result.to_json(), sync=sync)
        except (OSError, RuntimeError) as error:  # RuntimeError: no home directory
            if path is not None:
                _busy.discard(path)
            reason = getattr(error, "strerror", None) or error
            notice_once(
                f"Results cannot be kept in {_shown_folder()} while they are written to the "
                f"database ({reason}). The run goes on without; a worker that is "
                "killed at that moment loses its result. Set HIGHNOON_SPOOL to a folder that can "
                "be written.",
                level=logging.WARNING,
            )
            return None
        return path


def _write_whole(path: Path, text: str, *, sync: bool) -> None:
    """Write a file that is there with all of its text, or not at all."""
    part = path.with_suffix(".part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def _refuse(path: Path, why: str) -> None:
    """Set a file aside that cannot be delivered, and say so."""
    aside = path.with_suffix(_REFUSED)
    if aside.exists():
        aside = path.with_name(f"{secrets.token_hex(4)}-{aside.name}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    except OSError:
        aside = path
    notice_once(
        f"A result that was kept is not written to the database, and stays in {aside}. {why} "
        f"Rename it to {path.name} to have it tried again, or delete it.",
        level=logging.WARNING,
    )


def _is_for_good(error: Exception) -> bool:
    """Whether a result that was answered by this will be refused whenever it is delivered."""
    from sqlalchemy.exc import DataError

    # Parameters that do not agree with the study's, a state that is not known, a value that does
    # not fit into its column. Anything else may be otherwise next time.
    return isinstance(error, ValueError | KeyError | TypeError) or isinstance(
        error.__cause__, DataError
    )


def _holds_results(folder: Path) -> bool:
    return any(path.suffix in (".json", _REFUSED) for path in folder.glob("*"))


def _is_own(path: Path) -> bool:
    """Whether this user made a file: what others put into a shared folder is not to be believed."""
    if not hasattr(os, "getuid"):
        return True
    try:
        return path.lstat().st_uid == os.getuid()
    except OSError:
        return False


def _shown_folder() -> str:
    try:
        return str(spool_folder())
    except RuntimeError:
        return "the home directory"


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
                    shutil.rmtree(self.folder, ignore_errors=True)
                    raise
            else:
                break
        atexit.register(self.close)

    @property
    def is_there(self) -> bool:
        """Whether nobody removed the folder, or the lock that protects it."""
        return (self.folder / _LOCK).exists()

    def close(self) -> None:
        """Leave nothing behind but results that the storage does not have."""
        if os.getpid() != self.pid:
            return
        if not _holds_results(self.folder):
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()


_owner: _Owner | None = None
_owner_lock = threading.Lock()
_busy: set[Path] = set()
_replaying: dict[str, threading.Lock] = {}


def _forget_parent() -> None:
    """Begin anew in a forked child: nobody is left there to release what threads had locked."""
    global _owner_lock
    _owner_lock = threading.Lock()
    _replaying.clear()
    _busy.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)


def _own_folder() -> Path:
    global _owner
    with _owner_lock:
        if (
            _owner is None
            or _owner.pid != os.getpid()
            or _owner.parent != spool_folder()
            or not _owner.is_there
        ):
            _owner = _Owner()
        return _owner.folder


def _folders() -> list[Path]:
    """Return the folders of this machine's and user's processes.

    Another machine's locks may not be seen here, so its folders are left to it.
    """
    host = host_name()
    try:
        folders = sorted(spool_folder().iterdir())
    except (OSError, RuntimeError):
        return []
    return [
        folder
        for folder in folders
        # A host's name may begin with another's and a hyphen.
        if folder.name.rsplit("-", 2)[0] == host and _is_own(folder) and folder.is_dir()
    ]


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
