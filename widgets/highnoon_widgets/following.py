"""`Following`: what widgets without a view have in common that follow a storage for a page."""

import threading
from collections.abc import Mapping
from typing import Any, ClassVar

import traitlets

from highnoon.exceptions import HighNoonError, StorageError
from highnoon_widgets.answering import Answering

__all__ = ["Following"]

_RETRY_SECONDS = 8.0


class Following(Answering):
    """Looks at a storage in a thread, and carries out what the page asks for in others.

    A subclass looks in `refresh` and greets a page in `_welcome`.
    """

    _model_name = traitlets.Unicode("WidgetModel").tag(sync=True)
    _model_module = traitlets.Unicode("@jupyter-widgets/base").tag(sync=True)

    trouble = traitlets.Unicode(help="Why the storage cannot be read, or empty.").tag(sync=True)

    poll_seconds: ClassVar[float]

    def __init__(self, **traits: Any) -> None:
        self._closing = threading.Event()
        super().__init__(**traits)

    def start(self) -> None:
        """Begin to follow, once all is set up."""
        self.listen()
        threading.Thread(target=self._follow, name="highnoon-follow", daemon=True).start()

    def close(self) -> None:
        """Stop following."""
        self._closing.set()
        super().close()

    def __del__(self) -> None:
        if hasattr(self, "_closing"):  # else what it was to follow did not open
            super().__del__()

    def refresh(self) -> None:
        """Send what changed since the last look, now.

        Raises:
            StorageError: The storage does not answer.
            HighNoonError: There is nothing to follow any more.
        """
        raise NotImplementedError

    def _welcome(self, content: Mapping[str, Any]) -> None:
        """Bring a page that listens from now on up to date."""
        raise NotImplementedError

    def _follow(self) -> None:
        wait = self.poll_seconds
        while not self._closing.wait(wait):
            wait = self.poll_seconds
            try:
                self.refresh()
                self._say_trouble("")
            except StorageError as error:
                self._say_trouble(str(error))
                wait = _RETRY_SECONDS
            except HighNoonError as error:  # the study was deleted
                self._say_trouble(str(error))
                return
            except Exception:
                if self._closing.is_set():
                    return
                raise

    def _say_trouble(self, trouble: str) -> None:
        if self.trouble != trouble:
            self.trouble = trouble

    def _receive(self, content: Mapping[str, Any]) -> None:
        if content.get("type") == "listening":
            self._welcome(content)
