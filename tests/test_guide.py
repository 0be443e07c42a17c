"""The user's guide runs as written, with only its numbers made smaller.

The guide is kept outside the repository; where it is not there, these tests are skipped by name.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "shared" / "GUIDE.md"

pytestmark = pytest.mark.skipif(not GUIDE.exists(), reason=f"the guide is not at {GUIDE}")

NEEDS_A_SERVER = {"Starting the Dashboard", "Multi-Worker Setup"}
"""Headings whose snippet needs the dashboard or a database server."""

SMALLER = {
    "n_trials=100": "n_trials=1",
    "n_trials=50": "n_trials=1",
    "n_trials=30": "n_trials=2",
    "vocab_size=50000": "vocab_size=300",
    "[512, 768, 1024]),": "[16, 24]),",
    "[512, 768, 1024, 2048]),": "[16, 24]),",
    '"num_reasoning_blocks": ("int", 4, 16)': '"num_reasoning_blocks": ("int", 1, 1)',
    '"num_blocks": ("int", 4, 12)': '"num_blocks": ("int", 1, 1)',
    '"num_experts": ("categorical", [4, 8])': '"num_experts": ("categorical", [2, 4])',
    '"num_layers": ("int", 2, 12)': '"num_layers": ("int", 1, 2)',
    '"hidden_dim": ("int", 128, 1024, 64)': '"hidden_dim": ("int", 16, 32, 16)',
    "range(20)": "range(2)",
    "epochs=3": "epochs=1",
    "epochs_per_stage=5": "epochs_per_stage=1",
}

PRELUDE = """
import highnoon as hn
from highnoon import config_from_trial
"""

QUICK_START = """
def train_and_evaluate(params):
    return params["learning_rate"] * params["batch_size"]
"""

COMPARE = """
import highnoon as hn
model = hn.load_model("./best_model")
untrained = hn.create_model(model.config)
untrained.tokenizer = model.tokenizer
print(hn.evaluate(model) < hn.evaluate(untrained))
"""
"""Whether the model that was saved is better than one of its kind that learnt nothing."""

OBJECTIVE = """
from pathlib import Path
Path("text.txt").write_text("A state space model reads a text from left to right. " * 400)
for name in ("train_data", "train_subset", "val_data"):
    hn.register_dataset(name, "text.txt")
val_dataset = "val_data"
evaluate = hn.evaluate
def train_epoch(model):
    trainer = hn.Trainer(model, batch_size=4)
    trainer.add_curriculum_stage("epoch", datasets=["train_subset"], steps=2, max_seq_length=32)
    return trainer.train()["stages_completed"][-1]["training_loss"]
"""


@dataclass(frozen=True)
class Block:
    """A Python block of the guide, under its nearest heading."""

    heading: str
    code: str


def blocks() -> list[Block]:
    if not GUIDE.exists():
        return []
    heading, found = "", []
    for title, code in re.findall(
        r"^#+ (.*?)$|^```python\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL
    ):
        if title:
            heading = title
        else:
            found.append(Block(heading, code))
    return found


def smaller(code: str) -> str:
    for number, less in SMALLER.items():
        code = code.replace(number, less)
    return code


def run(code: str, folder: Path) -> str:
    """Run code as a script in a folder and return what it printed; warnings are errors."""
    script = folder / "snippet.py"
    script.write_text(code)
    completed = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=folder,
        env={**os.environ, "HIGHNOON_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert completed.returncode == 0, completed.stderr[-4000:]
    return completed.stdout


def code_under(*headings: str) -> str:
    return "\n".join(smaller(block.code) for block in blocks() if block.heading in headings)


def test_every_number_that_is_made_smaller_stands_in_the_guide() -> None:
    text = GUIDE.read_text()
    assert [number for number in SMALLER if number not in text] == []


def test_the_quick_start_runs(tmp_path: Path) -> None:
    output = run(QUICK_START + code_under("Quick Start"), tmp_path)
    assert "Best parameters: {'learning_rate'" in output


def test_an_objective_that_trains_is_tuned_resumed_and_analysed(tmp_path: Path) -> None:
    code = code_under(
        "Initialization",
        "HSMN-Specific Parameters",
        "Basic Structure",
        "Basic Run",
        "With Callbacks",
        "Resume Interrupted Study",
        "View Best Parameters",
        "Trial History",
        "Parameter Importance",
    )
    code = code.replace("\nhsmn_search_space =", "\nsearch_space =", 1)
    output = run(PRELUDE + OBJECTIVE + code, tmp_path)
    assert (tmp_path / "hpo.db").exists()
    assert "Trial 1: " in output
    assert output.count("State: TrialState.COMPLETE") + output.count("TrialState.PRUNED") == 3
    assert "Best value: " in output


def test_an_objective_with_its_own_epochs_reports_and_is_pruned(tmp_path: Path) -> None:
    code = code_under("Initialization", "Parameter Types", "With Early Stopping", "Basic Run")
    end = "\nprint([sorted(trial.intermediate_values)[0] for trial in hpo.trials], best_params)"
    assert run(PRELUDE + OBJECTIVE + code + end, tmp_path).startswith("[0]")


def test_the_hsmn_search_space_is_the_one_that_the_library_offers(tmp_path: Path) -> None:
    code = next(b.code for b in blocks() if b.heading == "HSMN-Specific Parameters")
    check = "\nassert hn.hsmn_search_space() == hsmn_search_space\n"
    run(PRELUDE + code + check, tmp_path)


def test_the_complete_example_runs_to_its_last_line(tmp_path: Path) -> None:
    output = run(code_under("Complete Example"), tmp_path)
    assert "Best validation loss: " in output
    assert "Training final model" in output
    assert run(COMPARE, tmp_path) == "True\n"


def test_the_best_practices_run(tmp_path: Path) -> None:
    wide = code_under("1. Start with Large Ranges").replace("\n\n", ",\n").strip()
    scales = code_under("2. Use Appropriate Scales").replace("\n\n", ",\n").strip()
    scales = scales.replace('("log_uniform", ...)', '("log_uniform", 1e-5, 1e-3)')
    lines = [line for line in wide.splitlines() if not line.lstrip().startswith("#")]
    spaces = [f"{{{line.strip().rstrip(',')}}}" for line in lines if line.strip(" ,")]
    code = f"""
{PRELUDE}
from highnoon import HPOTrialManager
for space in [{", ".join(spaces)}, {{
{scales}
}}]:
    print(HPOTrialManager(n_trials=2).optimize(lambda p: p["learning_rate"], space))
{code_under("3. Enable Pruning", "4. Persist Results")}
"""
    assert run(code, tmp_path).count("learning_rate") == 3


def test_every_block_of_the_guide_is_run_by_a_test_here_or_needs_a_server() -> None:
    source = Path(__file__).read_text()
    headings = {block.heading for block in blocks()}
    assert len(blocks()) >= 19
    assert [h for h in headings if h not in NEEDS_A_SERVER and f'"{h}"' not in source] == []
