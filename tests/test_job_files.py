"""The sample job files: their syntax, and that their command lines are ones of ours."""

import argparse
import configparser
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from highnoon.cli import _parser

JOBS = Path(__file__).parents[1] / "docs" / "jobs"


def slurm() -> list[str]:
    script = (JOBS / "slurm.sh").read_text().replace("\\\n", " ")
    (command,) = re.findall(r"^exec srun .*?\s(highnoon .*)$", script, re.M)
    return shlex.split(command)


def kubernetes() -> list[str]:
    job = yaml.safe_load((JOBS / "kubernetes.yaml").read_text())
    assert job["kind"] == "Job"
    template = job["spec"]["template"]["spec"]
    assert template["restartPolicy"] == "Never"  # as a podFailurePolicy demands
    (container,) = template["containers"]
    return [*container["command"], *container["args"]]


def systemd() -> list[str]:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read(JOBS / "highnoon-worker.service")
    assert unit["Service"]["SuccessExitStatus"] == "143"
    command = shlex.split(unit["Service"]["ExecStart"])
    return [Path(command[0]).name, *command[1:]]


def parsed(command: list[str]) -> argparse.Namespace:
    assert command[0] == "highnoon"
    return _parser().parse_args(command[1:])


@pytest.mark.parametrize("command", [slurm, kubernetes, systemd])
def test_the_command_line_is_a_worker_that_joins_a_study(
    command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIGHNOON_STORAGE", "postgresql://db/optuna")
    options = parsed(command())
    assert options.study == "distributed_study"
    assert options.objective == "train:objective"
    assert options.storage == "postgresql://db/optuna"
    assert options.wait == float("inf")


def test_the_slurm_script_is_one_that_bash_reads() -> None:
    checked = subprocess.run(["bash", "-n", JOBS / "slurm.sh"], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
