"""Workers are killed and the database goes away: nothing is lost, nothing stays running."""

from pathlib import Path

import pytest

from benchmarks.chaos import DATABASES, fresh_database, run_round


@pytest.mark.parametrize("kind", DATABASES)
def test_nothing_is_lost_when_workers_are_killed_and_the_database_goes_away(
    kind: str, tmp_path: Path
) -> None:
    logs = tmp_path / "workers"
    logs.mkdir()
    with fresh_database(kind, tmp_path) as (url, outage):
        outcome = run_round(
            "highnoon",
            url,
            outage,
            folder=logs,
            seconds=8,
            workers=3,
            seed=0,
            grace_period=10,
            recovery=180,
        )
    said = "\n".join(log.read_text() for log in sorted(logs.glob("*.log")))
    assert outcome.killed >= 4
    assert outcome.acknowledged > 10
    assert (outcome.lost, outcome.duplicates, outcome.stuck, outcome.died) == (0, 0, 0, 0), said
