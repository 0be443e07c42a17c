"""A library's own reports give way to those of the user."""

import highnoon as hn
from highnoon.hpo._context import running_trial

SPACE = {"x": ("uniform", -3.0, 3.0)}


def report_as_a_library(values: list[float]) -> None:
    trial = running_trial()
    assert trial is not None
    for step, value in enumerate(values, start=1):
        trial.report_automatically(value, step, train_loss=value)


def test_automatic_reports_are_stored_and_pruned_by() -> None:
    hpo = hn.HPOTrialManager(study_name="automatic", seed=0, n_trials=8)

    def objective(params: dict[str, float]) -> float:
        for step in range(3):
            trial = running_trial()
            assert trial is not None
            trial.report_automatically(params["x"] ** 2, step)
            if trial.should_prune():
                raise hpo.TrialPruned
        return params["x"] ** 2

    hpo.optimize(objective, SPACE)
    assert set(hpo.trials[0].intermediate_values) == {0, 1, 2}
    assert "pruned" in set(hpo.trials_dataframe()["state"])


def test_automatic_reports_fall_silent_after_the_first_by_hand() -> None:
    hpo = hn.HPOTrialManager(study_name="silent", n_trials=1)

    def objective(params: dict[str, float]) -> float:
        hpo.report(1.0, 0)
        report_as_a_library([7.0, 7.0])
        return 1.0

    hpo.optimize(objective, SPACE)
    assert hpo.trials[0].intermediate_values == {0: 1.0}


def test_a_report_by_hand_replaces_the_automatic_one_of_its_step_and_its_series() -> None:
    hpo = hn.HPOTrialManager(study_name="replaced", n_trials=1)

    def objective(params: dict[str, float]) -> float:
        report_as_a_library([100.0, 100.0])
        hpo.report(1.0, 1, train_loss=2.0)
        return 1.0

    hpo.optimize(objective, SPACE)
    trial = hpo.trials[0]
    assert trial.intermediate_values == {1: 1.0, 2: 100.0}
    assert trial.user_attrs["highnoon:series:train_loss"] == {"steps": [1], "values": [2.0]}


def test_the_pruner_goes_by_the_reports_by_hand_alone() -> None:
    hpo = hn.HPOTrialManager(study_name="by_hand", n_trials=7, pruner="median")
    answers = []

    def objective(params: dict[str, float]) -> float:
        number = len(answers)
        report_as_a_library([0.0] * 5 if number == 6 else [50.0] * 5)
        hpo.report(9.0 if number == 6 else 1.0, 0)
        answers.append(hpo.should_prune())
        return 1.0

    hpo.optimize(objective, SPACE)
    assert answers == [False] * 6 + [True]
