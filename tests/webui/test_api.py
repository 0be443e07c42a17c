"""What scripts and pages are told by HTTP, asked by a plain client."""

import contextlib
import csv
import io
import json
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import optuna
import pytest
import yaml

from highnoon.hpo.reader import StudyReader
from highnoon.hpo.run.control import StudyControl
from highnoon.hpo.storage import open_storage
from highnoon.webui import following, live_list
from tests.processes import WAIT_SECONDS, wait_until

from .conftest import Answer, Served

HOSTILE = "</script><img src=x onerror=alert(1)> / ?#%2F \"' \u202e 名 \u0007"


def headers_of(body: bytes) -> list[dict[str, Any]]:
    """The headers of the messages of a body, which says itself where each ends."""
    sizes = {"f8": 8, "i4": 4, "i1": 1, "u1": 1}
    headers = []
    while body:
        length = 4 + int.from_bytes(body[:4], "little")
        header = json.loads(body[4:length])
        headers.append(header)
        for _, kind, count in header["arrays"]:
            length += -(-sizes[kind] * count // 8) * 8
        body = body[length:]
    return headers


def test_all_studies_are_listed_and_news_are_waited_for(
    serve: Callable[..., Served], study: optuna.Study, url: str
) -> None:
    server = serve({"mine": url})
    told = server.get("studies")
    assert told.status == 200
    assert [(row["storage"], row["name"]) for row in told.json["studies"]] == [("mine", "first")]
    assert told.json["places"] == [{"alias": "mine", "address": url}]
    assert server.get(f"studies?after={told.token}&wait=0").status == 204
    assert server.get("studies", **{"If-None-Match": told.headers["Etag"]}).status == 304
    answers: list[Answer] = []
    waiting = threading.Thread(
        target=lambda: answers.append(server.get(f"studies?after={told.token}"))
    )
    waiting.start()
    optuna.create_study(study_name="second", storage=url)
    waiting.join()
    assert [row["name"] for row in answers[0].json["studies"]] == ["first", "second"]


def test_a_study_is_told_at_a_glance_and_by_trials(
    serve: Callable[..., Served], study: optuna.Study, url: str
) -> None:
    study.add_trial(optuna.trial.create_trial(state=optuna.trial.TrialState.FAIL))
    server = serve(url)
    glance = server.of("first").json
    assert glance["counts"] == {"completed": 3, "failed": 1}
    assert glance["best"]["value"] == study.best_value
    assert glance["best"]["params"] == study.best_params
    trials = server.of("first", "/trials").json["trials"]
    assert [trial["params"] for trial in trials] == [trial.params for trial in study.trials]
    assert [trial["value"] for trial in trials] == [trial.value for trial in study.trials]
    assert trials[3]["state"] == "failed"


def test_the_best_configuration_is_that_of_the_reader(
    serve: Callable[..., Served], study: optuna.Study, url: str
) -> None:
    server, reader = serve(url), StudyReader.open("first", url)
    answer = server.of("first", "/best")
    assert answer.text == reader.best_text()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="best.json"'
    assert yaml.safe_load(server.of("first", "/best?format=yaml").text)["value"] == study.best_value
    refused = server.of("first", "/best?format=<b>")
    assert (refused.status, "json or yaml" in refused.json["error"]) == (400, True)
    optuna.create_study(study_name="empty", storage=url)
    none = server.of("empty", "/best")
    assert (none.status, "no trials yet" in none.json["error"]) == (404, True)


def test_changes_follow_on_the_whole(
    serve: Callable[..., Served], study: optuna.Study, url: str
) -> None:
    server = serve(url)
    whole = server.of("first", "/changes")
    (header,) = headers_of(whole.body)
    assert (header["base"], header["study"]["name"]) == (-1, "first")
    assert server.of("first", "/changes", **{"If-None-Match": whole.headers["Etag"]}).status == 304
    assert server.of("first", f"/changes?after={whole.token}&wait=0").status == 204
    answers: list[Answer] = []
    waiting = threading.Thread(
        target=lambda: answers.append(server.of("first", f"/changes?after={whole.token}"))
    )
    waiting.start()
    study.add_trial(optuna.trial.create_trial(value=9.0))
    waiting.join()
    first = answers[0]
    study.add_trial(optuna.trial.create_trial(value=10.0))
    second = server.of("first", f"/changes?after={first.token}")
    both = server.of("first", f"/changes?after={whole.token}")
    assert both.body == first.body + second.body
    assert both.token == second.token
    steps = [(header["base"], header["revision"]) for header in headers_of(both.body)]
    assert steps == [(0, 1), (1, 2)]


def test_who_knows_another_server_s_revision_gets_the_whole(
    serve: Callable[..., Served], study: optuna.Study, url: str
) -> None:
    answer = serve(url).of("first", "/changes?after=0123abcd-7")
    assert [header["base"] for header in headers_of(answer.body)] == [-1]


def test_what_is_no_revision_is_refused(
    serve: Callable[..., Served], study: optuna.Study, url: str
) -> None:
    server = serve(url)
    for token in ("", "x", "-1", "a-", "a--1", "a-1.5", "<b>-1", "a-²"):
        for what in ("study/first/changes", "studies"):
            answer = server.get(f"{what}?after={quote(token)}")
            assert (answer.status, "no revision" in answer.json["error"]) == (400, True)
    for wait in ("-1", "26", "nan", "x"):
        answer = server.get(f"studies?wait={wait}")
        assert (answer.status, "number of seconds" in answer.json["error"]) == (400, True)


def test_large_answers_are_packed_for_those_who_take_that(
    serve: Callable[..., Served], study: optuna.Study, url: str
) -> None:
    for _ in range(50):
        study.add_trial(study.trials[0])
    server = serve(url)
    plain = server.of("first", "/changes")
    packed = server.of("first", "/changes", **{"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.body) < len(plain.body)
    trials = server.of("first", "/trials", **{"Accept-Encoding": "gzip"})
    assert json.loads(trials.text)["study"] == "first"


def test_a_name_that_is_not_there_is_answered_with_the_closest(
    serve: Callable[..., Served], study: optuna.Study, url: str
) -> None:
    server = serve({"mine": url})
    answer = server.of("frist")
    assert answer.status == 404
    assert answer.json["error"] == "There is no study 'frist' here. Did you mean 'first'?"
    answer = server.of("first", alias="nime")
    assert answer.json["error"] == "There is no storage 'nime' here. Did you mean 'mine'?"


def test_of_many_studies_some_are_named_and_the_others_counted(
    serve: Callable[..., Served], url: str
) -> None:
    for number in range(12):
        optuna.create_study(study_name=f"study-{number}", storage=url)
    error = serve(url).of("qqq").json["error"]
    assert error.endswith("'study-9' and 2 more.")


def test_a_name_in_two_storages_needs_the_storage(
    serve: Callable[..., Served], study: optuna.Study, url: str, new_database: Callable[[str], str]
) -> None:
    other = new_database("postgresql")
    twin = optuna.create_study(study_name="first", storage=open_storage(other, create=True))
    twin.add_trial(optuna.trial.create_trial(value=1.0))
    server = serve({"files": url, "server": other})
    assert server.of("first").status == 404
    assert server.of("first", alias="server").json["finished"] == 1
    assert server.of("first", alias="files").json["finished"] == 3
    assert "password" not in server.get("studies").text
    whole = server.of("first", "/changes", alias="server")
    twin.add_trial(optuna.trial.create_trial(value=0.5))
    news = server.of("first", f"/changes?after={whole.token}", alias="server")
    assert headers_of(news.body)[0]["base"] == 0


def test_hostile_names_and_values_are_data(serve: Callable[..., Served], url: str) -> None:
    study = optuna.create_study(study_name=HOSTILE, storage=url)
    long = "=" + "x" * 10_000
    space: Any = {HOSTILE: optuna.distributions.CategoricalDistribution([long, HOSTILE, None])}
    for value in (long, HOSTILE, None):
        study.add_trial(
            optuna.trial.create_trial(value=1.0, params={HOSTILE: value}, distributions=space)
        )
    server = serve(url)
    assert server.get("studies").json["studies"][0]["name"] == HOSTILE
    assert server.of(HOSTILE).json["name"] == HOSTILE
    told = server.of(HOSTILE, "/trials")
    assert told.headers["Content-Type"] == "application/json"
    assert [trial["params"][HOSTILE] for trial in told.json["trials"]] == [long, HOSTILE, None]
    (header,) = headers_of(server.of(HOSTILE, "/changes").body)
    assert header["parameters"][0]["name"] == HOSTILE
    text = server.of(HOSTILE, "/trials.csv").text
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [row[f"params_{HOSTILE}"] for row in rows] == [f"'{long}", HOSTILE, ""]


def test_a_renamed_study_is_followed_and_one_made_anew_is_told_whole(
    serve: Callable[..., Served], study: optuna.Study, url: str
) -> None:
    server = serve(url)
    before = server.of("first", "/changes")
    StudyControl("first", url).rename("other")
    news = server.of("first", f"/changes?after={before.token}")
    assert headers_of(news.body)[0]["study"]["name"] == "other"
    assert server.of("first").status == 404
    assert server.of("other").json["finished"] == 3
    optuna.create_study(study_name="first", storage=url)
    assert server.of("first", alias=Path(url).name).json["finished"] == 0
    optuna.delete_study(study_name="other", storage=url)
    optuna.create_study(study_name="other", storage=url)
    news = server.of("other", f"/changes?after={news.token}")
    assert [(header["base"], header["arrays"][0][2]) for header in headers_of(news.body)] == [
        (-1, 0)
    ]
    StudyControl("other", url).archive()
    news = server.of("other", f"/changes?after={news.token}")
    assert headers_of(news.body)[0]["study"]["archived"] is not None
    optuna.delete_study(study_name="other", storage=url)
    gone = server.of("other", f"/changes?after={news.token}")
    assert (gone.status, "was deleted" in gone.json["error"]) == (404, True)
    assert server.of("other").status == 404


def test_a_storage_that_is_away_is_said_and_comes_back(
    serve: Callable[..., Served], study: optuna.Study, url: str
) -> None:
    file = Path(url.removeprefix("sqlite:///"))
    away = file.with_suffix(".away")
    server = serve({"mine": url})
    assert server.get("studies").json["trouble"] == {}
    file.rename(away)
    for answer in (server.of("first"), server.of("first", alias="mine")):
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
        assert "There is no database at" in answer.json["error"]
    wait_until(lambda: server.get("studies").json["trouble"] != {})
    listed = server.get("studies").json
    assert "There is no database at" in listed["trouble"]["mine"]
    assert [row["name"] for row in listed["studies"]] == ["first"]
    away.rename(file)
    wait_until(lambda: server.of("first").status == 200)
    wait_until(lambda: server.get("studies").json["trouble"] == {})


@pytest.mark.parametrize("is_there", [False, True])
def test_a_database_in_which_nothing_ran_yet_has_no_studies_and_fills(
    serve: Callable[..., Served], tmp_path: Path, is_there: bool
) -> None:
    file = tmp_path / "demo.db"
    if is_there:
        file.touch()
    server = serve(f"sqlite:///{file}")
    listed = server.get("studies")
    assert (listed.json["trouble"], listed.json["studies"]) == ({}, [])
    assert file.exists() == is_there
    optuna.create_study(study_name="demo", storage=f"sqlite:///{file}")

    def told() -> tuple[Any, list[str]]:
        listed = server.get("studies").json
        return listed["trouble"], [row["name"] for row in listed["studies"]]

    wait_until(lambda: told() == ({}, ["demo"]))


def test_who_asks_for_all_studies_waits_for_the_first_answer_of_a_storage(
    serve: Callable[..., Served],
    study: optuna.Study,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = threading.Event()
    summaries = live_list.study_summaries

    def late_summaries(storage: Any) -> Any:
        answers.wait(WAIT_SECONDS)
        return summaries(storage)

    monkeypatch.setattr(live_list, "study_summaries", late_summaries)
    monkeypatch.setattr(live_list, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(live_list.LiveList, "poll_seconds", 0.2)
    server = serve({"mine": url})
    assert server.get("studies?wait=0").json["trouble"] == {"mine": "It has not answered yet."}
    threading.Timer(0.5, answers.set).start()
    listed = server.get("studies").json
    assert (listed["trouble"], [row["name"] for row in listed["studies"]]) == ({}, ["first"])


def test_a_database_in_a_folder_that_is_not_there_is_trouble(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    listed = serve(f"sqlite:///{tmp_path}/none/demo.db").get("studies").json
    assert "There is no database at" in listed["trouble"]["demo.db"]


def test_a_study_that_nobody_asks_for_is_read_no_more(
    serve: Callable[..., Served],
    study: optuna.Study,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "_KEEP_SECONDS", 0.1)
    server = serve({"mine": url})
    before = server.of("first", "/changes").token
    wait_until(lambda: server.hub.at_hand("mine", "first") is None)
    answer = server.of("first", f"/changes?after={before}")
    assert [header["base"] for header in headers_of(answer.body)] == [-1]
    assert answer.token.partition("-")[0] != before.partition("-")[0]


def test_what_cannot_be_read_is_said_and_hides_no_other_storage(
    serve: Callable[..., Served], study: optuna.Study, url: str, folder: Path
) -> None:
    odd = shutil.copy(url.removeprefix("sqlite:///"), folder)
    with contextlib.closing(sqlite3.connect(odd)) as database:
        database.execute("UPDATE trials SET datetime_start = 'no time'")
        database.commit()
    server = serve({"odd": f"sqlite:///{odd}", "mine": url})
    listed = server.get("studies").json
    assert [row["storage"] for row in listed["studies"]] == ["mine"]
    assert "cannot be read: ValueError" in listed["trouble"]["odd"]
    answer = server.of("first", alias="odd")
    assert (answer.status, "cannot be read" in answer.json["error"]) == (503, True)
