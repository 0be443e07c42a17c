"""A proxy between a client and a database server that cuts connections, or falls silent."""

import contextlib
import selectors
import socket
import threading
import time
from typing import Self


class CuttingProxy:
    """Forwards TCP connections to a server on this machine.

    Where `cut_next_commit` is set, the next COMMIT reaches the server and is done there, but the
    connection breaks before the client hears of it. While it is `silent`, it takes connections and
    forwards nothing, as a server that hangs.

    Attributes:
        port: The port it listens on.
        cut_next_commit: Set by the test, reset when it is done.
        cuts: How many connections were cut.
        silent: Set and reset by the test.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cut_next_commit = False
        self.cuts = 0
        self.silent = False
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            committing = False
            with contextlib.suppress(OSError):
                while True:
                    for key, _ in selector.select():
                        while self.silent:
                            time.sleep(0.02)
                        source = key.fileobj
                        assert isinstance(source, socket.socket)
                        data = source.recv(65536)
                        if not data:
                            return
                        if source is server and committing:
                            self.cuts += 1
                            return  # the server has answered: it is committed
                        if source is client and self.cut_next_commit and b"COMMIT" in data:
                            self.cut_next_commit = False
                            committing = True
                        key.data.sendall(data)
