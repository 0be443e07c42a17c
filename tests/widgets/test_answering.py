from typing import Any

import optuna
import pytest

from highnoon.hpo import attributes
from highnoon.hpo.reading import StudyFeed
from highnoon_widgets.actions import ACTIONS, READING
from highnoon_widgets.answering import Answering
from highnoon_widgets.browser_actions import BROWSER_ACTIONS, BROWSER_READING
from highnoon_widgets.browser_source import BrowserSource
from highnoon_widgets.source import StudySource
from tests.processes import wait_until

X = {"x": optuna.distributions.FloatDistribution(0.0, 10.0)}


def asked(widget: Answering, action: str, **arguments: Any) -> dict[str, Any]:
    """Return what a widget answers to a page's call."""
    answers: list[dict[str, Any]] = []
    widget.send = lambda content, buffers=None: answers.append(content)
    widget._call({"type": "call", "id": "1", "action": action, "arguments": arguments})
    return answers[0]


@pytest.fixture
def study() -> optuna.Study:
    study = optuna.create_study(study_name="fixed")
    study.add_trial(optuna.create_trial(value=1.0, params={"x": 1.0}, distributions=X))
    return study


CHANGING = ("pause", "resume", "stop", "stop_trial", "enqueue", "enqueue_again", "set_note")


@pytest.mark.parametrize("action", CHANGING)
def test_what_changes_a_study_is_refused_where_it_may_only_be_read(
    study: optuna.Study, action: str
) -> None:
    source = StudySource(study, sends_study=False, read_only=True)
    before = (study.user_attrs, study.get_trials())
    arguments = {"params": {"x": 2.0}} if action == "enqueue" else {"number": 0, "text": "note"}
    answer = asked(source, action, **arguments)
    source.close()
    assert "only shows studies" in answer["error"]
    assert (study.user_attrs, study.get_trials()) == before


def test_what_only_reads_is_answered_there(study: optuna.Study) -> None:
    source = StudySource(study, sends_study=False, read_only=True)
    assert asked(source, "details", number=0)["result"]["number"] == 0
    assert "error" not in asked(source, "trials_csv")
    assert set(ACTIONS) == READING | set(CHANGING)
    source.close()


def test_what_changes_a_study_is_done_in_the_order_in_which_it_was_asked_for(
    study: optuna.Study,
) -> None:
    source = StudySource(study, sends_study=False)
    answers: list[dict[str, Any]] = []
    source.send = lambda content, buffers=None: answers.append(content)
    for number in range(200):
        arguments = {"number": 0, "text": f"note {number}"}
        call = {"type": "call", "id": number, "action": "set_note", "arguments": arguments}
        source._on_message(source, call, [])
    wait_until(lambda: len(answers) == 200)
    source.close()
    assert [answer["id"] for answer in answers] == list(range(200))
    assert study.user_attrs[f"{attributes.NOTE}0"] == "note 199"


@pytest.mark.parametrize(
    ("action", "arguments"),
    [("rename", {"name": "other"}), ("archive", {"archived": True}), ("delete", {})],
)
def test_the_list_of_studies_is_left_as_it_is_too(
    study: optuna.Study, action: str, arguments: dict[str, Any]
) -> None:
    assert action not in BROWSER_READING
    assert set(BROWSER_ACTIONS) == BROWSER_READING | {"rename", "archive", "delete"}
    storage = study._storage
    source = BrowserSource({"here": storage}, on_open=lambda *_: None)
    source.read_only = True
    answer = asked(source, action, storage="here", study="fixed", **arguments)
    source.close()
    assert "only shows studies" in answer["error"]
    assert StudyFeed.open("fixed", storage).study.flags.archived is None
