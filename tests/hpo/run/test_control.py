"""Orders to a study: from this process, and from others to runs that are going on."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
import sqlalchemy as sa

import highnoon as hn
from highnoon.exceptions import SearchSpaceError, StudyError, StudyExistsError
from highnoon.hpo import attributes
from highnoon.hpo.flags import read_flags
from highnoon.hpo.states import trial_status
from highnoon.hpo.storage import open_storage
from tests.processes import WAIT_SECONDS, StartPython, wait_until

SPACE = {"x": ("uniform", -1.0, 1.0), "kind": ("categorical", ["a", "b"])}

WORKER = f"""
import sys, time
import highnoon as hn
hpo = hn.HPOTrialManager("s", storage=sys.argv[1], n_trials=1000)
def objective(params):
    for step in range(1_000_000):
        hpo.report(1.0, step)
        time.sleep(0.05)
        if step > float(sys.argv[2]) * 20:
            return params["x"]
print("best", hpo.optimize(objective, {SPACE!r}, show_progress=False), flush=True)
"""


def none_starts(trials: Callable[[], list[optuna.trial.FrozenTrial]]) -> int:
    """Return how many trials there are, of which none runs, and none starts for half a second."""
    before = trials()
    assert all(trial.state.is_finished() for trial in before)
    time.sleep(0.5)
    assert len(trials()) == len(before)
    return len(before)


def statuses(url: str) -> list[str]:
    return [trial_status(trial) for trial in hn.StudyReader.open("s", url).trials]


def created(url: str) -> hn.StudyControl:
    hpo = hn.HPOTrialManager("s", storage=url)
    hpo.optimize(lambda params: 1.0, SPACE, n_trials=1, show_progress=False)
    return hn.StudyControl("s", url, by="ana@desk")


def test_another_process_pauses_resumes_and_stops_a_run(
    url: str, start_python: StartPython
) -> None:
    control = created(url)
    worker = start_python("-c", WORKER, url, "0.3")
    wait_until(lambda: len(statuses(url)) >= 3)
    control.pause()
    assert worker.stderr is not None
    said = ""
    while "Paused by" not in said:
        said += (line := worker.stderr.readline())
        assert line, said
    paused = none_starts(lambda: hn.StudyReader.open("s", url).trials)
    control.resume()
    wait_until(lambda: len(statuses(url)) >= paused + 2)
    control.stop()
    out, err = worker.communicate(timeout=WAIT_SECONDS)
    said += err
    assert worker.returncode == 0, said
    assert out.startswith("best")
    assert said.count("Paused by ana@desk at ") == 1
    assert "highnoon resume s" in said
    assert set(statuses(url)) == {"completed"}


def test_a_run_obeys_on_every_database_also_under_another_name(
    database_url: str, said: Callable[[], str]
) -> None:
    control = created(database_url)
    hpo = hn.HPOTrialManager("s", storage=database_url)

    def objective(params: dict[str, float]) -> float:
        for step in range(10_000 if len(hpo.trials) == 2 else 2):
            hpo.report(1.0, step)
            time.sleep(0.05)
        return 1.0

    handle = hpo.start(objective, SPACE, n_trials=10_000)
    wait_until(lambda: statuses(database_url)[1:] == ["running"])
    control.stop_trial(1)
    wait_until(lambda: len(statuses(database_url)) > 3)
    control.rename("another name")
    control.pause()
    wait_until(lambda: "Paused by ana@desk" in said())
    paused = none_starts(lambda: hpo.trials)
    control.resume()
    wait_until(lambda: len(hpo.trials) > paused)
    control.stop()
    handle.wait(WAIT_SECONDS)
    trials = hn.StudyReader.open("another name", database_url).trials
    assert [trial_status(trial) for trial in trials[:3]] == ["completed", "pruned", "completed"]
    assert trials[1].user_attrs[attributes.STOPPED]["by"] == "ana@desk"
    assert trials[1].value == 1.0
    with pytest.raises(StudyError, match="No study 's'"):
        hn.StudyControl("s", database_url)


def test_stop_now_gives_the_running_trial_back(url: str, start_python: StartPython) -> None:
    control = created(url)
    worker = start_python("-c", WORKER, url, "1000")
    wait_until(lambda: "running" in statuses(url))
    control.stop(now=True)
    worker.communicate(timeout=WAIT_SECONDS)
    assert worker.returncode == 0
    assert statuses(url) == ["completed", "lost", "queued"]


def test_a_run_whose_study_is_deleted_ends_with_an_error(
    url: str, start_python: StartPython
) -> None:
    control = created(url)
    worker = start_python("-c", WORKER, url, "0.2")
    wait_until(lambda: "running" in statuses(url))
    control.delete(force=True)
    _, err = worker.communicate(timeout=WAIT_SECONDS)
    assert worker.returncode == 1
    assert "The study was deleted" in err.strip().splitlines()[-1]


def test_a_stop_does_not_concern_a_run_that_starts_later(url: str) -> None:
    created(url).stop()
    hpo = hn.HPOTrialManager("s", storage=url)
    hpo.optimize(lambda params: 1.0, SPACE, n_trials=2, show_progress=False)
    assert len(hpo.trials) == 3


def test_the_manager_stops_its_own_run_in_memory() -> None:
    hpo = hn.HPOTrialManager("s")

    def objective(params: dict[str, float]) -> float:
        if len(hpo.trials) == 3:
            hpo.stop()
        return 1.0

    hpo.optimize(objective, SPACE, n_trials=50, show_progress=False)
    assert len(hpo.trials) == 3


def test_a_handle_pauses_and_resumes_a_study_in_memory(said: Callable[[], str]) -> None:
    hpo = hn.HPOTrialManager("s")
    handle = hpo.start(lambda params: time.sleep(0.05) or 1.0, SPACE, n_trials=10_000)
    wait_until(lambda: len(hpo.trials) >= 2)
    handle.pause()
    wait_until(lambda: "Paused by" in said())
    paused = none_starts(lambda: hpo.trials)
    handle.resume()
    wait_until(lambda: len(hpo.trials) > paused)
    handle.stop()
    handle.wait(WAIT_SECONDS)


def test_a_timeout_goes_on_counting_while_a_run_is_paused() -> None:
    hpo = hn.HPOTrialManager("s")
    hpo.optimize(lambda params: 1.0, SPACE, n_trials=1, show_progress=False)
    hpo.pause()
    hpo.optimize(lambda params: 1.0, SPACE, timeout=0.5, show_progress=False)
    assert len(hpo.trials) == 1


def test_a_trial_of_ones_own_loop_may_be_stopped_but_is_never_raised_out_of() -> None:
    hpo = hn.HPOTrialManager("s")
    trial = hpo.ask(SPACE)
    hpo.stop(now=True)
    trial.report(1.0, 0)
    assert not trial.should_prune()
    hpo.stop_trial(0)
    trial.report(2.0, 1)
    assert trial.should_prune()
    told = hpo.tell(trial, pruned=True)
    assert attributes.STOPPED in told.user_attrs


def test_a_trial_that_is_not_running_cannot_be_stopped(url: str) -> None:
    control = created(url)
    with pytest.raises(StudyError, match="Trial 0 is completed; only a running trial"):
        control.stop_trial(0)
    for number in (7, -1, 10**30):
        with pytest.raises(StudyError, match=f"has no trial {number}; it has 1 trials"):
            control.stop_trial(number)


def test_to_stop_one_trial_reads_no_other(database_url: str) -> None:
    hpo = hn.HPOTrialManager("s", storage=database_url)
    running = [hpo.ask(SPACE).number for _ in range(3)]
    control = hn.StudyControl("s", database_url)
    fetched: list[str] = []
    engine = control._storage.engine

    @sa.event.listens_for(engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, text: str, *_more: object) -> None:
        fetched.append(text)

    control.stop_trial(running[1])
    assert list(control.flags.stopped_trials) == [running[1]]
    of_trials = [each for each in fetched if "FROM trial" in each]
    assert of_trials
    assert all("number =" in each for each in of_trials if "study_id =" in each)


def test_enqueue_checks_against_the_stored_space(url: str) -> None:
    control = created(url)
    control.enqueue({"x": 0.5})
    with pytest.raises(SearchSpaceError, match="kind"):
        control.enqueue({"kind": "c"})
    hpo = hn.HPOTrialManager("s", storage=url)
    hpo.optimize(lambda params: 1.0, SPACE, n_trials=1, show_progress=False)
    assert hpo.trials[1].params["x"] == 0.5


def test_enqueue_tells_the_number_of_the_trial(url: str) -> None:
    control = created(url)
    assert control.enqueue({"x": 0.5}) == 1
    assert control.enqueue({}) == 2


def test_enqueue_on_a_study_of_stock_optuna_checks_against_what_was_drawn(url: str) -> None:
    study = optuna.create_study(study_name="s", storage=url)
    control = hn.StudyControl("s", url)
    with pytest.raises(StudyError, match="no search space yet"):
        control.enqueue({"x": 0.5})
    study.optimize(
        lambda trial: trial.suggest_float("x", 0, 1) + len(trial.suggest_categorical("k", "ab")),
        n_trials=1,
    )
    for wrong in ({"x": 2.0}, {"k": "c"}, {"y": 1.0}):
        with pytest.raises(SearchSpaceError):
            control.enqueue(wrong)
    assert control.enqueue({"x": 0.25, "k": "b"}) == 1
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert study.trials[1].params["x"] == 0.25


def test_the_flags_say_who_and_when(url: str) -> None:
    control = created(url)
    assert control.flags.paused is None
    control.pause()
    control.archive()
    control.stop(now=True)
    flags = control.flags
    assert flags.paused is not None
    assert flags.paused.by == "ana@desk"
    assert flags.archived is not None
    assert flags.stop is not None
    assert flags.stop.immediate
    control.resume()
    control.unarchive()
    assert control.flags.paused is None
    assert control.flags.archived is None


def test_the_flags_are_read_with_one_statement(url: str) -> None:
    control = created(url)
    control.pause()
    storage = open_storage(url)
    statements: list[str] = []
    engine = storage.engine  # type: ignore[attr-defined]
    sa.event.listen(
        engine, "before_cursor_execute", lambda c, cur, text, *a: statements.append(text)
    )
    flags = read_flags(storage, 1)
    assert flags is not None
    assert flags.paused is not None
    assert len(statements) == 1


def test_a_storage_without_a_database_has_flags_too(tmp_path: Path) -> None:
    from optuna.storages.journal import JournalFileBackend, JournalStorage

    storage = JournalStorage(JournalFileBackend(str(tmp_path / "log")))
    hpo = hn.HPOTrialManager("s", storage=storage)
    run = threading.Thread(
        target=hpo.optimize,
        args=(lambda params: time.sleep(0.05) or 1.0, SPACE),
        kwargs={"n_trials": 10_000, "show_progress": False},
    )
    run.start()
    wait_until(lambda: len(hpo.trials) >= 2)
    hn.StudyControl("s", storage).stop()
    run.join(WAIT_SECONDS)
    assert not run.is_alive()
    with pytest.raises(StudyError, match="Only a study in a database can be renamed"):
        hpo._control.rename("t")


def test_a_name_that_is_taken_or_cannot_be_kept_is_refused(database_url: str) -> None:
    control = created(database_url)
    hn.HPOTrialManager("t", storage=database_url)
    with pytest.raises(StudyExistsError, match="A study named 't' exists"):
        control.rename("t")
    with pytest.raises(StudyError, match="not empty"):
        control.rename(" ")
    assert control.study_name == "s"


def test_a_study_with_running_trials_is_deleted_by_force_only(url: str) -> None:
    control = created(url)
    optuna.load_study(study_name="s", storage=url).ask()
    with pytest.raises(StudyError, match="Trial 1 of 's' is running"):
        control.delete()
    control.delete(force=True)
    with pytest.raises(StudyError, match="deleted"):
        control.pause()


def test_whoever_holds_a_deleted_study_is_told_so(database_url: str) -> None:
    hpo = hn.HPOTrialManager("s", storage=database_url)
    hpo.optimize(lambda params: 1.0, SPACE, n_trials=1, show_progress=False)
    control, deleted = hn.StudyControl("s", database_url), "The study 's' is there no more"
    hn.StudyControl("s", database_url).delete()
    uses: list[Callable[[], object]] = [
        control.pause,
        control.stop,
        control.archive,
        control.delete,
        lambda: control.flags,
        lambda: control.stop_trial(0),
        lambda: control.enqueue({"x": 0.5}),
        lambda: control.rename("t"),
        hpo.ask,
        lambda: hpo.enqueue({"x": 0.5}),
        lambda: hpo.trials,
        lambda: hpo.optimize(lambda params: 1.0, SPACE),
    ]
    for use in uses:
        with pytest.raises(StudyError, match=deleted):
            use()
