"""Optuna's own conformance suite for storages, on the buffered storage."""

from collections.abc import Iterator

import pytest
from optuna.storages import BaseStorage, RDBStorage
from optuna.testing.pytest_storages import StorageTestCase

from highnoon.hpo.storage import StorageURL
from highnoon.hpo.storage.buffered import BufferedStorage

FRACTIONS_OF_SECONDS = {
    "test_create_new_trial",
    "test_create_new_trial_with_template_trial[mariadb-start_time0-complete_time0]",
    "test_get_all_trials",
    "test_get_trial",
}


class TestBufferedStorage(StorageTestCase):
    """With leases off, for the suite demands that a new trial has no attributes."""

    @pytest.fixture
    def storage(self, database_url: str, request: pytest.FixtureRequest) -> Iterator[BaseStorage]:
        name = request.node.name.removesuffix("[mariadb]")
        if database_url.startswith("mysql") and name in FRACTIONS_OF_SECONDS:
            reason = "MySQL keeps whole seconds; Optuna's own storage fails this, too"
            request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
        storage = BufferedStorage(RDBStorage(StorageURL.parse(database_url).raw), leases=False)
        yield storage
        storage.close()
