"""The headers that protect every answer."""

from collections.abc import Mapping, Sequence

from highnoon.webui.document import THEME_SCRIPT_HASH

__all__ = ["security_headers"]


def security_headers(embed_from: Sequence[str] = ()) -> Mapping[str, str]:
    """Return the security headers, by name.

    Args:
        embed_from: Origins whose pages may show this server's in a frame.
    """
    policy = {
        "default-src": "'none'",
        # Modules that kernels send to the page are blobs.
        "script-src": f"'self' blob: '{THEME_SCRIPT_HASH}'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(("'self'", *embed_from)) if embed_from else "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(" ".join(item) for item in policy.items()),
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return headers if embed_from else {**headers, "X-Frame-Options": "DENY"}
