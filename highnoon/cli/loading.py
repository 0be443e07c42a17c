"""Objectives and search spaces, named on a command line as `module:name` or by a file."""

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from highnoon.exceptions import ConfigError

__all__ = ["load", "read_space"]


def load(reference: str) -> Any:
    """Import what `module:name` names, with the working directory on the path as Python has it.

    Raises:
        ConfigError: There is no such module or name.
    """
    module_name, colon, name = reference.partition(":")
    if not (module_name and colon and name) or module_name.endswith(".py"):
        raise ConfigError(
            f"Write module:name, such as train:objective, without .py; got {reference!r}."
        )
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        return getattr(importlib.import_module(module_name), name)
    except ModuleNotFoundError as error:
        raise ConfigError(f"There is no module {error.name!r} here ({reference!r}).") from error
    except AttributeError:
        raise ConfigError(f"The module {module_name!r} has no {name!r}.") from None


def read_space(reference: str) -> Mapping[str, Any]:
    """Read a search space from `module:NAME` or from a JSON or YAML file of entries as lists."""
    path = Path(reference)
    if path.suffix not in (".json", ".yaml", ".yml"):
        return load(reference)
    if not path.is_file():
        raise ConfigError(f"There is no file {reference!r}.")
    try:
        if path.suffix == ".json":
            entries = json.loads(path.read_text(encoding="utf-8"))
        else:
            import yaml

            entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{reference} cannot be read: {error}") from error
    if not isinstance(entries, dict):
        raise ConfigError(f"{reference} must hold names with entries, such as lr: [uniform, 0, 1].")
    return {
        name: tuple(map(_as_number, entry)) if isinstance(entry, list) else entry
        for name, entry in entries.items()
    }


def _as_number(value: Any) -> Any:
    """Read the numbers that YAML takes for text, such as 1e-5."""
    if isinstance(value, str) and value[:1] in "+-.0123456789":
        try:
            return float(value)
        except ValueError:
            return value
    return value
