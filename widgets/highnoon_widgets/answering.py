"""`Answering`: what widgets have in common that do what a page asks for."""

import concurrent.futures
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import ipywidgets

from highnoon.exceptions import StudyError

__all__ = ["Answering"]


class Answering(ipywidgets.Widget):
    """Carries out what a page asks for, in threads.

    What changes something is done in the order in which it was asked for.

    Attributes:
        read_only: Whether only `reading` actions are carried out.
    """

    actions: ClassVar[Mapping[Any, Callable[..., Any]]]
    """What a page may ask for: functions of the widget and of JSON arguments."""
    reading: ClassVar[frozenset[str]]
    """Names of the actions that change nothing."""

    def __init__(self, *, read_only: bool = False, **traits: Any) -> None:
        self.read_only = read_only
        self._readers = concurrent.futures.ThreadPoolExecutor(2, "highnoon-widgets")
        self._changer = concurrent.futures.ThreadPoolExecutor(1, "highnoon-widgets-change")
        super().__init__(**traits)

    def listen(self) -> None:
        """Begin to answer, once all is set up."""
        self.on_msg(self._on_message)

    def close(self) -> None:
        """Answer no more."""
        for pool in (self._readers, self._changer):
            pool.shutdown(wait=False, cancel_futures=True)
        super().close()

    def _on_message(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("type") == "call":
            reads = content.get("action") in self.reading
            (self._readers if reads else self._changer).submit(self._call, content)
        else:
            self._receive(content)

    def _receive(self, content: Mapping[str, Any]) -> None:
        """Take another message of the page."""

    def _call(self, content: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"type": "answer", "id": content.get("id")}
        buffers = None
        try:
            result = self._action(content.get("action"))(self, **content.get("arguments", {}))
            if isinstance(result, bytes):
                buffers = [result]
            else:
                answer["result"] = result
        except Exception as error:
            answer["error"] = str(error) or type(error).__name__
        self.send(answer, buffers)

    def _action(self, name: Any) -> Callable[..., Any]:
        action = self.actions.get(name)
        if action is None:
            raise TypeError(f"The page asked for {name!r}, which is unknown.")
        if self.read_only and name not in self.reading:
            raise StudyError("This page only shows studies; it was opened with read_only=True.")
        return action
