"""A storage that only this process reaches, made reachable for its workers.

Optuna's gRPC proxy serves the storage; it has no authentication, hence listens on loopback unless
told otherwise by `HIGHNOON_PROXY_HOST`.
"""

import functools
import os
import socket
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import BaseStorage, GrpcStorageProxy

from highnoon.exceptions import StorageError
from highnoon.hpo.storage.errors import REFUSED

if TYPE_CHECKING:
    import grpc

__all__ = ["ProxiedStorage", "StorageProxy", "needs_proxy"]

_THREADS = 16
_TRIES = 6
_FIRST_PAUSE_SECONDS = 0.1
_RAISED = "Exception calling application: "


class ProxiedStorage(GrpcStorageProxy):
    """A worker's view of a storage behind a proxy; it asks again when the connection fails.

    What the storage itself raises comes out as `StorageInternalError`, as without the proxy.
    """

    def __init__(self, *, host: str, port: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            super().__init__(host=host, port=port)


def _asking_again(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def ask(*args: Any, **kwargs: Any) -> Any:
        import grpc

        pause = _FIRST_PAUSE_SECONDS
        for tries_left in reversed(range(_TRIES)):
            try:
                return method(*args, **kwargs)
            except grpc.RpcError as error:
                if getattr(error, "code", lambda: None)() != grpc.StatusCode.UNAVAILABLE:
                    raise StorageInternalError(_details(error)) from None
                if not tries_left:
                    raise StorageError(
                        f"The process that started the run does not answer: {_details(error)}"
                    ) from error
            time.sleep(pause)
            pause *= 2
        raise AssertionError("unreachable")

    return ask


for _name in BaseStorage.__abstractmethods__:
    setattr(ProxiedStorage, _name, _asking_again(getattr(GrpcStorageProxy, _name)))


def _details(error: "grpc.RpcError") -> str:
    """Return the first line of what the other side said, or of what happened on the way."""
    details = getattr(error, "details", None)
    said = str((details() if callable(details) else None) or error)
    return said.removeprefix(_RAISED).removeprefix(REFUSED).strip().splitlines()[0]


class StorageProxy:
    """Serves a storage of this process until it is closed.

    Args:
        storage: The storage.
        port: Where it listens; 0 takes a free one.

    Attributes:
        storage: What workers use in its place; it has a pickle.
        host: Where it listens.
        port: Where it listens.

    Raises:
        StorageError: The address cannot be listened on.
    """

    def __init__(self, storage: BaseStorage, *, port: int = 0) -> None:
        import grpc
        from optuna.storages._grpc.auto_generated import api_pb2_grpc
        from optuna.storages._grpc.servicer import OptunaStorageProxyService

        host = os.environ.get("HIGHNOON_PROXY_HOST", "127.0.0.1")
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="highnoon-proxy")
        # Without this option a second proxy on a taken port would start, and split the calls.
        self._server = grpc.server(self._threads, options=[("grpc.so_reuseport", 0)])
        api_pb2_grpc.add_StorageServiceServicer_to_server(
            OptunaStorageProxyService(storage), self._server
        )
        address = f"[{host}]" if ":" in host else host
        try:
            self.port: int = self._server.add_insecure_port(f"{address}:{port}")
        except RuntimeError as error:
            self._threads.shutdown()
            raise StorageError(
                f"The study cannot be served on HIGHNOON_PROXY_HOST={host!r}: {error}. Set it to a "
                "name or address of this machine that the workers reach."
            ) from error
        self._server.start()
        reached_at = socket.gethostname() if host in ("0.0.0.0", "::") else host
        self.host = host
        self.storage = ProxiedStorage(host=reached_at, port=self.port)

    def close(self) -> None:
        """Stop serving."""
        self.storage.close()
        self._server.stop(grace=1.0).wait()
        self._threads.shutdown()


def needs_proxy(storage: BaseStorage, *, same_machine: bool) -> bool:
    """Whether other processes reach a storage only through this one.

    Args:
        storage: The storage.
        same_machine: Whether all workers are processes of this machine.
    """
    from optuna.storages import InMemoryStorage

    if isinstance(storage, InMemoryStorage):
        return True
    url = getattr(storage, "url", None)
    return not same_machine and isinstance(url, str) and url.startswith("sqlite")
