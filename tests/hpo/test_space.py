"""Search spaces: what is drawn, stored, handed out, compared and read back."""

import enum
import functools
import json
import math
import random
import subprocess
import sys

import numpy as np
import optuna
import pytest

from highnoon.exceptions import SearchSpaceError
from highnoon.hpo.presets import hsmn_search_space
from highnoon.hpo.space import SearchSpace, when


def gelu(x):
    return x


class Schedule(enum.Enum):
    COSINE = "cosine"


class Plain:
    """An object whose repr holds its address."""


EVERY_KIND = {
    "dropout": ("uniform", 0.0, 0.5),
    "rate": ("log_uniform", 1e-5, 1e-3),
    "blocks": ("int", 4, 12),
    "width": ("int", 128, 1024, 64),
    "window": ("log_int", 8, 4096),
    "optimizer": ("categorical", ["adam", "sgd"]),
    "flag": ("categorical", [True, False]),
    "clip": ("categorical", [None, 1.0, 2]),
    "layers": ("categorical", [[64, 64], {"width": 128}, gelu]),
    "momentum": when(("uniform", 0.0, 0.99), optimizer="sgd"),
}


@pytest.fixture
def study():
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))


def suggest(space, seed=0):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    trial = study.ask()
    return space.suggest(trial), trial


# Drawing


@pytest.mark.parametrize("sampler", [optuna.samplers.RandomSampler, optuna.samplers.TPESampler])
def test_a_study_over_every_kind_draws_inside_the_space(sampler):
    space = SearchSpace.parse(EVERY_KIND)
    study = optuna.create_study(sampler=sampler(seed=1))
    seen = {name: set() for name in space}

    def objective(trial):
        params = space.suggest(trial)
        assert params == space.resolve(trial.params)
        assert ("momentum" in params) == (params["optimizer"] == "sgd")
        for name, value in trial.params.items():
            seen[name].add(value)
        return params["dropout"]

    study.optimize(objective, n_trials=60)
    assert all(space.contains(trial.params) for trial in study.trials)
    assert len(study.trials) == 60
    assert seen["layers"] == {"[64, 64]", '{"width": 128}', "gelu"}
    assert seen["clip"] == {None, 1.0, 2}
    assert seen["flag"] == {True, False}
    assert all(width % 64 == 0 for width in seen["width"])


@pytest.mark.parametrize("seed", range(20))
def test_random_ranges_are_drawn_within_their_bounds(seed):
    draw = random.Random(seed)
    low, step, count = draw.randint(-50, 50), draw.randint(1, 9), draw.randint(0, 20)
    high = low + step * count
    base = 10 ** draw.uniform(-9, 3)
    space = SearchSpace.parse(
        {
            "i": ("int", low, high, step),
            "u": ("uniform", low, high),
            "l": ("log_uniform", base, base * draw.uniform(1, 1e4)),
            "j": ("log_int", abs(low) + 1, abs(low) + 1 + count),
        }
    )
    params, trial = suggest(space, seed)
    assert params["i"] in range(low, high + 1, step)
    assert type(params["i"]) is int
    assert low <= params["u"] <= high
    assert abs(low) + 1 <= params["j"] <= abs(low) + 1 + count
    assert space.contains(trial.params)
    assert space.labels(params) == params


def test_a_range_of_one_value_is_that_value():
    space = SearchSpace.parse(
        {"a": ("uniform", 0.5, 0.5), "b": ("int", 3, 3), "c": ("int", 4, 4, 2)}
    )
    assert suggest(space)[0] == {"a": 0.5, "b": 3, "c": 4}


def test_names_are_drawn_as_written():
    space = SearchSpace.parse(EVERY_KIND)
    assert list(space) == list(EVERY_KIND)
    _, trial = suggest(space)
    assert list(trial.params) == [name for name in EVERY_KIND if name in trial.params]


def test_numpy_numbers_become_python_numbers():
    space = SearchSpace.parse(
        {
            "rate": ("uniform", np.float64(0.0), np.float32(0.5)),
            "width": ("int", np.int64(8), np.int32(64), np.uint8(8)),
            "size": ("categorical", [np.int64(4), np.str_("auto")]),
        }
    )
    assert json.loads(json.dumps(space.to_json())) == space.to_json()
    assert [type(label) for label in space.grid()["size"]] == [int, str]
    assert space.labels({"rate": np.float64(0.1), "width": np.int64(16), "size": np.int64(4)}) == {
        "rate": 0.1,
        "width": 16,
        "size": 4,
    }


def test_whole_floats_are_whole_numbers():
    space = SearchSpace.parse({"width": ("int", 1e3, 2e3, 100.0)})
    assert space == SearchSpace.parse({"width": ("int", 1000, 2000, 100)})
    assert space.labels({"width": 1100.0}) == {"width": 1100}


# Choices that are objects


def labels_of(choices):
    return tuple(SearchSpace.parse({"x": ("categorical", choices)}).grid()["x"])


def test_what_optuna_can_store_is_its_own_label():
    choices = [None, True, 2, 0.5, "adam", ""]
    assert list(labels_of(choices)) == choices


@pytest.mark.parametrize(
    ("choice", "label"),
    [
        ([64, 64], "[64, 64]"),
        ({"width": [1, 2], "größe": None}, '{"width": [1, 2], "größe": null}'),
        ((64, 64), "(64, 64)"),
        (gelu, "gelu"),
        (Plain, "Plain"),
        (Schedule.COSINE, "Schedule.COSINE"),
        (frozenset("cab"), "{'a', 'b', 'c'}"),
        (math.inf, "inf"),
        (range(3), "range(0, 3)"),
    ],
)
def test_an_object_has_a_readable_label(choice, label):
    assert labels_of([choice]) == (label,)


def test_a_label_holds_no_address():
    labels = labels_of([Plain(), functools.partial(gelu, 1), lambda: 0])
    assert not [label for label in labels if "0x" in str(label)]


def test_labels_are_unique():
    assert labels_of([Plain, "Plain", "Plain #2", type("Plain", (), {})]) == (
        "Plain #3",
        "Plain",
        "Plain #2",
        "Plain #4",
    )


def test_long_labels_are_cut_and_still_differ():
    one, two = map(str, labels_of([[*range(200), 1], [*range(200), 2]]))
    assert one != two
    assert len(one) == len(two) == 100


def test_labels_are_the_same_in_another_process():
    code = (
        "from highnoon.hpo.space import SearchSpace\n"
        "class Plain: pass\n"
        "choices = [Plain(), frozenset('abcdef'), lambda: 0]\n"
        "print(SearchSpace.parse({'x': ('categorical', choices)}).parameters['x'].labels)\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_labels_and_objects_convert_into_each_other():
    layers = [64, 64]
    space = SearchSpace.parse({"x": ("categorical", [layers, gelu, 3])})
    assert space.resolve({"x": "[64, 64]"})["x"] is layers
    assert space.resolve({"x": "gelu"})["x"] is gelu
    for given, label in (([64, 64], "[64, 64]"), ("[64, 64]", "[64, 64]"), (gelu, "gelu"), (3, 3)):
        assert space.labels({"x": given}) == {"x": label}


def test_arrays_are_choices_too():
    array = np.zeros(3)
    space = SearchSpace.parse({"x": ("categorical", [array, np.ones(3)])})
    assert space.labels({"x": array}) == {"x": "array([0., 0., 0.])"}
    assert space.resolve({"x": "array([0., 0., 0.])"})["x"] is array


# Conditions


def test_the_order_of_the_entries_does_not_matter():
    late = {
        "beta": when(("uniform", 0, 1), momentum=[2, 3]),
        "momentum": when(("int", 1, 3), optimizer={"sgd", "rms"}),
        "rate": ("uniform", 0, 1),
        "optimizer": ("categorical", ["adam", "sgd", "rms"]),
    }
    early = dict(reversed(late.items()))
    assert SearchSpace.parse(late) == SearchSpace.parse(early)
    assert list(SearchSpace.parse(late)) == ["optimizer", "momentum", "beta", "rate"]
    assert list(SearchSpace.parse(early)) == ["optimizer", "rate", "momentum", "beta"]


def test_a_parameter_whose_parent_is_not_drawn_is_not_drawn():
    space = SearchSpace.parse(
        {
            "optimizer": ("categorical", ["adam", "sgd"]),
            "nesterov": when(("categorical", [True, False]), optimizer="sgd"),
            "momentum": when(("uniform", 0, 1), nesterov=True),
        }
    )
    drawn = {tuple(suggest(space, seed)[0]) for seed in range(40)}
    assert drawn == {
        ("optimizer",),
        ("optimizer", "nesterov"),
        ("optimizer", "nesterov", "momentum"),
    }


def test_several_conditions_must_all_hold():
    space = SearchSpace.parse(
        {"a": ("int", 0, 1), "b": ("int", 0, 1), "c": when(("uniform", 0, 1), a=1, b=1)}
    )
    draws = [suggest(space, seed)[0] for seed in range(40)]
    assert {("c" in d) for d in draws} == {True, False}
    assert all(("c" in d) == (d["a"] == d["b"] == 1) for d in draws)


def test_a_condition_may_name_a_choice_that_is_a_list():
    space = SearchSpace.parse(
        {
            "layers": ("categorical", [[64, 64], [128]]),
            "one": when(("int", 1, 2), layers=[64, 64]),
            "both": when(("int", 1, 2), layers=[[128], [64, 64]]),
        }
    )
    assert space.conditions["one"] == {"layers": ("[64, 64]",)}
    assert space.conditions["both"] == {"layers": ("[64, 64]", "[128]")}


def test_a_parameter_may_be_called_entry():
    space = SearchSpace.parse({"entry": ("int", 0, 1), "b": when(("int", 0, 1), entry=1)})
    assert space.conditions["b"] == {"entry": (1,)}


# Checking configurations

CONDITIONAL = SearchSpace.parse(
    {
        "rate": ("log_uniform", 1e-5, 1e-3),
        "optimizer": ("categorical", ["adam", "sgd"]),
        "momentum": when(("uniform", 0.0, 0.99), optimizer="sgd"),
        "width": ("int", 8, 64, 8),
    }
)
COMPLETE = {"rate": 1e-4, "optimizer": "sgd", "momentum": 0.9, "width": 16}


def test_a_complete_configuration_is_accepted_in_any_order():
    shuffled = dict(reversed(COMPLETE.items()))
    assert CONDITIONAL.labels(shuffled) == COMPLETE
    assert CONDITIONAL.contains(shuffled)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": 0.1}, 'Parameter "rate" = 0.1: must be a number from 1e-05 to 0.001'),
        ({"rate": math.nan}, "must be a number from"),
        ({"rate": "1e-4"}, "must be a number from"),
        ({"rate": True}, "must be a number from"),
        ({"width": 20}, r'"width" = 20: must be a whole number in steps of 8 from 8 to 64'),
        ({"width": 16.5}, "must be a whole number"),
        ({"width": 2**60}, "must be a whole number"),
        ({"optimizer": "lion"}, r"must be one of \['adam', 'sgd'\]"),
        ({"optimizer": "adam"}, "\"momentum\" = 0.9: is used only when optimizer is 'sgd'"),
        ({"optimiser": "adam"}, 'No parameter "optimiser" in this search space. Did you mean'),
        ({"zzz": 1}, "It has rate, optimizer, momentum, width"),
    ],
)
def test_a_value_outside_is_refused_with_what_is_allowed(change, message):
    with pytest.raises(SearchSpaceError, match=message):
        CONDITIONAL.labels(COMPLETE | change)
    assert not CONDITIONAL.contains(COMPLETE | change)


@pytest.mark.parametrize("missing", COMPLETE)
def test_a_missing_value_is_refused_unless_the_configuration_is_partial(missing):
    config = {name: value for name, value in COMPLETE.items() if name != missing}
    with pytest.raises(SearchSpaceError):
        CONDITIONAL.labels(config)
    assert not CONDITIONAL.contains(config)
    assert CONDITIONAL.labels(config, partial=True) == config


def test_a_partial_configuration_may_not_contradict_its_conditions():
    with pytest.raises(SearchSpaceError, match="is used only when optimizer is 'sgd'"):
        CONDITIONAL.labels({"momentum": 0.9, "optimizer": "adam"}, partial=True)


def test_booleans_are_not_numbers_among_choices():
    space = SearchSpace.parse({"k": ("categorical", [1, 2])})
    assert space.labels({"k": 1.0}) == {"k": 1}
    with pytest.raises(SearchSpaceError, match="must be one of"):
        space.labels({"k": True})


def test_an_unknown_label_resolves_to_an_error():
    with pytest.raises(SearchSpaceError, match="must be one of"):
        CONDITIONAL.resolve({"optimizer": "lion"})


# Constraints


def test_violations_are_keyed_by_the_constraint():
    space = SearchSpace.parse(
        hsmn_search_space(), ["top_k_experts * 4 <= num_moe_experts", "embedding_dim >= 768"]
    )
    assert space.violations({"top_k_experts": 4, "num_moe_experts": 8, "embedding_dim": 768}) == {
        "top_k_experts * 4 <= num_moe_experts": 8.0,
        "embedding_dim >= 768": 0.0,
    }


def test_a_constraint_on_an_inactive_parameter_holds():
    space = SearchSpace.parse(CONDITIONAL, ["momentum > 0.5"])
    adam = {"rate": 1e-4, "optimizer": "adam", "width": 16}
    assert space.violations(adam) == {"momentum > 0.5": 0.0}
    assert space.contains(adam)
    assert not space.contains(COMPLETE | {"momentum": 0.1})


def test_constraints_see_the_labels_of_objects():
    space = SearchSpace.parse({"x": ("categorical", [[1], [2]])}, ["x == '[1]'"])
    assert space.violations({"x": [1]}) == {"x == '[1]'": 0.0}
    assert space.violations({"x": "[2]"}) == {"x == '[1]'": 1.0}


def test_a_space_is_taken_as_it_is_and_gains_constraints():
    assert SearchSpace.parse(CONDITIONAL) is CONDITIONAL
    once = SearchSpace.parse(CONDITIONAL, ["width > 8"])
    twice = SearchSpace.parse(once, ["width < 64", "width > 8"])
    assert twice.constraints == ("width > 8", "width < 64")
    assert CONDITIONAL.constraints == ()


def test_optuna_accepts_a_constraint_as_a_key(study):
    space = SearchSpace.parse({"a": ("int", 0, 9)}, ["a <= " + "9" * 395])
    trial = study.ask()
    space.suggest(trial)
    for text, amount in space.violations(trial.params).items():
        trial.set_constraint(text, amount)
    assert trial.constraints == space.violations(trial.params)


# Comparing and storing


def test_distributions_survive_optunas_json():
    for name, distribution in SearchSpace.parse(EVERY_KIND).distributions.items():
        text = optuna.distributions.distribution_to_json(distribution)
        assert optuna.distributions.json_to_distribution(text) == distribution, name


def test_distributions_are_those_that_suggest_stores():
    space = SearchSpace.parse(EVERY_KIND)
    _, trial = suggest(space)
    assert trial.distributions == {name: space.distributions[name] for name in trial.params}


def test_a_space_survives_json():
    space = SearchSpace.parse(EVERY_KIND, ["blocks < width", "momentum > 0.1 or flag"])
    again = SearchSpace.from_json(json.loads(json.dumps(space.to_json())))
    assert again == space
    assert hash(again) == hash(space)
    assert again.distributions == space.distributions
    assert again.conditions == space.conditions
    assert again.resolve({"layers": "[64, 64]"}) == {"layers": [64, 64]}
    assert again.resolve({"layers": "gelu"}) == {"layers": "gelu"}


def test_conditions_on_lists_and_their_own_elements_survive_json():
    space = SearchSpace.parse(
        {"a": ("categorical", [["x"], "x"]), "b": when(("int", 0, 1), a=["x"])}
    )
    assert space.conditions["b"] == {"a": ('["x"]',)}
    assert SearchSpace.from_json(space.to_json()).conditions == space.conditions


def test_equality_ignores_the_order_of_names_and_of_constraints_but_not_of_choices():
    def space(entries, constraints=()):
        return SearchSpace.parse(dict(entries), constraints)

    a, b = ("a", ("int", 0, 1)), ("b", ("categorical", [0, 1]))
    assert space([a, b], ["a < 1", "b < 1"]) == space([b, a], ["b < 1", "a < 1"])
    assert space([a, b]) != space([a, ("b", ("categorical", [1, 0]))])
    assert space([b]) != space([("b", ("categorical", [False, True]))])
    assert space([a]) != space([a], ["a < 1"])
    assert space([a]) != dict([a])


def test_a_diff_is_readable():
    old = SearchSpace.parse(
        {
            "rate": ("log_uniform", 1e-5, 1e-3),
            "width": ("int", 64, 256, 64),
            "size": ("categorical", [4, 8]),
            "gone": ("uniform", 0, 1),
        },
        ["width > size"],
    )
    new = SearchSpace.parse(
        {
            "rate": ("log_uniform", 1e-6, 1e-2),
            "width": ("int", 64, 256, 64),
            "size": when(("categorical", [4, 8]), width=[64, 128]),
            "new": ("log_int", 1, 8),
        },
        ["size > 4"],
    )
    assert old.diff(new) == [
        "rate: was log_uniform 1e-05..0.001, now log_uniform 1e-06..0.01",
        "size: was categorical [4, 8], now categorical [4, 8] when width is 64 or 128",
        "gone: removed, was uniform 0.0..1.0",
        "new: added, log_int 1..8",
        "constraint removed: width > size",
        "constraint added: size > 4",
    ]


def test_spaces_differ_exactly_when_their_diff_is_not_empty():
    mapping = {"a": 1, "b": 2}
    spaces = [
        SearchSpace.parse({"a": ("categorical", choices)}, constraints)
        for choices in (
            [1, 0],
            [0, 1],
            [True, False],
            [[0]],
            [gelu],
            [mapping],
            [dict(reversed(mapping.items()))],
        )
        for constraints in ([], ["a != 5"])
    ]
    for one in spaces:
        for other in spaces:
            assert (one == other) == (one.diff(other) == [])


def test_the_repr_shows_every_parameter_and_constraint():
    text = repr(SearchSpace.parse(CONDITIONAL, ["width < 64"]))
    assert "  momentum: uniform 0.0..0.99 when optimizer is 'sgd'\n" in text
    assert "  width: int 8..64 step 8\n" in text
    assert "  constraint: width < 64\n" in text


def test_the_notebook_form_is_escaped():
    space = SearchSpace.parse({"<b>": ("categorical", ["<script>"])}, ["`<b>` != '<i>'"])
    text = space._repr_html_()
    assert "&lt;script&gt;" in text
    assert not [tag for tag in ("<script>", "<b>", "<i>") if tag in text]


# Grids and recommendations


def test_a_grid_has_levels_of_ranges_and_all_values_of_the_rest():
    space = SearchSpace.parse(
        {
            "u": ("uniform", 0.0, 1.0),
            "l": ("log_uniform", 1e-5, 1e-1),
            "i": ("int", 2, 10, 4),
            "j": ("log_int", 1, 10_000),
            "c": ("categorical", [[1], "a"]),
            "one": ("uniform", 0.3, 0.3),
        }
    )
    grid = space.grid(5)
    assert grid["u"] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert grid["l"] == pytest.approx([1e-5, 1e-4, 1e-3, 1e-2, 1e-1])
    assert grid["l"][0] == 1e-5
    assert grid["l"][-1] == 1e-1
    assert grid["i"] == [2, 6, 10]
    assert grid["j"] == [1, 10, 100, 1000, 10_000]
    assert grid["c"] == ["[1]", "a"]
    assert grid["one"] == [0.3]
    assert space.grid_size(5) == 5 * 5 * 3 * 5 * 2
    for name, values in grid.items():
        assert [space.labels({name: v}, partial=True)[name] for v in values] == values


def test_a_narrow_log_range_of_integers_repeats_no_value():
    space = SearchSpace.parse({"j": ("log_int", 1, 3)})
    assert space.grid(9)["j"] == [1, 2, 3]
    assert space.grid_size(9) == 3


def test_optuna_searches_the_grid():
    space = SearchSpace.parse({"u": ("uniform", 0, 1), "c": ("categorical", [[1], None])})
    sampler = optuna.samplers.GridSampler(space.grid(3), seed=0)
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda trial: space.suggest(trial)["u"], n_trials=20)
    assert len(study.trials) == space.grid_size(3) == 6


def test_a_grid_that_is_too_large_is_refused_without_being_built():
    space = SearchSpace.parse({"huge": ("int", 0, 2**50), "u": ("uniform", 0, 1)})
    assert space.grid_size() == (2**50 + 1) * 5
    with pytest.raises(SearchSpaceError, match="at most 10,000 are allowed: huge has 1,125,8"):
        space.grid()
    assert SearchSpace.parse({"i": ("int", 1, 10_000)}).grid_size() == 10_000
    assert len(SearchSpace.parse({"i": ("int", 1, 10_000)}).grid()["i"]) == 10_000


def test_a_grid_of_conditional_parameters_is_refused_with_the_reason():
    with pytest.raises(SearchSpaceError, match=r"momentum is conditional.*Use the"):
        CONDITIONAL.grid()


def test_a_grid_without_levels_is_refused():
    with pytest.raises(SearchSpaceError, match="at least 1 level"):
        SearchSpace.parse({"u": ("uniform", 0, 1)}).grid(0)


@pytest.mark.parametrize(("count", "trials"), [(1, 50), (9, 50), (10, 100), (20, 100), (21, 200)])
def test_more_parameters_deserve_more_trials(count, trials):
    space = SearchSpace.parse({f"p{i}": ("uniform", 0, 1) for i in range(count)})
    assert len(space) == count
    assert space.recommended_trials == trials


# The guide's space


def test_the_hsmn_space_is_new_on_every_call_and_parses():
    first = hsmn_search_space()
    first["batch_size"][1].append(64)
    first.pop("learning_rate")
    space = SearchSpace.parse(hsmn_search_space())
    assert len(space) == 14
    assert space.parameters["batch_size"].to_json() == ["categorical", [4, 8, 16]]
    assert all(space.contains(suggest(space, seed)[1].params) for seed in range(5))


def test_experts_of_the_hsmn_space_never_conflict():
    space = SearchSpace.parse(hsmn_search_space(), ["top_k_experts <= num_moe_experts"])
    for top_k in space.parameters["top_k_experts"].grid(1):
        for experts in space.parameters["num_moe_experts"].grid(1):
            amounts = space.violations({"top_k_experts": top_k, "num_moe_experts": experts})
            assert list(amounts.values()) == [0.0]


def test_reading_a_space_needs_neither_optuna_nor_tensorflow():
    code = (
        "import sys\n"
        "from highnoon.hpo.presets import hsmn_search_space\n"
        "from highnoon.hpo.space import SearchSpace, when\n"
        "SearchSpace.parse(hsmn_search_space(), ['top_k_experts <= num_moe_experts'])\n"
        "heavy = {'optuna', 'tensorflow', 'keras', 'pandas', 'IPython'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or None)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
