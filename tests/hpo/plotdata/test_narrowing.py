"""A search space narrowed to chosen trials, and the code that forks a study with it."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

import highnoon as hn
from highnoon.exceptions import ConfigError
from highnoon.hpo.plotdata import fork_code, narrowed
from highnoon.hpo.reading import StudyFeed
from highnoon.hpo.space import SearchSpace

from .conftest import FLOAT, LOG, MIXED, STEPS, feed_of, trial

SPACE = {
    "x": ("uniform", 0.0, 10.0),
    "rate": ("log_uniform", 1e-4, 1.0),
    "n": ("int", 0, 100, 10),
    "c": ("categorical", ["a", None, True, 1.5, 3]),
}


def rows(direction: str = "minimize") -> list[Any]:
    better = 1.0 if direction == "minimize" else -1.0
    return [
        trial(
            value=better * i,
            x=(2.34567 + i / 9, FLOAT),
            rate=(0.00123456 * 1.5**i, LOG),
            n=(20 + 10 * (i % 4), STEPS),
            c=(MIXED.choices[(2 * i) % 4 + 1], MIXED),
        )
        for i in range(15)
    ]


def test_it_is_narrowed_to_the_ten_best(direction: Any) -> None:
    shown = narrowed(feed_of(rows(direction), direction).columns, direction, SPACE)
    assert shown.trials.tolist() == list(range(10))
    assert shown.entries == {
        "x": ("uniform", 2.34, 3.35),
        "rate": ("log_uniform", 0.00123, 0.0475),
        "n": ("int", 20, 50, 10),
        "c": ("categorical", [None, 1.5]),
    }
    assert shown.changed == ("x", "rate", "n", "c")
    assert (shown.constraints, shown.dropped) == ((), ())


def test_chosen_trials_and_regions_narrow_it_too() -> None:
    columns = feed_of(rows()).columns
    chosen = narrowed(columns, "minimize", SPACE, [3, 1])
    assert chosen.trials.tolist() == [1, 3]
    assert chosen.entries["n"] == ("int", 30, 50, 10)
    assert chosen.entries["c"] == ("categorical", [1.5])
    region = narrowed(columns, "minimize", SPACE, {"x": (3.3, 4.0), "n": (20, 30), "c": [None]})
    expected = [i for i in range(15) if 3.3 <= 2.34567 + i / 9 <= 4 and i % 4 < 2 and i % 2 == 0]
    assert region.trials.tolist() == expected
    assert expected


def test_one_trial_fixes_everything() -> None:
    shown = narrowed(feed_of(rows()).columns, "minimize", SPACE, [2])
    x, rate = 2.34567 + 2 / 9, 0.00123456 * 1.5**2
    assert shown.entries == {
        "x": ("uniform", x, x),
        "rate": ("log_uniform", rate, rate),
        "n": ("int", 40, 40, 10),
        "c": ("categorical", [None]),
    }


def test_it_is_never_wider_never_empty_and_holds_every_chosen_trial() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        low, size = rng.normal() * 10.0 ** rng.integers(-6, 6), 10.0 ** rng.integers(-6, 6)
        kind = FloatDistribution(low, low + size)
        log = FloatDistribution(abs(low) + 1e-9, abs(low) + size, log=True)
        space = {"x": ("uniform", kind.low, kind.high), "r": ("log_uniform", log.low, log.high)}
        draws = rng.uniform(size=(rng.integers(1, 5), 2))
        chosen = [
            (
                min(kind.low + a * size, kind.high),
                min(log.low * (log.high / log.low) ** b, log.high),
            )
            for a, b in draws
        ]
        trials = [trial(value=0.0, x=(x, kind), r=(r, log)) for x, r in chosen]
        shown = narrowed(feed_of(trials).columns, "minimize", space)
        for place, (name, drawn_from) in enumerate((("x", kind), ("r", log))):
            _, first, last = shown.entries[name]
            values = [pair[place] for pair in chosen]
            assert drawn_from.low <= first <= min(values)
            assert max(values) <= last <= drawn_from.high
            if name == "x":
                assert last - first <= (max(values) - min(values)) * 1.03
        assert all(shown.space.contains({"x": x, "r": r}) for x, r in chosen)


def test_values_of_another_tool_outside_the_space_do_not_widen_it() -> None:
    wide = FloatDistribution(-100.0, 100.0)
    other = CategoricalDistribution(["z", "a"])
    trials = [
        trial(value=0.0, x=(-50.0, wide), c=("z", other)),
        trial(value=0.0, x=(4.0, wide), c=("a", other)),
    ]
    space = {"x": ("uniform", 0.0, 10.0), "c": ("categorical", ["a", "b"])}
    shown = narrowed(feed_of(trials).columns, "minimize", space)
    assert shown.entries == {"x": ("uniform", 0.0, 4.0), "c": ("categorical", ["a"])}
    outside = narrowed(feed_of(trials).columns, "minimize", space, [0])
    assert outside.entries == {"x": ("uniform", 0.0, 10.0), "c": ("categorical", ["a", "b"])}


CONDITIONAL = {
    "opt": ("categorical", ["adam", "sgd", "none"]),
    "momentum": hn.when(("uniform", 0.0, 1.0), opt=["sgd", "none"]),
    "beta": hn.when(("uniform", 0.0, 1.0), opt="adam"),
    "decay": hn.when(("categorical", [True, False]), opt="adam"),
    "rate": hn.when(("uniform", 0.0, 1.0), decay=True),
}


def test_conditions_follow_what_they_depend_on() -> None:
    opt = CategoricalDistribution(["adam", "sgd", "none"])
    unit = FloatDistribution(0.0, 1.0)
    trials = [
        trial(value=float(i), opt=("sgd", opt), momentum=(0.25 + i / 4, unit)) for i in range(3)
    ]
    space = SearchSpace.parse(CONDITIONAL, ["momentum <= 0.9", "beta <= momentum", "rate < 0.5"])
    shown = narrowed(feed_of(trials).columns, "minimize", space)
    assert shown.dropped == ("beta", "decay", "rate")
    assert shown.constraints == ("momentum <= 0.9",)
    expected = {
        "opt": ("categorical", ["sgd"]),
        "momentum": hn.when(("uniform", 0.25, 0.75), opt="sgd"),
    }
    assert shown.space == SearchSpace.parse(expected, ["momentum <= 0.9"])


def test_what_no_chosen_trial_drew_stays_as_it_is() -> None:
    opt = CategoricalDistribution(["adam", "sgd", "none"])
    unit = FloatDistribution(0.0, 1.0)
    trials = [
        trial(value=1.0, opt=("sgd", opt), momentum=(0.5, unit)),
        trial(value=2.0, opt=("none", opt), momentum=(0.5, unit)),
    ]
    trials.append(trial(value=3.0, opt=("adam", opt), beta=(0.5, unit)))
    shown = narrowed(feed_of(trials).columns, "minimize", CONDITIONAL)
    assert shown.entries["rate"] == hn.when(("uniform", 0.0, 1.0), decay=[True])
    assert shown.entries["decay"].entry == ("categorical", [True, False])


def test_nothing_chosen_is_an_error() -> None:
    empty, some = feed_of([trial("failed")]).columns, feed_of(rows()).columns
    for columns, trials, message in [
        (empty, None, "No trial completed yet"),
        (some, [], "No trial is chosen"),
        (some, [99], "no trial 99; it has 15"),
        (some, {"x": (90, 91)}, "No completed trial lies in"),
        (some, {"y": (0, 1)}, "No parameter 'y'"),
    ]:
        with pytest.raises(ConfigError, match=message):
            narrowed(columns, "minimize", SPACE, trials)


def forked_by(code: str, hpo: hn.HPOTrialManager) -> hn.HPOTrialManager:
    names: dict[str, Any] = {"hpo": hpo}
    exec(code, names)
    return names["forked"]


def test_the_code_runs_as_written_and_forks_the_study(hpo: hn.HPOTrialManager) -> None:
    feed = StudyFeed(hpo)
    space = SearchSpace.from_json(feed.study.search_space or {})
    shown = narrowed(feed.columns, feed.study.direction, space)
    code = fork_code("wide_2", shown)
    forked = forked_by(code, hpo)
    assert forked.study_name == "wide_2"
    ten_best = sorted((t for t in hpo.trials if t.value is not None), key=lambda t: t.value)[:10]
    assert {t.value for t in ten_best} <= {t.value for t in forked.trials}
    assert StudyFeed(forked).study.search_space == shown.space.to_json()
    assert 'constraints=["depth <= width"]' in code
    more = forked.optimize(lambda p: p["x"], shown.space, n_trials=3)
    assert set(more) <= {*space}
    assert len(forked.trials) >= 13


def test_the_code_of_a_study_without_conditions_needs_no_import() -> None:
    shown = narrowed(feed_of(rows()).columns, "minimize", SPACE)
    assert (
        fork_code('a "b" 2', shown, manager="study")
        == """\
forked = study.fork(
    "a \\"b\\" 2",
    {
        "x": ("uniform", 2.34, 3.35),
        "rate": ("log_uniform", 0.00123, 0.0475),
        "n": ("int", 20, 50, 10),
        "c": ("categorical", [None, 1.5]),
    },
)
"""
    )


def test_choices_of_every_kind_come_back_from_the_code() -> None:
    choices = [
        "a'b\"c\\n\n\u2028😀\x00",
        None,
        True,
        1.5,
        [1, "x"],
        (2,),
        {"k": [None, {"m": "'"}]},
        b"z",
        {7},
    ]
    space = {"c": ("categorical", choices), "d": ("uniform", -1e-300, 1e300)}
    columns = feed_of([trial(value=1.0, d=(0.5, FLOAT))]).columns
    shown = narrowed(columns, "minimize", space)
    taken: list[Any] = []
    code = fork_code("t", shown).replace("hpo.fork", "take")
    exec(code, {"take": lambda name, entries: taken.append(entries)})
    assert taken == [{"c": ("categorical", choices), "d": ("uniform", 0.5, 0.5)}]
    assert [type(choice) for choice in taken[0]["c"][1]] == [type(choice) for choice in choices]


def test_parameters_whose_names_are_no_identifiers_can_be_conditions(tmp_path: Path) -> None:
    space = {
        "a b": ("categorical", ["p", "q"]),
        "class": ("int", 1, 3),
        "x": hn.when(("uniform", 0.0, 1.0), **{"a b": "p", "class": [1, 3]}),
    }
    hpo = hn.HPOTrialManager(study_name="s", sampler="random", seed=0)
    hpo.optimize(lambda p: p.get("x", 5.0), space, n_trials=30)
    shown = narrowed(StudyFeed(hpo).columns, "minimize", space)
    forked = forked_by(fork_code("t", shown), hpo)
    assert StudyFeed(forked).study.search_space == shown.space.to_json()


def test_choices_that_have_no_literal_stand_as_labels_with_a_remark() -> None:
    space = {"f": ("categorical", [math.sin, math.cos, "tan"])}
    hpo = hn.HPOTrialManager(study_name="s", sampler="random", seed=0)
    hpo.optimize(lambda p: 1.0 if p["f"] == "tan" else 0.0, space, n_trials=12)
    shown = narrowed(StudyFeed(hpo).columns, "minimize", space, {"f": ["sin", "cos"]})
    assert shown.entries == {"f": ("categorical", [math.sin, math.cos])}
    code = fork_code("t", shown)
    assert '("categorical", ["sin", "cos"]),  # put the objects in place of their labels' in code
    assert len(forked_by(code, hpo).trials) == sum(t.params["f"] != "tan" for t in hpo.trials)


def test_choices_that_look_alike_are_kept_together() -> None:
    first, second = (lambda: 1), (lambda: 2)
    space = {"f": ("categorical", [first, second])}
    hpo = hn.HPOTrialManager(study_name="s", sampler="random", seed=0)
    hpo.optimize(lambda p: float(p["f"] is first), space, n_trials=12)
    columns = StudyFeed(hpo).columns
    later = narrowed(columns, "minimize", space, {"f": ["<lambda> #2"]})
    assert later.entries == {"f": ("categorical", [first, second])}
    assert narrowed(columns, "minimize", space, {"f": ["<lambda>"]}).entries["f"][1] == [first]
