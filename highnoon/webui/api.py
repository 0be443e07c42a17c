"""What scripts and pages ask by HTTP: studies, trials, the best configuration, what changed."""

import gzip
import json
from typing import Any

from highnoon.exceptions import StorageError, StudyError
from highnoon.webui.access import Guarded
from highnoon.webui.answers import best_text, study_json, trials_csv, trials_json
from highnoon.webui.hub import Hub, Token
from highnoon.webui.live_study import LiveStudy

__all__ = ["api_handlers"]

_LONG_POLL_SECONDS = 25.0
_FIRST_ANSWER_SECONDS = 5.0
_RETRY_AFTER_SECONDS = 5
_SMALL_BYTES = 1024
_REVISION = "X-HighNoon-Revision"


def api_handlers(below: str) -> list[tuple[str, type[Guarded]]]:
    """Return the routes of the API below a path; the hub is `settings["hub"]`."""
    studies = rf"{below}/api/(?:([^/]+)/)?study/([^/]+)"
    return [
        (rf"{below}/api/studies", Studies),
        (studies, Summary),
        (rf"{studies}/trials", Trials),
        (rf"{studies}/best", Best),
        (rf"{studies}/trials\.csv", TrialsCsv),
        (rf"{studies}/changes", Changes),
    ]


class _BadRequestError(Exception):
    """What was asked cannot be understood; the message says why."""


class _Api(Guarded):
    """Answers with data, or with a status and `{"error": a sentence}`."""

    _etag: str | None = None

    @property
    def hub(self) -> Hub:
        """The studies."""
        return self.settings["hub"]

    async def get(self, *names: str | None) -> None:
        """Answer."""
        try:
            await self.answer(*names)
        except _BadRequestError as error:
            await self._refuse_because(400, error)
        except StudyError as error:
            await self._refuse_because(404, error)
        except StorageError as error:
            self.set_header("Retry-After", str(_RETRY_AFTER_SECONDS))
            await self._refuse_because(503, error)

    async def answer(self, *names: str | None) -> None:
        """Answer, or raise what the sentence is made of."""
        raise NotImplementedError

    async def send(self, body: bytes, kind: str, *, packed: bytes | None = None) -> None:
        """Send bytes of a kind, packed where the other side takes that.

        Args:
            body: What to send.
            kind: Its media type.
            packed: The same packed by gzip, where it is at hand.
        """
        self.set_header("Content-Type", kind)
        self.set_header("Cache-Control", "private, no-cache")
        if not self.settings.get("compress_response"):  # which sets it too
            self.set_header("Vary", "Accept-Encoding")
        takes_gzip = "gzip" in self.request.headers.get("Accept-Encoding", "")
        if takes_gzip and len(body) > _SMALL_BYTES:
            self.set_header("Content-Encoding", "gzip")
            body = packed or await self.hub.run(lambda: gzip.compress(body, 1, mtime=0))
        await self.finish(body)

    async def send_json(self, value: Any) -> None:
        """Send a value as JSON."""
        text = await self.hub.run(lambda: json.dumps(value, allow_nan=False))
        await self.send(text.encode(), "application/json")

    def compute_etag(self) -> str | None:
        """Return what names the answer: its revision, or nothing."""
        return self._etag

    def set_revision(self, token: str) -> None:
        """Say which revision the answer leads to."""
        self._etag = f'"{token}"'
        self.set_header(_REVISION, token)

    def after(self) -> Token | None:
        """Return the revision that the other side knows, or None."""
        text = self.get_query_argument("after", None)
        if text is None:
            return None
        try:
            return Token.parse(text)
        except ValueError:
            raise _BadRequestError(
                f"after={text[:80]!r} is no revision. Give the {_REVISION} of an earlier answer, "
                "or leave it out."
            ) from None

    def patience(self) -> float:
        """Return for how many seconds news are waited for."""
        text = self.get_query_argument("wait", str(_LONG_POLL_SECONDS))
        try:
            wait = float(text)
        except ValueError:
            wait = -1.0
        if not 0.0 <= wait <= _LONG_POLL_SECONDS:
            raise _BadRequestError(
                f"wait={text[:80]!r} is no number of seconds from 0 to {_LONG_POLL_SECONDS:g}."
            )
        return wait

    async def study(self, names: tuple[str | None, ...], token: Token | None = None) -> LiveStudy:
        """Return the study that an address names."""
        alias, name = names
        return await self.hub.study(alias, name or "", token)

    def nothing_new(self) -> None:
        """Answer that there is no news."""
        self.set_status(204)
        self.set_header("Cache-Control", "no-store")

    async def _refuse_because(self, status: int, error: Exception) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        await self.finish(json.dumps({"error": str(error)}))


class Studies(_Api):
    """All studies, of all storages."""

    async def answer(self, *_: str | None) -> None:
        """Send a row for each, at once or when the list is another than one that is known."""
        after, patience = self.after(), self.patience()
        listed = await self.hub.studies()
        if after is None:
            await listed.wait_for_answers(min(patience, _FIRST_ANSWER_SECONDS))
        known = after.revision if after is not None and after.epoch == listed.epoch else None
        if not await listed.wait_beyond(known, patience):
            self.set_header(_REVISION, listed.token)
            self.nothing_new()
            return
        self.set_revision(listed.token)
        await self.send_json(listed.json())


class Summary(_Api):
    """One study at a glance."""

    async def answer(self, *names: str | None) -> None:
        """Send it."""
        study = await self.study(names)
        self.set_revision(study.token)
        await self.send_json(await self.hub.run(lambda: study_json(study)))


class Trials(_Api):
    """All trials of a study."""

    async def answer(self, *names: str | None) -> None:
        """Send them."""
        study = await self.study(names)
        self.set_revision(study.token)
        text = await self.hub.run(lambda: trials_json(study))
        await self.send(text.encode(), "application/json")


class Best(_Api):
    """The best configuration of a study."""

    async def answer(self, *names: str | None) -> None:
        """Send it as a file."""
        kind = self.get_query_argument("format", "json")
        if kind not in ("json", "yaml"):
            raise _BadRequestError(f"format={kind[:80]!r} is not known: take json or yaml.")
        study = await self.study(names)
        text = await self.hub.run(lambda: best_text(study, "yaml" if kind == "yaml" else "json"))
        self.set_header("Content-Disposition", f'attachment; filename="best.{kind}"')
        await self.send(text.encode(), f"application/{kind}")


class TrialsCsv(_Api):
    """All trials of a study, for spreadsheets."""

    async def answer(self, *names: str | None) -> None:
        """Send them as a file."""
        study = await self.study(names)
        text = await self.hub.run(lambda: trials_csv(study))
        self.set_header("Content-Disposition", 'attachment; filename="trials.csv"')
        await self.send(text, "text/csv; charset=utf-8")


class Changes(_Api):
    """A study as messages of `highnoon.hpo.reading.wire`, one behind the other."""

    async def answer(self, *names: str | None) -> None:
        """Send the whole study, or wait for what follows on a revision."""
        after, patience = self.after(), self.patience()
        study = await self.study(names, after)
        if after is not None and after.epoch == study.epoch and after.revision <= study.revision:
            if not await study.wait_beyond(after.revision, patience):
                self.set_header(_REVISION, study.token)
                self.nothing_new()
                return
            following = study.since(after.revision)
            if following is not None:
                revision, messages = following
                self.set_revision(f"{study.epoch}-{revision}")
                await self.send(messages, "application/octet-stream")
                return
        whole = await study.whole()
        self.set_revision(f"{study.epoch}-{whole.revision}")
        await self.send(whole.message, "application/octet-stream", packed=whole.packed)
