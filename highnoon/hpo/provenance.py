"""What ran a trial: worker, package versions, git commit."""

import functools
import importlib.metadata
import os
import platform
import socket
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["host_name", "provenance", "worker_name"]

_PACKAGES = ("highnoon", "optuna", "tensorflow", "keras", "numpy")


def worker_name() -> str:
    """Return a name for this process that is unique among machines: host and process number."""
    return f"{host_name()}-{os.getpid()}"


def host_name() -> str:
    """Return the name of this machine."""
    return socket.gethostname()


def provenance() -> dict[str, Any]:
    """Return worker, Python and package versions, and the git commit of the working directory."""
    try:
        directory = str(Path.cwd())
    except FileNotFoundError:  # the working directory was deleted
        directory = None
    commit = None if directory is None else _commit(directory)
    return {"worker": worker_name(), "versions": _versions(), "commit": commit}


@functools.cache
def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


@functools.cache
def _commit(directory: str) -> str | None:
    """Return the commit checked out in a directory, with `+` where tracked files differ from it."""
    try:
        commit = _git(directory, "rev-parse", "HEAD")
        changed = _git(directory, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + ("+" if changed else "")


def _git(directory: str, *arguments: str) -> str:
    # Without the optional locks, so that a commit of the user's at the same moment goes through.
    completed = subprocess.run(
        ["git", "--no-optional-locks", "-C", directory, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=5,
    )
    return completed.stdout.strip()
