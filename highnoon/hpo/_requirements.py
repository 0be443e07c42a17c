"""Optional packages that samplers and pruners need, checked before the first trial."""

import importlib.util
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from highnoon.exceptions import ConfigError, MissingDependencyError

__all__ = ["build", "require", "require_packages_of"]

T = TypeVar("T")

_PACKAGES_OF_CLASS: Mapping[str, tuple[str, ...]] = {
    "CmaEsSampler": ("cmaes",),
    "GPSampler": ("scipy", "torch"),
    "QMCSampler": ("scipy",),
    "WilcoxonPruner": ("scipy",),
}


def require(package: str, what: str, *, install: str | None = None) -> None:
    """Check that a package can be imported.

    Raises:
        MissingDependencyError: It cannot; the message holds the command that installs it.
    """
    try:
        missing = importlib.util.find_spec(package) is None
    except ImportError:
        missing = True
    if missing:
        raise MissingDependencyError(
            f"{what} needs the package {package!r}. Install it: pip install {install or package}"
        )


def require_packages_of(component: object) -> None:
    """Check that the packages which an Optuna sampler or pruner imports late are there.

    Raises:
        MissingDependencyError: One is not.
    """
    for cls in type(component).__mro__:
        for package in _PACKAGES_OF_CLASS.get(cls.__name__, ()):
            require(package, f"Optuna's {cls.__name__}")


def build(make: Callable[..., T], options: Mapping[str, Any], what: str, argument: str) -> T:
    """Call a factory with options, turning a refused option into an error that names it.

    Raises:
        ConfigError: An option is unknown, or its value is refused.
    """
    try:
        return make(**options)
    except (TypeError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        reason = re.sub(r"^_\w+\(\) ", "", str(error))  # the name of our own factory
        raise ConfigError(
            f"The {what} does not take {argument}={dict(options)!r}: {reason}"
        ) from error
