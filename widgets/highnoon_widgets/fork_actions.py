"""The action that writes the code of a fork with a narrowed search space."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from highnoon.hpo.plotdata import fork_code as code_of_fork
from highnoon.hpo.plotdata import narrowed
from highnoon.hpo.reader import StudyReader
from highnoon.hpo.reading import TrialColumns
from highnoon.hpo.space import SearchSpace
from highnoon.hpo.storage import storage_label

if TYPE_CHECKING:
    from highnoon_widgets.source import StudySource

__all__ = ["fork_code"]


def fork_code(
    source: "StudySource", *, trials: Sequence[int] | None = None, name: str | None = None
) -> dict[str, Any]:
    """Return a cell of Python that forks the study with a space narrowed to some trials.

    Args:
        source: The study.
        trials: Numbers of trials; the ten best where none are given.
        name: Name of the new study; a free one where none is given.
    """
    columns, state = source.feed.columns, source.feed.study
    space = (
        space_of(columns)
        if state.search_space is None
        else SearchSpace.from_json(state.search_space)
    )
    found = narrowed(columns, state.direction, space, trials)
    name = name or _free_name(source)
    before, manager = _manager(source)
    return {
        "name": name,
        "code": before + code_of_fork(name, found, manager=manager),
        "trials": found.trials.tolist(),
        "changed": list(found.changed),
        "dropped": list(found.dropped),
    }


def space_of(columns: TrialColumns) -> dict[str, Any]:
    """Return the search space of a study that keeps none: what its newest trials drew from."""
    space: dict[str, Any] = {}
    for column in columns.parameters.values():
        drawn_from = column.distribution
        if isinstance(drawn_from, IntDistribution):
            kind = "log_int" if drawn_from.log else "int"
            step = () if drawn_from.log or drawn_from.step == 1 else (drawn_from.step,)
            space[column.name] = (kind, drawn_from.low, drawn_from.high, *step)
        elif isinstance(drawn_from, FloatDistribution):
            kind = "log_uniform" if drawn_from.log else "uniform"
            space[column.name] = (kind, drawn_from.low, drawn_from.high)
        elif isinstance(drawn_from, CategoricalDistribution):
            space[column.name] = ("categorical", list(column.choices or drawn_from.choices))
    return space


def _free_name(source: "StudySource") -> str:
    study = source.reader.study
    taken = set(optuna.get_all_study_names(study._storage))
    first = f"{study.study_name}_narrowed"
    names = [first, *(f"{first}_{count}" for count in range(2, len(taken) + 2))]
    return next(name for name in names if name not in taken)


def _manager(source: "StudySource") -> tuple[str, str]:
    """Return lines that make the study's manager, where no variable holds it, and its variable."""
    study = source.reader.study
    variables = _variables()
    for name, value in variables.items():
        known = value.study if isinstance(value, StudyReader) and hasattr(value, "fork") else None
        if known is not None and _same(known, study):
            return "", name
    storage, remark = repr(source.storage), ""
    if "://" not in source.storage:
        held = [n for n, v in variables.items() if isinstance(v, optuna.Study) and _same(v, study)]
        storage = f"{held[0]}._storage" if held else "storage"
        remark = "" if held else "  # the storage object of the study"
    elif "***" in source.storage:
        remark = "  # put the password in place of ***"
    made = f"hpo = hn.HPOTrialManager({study.study_name!r}, storage={storage}){remark}"
    return f"import highnoon as hn\n\n{made}\n", "hpo"


def _same(one: optuna.Study, other: optuna.Study) -> bool:
    if one is other:
        return True
    label = storage_label(one._storage)
    return (
        one.study_name == other.study_name
        and label == storage_label(other._storage)
        and "://" in label
    )


def _variables() -> dict[str, Any]:
    """Return the notebook's variables."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return {}
    shell: Any = get_ipython()
    own = {} if shell is None else dict(shell.user_ns)
    return {name: value for name, value in own.items() if not name.startswith("_")}
