"""The commands that give orders to a study."""

from pathlib import Path

import pytest

import highnoon as hn
from highnoon.cli import main

SPACE = {
    "lr": ("log_uniform", 1e-5, 1e-1),
    "batch_size": ("categorical", [8, 16]),
    "optimizer": ("categorical", ["adam", "sgd"]),
    "nesterov": ("categorical", [True, False]),
}


@pytest.fixture(autouse=True)
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> hn.StudyControl:
    """The study `s` in the storage that the environment names."""
    url = f"sqlite:///{tmp_path / 'hpo.db'}"
    monkeypatch.setenv("HIGHNOON_STORAGE", url)
    hpo = hn.HPOTrialManager("s", storage=url)
    hpo.optimize(lambda params: 1.0, SPACE, n_trials=1, show_progress=False)
    return hn.StudyControl("s", url)


def test_pause_and_resume(study: hn.StudyControl, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pause", "s"]) == 0
    assert "highnoon resume s" in capsys.readouterr().out
    assert study.flags.paused is not None
    assert main(["resume", "s"]) == 0
    assert study.flags.paused is None


def test_stop_after_the_running_trials_or_now(study: hn.StudyControl) -> None:
    assert main(["stop", "s"]) == 0
    first = study.flags.stop
    assert first is not None
    assert not first.immediate
    assert main(["stop", "s", "--now"]) == 0
    second = study.flags.stop
    assert second is not None
    assert second.immediate
    assert second.id != first.id


def test_stop_one_trial(study: hn.StudyControl, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stop", "s", "--trial", "0"]) == 1
    assert "Trial 0 is completed" in capsys.readouterr().err


def test_enqueue_reads_values_as_python_and_json_write_them(
    study: hn.StudyControl, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = ["lr=1e-3", "batch_size=16", "optimizer=sgd", "nesterov=false"]
    assert main(["enqueue", "s", *pairs]) == 0
    assert main(["enqueue", "s", "nesterov=True"]) == 0
    reader = hn.StudyReader.open("s", study._storage)
    queued = [trial.system_attrs["fixed_params"] for trial in reader.trials[1:]]
    assert queued == [
        {"lr": 1e-3, "batch_size": 16, "optimizer": "sgd", "nesterov": False},
        {"nesterov": True},
    ]


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("lr", "Write NAME=VALUE, such as lr=1e-3; got 'lr'"),
        ("lr=7", '"lr" = 7'),
        ("batch_size=9", "must be one of"),
        ("momentum=1", "momentum"),
    ],
)
def test_a_wrong_configuration_is_not_queued(
    capsys: pytest.CaptureFixture[str], pair: str, message: str
) -> None:
    assert main(["enqueue", "s", pair]) == 1
    assert message in capsys.readouterr().err


def test_rename(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rename", "s", "t"]) == 0
    assert main(["show", "t"]) == 0
    assert main(["show", "s"]) == 1


def test_archived_studies_are_listed_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "s"]) == 0
    capsys.readouterr()
    assert main(["studies"]) == 0
    assert capsys.readouterr().out == "1 archived study: --all shows them.\n"
    assert main(["studies", "--all"]) == 0
    assert "1 completed" in capsys.readouterr().out
    assert main(["archive", "--undo", "s"]) == 0
    assert main(["studies"]) == 0
    assert "1 completed" in capsys.readouterr().out


def test_delete_asks_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["delete", "s"]) == 1
    assert "say so with --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    assert main(["delete", "s"]) == 1
    assert "Nothing was deleted" in capsys.readouterr().err
    monkeypatch.setattr("builtins.input", lambda prompt: "s")
    assert main(["delete", "s"]) == 0
    assert main(["show", "s"]) == 1


def test_delete_refuses_while_a_trial_runs(
    study: hn.StudyControl, capsys: pytest.CaptureFixture[str]
) -> None:
    study._study.ask()
    assert main(["delete", "s", "--yes"]) == 1
    assert "Trial 1 of 's' is running" in capsys.readouterr().err
    assert main(["delete", "s", "--yes", "--force"]) == 0
