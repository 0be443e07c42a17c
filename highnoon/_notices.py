"""Messages to the person at the keyboard, through the logger `highnoon`.

Where the application has set up logging, messages go there. Otherwise they are written to standard
error as they are, above a progress bar if one is drawn.
"""

import logging
import sys
import threading

__all__ = ["logger", "notice", "notice_once"]

logger = logging.getLogger("highnoon")

_said: set[str] = set()
_lock = threading.Lock()


class _StandardError(logging.Handler):
    """Writes to today's `sys.stderr`, through tqdm where tqdm is drawing."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            tqdm = sys.modules.get("tqdm")
            if tqdm is not None:
                tqdm.tqdm.write(self.format(record), file=sys.stderr)
            else:
                sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


def _ensure_heard() -> None:
    with _lock:
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        if not logger.hasHandlers():
            handler = _StandardError()
            handler.setFormatter(logging.Formatter("%(message)s"))
            logger.addHandler(handler)


def notice(message: str, *, level: int = logging.INFO) -> None:
    """Tell the user something."""
    _ensure_heard()
    logger.log(level, message)


def notice_once(message: str, *, level: int = logging.INFO) -> None:
    """Tell the user something the first time it is true in this process."""
    with _lock:
        if message in _said:
            return
        _said.add(message)
    notice(message, level=level)
