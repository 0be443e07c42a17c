"""The command `highnoon`, as a person would call it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
import yaml

from highnoon import HPOTrialManager, StudyReader
from highnoon.cli import main
from tests.processes import WAIT_SECONDS

MODULE = """
from highnoon.hpo._context import running_trial

SPACE = {"x": ("uniform", -5.0, 5.0), "kind": ("categorical", ["a", "b"])}

def objective(params):
    return params["x"] ** 2

def keeping(params):
    running_trial().set_attr("bits_per_byte", 2.5)
    return params["x"] ** 2

def broken(params):
    raise RuntimeError("no data here")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a module of objectives, and no storage in the environment."""
    (tmp_path / "train_it.py").write_text(MODULE)
    (tmp_path / "space.yaml").write_text("x: [uniform, -1, 1]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HIGHNOON_STORAGE", raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    sys.modules.pop("train_it", None)
    return tmp_path


def tune(*more: str) -> int:
    arguments = ["tune", "train_it:objective", "--study", "s", "--n-trials", "12", "--seed", "1"]
    return main([*arguments, *more])


def test_tune_runs_an_objective_and_prints_the_best(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune("--space", "train_it:SPACE") == 0
    assert "Best value" in capsys.readouterr().out
    assert (folder / "hpo.db").exists()


def test_tune_reads_a_search_space_from_a_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tune("--space", "space.yaml") == 0
    assert "  x: " in capsys.readouterr().out


def test_tune_prints_what_an_objective_kept_behind_the_parameters(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["tune", "train_it:keeping", "--space", "train_it:SPACE", "--n-trials", "1"])
    printed = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    best = next(place for place, line in enumerate(printed) if line.startswith("Best value"))
    assert printed[best + 1 : best + 5] == ["  x", "  kind", "Kept with it", "  bits_per_byte"]


def test_show_lists_the_best_trials_first_and_what_mattered(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tune("--space", "train_it:SPACE")
    capsys.readouterr()
    assert main(["show", "s", "--top", "3"]) == 0
    output = capsys.readouterr().out
    assert "s: minimize, 12 trials" in output
    assert "Best 3 of 12 completed trials" in output
    assert "Importance (PED-ANOVA, 12 completed trials)" in output


def test_studies_lists_every_study_with_its_trials(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tune("--space", "train_it:SPACE")
    capsys.readouterr()
    assert main(["studies"]) == 0
    assert "12 completed" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "read"), [("b.json", json.loads), ("b.yaml", yaml.safe_load)])
def test_export_writes_a_file_that_reads_back(folder: Path, name: str, read) -> None:
    tune("--space", "train_it:SPACE")
    assert main(["export", "s", name]) == 0
    config = read((folder / name).read_text())
    assert config["study"] == "s"
    assert config["value"] == config["params"]["x"] ** 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tune", "train_it:objective"], "Say what to draw from: --space"),
        (["tune", "train_it", "--space", "space.yaml"], "Write module:name"),
        (["tune", "nowhere:f", "--space", "space.yaml"], "There is no module 'nowhere' here"),
        (["tune", "train_it:f", "--space", "space.yaml"], "The module 'train_it' has no 'f'"),
        (["tune", "train_it:objective", "--space", "none.yaml"], "There is no file 'none.yaml'"),
        (["show", "s"], "There is no database at"),
        (["studies", "--storage", "sqlit:///x.db"], "Did you mean 'sqlite'"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("highnoon: ")
    assert message in error
    assert "Traceback" not in error


def test_an_unknown_study_is_named_with_those_that_are_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tune("--space", "train_it:SPACE")
    assert main(["show", "t"]) == 1
    assert "No study 't' in" in (error := capsys.readouterr().err)
    assert "It holds: s." in error


def test_a_failing_objective_ends_with_its_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", "train_it:broken", "--space", "space.yaml", "--study", "s"]) == 1
    assert "all RuntimeError. Trial 4 said: no data here" in capsys.readouterr().err


def test_the_installed_command_explains_itself() -> None:
    command = Path(sys.executable).parent / "highnoon"
    output = subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout
    assert all(name in output for name in ("tune", "studies", "show", "export"))


def test_a_reader_of_the_output_may_have_had_enough(folder: Path) -> None:
    assert tune("--space", "train_it:SPACE") == 0
    command = Path(sys.executable).parent / "highnoon"
    shown = subprocess.Popen(
        [command, "show", "s"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert shown.stdout is not None
    shown.stdout.close()
    assert shown.stderr is not None
    with shown.stderr:
        assert shown.stderr.read() == ""
    assert shown.wait() == 141


def test_studies_tells_who_is_at_work_and_what_is_paused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tune("--space", "train_it:SPACE")
    reader = StudyReader.open("s", "sqlite:///hpo.db")
    reader.study.ask().set_user_attr("highnoon:run", {"worker": "w"})
    main(["pause", "s"])
    capsys.readouterr()
    assert main(["studies"]) == 0
    assert "12 completed, 1 running (1 worker); paused" in capsys.readouterr().out


def test_show_lists_the_numbers_that_an_objective_kept(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hpo = HPOTrialManager(study_name="kept", storage="sqlite:///hpo.db", seed=0)

    def objective(params: dict) -> float:
        hpo.set_attr("bits_per_byte", 2.5)
        return params["x"]

    hpo.optimize(objective, {"x": ("uniform", 0.0, 1.0)}, n_trials=2)
    capsys.readouterr()
    main(["show", "kept"])
    output = capsys.readouterr().out
    assert "bits_per_byte" in output
    assert "2.5" in output


def test_watch_prints_what_happens_until_ctrl_c(folder: Path) -> None:
    tune("--space", "train_it:SPACE")
    command = [sys.executable, "-m", "highnoon.cli", "watch", "s", "--every", "0.05"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        try:
            assert watching.stdout is not None
            assert watching.stdout.readline() == "s: 12 completed\n"
            study = StudyReader.open("s", "sqlite:///hpo.db").study
            study.add_trial(optuna.trial.create_trial(value=-1.0))
            assert watching.stdout.readline() == "trial 12 completed -1.0000 (best)\n"
            watching.send_signal(signal.SIGINT)
            assert watching.wait(WAIT_SECONDS) == 0
        finally:
            watching.kill()
