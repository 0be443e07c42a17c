"""A plain client, which sends what a test says and nothing else."""

import http.client
import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.processes import WAIT_SECONDS

__all__ = ["Answer", "ask", "ask_for_kernel", "config_of", "open_socket", "page_kernel"]


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    port: int,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
    peer: str = "127.0.0.1",
) -> Answer:
    """Ask for a path as it is written, as a peer of an address of this machine."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=WAIT_SECONDS, source_address=(peer, 0)
    )
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": f"localhost:{port}", **(headers or {})}.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(None if body is None else body.encode())
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def ask_for_kernel(port: int, **headers: str) -> Answer:
    """Ask for a kernel, as the script of a page does."""
    return ask(port, "/hpo/kernel", method="POST", headers=headers, body="")


def config_of(html: str) -> Mapping[str, Any]:
    """Return what Voilà's script finds in a page that was given a kernel."""
    config = re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', html, re.DOTALL)
    assert config is not None, html[-2000:]
    return json.loads(config[1])


def page_kernel(port: int, **headers: str) -> str:
    """Return the id of a new kernel for a page."""
    answer = ask_for_kernel(port, **headers)
    assert answer.status == 200, answer.text
    return config_of(answer.text)["kernelId"]


def open_socket(
    port: int, kernel: str, headers: Mapping[str, str] | None = None
) -> ClientConnection:
    """Connect with a kernel, as a page does."""
    headers = {"Host": f"localhost:{port}", **(headers or {})}
    return connect(
        f"ws://{headers.pop('Host')}/hpo/api/kernels/{kernel}/channels?session_id=test",
        sock=socket.create_connection(("127.0.0.1", port)),
        additional_headers=headers,
        compression=None,
        open_timeout=WAIT_SECONDS,
        ping_timeout=WAIT_SECONDS,
    )
