"""`Engines`: brings the front end's bundles into a page, each once."""

from typing import Any, ClassVar

import ipywidgets
import traitlets

from highnoon_widgets import _bundles

__all__ = ["Engines"]


class Engines(ipywidgets.Widget):
    """The front end's bundles; all widgets of a kernel share one. It has no view.

    They are in its state until a page has taken them, so that the first page gets them even while a
    cell keeps the kernel busy, and no notebook is saved with them. Later pages ask.
    """

    _model_name = traitlets.Unicode("WidgetModel").tag(sync=True)
    _model_module = traitlets.Unicode("@jupyter-widgets/base").tag(sync=True)

    hashes = traitlets.Dict().tag(sync=True)
    bundles = traitlets.Dict().tag(sync=True)

    _shared: ClassVar["Engines | None"] = None

    def __init__(self) -> None:
        super().__init__(
            hashes={name: _bundles.bundle_hash(name) for name in _bundles.BUNDLES},
            bundles={name: _bundles.bundle(name) for name in _bundles.BUNDLES},
        )
        self.on_msg(self._on_message)

    @classmethod
    def shared(cls) -> "Engines":
        """Return the kernel's one."""
        if cls._shared is None or cls._shared.comm is None:
            cls._shared = cls()
        return cls._shared

    def _on_message(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("type") == "taken":
            self.bundles = {}
        elif content.get("type") == "wanted" and content.get("name") in _bundles.BUNDLES:
            name = content["name"]
            self.send({"type": "bundle", "name": name}, [_bundles.bundle(name)])
