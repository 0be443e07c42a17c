"""Static files that never change under their address, compressed once."""

import functools
import gzip
import hashlib
import importlib.metadata
import importlib.util
import mimetypes
from collections.abc import Mapping
from pathlib import Path

import tornado.web

from highnoon.exceptions import MissingDependencyError
from highnoon.webui.access import Guarded

__all__ = ["ImmutableFiles", "hashed_names", "widgets_folder"]

_COMPRESSIBLE = ("text/", "application/json", "application/javascript", "image/svg")


class ImmutableFiles(Guarded):
    """Serves files of which the address says the version."""

    def initialize(
        self, files: Mapping[str, Path] | None = None, folders: Mapping[str, Path] | None = None
    ) -> None:
        """Take what is served: files by address, or whole folders by the first part of it."""
        self._files = files or {}
        self._folders = folders or {}

    async def get(self, address: str) -> None:
        """Send a file, compressed where the browser takes that."""
        path = self._files.get(address) or self._below(address)
        if path is None or not path.is_file():
            raise tornado.web.HTTPError(404)
        content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if content_type == "text/javascript":
            content_type = "text/javascript; charset=utf-8"
        self.set_header("Content-Type", content_type)
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")
        if content_type.startswith(_COMPRESSIBLE):
            self.set_header("Vary", "Accept-Encoding")
            if "gzip" in self.request.headers.get("Accept-Encoding", ""):
                self.set_header("Content-Encoding", "gzip")
                self.finish(_compressed(path, path.stat().st_mtime_ns))
                return
        self.finish(path.read_bytes())

    head = get

    def _below(self, address: str) -> Path | None:
        for prefix, folder in self._folders.items():
            if address.startswith(f"{prefix}/"):
                path = (folder / address.removeprefix(f"{prefix}/")).resolve()
                return path if path.is_relative_to(folder.resolve()) else None
        return None


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


def hashed_names(folder: Path) -> dict[str, Path]:
    """Return the files of a folder under names that hold a hash of what is in them."""
    return {
        f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}{path.suffix}": path
        for path in sorted(folder.iterdir())
        if path.suffix in (".js", ".css")
    }


@functools.lru_cache(maxsize=256)
def _compressed(path: Path, _modified: int) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)
