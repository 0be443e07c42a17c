"""Who may ask this server what: the rules that every handler obeys.

A request from this machine to this machine needs no token, unless one was chosen or the server
stands behind a proxy; every other request does. `docs/security.md` lists the promises.
"""

import hmac
import ipaddress
import logging
import re
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import tornado.web
from tornado.escape import json_encode, xhtml_escape
from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError

from highnoon.webui.headers import security_headers

__all__ = ["Access", "Guarded", "Login", "NotFound", "log_request"]

_FORWARDED = frozenset(
    ("cf-connecting-ip", "forwarded", "true-client-ip", "via", "x-client-ip", "x-real-ip")
)
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_WRONG_TOKENS_PER_MINUTE = 10
_MOST_PEERS = 10_000
_UPWARDS = re.compile(r"/(\.|%2e){2}(?![^/?])", re.IGNORECASE)
_LOGIN_PAGE = (Path(__file__).parent / "templates" / "login.html").read_text()
_ERROR_PAGE = (Path(__file__).parent / "templates" / "error.html").read_text()

log = logging.getLogger("highnoon.webui")


class Access:
    """The token of one server, and which requests need it.

    Args:
        token: What the user chose; one is generated where it is None.
        everyone: Whether requests from this machine need the token too.
        path: Path below which the pages lie, for the cookie and the login form.
        told: Whether the user was told a token: where nobody was, there is nothing to log in with.
        embed_from: Origins whose pages may show this server's in a frame.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        everyone: bool = False,
        path: str = "/hpo",
        told: bool = True,
        embed_from: Sequence[str] = (),
    ) -> None:
        self.token = token or secrets.token_urlsafe(32)
        self.everyone = everyone
        self.path = path
        self.told = told
        self.cookie_name = "highnoon"
        self._cookie = hmac.new(self.token.encode(), b"highnoon cookie", "sha256").hexdigest()
        self._wrong: dict[str, list[float]] = {}
        self.headers = security_headers(embed_from)
        self.may_be_framed = bool(embed_from)

    def needs_token(self, request: HTTPServerRequest) -> bool:
        """Return whether a request must bring the token: all but those of this very machine."""
        return self.everyone or not (
            _is_loopback(request.remote_ip or "")
            and _is_loopback(_host_name(request))
            and not any(
                name.lower() in _FORWARDED or name.lower().startswith("x-forwarded-")
                for name in request.headers
            )
        )

    def knows(self, cookie: str | None) -> bool:
        """Return whether a cookie is one that this server gave."""
        return _same(cookie or "", self._cookie)

    def accepts(self, token: str, request: HTTPServerRequest) -> bool:
        """Return whether a token is the right one.

        Raises:
            tornado.web.HTTPError: 429, who asks tried too many wrong ones in the last minute.
        """
        now, peer = time.monotonic(), _who_asks(request)
        lately = [when for when in self._wrong.get(peer, ()) if now - when < 60]
        if len(lately) >= _WRONG_TOKENS_PER_MINUTE:
            raise tornado.web.HTTPError(429, "Too many wrong tokens: wait a minute.")
        if _same(token, self.token):
            return True
        if len(self._wrong) > _MOST_PEERS:
            self._wrong.clear()
        self._wrong[peer] = [*lately, now]
        return False

    def give_cookie(self, handler: tornado.web.RequestHandler) -> None:
        """Let a browser that brought the token ask without it from now on."""
        request = handler.request
        secure = "https" in (request.protocol, request.headers.get("X-Forwarded-Proto"))
        handler.set_cookie(
            self.cookie_name,
            self._cookie,
            path=self.path,
            httponly=True,
            samesite="Lax",
            secure=secure,
        )


class Guarded(tornado.web.RequestHandler):
    """A handler that answers nobody who may not ask.

    It refuses before the method of the request is called, and sets the security headers of every
    answer. Mixed in front of another handler, it guards that one.
    """

    is_alone = False
    """Whether the other side has gone before it was answered."""

    public = False
    """Whether everybody may ask, with no token."""

    @property
    def access(self) -> Access:
        """The rules of this server."""
        return self.settings["access"]

    def set_default_headers(self) -> None:
        """Set the headers that protect every answer."""
        super().set_default_headers()
        self.clear_header("Server")
        for name, value in self.access.headers.items():
            self.set_header(name, value)

    async def prepare(self) -> None:
        """Refuse the request, or let the handler answer it."""
        if self._comes_from_another_site():
            self._refuse(403, "This request comes from the page of another site.")
        elif not self.public and not self._may_ask():
            if self.access.told:
                self._refuse(401, "This server needs its token.")
            else:
                self._refuse(
                    403,
                    "This server answers only this machine, at http://localhost. To reach it in "
                    "another way, start it with token=... or base_url=...",
                )
        elif self._brings_token():
            self._redirect_without_token()
        if not self._finished:
            further = super().prepare()
            if further is not None:
                await further

    def _may_ask(self) -> bool:
        access, request = self.access, self.request
        if not access.needs_token(request) or access.knows(self.get_cookie(access.cookie_name)):
            return True
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return access.accepts(bearer.strip(), request)
        if self._brings_token() and access.accepts(self.get_query_argument("token"), request):
            access.give_cookie(self)
            return True
        return False

    def _brings_token(self) -> bool:
        return self.request.method == "GET" and "token" in self.request.query_arguments

    def _redirect_without_token(self) -> None:
        pairs = parse_qsl(self.request.query, keep_blank_values=True)
        query = urlencode([pair for pair in pairs if pair[0] != "token"])
        path = "/" + self.request.path.lstrip("/\\")  # never a link to another host
        self.redirect(f"{path}?{query}" if query else path)

    def _comes_from_another_site(self) -> bool:
        request, headers = self.request, self.request.headers
        upgrade = headers.get("Upgrade", "").lower() == "websocket"
        origin = headers.get("Origin")
        if (upgrade or request.method not in _SAFE_METHODS) and origin is not None:
            return urlsplit(origin).netloc.lower() != headers.get("Host", "").lower()
        if headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
            return False
        # A link on another page may lead here; a script, an image or a frame of it may not.
        shown = ("document", "iframe") if self.access.may_be_framed else ("document",)
        return headers.get("Sec-Fetch-Dest") not in shown

    def _refuse(self, status: int, message: str) -> None:
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        if status == 401:
            self.set_header("WWW-Authenticate", 'Bearer realm="HighNoon"')
            if self._wants_html():
                self.finish(login_page(self, self.request.path, self.request.query))
                return
        self._finish_with(message)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with what went wrong, in a sentence, and nothing of the server's inside."""
        self.set_status(status_code, self._reason)
        self.set_header("Cache-Control", "no-store")
        error = (kwargs.get("exc_info") or (None, None))[1]
        message = isinstance(error, tornado.web.HTTPError) and error.log_message
        self._finish_with(message or self._reason)

    def on_connection_close(self) -> None:
        """Remember that nobody waits for the answer any more."""
        self.is_alone = True
        super().on_connection_close()

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer with an error, if there is still somebody to answer."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        if not self.is_alone and not isinstance(error, StreamClosedError):
            super().send_error(status_code, **kwargs)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log an error of ours, with the path alone of what was asked."""
        expected = (tornado.web.HTTPError, StreamClosedError)
        if not self.is_alone and not isinstance(value, expected):
            log.error("%s %s", self.request.method, self.request.path, exc_info=(typ, value, tb))

    def _wants_html(self) -> bool:
        return "text/html" in self.request.headers.get("Accept", "")

    def _finish_with(self, message: str) -> None:
        if self._wants_html():
            self.set_header("Content-Type", "text/html; charset=utf-8")
            studies = f'<a href="{xhtml_escape(self.access.path)}">All studies</a>'
            way = studies if self.get_status() == 404 else ""
            page = _ERROR_PAGE.replace("{way}", way)
            self.finish(page.replace("{message}", xhtml_escape(message)))
        else:
            self.set_header("Content-Type", "application/json")
            self.finish(json_encode({"error": message}))


class NotFound(Guarded):
    """What is not served, for those who may ask."""

    async def get(self, *_: str) -> None:
        """Say so."""
        raise tornado.web.HTTPError(404, "There is no page at this address.")

    head = post = put = patch = delete = options = get


class Login(Guarded):
    """The form that asks for the token."""

    public = True

    async def get(self) -> None:
        """Show the form."""
        self.set_header("Cache-Control", "no-store")
        self.finish(login_page(self, self.access.path, ""))

    async def post(self) -> None:
        """Take the token, and lead to the page that was asked for."""
        target = self.get_body_argument("next", self.access.path)
        path = re.escape(self.access.path)
        if not re.fullmatch(rf"{path}([/?][!-\[\]-~]*)?", target) or _UPWARDS.search(target):
            target = self.access.path
        if self.access.accepts(self.get_body_argument("token", ""), self.request):
            self.access.give_cookie(self)
            self.redirect(target)
        else:
            self.set_status(401)
            self.finish(login_page(self, target, "", wrong=True))


def login_page(handler: Guarded, path: str, query: str, *, wrong: bool = False) -> str:
    """Return the login form, which leads to a path afterwards."""
    kept = urlencode([pair for pair in parse_qsl(query) if pair[0] != "token"])
    return (
        _LOGIN_PAGE.replace("{action}", xhtml_escape(f"{handler.access.path}/login"))
        .replace("{next}", xhtml_escape(f"{path}?{kept}" if kept else path))
        .replace("{message}", "That is not the token of this server." if wrong else "")
    )


def log_request(handler: tornado.web.RequestHandler) -> None:
    """Write a line of the access log: no query, no headers, hence no secret."""
    request, status = handler.request, handler.get_status()
    level = logging.ERROR if status >= 500 else logging.INFO
    milliseconds = 1e3 * request.request_time()
    log.log(
        level, "%d %s %s (%s) %.0f ms",
        status, request.method, request.path, request.remote_ip, milliseconds,
    )  # fmt: skip


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _host_name(request: HTTPServerRequest) -> str:
    host = request.headers.get("Host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name.strip("[]").lower()


def _who_asks(request: HTTPServerRequest) -> str:
    """Return the peer's address, or whom a proxy on this machine says that it saw last."""
    peer = request.remote_ip or ""
    seen = ",".join(request.headers.get_list("X-Forwarded-For")).rpartition(",")[2].strip()
    return seen if seen and _is_loopback(peer) else peer


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
