"""`app.run`: start the dashboard, and wait for its end where nothing else runs."""

import asyncio
import atexit
import contextlib
import errno
import ipaddress
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from highnoon.exceptions import ConfigError, HighNoonError, PortInUseError
from highnoon.hpo._requirements import require
from highnoon.hpo.storages import Storages

if TYPE_CHECKING:
    from highnoon.webui.server import Server

__all__ = ["App", "app"]


class App:
    """The dashboard's server in this process.

    Attributes:
        url: Where the dashboard is, as this machine reaches it; None while it does not run.
        remote_url: As other machines reach it, with the token where it was made up; None where
            they do not.
    """

    def __init__(self) -> None:
        self.url: str | None = None
        self.remote_url: str | None = None
        self._running: _Running | None = None

    def run(
        self,
        host: str = "localhost",
        port: int = 8000,
        *,
        storage: str | Mapping[str, str] | None = None,
        token: str | None = None,
        base_url: str = "/",
        read_only: bool = False,
        max_viewers: int = 16,
        cull: float = 120.0,
        preheated: int = 1,
        embed_from: Sequence[str] = (),
        open_browser: bool = False,
    ) -> None:
        """Serve the dashboard at `/hpo`.

        In a script this blocks until Ctrl-C, SIGTERM or `stop`. In a notebook cell, or anywhere
        else inside a running event loop, it returns at once and serves until `stop`.

        Args:
            host: Address to listen on: "localhost" for this machine alone, "0.0.0.0" for all.
            port: Port to listen on; 0 takes a free one.
            storage: Database URL, or URLs by the names under which the dashboard shows them.
                Default: `HIGHNOON_STORAGE`, else the SQLite studies of the working directory.
            token: What requests must bring. By default one is made up, and requests from this
                machine need none.
            base_url: Path below which a reverse proxy offers the dashboard. Requests then need the
                token, as all of them come from the proxy.
            read_only: Whether to show alone: nothing of a study can be changed.
            max_viewers: How many pages can act on studies at once; each has a process of its own.
                Further pages show everything, live. With 0 there are no such processes.
            cull: Seconds after which the process of a page that is gone is ended.
            preheated: How many such processes wait for the next page.
            embed_from: Origins, such as "https://wiki.example.org", whose pages may show the
                dashboard in a frame.
            open_browser: Whether to open the dashboard in a browser.

        Raises:
            PortInUseError: Another program listens on the port.
            ConfigError: An option is wrong.
            StorageError: A URL is none of a database.
            MissingDependencyError: The packages of `highnoon[jupyter]` are not installed.
        """
        for package in ("voila", "ipywidgets", "anywidget"):
            require(package, "The dashboard", install="'highnoon[jupyter]'")
        self._stop_former()
        base_url = f"/{base_url.strip('/')}/" if base_url.strip("/") else "/"
        _check(port, token, base_url, max_viewers, cull, preheated)
        storages = Storages(storage)
        addresses = _addresses(host, port)
        local = all(_is_loopback(address) for _, address in addresses)
        everyone = token is not None or base_url != "/"
        sockets = _listen(addresses)
        with _closing_unless_done(sockets):
            # These take seconds to import.
            from highnoon.webui.access import Access
            from highnoon.webui.notebook import dashboard_notebook
            from highnoon.webui.server import Server

            access = Access(
                token,
                everyone=everyone,
                path=f"{base_url}hpo",
                told=everyone or not local,
                embed_from=embed_from,
            )
            server = Server(
                storages,
                access,
                notebook=dashboard_notebook(),
                base_url=base_url,
                read_only=read_only,
                max_viewers=max_viewers,
                cull=cull,
                preheated=preheated,
            )
        path = f":{sockets[0].getsockname()[1]}{base_url}hpo"
        secret = f"?token={access.token}" if token is None else ""
        here = f"http://localhost{path}{secret if everyone else ''}"
        lines = [f"HighNoon's dashboard: {here}"]
        there = None
        if not local:
            there = f"http://{socket.gethostname()}{path}{secret}"
            lines.append(f"from other machines: {there}")
        self._running = running = _Running(server, sockets, lines, here if open_browser else None)
        self.url, self.remote_url = here, there
        if not _inside_a_loop():
            try:
                running.run()
            finally:
                self._forget(running)
            return
        try:
            running.run_in_background()
        except BaseException:
            self._forget(running)
            raise
        atexit.register(self.stop)

    @property
    def is_serving(self) -> bool:
        """Whether the dashboard answers."""
        return self._running is not None and self._running.serves

    def stop(self) -> None:
        """Stop serving, from any thread, and wait until every process is gone."""
        running = self._running
        if running is not None:
            running.stop()
            self._forget(running)

    def _stop_former(self) -> None:
        if self._running is None:
            return
        if not self._running.in_background:
            raise HighNoonError(f"The dashboard runs already, at {self.url}. End it: app.stop()")
        self.stop()  # the cell that started it runs again

    def _forget(self, running: "_Running") -> None:
        if self._running is running:
            self._running = self.url = self.remote_url = None
            atexit.unregister(self.stop)


@dataclass
class _Running:
    server: "Server"
    sockets: Sequence[socket.socket]
    lines: Sequence[str]
    browse: str | None

    def __post_init__(self) -> None:
        self.in_background = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._is_to_end = False
        self._serves, self._gone = threading.Event(), threading.Event()
        self._error: BaseException | None = None

    @property
    def serves(self) -> bool:
        """Whether it listens and has not ended."""
        return self._serves.is_set() and not self._gone.is_set()

    def run(self) -> None:
        """Serve until the end, in this thread."""
        received: list[int] = []
        with _signals(self._signal_end, received):
            try:
                asyncio.run(self._serve())
            finally:
                self._gone.set()
        if signal.SIGTERM in received:
            signal.raise_signal(signal.SIGTERM)

    def run_in_background(self) -> None:
        """Serve in a thread, and return when it does."""
        self.in_background = True
        threading.Thread(target=self._run_and_tell, name="highnoon-webui", daemon=True).start()
        self._serves.wait()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End it, and wait for that."""
        self._signal_end()
        self._gone.wait(30)

    def _run_and_tell(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._error = error
        finally:
            self._serves.set()
            self._gone.set()

    def _signal_end(self) -> None:
        self._is_to_end = True
        loop, end = self._loop, self._end
        if loop is not None and end is not None:
            with contextlib.suppress(RuntimeError):  # it is closed already
                loop.call_soon_threadsafe(end.set)

    async def _serve(self) -> None:
        self._end, self._loop = asyncio.Event(), asyncio.get_running_loop()
        if self._is_to_end:  # before there was a loop to tell
            _close(self.sockets)
            return
        await self.server.open(self.sockets)
        try:
            sys.stdout.write("".join(f"{line}\n" for line in self.lines))
            sys.stdout.flush()
            self._serves.set()
            if self.browse is not None:
                threading.Thread(target=webbrowser.open, args=(self.browse,), daemon=True).start()
            await self._end.wait()
        finally:
            await self.server.close()


@contextlib.contextmanager
def _signals(end: Callable[[], None], received: list[int]) -> Iterator[None]:
    """End the server at Ctrl-C and SIGTERM, where signals reach this thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _: object) -> None:
        received.append(number)
        end()

    former = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _inside_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _addresses(host: str, port: int) -> list[tuple[int, Any]]:
    """Return the families and addresses that a host's name stands for."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ConfigError(
            f"host={host!r} is no address of this machine. Use 'localhost' for this machine alone, "
            "'0.0.0.0' for all networks."
        ) from None
    return list(dict.fromkeys((int(family), address) for family, _, _, _, address in found))


def _is_loopback(address: Any) -> bool:
    return ipaddress.ip_address(address[0].partition("%")[0]).is_loopback


def _listen(addresses: Sequence[tuple[int, Any]]) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    for family, address in addresses:
        # All on the port that the first one took.
        port = address[1] or (sockets[0].getsockname()[1] if sockets else 0)
        try:
            sockets.append(socket.create_server((address[0], port, *address[2:]), family=family))
        except OSError as error:
            if sockets and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                continue  # a machine without IPv6
            _close(sockets)
            raise _refusal(error, address[0], port) from None
        sockets[-1].setblocking(False)  # noqa: FBT003
    return sockets


@contextlib.contextmanager
def _closing_unless_done(sockets: Sequence[socket.socket]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        _close(sockets)
        raise


def _close(sockets: Sequence[socket.socket]) -> None:
    for listening in sockets:
        listening.close()


def _refusal(error: OSError, host: str, port: int) -> HighNoonError:
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(
            f"Port {port} is taken by another program, perhaps an earlier dashboard. End that, or "
            f"take another port: port={port + 1}, or port=0 for a free one."
        )
    return ConfigError(f"Cannot listen on {host}, port {port}: {error.strerror}.")


def _check(
    port: int, token: str | None, base_url: str, max_viewers: int, cull: float, preheated: int
) -> None:
    if not 0 <= port <= 65535:
        raise ConfigError(f"port must be 0, for a free one, to 65535, got {port}.")
    if token is not None and len(token) < 16:
        raise ConfigError("token must have 16 characters or more, so that nobody can guess it.")
    if any(character in base_url for character in "?#\\") or "//" in base_url:
        raise ConfigError(f"base_url must be a path such as '/highnoon/', got {base_url!r}.")
    for name, value, least in (("max_viewers", max_viewers, 0), ("preheated", preheated, 1)):
        if value < least:
            raise ConfigError(f"{name} must be {least} or more, got {value}.")
    if not cull > 0:
        raise ConfigError(f"cull must be a positive number of seconds, got {cull}.")


app = App()
