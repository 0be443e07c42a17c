"""How a study draws and prunes, kept with it for those who join without saying so themselves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from highnoon.exceptions import ConfigError
from highnoon.hpo import attributes

if TYPE_CHECKING:
    import optuna

__all__ = ["StudySetup", "keep_setup", "kept_setup"]

_PARTS = ("sampler", "pruner")


@dataclass(frozen=True)
class StudySetup:
    """What a study's sampler and pruner are called; None in a study that another tool made.

    Attributes:
        sampler: `"tpe"`, or the class of an object such as `"QMCSampler"`.
        pruner: `"median"`, or the class of an object such as `"WilcoxonPruner"`.
    """

    sampler: str | None
    pruner: str | None

    @classmethod
    def from_attributes(cls, attrs: Mapping[str, Any]) -> Self:
        """Read what `keep_setup` wrote among a study's attributes."""
        setup = attrs.get(attributes.SETUP) or {}
        return cls(*(setup.get(part) or setup.get(f"{part}_object") for part in _PARTS))


def keep_setup(study: "optuna.Study", components: Mapping[str, Any]) -> None:
    """Keep a new study's sampler and pruner, by name, with their options.

    Objects, and options that JSON does not hold, are kept as what they are called.

    Args:
        study: The study.
        components: Sampler, pruner and their options as a manager takes them.
    """
    setup: dict[str, Any] = {}
    for part in _PARTS:
        chosen, options = components[part], components[f"{part}_options"]
        try:
            kept = json.loads(json.dumps(options))
        except (TypeError, ValueError):
            chosen, kept = f"{chosen} with options that have no JSON", None
            setup |= {part: None, f"{part}_object": chosen}
        else:
            if isinstance(chosen, str):
                setup |= {part: chosen, f"{part}_options": kept}
            else:
                setup |= {part: None, f"{part}_object": type(chosen).__name__}
    study.set_user_attr(attributes.SETUP, setup)


def kept_setup(study: "optuna.Study", **chosen: Any) -> dict[str, Any]:
    """Return a manager's arguments for those who join a study.

    Args:
        study: The study.
        **chosen: What the one who joins says: `sampler`, `sampler_options`, `pruner`,
            `pruner_options`. None leaves it to the study.

    Raises:
        ConfigError: The study has an object as a sampler or pruner, which only its maker has.
    """
    setup = study.user_attrs.get(attributes.SETUP, {})
    arguments: dict[str, Any] = {}
    for part in _PARTS:
        options = f"{part}_options"
        if chosen.get(part) is not None:
            arguments |= {part: chosen[part], options: chosen.get(options)}
        elif setup.get(part) is not None:
            arguments[part] = setup[part]
            arguments[options] = chosen.get(options) or setup.get(options)
        elif part in setup:
            raise ConfigError(
                f"The study {study.study_name!r} was made with a {part} that cannot be kept with "
                f"it: {setup[f'{part}_object']}. Say which to use here: --{part}."
            )
    return arguments
