"""What a study was told from any process: pause, stop, stop this trial, archive; why a run gave up.

The flags are attributes of the study. Runs look at them once a second.
"""

import datetime
import getpass
import json
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from highnoon.hpo import attributes
from highnoon.hpo.storage.engines import engine_of

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["GaveUp", "Order", "StopOrder", "StudyFlags", "read_flags", "this_person"]

_NAMES = (attributes.PAUSED, attributes.STOP, attributes.ARCHIVED)


@dataclass(frozen=True)
class Order:
    """Who gave an order, and when.

    Attributes:
        by: A person and a machine, such as `ana@gpu-3`.
        at: When, with its time zone.
    """

    by: str
    at: datetime.datetime

    @classmethod
    def now(cls, by: str | None = None) -> Self:
        """Return an order that is given now, by this process' user where no one is named."""
        at = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        return cls(this_person() if by is None else by, at)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(stored["by"], datetime.datetime.fromisoformat(stored["at"]))

    def to_json(self) -> dict[str, Any]:
        """Return the value of the attribute."""
        return {"by": self.by, "at": self.at.isoformat()}

    def __str__(self) -> str:
        return f"by {self.by} at {self.at.astimezone():%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class StopOrder(Order):
    """An order to end the runs that are going on.

    Attributes:
        by: Who gave it.
        at: When.
        immediate: Whether running trials are to be given back rather than finished.
        id: A text that no other order has.
    """

    immediate: bool = False
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        at = datetime.datetime.fromisoformat(stored["at"])
        return cls(stored["by"], at, immediate=stored["now"], id=stored["id"])

    def to_json(self) -> dict[str, Any]:
        """Return the value of the attribute."""
        return {**super().to_json(), "now": self.immediate, "id": self.id}


@dataclass(frozen=True)
class GaveUp:
    """Why a run ended itself, and when.

    Attributes:
        why: What follows on "stopped": `after 5 failures in a row, all OSError`.
        at: When, with its time zone.
    """

    why: str
    at: datetime.datetime

    @classmethod
    def now(cls, why: str) -> Self:
        """Return that a run gives up now."""
        return cls(why, datetime.datetime.now(datetime.UTC))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(stored["why"], datetime.datetime.fromisoformat(stored["at"]))

    def to_json(self) -> dict[str, Any]:
        """Return the value of the attribute."""
        return {"why": self.why, "at": self.at.isoformat()}


@dataclass(frozen=True)
class StudyFlags:
    """The flags of a study at one moment.

    Attributes:
        paused: Who paused it, or None where trials may start.
        stop: The last order to end the runs of its time, or None.
        stopped_trials: Who wanted which trials, by number, to end.
        archived: Who archived it, or None.
        gave_up: Why the last run that ended itself did, or None.
    """

    paused: Order | None = None
    stop: StopOrder | None = None
    stopped_trials: Mapping[int, Order] = field(default_factory=dict)
    archived: Order | None = None
    gave_up: GaveUp | None = None

    @classmethod
    def from_attributes(cls, attrs: Mapping[str, Any]) -> Self:
        """Read them from a study's user attributes."""
        start = attributes.STOP_TRIAL
        stopped = {n: attrs[n] for n in attrs if n.startswith(start)}
        paused, stop = attrs.get(attributes.PAUSED), attrs.get(attributes.STOP)
        archived, gave_up = attrs.get(attributes.ARCHIVED), attrs.get(attributes.GAVE_UP)
        return cls(
            paused=Order.from_json(paused) if paused else None,
            stop=StopOrder.from_json(stop) if stop else None,
            stopped_trials={
                int(name.removeprefix(start)): Order.from_json(order)
                for name, order in stopped.items()
            },
            archived=Order.from_json(archived) if archived else None,
            gave_up=GaveUp.from_json(gave_up) if gave_up else None,
        )


def read_flags(storage: "BaseStorage", study_id: int) -> StudyFlags | None:
    """Return a study's flags, with one statement where they are in a database.

    None means that the study is there no more.
    """
    engine = engine_of(storage)
    if engine is None:
        try:
            return StudyFlags.from_attributes(dict(storage.get_study_user_attrs(study_id)))
        except KeyError:
            return None
    import sqlalchemy as sa

    from highnoon.hpo.storage import tables

    kept = tables.study_user_attributes.c
    wanted = kept.key.in_(_NAMES) | kept.key.startswith(attributes.STOP_TRIAL, autoescape=True)
    join = sa.outerjoin(
        tables.studies,
        tables.study_user_attributes,
        (kept.study_id == tables.studies.c.study_id) & wanted,
    )
    statement = (
        sa.select(kept.key, kept.value_json)
        .select_from(join)
        .where(tables.studies.c.study_id == study_id)
    )
    with engine.connect() as connection:
        rows = connection.execute(statement).all()
    if not rows:
        return None
    return StudyFlags.from_attributes(
        {row.key: json.loads(row.value_json) for row in rows if row.key}
    )


def this_person() -> str:
    """Return who runs this process and where: `user@host`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as containers have them
        user = "someone"
    return f"{user}@{socket.gethostname()}"
