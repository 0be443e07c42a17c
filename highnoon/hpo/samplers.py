"""Samplers by name: which parameters to try next."""

import copy
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from highnoon.exceptions import ConfigError
from highnoon.hpo._requirements import build, require, require_packages_of

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler, GridSampler

    from highnoon.hpo.space import SearchSpace

__all__ = ["SamplerName", "fresh_copy", "make_grid_sampler", "make_sampler"]

T = TypeVar("T")

SamplerName = Literal["tpe", "cmaes", "random", "grid"]


def _tpe(*, seed: int | None, **options: Any) -> "BaseSampler":
    from optuna.samplers import TPESampler

    return TPESampler(seed=seed, **options)


def _cmaes(*, seed: int | None, **options: Any) -> "BaseSampler":
    require("cmaes", "the sampler 'cmaes'")
    from optuna.samplers import CmaEsSampler

    return CmaEsSampler(seed=seed, **options)


def _random(*, seed: int | None, **options: Any) -> "BaseSampler":
    from optuna.samplers import RandomSampler

    return RandomSampler(seed=seed, **options)


def _grid(*, seed: int | None, levels: int = 5) -> "BaseSampler":
    """Stand in until `optimize` knows the search space; see `make_grid_sampler`."""
    if isinstance(levels, bool) or not isinstance(levels, int) or levels < 2:
        raise ConfigError(f"The grid's levels must be an integer of at least 2, got {levels!r}.")
    return _random(seed=seed)


_SAMPLERS: Mapping[SamplerName, Callable[..., "BaseSampler"]] = {
    "tpe": _tpe,
    "cmaes": _cmaes,
    "random": _random,
    "grid": _grid,
}


def make_sampler(
    sampler: "SamplerName | BaseSampler",
    *,
    seed: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> "BaseSampler":
    """Return the sampler of a name, or the Optuna sampler that was given.

    Raises:
        ConfigError: The name or an option is unknown, or options were given for an object.
        MissingDependencyError: The sampler needs a package that is not installed.
    """
    from optuna.samplers import BaseSampler

    if isinstance(sampler, BaseSampler):
        if options:
            raise ConfigError("sampler_options go with a sampler's name, not a sampler object.")
        if seed is not None:
            raise ConfigError("Give the seed to the sampler object itself: Sampler(seed=...).")
        require_packages_of(sampler)
        return sampler
    if not isinstance(sampler, str) or sampler not in _SAMPLERS:
        raise ConfigError(
            f"Unknown sampler {sampler!r}. Choose one of {', '.join(get_args(SamplerName))}, "
            "or pass an Optuna sampler object."
        )
    if "seed" in (options or {}):
        raise ConfigError("Give the seed as seed=..., not in sampler_options.")
    make = functools.partial(_SAMPLERS[sampler], seed=seed)
    return build(make, options or {}, f"sampler {sampler!r}", "sampler_options")


def make_grid_sampler(space: "SearchSpace", *, levels: int = 5) -> "GridSampler":
    """Return a sampler of every point of a search space, floats cut into `levels` values.

    The order of the points depends on nothing but the grid: workers and resumed runs share it, and
    know by it which points are left.

    Raises:
        SearchSpaceError: The grid is too large, or the space has conditional parameters.
    """
    from highnoon.hpo.grid import QueueableGridSampler

    return QueueableGridSampler(space.grid(levels), seed=0)


def fresh_copy(component: T) -> T:
    """Return a copy of a sampler or pruner for another study, itself where it cannot be copied.

    Optuna's samplers remember the study that they first drew for, and refuse another.
    """
    try:
        return copy.deepcopy(component)
    except Exception:  # whatever a sampler of the user's own raises
        return component
