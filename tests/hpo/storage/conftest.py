"""What the tests of the buffered storage share."""

from collections.abc import Callable, Iterator

import pytest
from optuna.storages import RDBStorage
from optuna.study import StudyDirection

from highnoon.hpo.storage import StorageURL, background
from highnoon.hpo.storage.buffered import BufferedStorage


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest, prepared_database: Callable[[str], str]) -> str:
    """The URL of a database with Optuna's tables; the test runs once for each kind."""
    return prepared_database(request.param)


@pytest.fixture
def stock_of(new_database: object) -> Iterator[Callable[[str], RDBStorage]]:
    """Open a database, which is to outlive it, with Optuna's own storage, uncached."""
    opened = []

    def open_it(url: str) -> RDBStorage:
        opened.append(RDBStorage(StorageURL.parse(url).raw))
        return opened[-1]

    yield open_it
    for storage in opened:
        storage.remove_session()
        storage.engine.dispose()


@pytest.fixture
def buffered_of(stock_of: Callable[[str], RDBStorage]) -> Iterator[Callable[..., BufferedStorage]]:
    """Open a database with a buffered storage."""
    opened = []

    def open_it(url: str, **options: float) -> BufferedStorage:
        opened.append(BufferedStorage(stock_of(url), **options))
        return opened[-1]

    yield open_it
    for storage in opened:
        storage.close()


@pytest.fixture
def flushed_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nothing flushed by itself while a test lasts, however slow the machine is."""
    monkeypatch.setattr(background, "FLUSH_SECONDS", 600.0)


@pytest.fixture
def stock(stock_of: Callable[[str], RDBStorage], database_url: str) -> RDBStorage:
    return stock_of(database_url)


@pytest.fixture
def buffered(buffered_of: Callable[..., BufferedStorage], database_url: str) -> BufferedStorage:
    return buffered_of(database_url)


@pytest.fixture
def study_id(buffered: BufferedStorage) -> int:
    return buffered.create_new_study([StudyDirection.MINIMIZE], "study")
