"""`Following`: what widgets without a view have in common that follow a storage for a page."""

import concurrent.futures
import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import ipywidgets
import traitlets

from highnoon.exceptions import HighNoonError, StorageError

__all__ = ["Following"]

_RETRY_SECONDS = 8.0


class Following(ipywidgets.Widget):
    """Looks at a storage in a thread, and carries out what the page asks for in others.

    A subclass looks in `refresh` and greets a page in `_welcome`.
    """

    _model_name = traitlets.Unicode("WidgetModel").tag(sync=True)
    _model_module = traitlets.Unicode("@jupyter-widgets/base").tag(sync=True)

    trouble = traitlets.Unicode(help="Why the storage cannot be read, or empty.").tag(sync=True)

    poll_seconds: ClassVar[float]
    actions: ClassVar[Mapping[Any, Callable[..., Any]]]
    """What a page may ask for: functions of the widget and of JSON arguments."""

    def __init__(self, **traits: Any) -> None:
        self._closing = threading.Event()
        self._pool = concurrent.futures.ThreadPoolExecutor(2, "highnoon-widgets")
        super().__init__(**traits)

    def start(self) -> None:
        """Begin to follow, once all is set up."""
        self.on_msg(self._on_message)
        threading.Thread(target=self._follow, name="highnoon-follow", daemon=True).start()

    def close(self) -> None:
        """Stop following."""
        self._closing.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        super().close()

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

    def _on_message(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        kind = content.get("type")
        if kind == "listening":
            self._welcome(content)
        elif kind == "call":
            self._pool.submit(self._call, content)
        else:
            self._receive(content)

    def _receive(self, content: Mapping[str, Any]) -> None:
        """Take another message of the page."""

    def _call(self, content: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"type": "answer", "id": content.get("id")}
        buffers = None
        try:
            action = self.actions.get(content.get("action"))
            if action is None:
                raise TypeError(f"The page asked for {content.get('action')!r}, which is unknown.")
            result = action(self, **content.get("arguments", {}))
            if isinstance(result, bytes):
                buffers = [result]
            else:
                answer["result"] = result
        except Exception as error:
            answer["error"] = str(error) or type(error).__name__
        self.send(answer, buffers)
