"""Read a study: its trials, its best configuration, what mattered. Never creates or changes one."""

import contextlib
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import optuna
from optuna.trial import FrozenTrial

from highnoon.exceptions import MissingDependencyError
from highnoon.hpo import attributes, results
from highnoon.hpo._registry import remember
from highnoon.hpo.importance import ParamImportance, param_importance
from highnoon.hpo.plotting import StudyPlots
from highnoon.hpo.space import SearchSpace
from highnoon.hpo.storage import storage_label
from highnoon.hpo.study import direction_of, open_study, study_errors

if TYPE_CHECKING:
    import pandas as pd
    from optuna.importance import BaseImportanceEvaluator
    from optuna.storages import BaseStorage

__all__ = ["StudyReader"]


class StudyReader(StudyPlots):
    """The results of a study, of HighNoon's or of Optuna's making.

    Args:
        study: The study.
        storage_label: What to call its storage in messages; holds no password.

    Attributes:
        study: The Optuna study, for all that Optuna offers beyond.

    Example:
        ```python
        StudyReader.open("experiment_001", "sqlite:///hpo.db").best_params
        ```
    """

    def __init__(self, study: optuna.Study, *, storage_label: str) -> None:
        self.study = study
        self._storage_label = storage_label
        self._space: SearchSpace | None = None

    @classmethod
    def open(cls, study_name: str, storage: "str | BaseStorage") -> Self:
        """Open a study that is there.

        Raises:
            StorageError: The database is not there or does not answer.
            StudyError: It holds no study of that name, or that study has several objectives.
        """
        return cls(open_study(study_name, storage), storage_label=storage_label(storage))

    @property
    def study_name(self) -> str:
        """Name of the study."""
        return self.study.study_name

    @property
    def trials(self) -> list[FrozenTrial]:
        """All trials, in their order: `.number`, `.value`, `.params`, `.state`."""
        with self._storage_errors():
            return self.study.get_trials()

    @property
    def best_trial(self) -> FrozenTrial:
        """The completed trial with the best finite value.

        Raises:
            NoCompletedTrialError: No trial completed.
        """
        with self._storage_errors():
            return results.best_trial(self.study)

    @property
    def best_value(self) -> float:
        """The best value; raises as `best_trial` does."""
        return self.best_trial.values[0]

    @property
    def best_params(self) -> dict[str, Any]:
        """The best trial's parameters as its objective saw them; raises as `best_trial` does."""
        best, space = self.best_trial, self._known_space()
        if space is not None:
            remember(self.study, space)
        return results.params_of(best, space)

    def trials_dataframe(self) -> "pd.DataFrame":
        """Return a row per trial: number, state, value, times, and a `params_` column each."""
        with self._storage_errors():
            return results.trials_dataframe(self.study)

    def get_param_importance(
        self, *, evaluator: "BaseImportanceEvaluator | None" = None
    ) -> ParamImportance:
        """Return the importance of each parameter, a dict that says what it rests on.

        Args:
            evaluator: An Optuna evaluator; PED-ANOVA where none is given.
        """
        with self._storage_errors():
            return param_importance(self.study, evaluator=evaluator)

    def best_text(self, kind: Literal["json", "yaml"] = "json") -> str:
        """Return the best configuration as JSON or YAML, exact.

        Raises:
            NoCompletedTrialError: No trial completed.
        """
        with self._storage_errors():
            return results.config_text(results.best_config(self.study, self._known_space()), kind)

    def trials_csv(self) -> str:
        """Return all trials as CSV that is safe to open in a spreadsheet."""
        from highnoon.hpo.csv_export import trials_csv

        return trials_csv(self._feed().columns)

    def export_best(self, path: str | Path) -> Path:
        """Write the best configuration as JSON or YAML, by the ending of the path.

        Raises:
            NoCompletedTrialError: No trial completed.
            ConfigError: The path has another ending, or cannot be written.
        """
        with self._storage_errors():
            config = results.best_config(self.study, self._known_space())
        return results.write_config(config, path)

    def dashboard(self) -> Any:
        """Return the study's live widgets: `highnoon_widgets.StudyDashboard`.

        Raises:
            MissingDependencyError: The widgets' packages are not installed.
        """
        try:
            widgets = importlib.import_module("highnoon_widgets")
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                f"A dashboard needs {error.name}. Install it: pip install 'highnoon[jupyter]'"
            ) from error
        return widgets.StudyDashboard(self)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(study_name={self.study_name!r}, "
            f"storage={self._storage_label!r}, direction={direction_of(self.study)!r})"
        )

    def _repr_html_(self) -> str:
        return results.study_html(self.study, self._storage_label)

    def _peek(self) -> list[FrozenTrial]:
        """Return all trials without copying them; they must not be changed."""
        with self._storage_errors():
            return self.study.get_trials(deepcopy=False)

    def _known_space(self) -> SearchSpace | None:
        """Return the space in use, else the one stored with the study, else None."""
        if self._space is not None:
            return self._space
        with self._storage_errors():
            stored = self.study.user_attrs.get(attributes.SEARCH_SPACE)
        return None if stored is None else SearchSpace.from_json(stored)

    def _storage_errors(self) -> contextlib.AbstractContextManager[None]:
        return study_errors(self.study, self._storage_label)
