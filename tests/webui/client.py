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

__all__ = ["Answer", "ask", "config_of", "kernel_of", "open_socket", "page_kernel"]


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


def kernel_of(html: str) -> str | None:
    """Return the id of the kernel that a page has."""
    return config_of(html).get("kernelId")


def config_of(html: str) -> Mapping[str, Any]:
    """Return what Voilà's script finds in a page; nothing where there is no kernel."""
    config = re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', html, re.DOTALL)
    return json.loads(config[1]) if config else {}


def page_kernel(port: int, path: str = "/hpo", **headers: str) -> str:
    """Open a page and return the id of its kernel."""
    answer = ask(port, path, headers=headers)
    assert answer.status == 200
    kernel = kernel_of(answer.text)
    assert kernel is not None, answer.text[-2000:]
    return kernel


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
