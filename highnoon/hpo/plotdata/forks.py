"""The Python that forks a study with a narrowed search space."""

import ast
import json
import keyword
from collections.abc import Sequence
from typing import Any

from highnoon.hpo.choices import label_choices, same_choice
from highnoon.hpo.plotdata.narrowing import Narrowed
from highnoon.hpo.space import Conditional

__all__ = ["fork_code"]


def fork_code(name: str, space: Narrowed, *, manager: str = "hpo") -> str:
    """Return a cell of Python that forks a study with a narrowed space.

    It needs nothing but the variable that holds the study's manager. Choices that cannot be
    written as Python literals stand there as their labels, and a comment says so.

    Args:
        name: Name of the new study.
        space: What `narrowed` returned.
        manager: The variable.

    Example:
        ```python
        forked = hpo.fork(
            "my_study_2",
            {
                "learning_rate": ("log_uniform", 0.000113, 0.00087),
            },
        )
        ```
    """
    lines = []
    if any(isinstance(entry, Conditional) for entry in space.entries.values()):
        lines += ["import highnoon as hn", ""]
    lines += [f"forked = {manager}.fork(", f"    {_code(name)},", "    {"]
    for parameter, entry in space.entries.items():
        text, remark = _written(entry)
        lines.append(f"        {_code(parameter)}: {text},{remark}")
    lines.append("    },")
    if space.constraints:
        lines.append(f"    constraints={_code(list(space.constraints))},")
    lines.append(")")
    return "\n".join(lines) + "\n"


def _written(entry: Any) -> tuple[str, str]:
    """Return an entry as Python code, and a comment where it is not all there."""
    if isinstance(entry, Conditional):
        text, remark = _written(entry.entry)
        conditions = {name: _single(labels) for name, labels in entry.conditions.items()}
        if all(name.isidentifier() and not keyword.iskeyword(name) for name in conditions):
            arguments = ", ".join(f"{name}={_code(labels)}" for name, labels in conditions.items())
        else:
            arguments = f"**{_code(conditions)}"
        return f"hn.when({text}, {arguments})", remark
    kind, *values = entry
    if kind != "categorical":
        return _code(entry), ""
    choices = values[0]
    literal = [
        choice if _is_literal(choice) else label
        for choice, label in zip(choices, label_choices(choices), strict=True)
    ]
    remark = (
        "" if all(map(_is_literal, choices)) else "  # put the objects in place of their labels"
    )
    return _code((kind, literal)), remark


def _code(value: Any) -> str:
    """Return a literal as Python code, its strings in double quotes."""
    if type(value) is str:
        return json.dumps(value, ensure_ascii=False)
    if type(value) is dict:
        pairs = (f"{_code(key)}: {_code(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if type(value) in (list, tuple):
        items = ", ".join(map(_code, value))
        if type(value) is list:
            return f"[{items}]"
        return f"({items},)" if len(value) == 1 else f"({items})"
    return repr(value)


def _single(labels: Sequence[Any]) -> Any:
    return labels[0] if len(labels) == 1 else list(labels)


def _is_literal(value: Any) -> bool:
    try:
        read = ast.literal_eval(repr(value))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return type(read) is type(value) and same_choice(read, value)
