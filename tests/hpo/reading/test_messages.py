"""Numbered messages of a study: what is kept of them, and what a reader is told to take."""

import json
from typing import Any

import optuna
import pytest
from optuna.storages import InMemoryStorage
from optuna.trial import create_trial

from highnoon.hpo.reading import StudyFeed, StudyMessages


def header(message: bytes) -> dict[str, Any]:
    length = int.from_bytes(message[:4], "little")
    return json.loads(message[4 : 4 + length])


@pytest.fixture
def study() -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(study_name="s", storage=InMemoryStorage())


def test_each_change_leads_from_one_revision_to_the_next(study: optuna.Study) -> None:
    messages = StudyMessages(StudyFeed(study))
    assert messages.poll() is None
    for _ in range(3):
        study.add_trial(create_trial(value=1.0))
        messages.poll()
    assert messages.revision == 3
    steps = [(told["base"], told["revision"]) for told in map(header, messages.since(1) or [])]
    assert steps == [(1, 2), (2, 3)]
    assert messages.since(3) == []
    assert messages.recent(60.0) == messages.since(0)
    whole = header(messages.whole())
    assert (whole["base"], whole["revision"]) == (-1, 3)
    assert messages.since(7) is None


def test_what_is_not_kept_any_more_is_not_told_in_part(study: optuna.Study) -> None:
    messages = StudyMessages(StudyFeed(study), most=2)
    for _ in range(3):
        study.add_trial(create_trial(value=1.0))
        messages.poll()
    assert messages.since(0) is None
    assert len(messages.since(1) or []) == 2


def test_the_last_message_is_kept_however_long_it_is(study: optuna.Study) -> None:
    messages = StudyMessages(StudyFeed(study), most_bytes=1)
    for _ in range(2):
        study.add_trial(create_trial(value=1.0))
        messages.poll()
    assert messages.since(0) is None
    assert len(messages.since(1) or []) == 1


def test_a_study_made_anew_is_told_whole_and_describes_its_parameters_again() -> None:
    storage = InMemoryStorage()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space: Any = {"x": optuna.distributions.FloatDistribution(0.0, 1.0)}
    known = create_trial(value=1.0, params={"x": 0.5}, distributions=space)
    optuna.create_study(study_name="s", storage=storage).add_trial(known)
    messages = StudyMessages(StudyFeed.open("s", storage))
    messages.whole()
    optuna.delete_study(study_name="s", storage=storage)
    study = optuna.create_study(study_name="s", storage=storage)
    assert header(messages.poll() or b"")["base"] == -1
    study.add_trial(known)
    assert header(messages.poll() or b"")["parameters"] == [
        {"name": "x", "kind": "float", "low": 0.0, "high": 1.0, "log": False, "step": None}
    ]
    assert messages.since(0) is None
