"""Static files that never change under their address, compressed once."""

import functools
import gzip
import hashlib
import importlib.util
import mimetypes
from collections.abc import Iterable, Mapping
from pathlib import Path

import tornado.web

from highnoon.exceptions import MissingDependencyError
from highnoon.webui.access import Guarded

__all__ = ["ImmutableFiles", "compress_all", "files_below", "hashed_names", "widgets_folder"]

_KINDS = mimetypes.MimeTypes()  # whatever Windows' registry says of them
_KINDS.add_type("text/javascript", ".js")
_COMPRESSIBLE = ("text/", "application/json", "image/svg")


class ImmutableFiles(Guarded):
    """Serves files of which the address says the version."""

    def initialize(self, files: Mapping[str, Path]) -> None:
        """Take what is served: files by address."""
        self._files = files

    async def get(self, address: str) -> None:
        """Send a file, compressed where the browser takes that."""
        path = self._files.get(address)
        if path is None or not path.is_file():
            raise tornado.web.HTTPError(404)
        self.set_header("Content-Type", _content_type(path))
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")
        takes_gzip = "gzip" in self.request.headers.get("Accept-Encoding", "")
        if takes_gzip and _is_compressible(path):
            self.set_header("Content-Encoding", "gzip")
            self.finish(_compressed(path, path.stat().st_mtime_ns))
        else:
            self.finish(path.read_bytes())

    head = get


def compress_all(paths: Iterable[Path]) -> None:
    """Compress files before somebody asks for them."""
    for path in paths:
        if _is_compressible(path):
            _compressed(path, path.stat().st_mtime_ns)


def widgets_folder() -> Path:
    """Return the folder of the widgets' bundles, without importing the widgets.

    Raises:
        MissingDependencyError: They were not built.
    """
    spec = importlib.util.find_spec("highnoon_widgets")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "static"
    if not (folder / "site.js").is_file():
        raise MissingDependencyError(
            "The front end of the dashboard is not built. In a checkout run: make widgets"
        )
    return folder


def files_below(folders: Mapping[str, Path]) -> dict[str, Path]:
    """Return all files of folders, by the address of the folder and their path below it."""
    return {
        f"{address}/{path.relative_to(folder).as_posix()}": path
        for address, folder in folders.items()
        for path in folder.rglob("*")
        if path.is_file()
    }


def hashed_names(folder: Path) -> dict[str, Path]:
    """Return the files of a folder under names that hold a hash of what is in them."""
    return {
        f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}": path
        for path in sorted(folder.iterdir())
        if path.suffix in (".js", ".css")
    }


def _content_type(path: Path) -> str:
    kind = _KINDS.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _is_compressible(path: Path) -> bool:
    return _content_type(path).startswith(_COMPRESSIBLE)


@functools.lru_cache(maxsize=512)
def _compressed(path: Path, _modified: int) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)
