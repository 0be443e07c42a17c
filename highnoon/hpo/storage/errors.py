"""What a database raises, said so that a person can act on it: where, why, and what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from highnoon.exceptions import StorageError

__all__ = ["REFUSED", "AccessAbandoned", "reason_of", "storage_errors"]

REFUSED = "The database refused: "
"""What the message of a `StorageInternalError` begins with; the driver's own words follow."""


class AccessAbandoned(BaseException):
    """An access was cut off that would not end, as the process was told to end.

    No `Exception`, so that drivers and SQLAlchemy drop the connection and try nothing more on it.

    Args:
        signal: Name of the signal that said so.
    """

    def __init__(self, signal: str | None) -> None:
        super().__init__(f"it did not answer for seconds after {signal}")


# What to do, by the words of the driver or server. The first that is found is given.
_ADVICE = {
    r"did not answer for seconds after": (
        "Finished trials are kept; those that ran are tried again."
    ),
    r"password authentication failed|no password supplied|using password: (yes|no)": (
        "Check the user and the password in the URL. Characters such as @ : / ? # % are written "
        "percent-encoded there: @ is %40."
    ),
    r"resolve host|translate host name|name or service not known|name resolution|getaddrinfo": (
        "There is no machine of that name in this network. Check the host in the URL."
    ),
    r"connection refused": (
        "No server listens there. Check the host and the port in the URL, and that it runs."
    ),
    r"timed out|timeout expired|no route to host|network is unreachable": (
        "Nobody answers there. Check the host and the port in the URL, and the firewall."
    ),
    r'database ".*" does not exist|unknown database|no database selected': (
        "Create it first (CREATE DATABASE ...), or name one that is there."
    ),
    r"invalid connection option|unexpected keyword|invalid sslmode": (
        "Check the options behind the ? of the URL."
    ),
    r"\bssl\b|\btls\b|certificate": (
        "Check the TLS options in the URL: sslmode, sslrootcert for PostgreSQL; ssl_ca, ssl_cert "
        "and ssl_key for MySQL."
    ),
    r"disk is full|no space left|could not extend file|table .* is full|disk full": (
        "The disk is full. Free some space and run again; finished trials are kept."
    ),
    r"readonly database|read-only": (
        "It can only be read. Check the owner of the file, or connect to the server that is "
        "written to."
    ),
    r"permission denied|command denied|access denied for user .* to database|denied to user": (
        "The user lacks rights there; an administrator grants them (on PostgreSQL: GRANT ALL ON "
        "SCHEMA public TO ...)."
    ),
    r"database is locked": (
        "Another program is writing to it and does not get done. End that program; for many "
        "workers a PostgreSQL or MySQL server is better."
    ),
    r"unable to open database file": "Check the path, and the rights on its folder.",
    r"not a database|malformed": "It is another kind of file or damaged. Choose another path.",
    r"too many (connections|clients)|connection slots": (
        "Run fewer workers, or raise the server's max_connections."
    ),
    r"no such table|table .* doesn't exist|relation .* does not exist": (
        "Its tables are not those of a study. Choose another database."
    ),
    r"lost connection|gone away|server closed|terminating connection|shutting down|broken pipe": (
        "The server went away. Run again when it is back; finished trials are kept."
    ),
}


@contextmanager
def storage_errors(url: str) -> Iterator[None]:
    """Turn what a database raises into a `StorageError`.

    Args:
        url: What to call the database; without its password.

    Raises:
        StorageError: The database raised an error inside the block.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, StorageInternalError, AccessAbandoned) as error:
        reason = reason_of(error)
        raise StorageError(_message(url, reason, _advice(reason))) from error


def _message(url: str, reason: str, advice: str) -> str:
    return f"The database {url} cannot be used: {reason.rstrip('.')}. {advice}".rstrip()


def reason_of(error: BaseException) -> str:
    """Return the driver's own words, on one line."""
    abandoned = _abandoned_in(error)
    if abandoned is not None:
        return str(abandoned)
    found = error
    while found.__cause__ is not None and getattr(found, "orig", None) is None:
        found = found.__cause__
    found = getattr(found, "orig", None) or found
    words = " ".join(str(found).split())
    code_and_text = getattr(found, "args", ())
    if len(code_and_text) == 2 and isinstance(code_and_text[0], int):  # as PyMySQL has it
        words = f"{code_and_text[1]} (error {code_and_text[0]})"
    # libpq repeats itself and asks a question that the advice answers.
    words = re.sub(r"^connection failed: (connection to server)", r"\1", words)
    words = re.sub(r" Is the server running on that host.*", "", words)
    return words or type(found).__name__


def _abandoned_in(error: BaseException | None) -> AccessAbandoned | None:
    """Return what cut an access off, also where its driver raised another error on top."""
    while error is not None and not isinstance(error, AccessAbandoned):
        error = error.__cause__ or error.__context__
    return error


def _advice(reason: str) -> str:
    for pattern, advice in _ADVICE.items():
        if re.search(pattern, reason, re.IGNORECASE):
            return advice
    return ""
