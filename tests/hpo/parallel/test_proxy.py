"""A storage of this process, reached by its workers."""

import pickle
import socket
from typing import Any

import optuna
import pytest
import sqlalchemy as sa
from optuna.study import StudyDirection

from highnoon.exceptions import StorageError
from highnoon.hpo.run.proxy import StorageProxy, needs_proxy
from highnoon.hpo.storage import open_storage, storage_errors
from highnoon.hpo.storage.buffered import BufferedStorage


def test_what_a_worker_writes_is_in_the_storage() -> None:
    storage = optuna.storages.InMemoryStorage()
    proxy = StorageProxy(storage)
    try:
        workers = pickle.loads(pickle.dumps(proxy.storage))
        study_id = workers.create_new_study([StudyDirection.MINIMIZE], "s")
        workers.set_study_user_attr(study_id, "who", "worker")
        assert storage.get_study_user_attrs(study_id) == {"who": "worker"}
        with pytest.raises(KeyError):
            workers.get_study_id_from_name("another")
    finally:
        proxy.close()


def test_it_listens_on_loopback_alone() -> None:
    proxy = StorageProxy(optuna.storages.InMemoryStorage())
    try:
        with socket.socket() as elsewhere:
            elsewhere.bind(("127.0.0.2", proxy.port))  # free: the proxy listens on 127.0.0.1
        assert proxy.host == "127.0.0.1"
    finally:
        proxy.close()


def test_a_host_that_is_not_this_machines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIGHNOON_PROXY_HOST", "192.0.2.1")
    with pytest.raises(StorageError, match=r"HIGHNOON_PROXY_HOST='192\.0\.2\.1'"):
        StorageProxy(optuna.storages.InMemoryStorage())


def test_a_port_that_is_taken_is_refused() -> None:
    proxy = StorageProxy(optuna.storages.InMemoryStorage())
    try:
        with pytest.raises(StorageError, match="cannot be served"):
            StorageProxy(optuna.storages.InMemoryStorage(), port=proxy.port)
    finally:
        proxy.close()


def test_a_worker_whose_driver_is_gone_gets_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("highnoon.hpo.run.proxy._FIRST_PAUSE_SECONDS", 0.001)
    proxy = StorageProxy(optuna.storages.InMemoryStorage())
    workers = pickle.loads(pickle.dumps(proxy.storage))
    proxy.close()
    with pytest.raises(StorageError, match="The process that started the run does not answer"):
        workers.get_all_studies()


def test_what_the_storage_itself_raises_reaches_the_worker(url: str) -> None:
    storage = open_storage(url, create=True)
    study_id = storage.create_new_study([StudyDirection.MINIMIZE], "s")
    assert isinstance(storage, BufferedStorage)

    @sa.event.listens_for(storage.engine, "connect")
    def limit(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # as large as it is, no larger

    storage.engine.dispose()
    proxy = StorageProxy(storage)
    try:
        workers = pickle.loads(pickle.dumps(proxy.storage))
        with (
            pytest.raises(StorageError) as caught,
            storage_errors("sqlite:///hpo.db"),
        ):
            workers.set_study_user_attr(study_id, "notes", "x" * 100_000)
        assert str(caught.value) == (
            "The database sqlite:///hpo.db cannot be used: database or disk is full. The disk is "
            "full. Free some space and run again; finished trials are kept."
        )
    finally:
        proxy.close()


def test_which_storages_need_it(url: str) -> None:
    memory, file = optuna.storages.InMemoryStorage(), open_storage(url, create=True)
    assert needs_proxy(memory, same_machine=True)
    assert not needs_proxy(file, same_machine=True)
    assert needs_proxy(file, same_machine=False)
