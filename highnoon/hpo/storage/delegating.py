"""The operations on studies, which Optuna's own storage does, tried again after what passes."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from optuna.exceptions import DuplicatedStudyError, StorageInternalError
from optuna.storages import BaseStorage, RDBStorage
from optuna.study import StudyDirection

from highnoon.hpo.storage.retrying import Retrying, is_passing

if TYPE_CHECKING:
    from optuna.study._frozen import FrozenStudy
    from sqlalchemy.engine import Engine

__all__ = ["StudyOperations"]

T = TypeVar("T")


class _WrittenMeanwhileError(StorageInternalError):
    """Others wrote to a study while it was deleted, upon which Optuna leaves it as it is."""


class StudyOperations(BaseStorage):
    """The half of a storage that is about studies.

    Args:
        storage: Does the work.
        retrying: Repeats what failed for a passing reason.

    Attributes:
        retrying: The same, for those who work on the `engine` themselves.
    """

    def __init__(self, storage: RDBStorage, retrying: Retrying) -> None:
        self._storage = storage
        self.retrying = retrying

    @property
    def engine(self) -> "Engine":
        """The SQLAlchemy engine of the database."""
        return self._storage.engine

    @property
    def url(self) -> str:
        """The URL of the database, with its password."""
        return self._storage.url

    def create_new_study(
        self, directions: Sequence[StudyDirection], study_name: str | None = None
    ) -> int:
        """Create a study and return its id; see `optuna.storages.BaseStorage`."""

        def create(again: bool) -> int:  # noqa: FBT001
            try:
                return self._storage.create_new_study(directions, study_name)
            except DuplicatedStudyError:
                if not again or study_name is None:
                    raise
                study_id = self._storage.get_study_id_from_name(study_name)
                if self._storage.get_n_trials(study_id):
                    raise
                return study_id  # ours: the connection broke after it was created

        return self.retrying.run(create)

    def delete_study(self, study_id: int) -> None:
        """Delete a study; see `optuna.storages.BaseStorage`."""

        def delete(again: bool) -> None:  # noqa: FBT001
            try:
                self._storage.delete_study(study_id)
            except KeyError:
                if not again:
                    raise
                return
            with suppress(KeyError):
                name = self._storage.get_study_name_from_id(study_id)
                raise _WrittenMeanwhileError(f"Others write to {name!r} while it is deleted.")

        def passing(error: BaseException) -> bool:
            return isinstance(error, _WrittenMeanwhileError) or is_passing(error)

        self.retrying.run(delete, passing=passing)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set an attribute of a study; see `optuna.storages.BaseStorage`."""
        self._ask(lambda: self._storage.set_study_user_attr(study_id, key, value))

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set an attribute of Optuna's own; see `optuna.storages.BaseStorage`."""
        self._ask(lambda: self._storage.set_study_system_attr(study_id, key, value))

    def get_study_id_from_name(self, study_name: str) -> int:
        """Return a study's id; see `optuna.storages.BaseStorage`."""
        return self._ask(lambda: self._storage.get_study_id_from_name(study_name))

    def get_study_name_from_id(self, study_id: int) -> str:
        """Return a study's name; see `optuna.storages.BaseStorage`."""
        return self._ask(lambda: self._storage.get_study_name_from_id(study_id))

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """Return a study's directions; see `optuna.storages.BaseStorage`."""
        return self._ask(lambda: self._storage.get_study_directions(study_id))

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """Return a study's attributes; see `optuna.storages.BaseStorage`."""
        return self._ask(lambda: self._storage.get_study_user_attrs(study_id))

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """Return a study's attributes of Optuna's own; see `optuna.storages.BaseStorage`."""
        return self._ask(lambda: self._storage.get_study_system_attrs(study_id))

    def get_all_studies(self) -> "list[FrozenStudy]":
        """Return all studies; see `optuna.storages.BaseStorage`."""
        return self._ask(self._storage.get_all_studies)

    def remove_session(self) -> None:
        """Close the connection of the current thread; see `optuna.storages.BaseStorage`."""
        self._storage.remove_session()

    def _ask(self, operation: Callable[[], T]) -> T:
        return self.retrying.run(lambda _again: operation())
