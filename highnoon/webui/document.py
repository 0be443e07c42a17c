"""The HTML around a page's content."""

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

__all__ = ["THEME_SCRIPT_HASH", "document"]

_TEMPLATES = Path(__file__).parent / "templates"
_PAGE = (_TEMPLATES / "page.html").read_text()
_THEME_SCRIPT = (_TEMPLATES / "theme.js").read_text()
_THEME_STYLE = (_TEMPLATES / "theme.css").read_text()

THEME_SCRIPT_HASH = (
    "sha256-" + base64.b64encode(hashlib.sha256(_THEME_SCRIPT.encode()).digest()).decode()
)
"""What the Content-Security-Policy knows the one inline script by."""


def document(boot: Mapping[str, Any], *, content: str) -> str:
    """Return a page.

    Args:
        boot: What the page's script starts from.
        content: HTML of the content, as the server draws it.
    """
    title = boot.get("study") or {"browser": "Studies", "compare": "Compare"}.get(boot["page"], "")
    script, styles = (escape(boot["static"][f"site.{kind}"]) for kind in ("js", "css"))
    parts = {
        "title": escape(f"{title} · HighNoon"),
        "links": f'<link id="highnoon-styles" rel="stylesheet" href="{styles}">\n'
        f'<link rel="modulepreload" href="{script}">',
        "style": _THEME_STYLE,
        "theme": _THEME_SCRIPT,
        "boot": _json_text(boot),
        "page": escape(boot["page"]),
        "content": content,
        # Behind the content, which it takes over.
        "site": f'<script type="module" async src="{script}"></script>',
    }
    html = _PAGE
    pieces = []
    for name, text in parts.items():
        before, html = html.split(f"[[{name}]]")
        pieces += [before, text]
    return "".join((*pieces, html))


def _json_text(value: Any) -> str:
    text = json.dumps(value)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
