"""What a database can hold, checked when it is set.

Otherwise it would fail later, and together with all that is written in the same transaction.
"""

from optuna.exceptions import StorageInternalError

__all__ = ["check_name_and_text", "check_step"]

_MAX_NAME_LENGTH = 512
_MAX_MYSQL_TEXT_BYTES = 65_535
_MAX_INTEGER = 2**31 - 1


def check_name_and_text(dialect: str, name: str, text: str = "") -> None:
    """Check the name of a parameter or attribute, and an attribute's JSON text.

    Raises:
        StorageInternalError: The name or the text is too long.
        UnicodeEncodeError: The name holds half of a surrogate pair.
    """
    name.encode()
    if dialect == "sqlite":
        return
    if len(name) > _MAX_NAME_LENGTH or "\0" in name:
        raise StorageInternalError(
            f"A name has at most {_MAX_NAME_LENGTH} characters and no NUL, got {name[:40]!r}..."
        )
    if dialect == "mysql" and len(text.encode()) > _MAX_MYSQL_TEXT_BYTES:
        raise StorageInternalError(
            f"MySQL keeps at most {_MAX_MYSQL_TEXT_BYTES} bytes as an attribute, and {name!r} has "
            f"{len(text.encode())}. Keep it in a file, and its path here."
        )


def check_step(dialect: str, step: int) -> None:
    """Check the step of a report.

    Raises:
        StorageInternalError: It is too large.
    """
    if dialect != "sqlite" and not -_MAX_INTEGER <= step <= _MAX_INTEGER:
        raise StorageInternalError(f"A step must be below 2**31 in size, got {step}.")
