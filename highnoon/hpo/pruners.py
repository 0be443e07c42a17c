"""Pruners by name: which trials to stop early."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

from highnoon.exceptions import ConfigError
from highnoon.hpo._requirements import build, require_packages_of

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

__all__ = ["PrunerName", "make_pruner"]

PrunerName = Literal["median", "hyperband", "percentile", "none"]


def _median(**options: Any) -> "BasePruner":
    from optuna.pruners import MedianPruner

    return MedianPruner(**options)


def _hyperband(**options: Any) -> "BasePruner":
    from optuna.pruners import HyperbandPruner

    return HyperbandPruner(**options)


def _percentile(percentile: float = 75.0, **options: Any) -> "BasePruner":
    """Optuna's percentile is the share that is kept: 75 prunes the bottom quarter."""
    from optuna.pruners import PercentilePruner

    return PercentilePruner(percentile, **options)


def _none(**options: Any) -> "BasePruner":
    from optuna.pruners import NopPruner

    return NopPruner(**options)


_PRUNERS: Mapping[PrunerName, Callable[..., "BasePruner"]] = {
    "median": _median,
    "hyperband": _hyperband,
    "percentile": _percentile,
    "none": _none,
}


def make_pruner(
    pruner: "PrunerName | BasePruner", options: Mapping[str, Any] | None = None
) -> "BasePruner":
    """Return the pruner of a name, or the Optuna pruner that was given.

    Raises:
        ConfigError: The name or an option is unknown, or options were given for an object.
        MissingDependencyError: The pruner needs a package that is not installed.
    """
    from optuna.pruners import BasePruner

    if isinstance(pruner, BasePruner):
        if options:
            raise ConfigError("pruner_options go with a pruner's name, not with a pruner object.")
        require_packages_of(pruner)
        return pruner
    if not isinstance(pruner, str) or pruner not in _PRUNERS:
        raise ConfigError(
            f"Unknown pruner {pruner!r}. Choose one of {', '.join(get_args(PrunerName))}, "
            "or pass an Optuna pruner object."
        )
    return build(_PRUNERS[pruner], options or {}, f"pruner {pruner!r}", "pruner_options")
