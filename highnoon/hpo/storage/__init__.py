"""Where studies are kept: database URLs and the Optuna storages behind them."""

from highnoon.hpo.storage.engines import PATIENCE
from highnoon.hpo.storage.errors import AccessAbandoned, storage_errors
from highnoon.hpo.storage.opening import open_storage
from highnoon.hpo.storage.urls import StorageURL, shown_url, storage_label

__all__ = [
    "PATIENCE",
    "AccessAbandoned",
    "StorageURL",
    "open_storage",
    "shown_url",
    "storage_errors",
    "storage_label",
]
