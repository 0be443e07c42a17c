"""The public surface is exact, and importing it is cheap."""

import subprocess
import sys

import pytest

import highnoon as hn
from highnoon import exceptions

HEAVY = ["tensorflow", "keras", "optuna", "pandas", "sqlalchemy", "plotly", "ipywidgets", "numpy"]


def test_importing_highnoon_loads_no_heavy_package() -> None:
    code = f"import sys, highnoon; print([n for n in {HEAVY} if n in sys.modules])"
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert output.strip() == "[]"


@pytest.mark.parametrize("name", hn.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(hn, name) is not None
    assert name in dir(hn)


def test_the_lazy_names_and_all_are_the_same() -> None:
    assert {*hn._HOMES, "__version__"} == set(hn.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Trainr'"):
        hn.Trainr  # noqa: B018


@pytest.mark.parametrize("name", exceptions.__all__)
def test_every_error_derives_from_one_and_stands_in_the_drawn_tree(name: str) -> None:
    assert issubclass(getattr(exceptions, name), exceptions.HighNoonError)
    assert exceptions.__doc__ is not None
    assert name in exceptions.__doc__
