"""The dashboard at /hpo, as a team uses it: real server, real kernels, a study run elsewhere."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import psutil
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

import highnoon as hn
from highnoon.exceptions import TooManyFailuresError
from highnoon.hpo import attributes
from highnoon.hpo.flags import GaveUp
from highnoon.hpo.run.control import StudyControl
from tests.browser.axe import violations
from tests.browser.dashboards import Watched, running_dashboard
from tests.browser.studies import Maker, add_study, mixed
from tests.browser.waiting import TIMEOUT, soon
from tests.processes import StartPython

RUN = """
import time, highnoon as hn

def objective(params):
    for step in range(1, 4):
        time.sleep(0.02)
        hpo.report(params["dropout_rate"] + 1 / step, step)
    return params["dropout_rate"]

hpo = hn.HPOTrialManager("run elsewhere", storage=URL, seed=1)
space = {"dropout_rate": ("uniform", 0.0, 0.9), "num_reasoning_blocks": ("int", 1, 3)}
hpo.optimize(objective, space, n_trials=100_000)
"""
GROWN = "before => Number(document.querySelector('[data-trials]')?.dataset.trials) > before"
VOILA = "#highnoon-kernel .lm-Widget"
KERNEL = "JSON.parse(document.querySelector('#jupyter-config-data')?.text ?? '{}').kernelId"
DRAWN = """() => {
    const files = performance.getEntriesByType("resource");
    const named = part => files.find(({name}) => name.includes(part));
    return {plots: named("/plots-").responseEnd, voila: named("/static/voila.js").startTime};
}"""
ALL_IS_LATE = (
    "const { timeout } = AbortSignal; AbortSignal.timeout = () => timeout.call(AbortSignal, 0)"
)
MARKUP = "<img src=x onerror='window.ran=1'><script>window.ran=1</script>"
HOSTILE = (
    f"{MARKUP}&amp;",
    "=cmd|'/C calc'!A0",
    "\u202etxt.exe\u0007\u001b[31m",
    "</script></main>{{7*7}}${7*7}" + "long " * 1000,
)

SEEN = r"""html => {
    const page = html ? new DOMParser().parseFromString(html, "text/html") : document;
    const rounded = line => (line.getAttribute("d") ?? line.getAttribute("points"))
        .replace(/\d+\.\d+/g, number => Number(Number(number).toPrecision(4)));
    const mark = svg => [
        svg.getAttribute("class"), [...svg.querySelectorAll("path, polyline")].map(rounded)];
    const look = element => [
        (element.querySelector(".ag-header-cell-text") ?? element).textContent
            .replace(/[\u200b↓]/g, ""),
        [...element.querySelectorAll("svg")].map(mark),
    ];
    const place = cell => Number(cell.getAttribute("aria-colindex"));
    const cells = (row, selector) => [...row.querySelectorAll(selector)]
        .sort((a, b) => place(a) - place(b)).map(look);
    const of = (root, selectors) => selectors.flatMap(
        selector => [...page.querySelectorAll(`${root} ${selector}`)]);
    const shares = [...of(".hn-header", [".hn-state-bar span"]),
        ...of(".hn-studies", [".hn-state-bar span"])];
    const table = page.querySelector("[data-testid=trial-table]");
    return {
        parts: [
            ...of(".hn-header", [
                ".hn-header-about", ".hn-header-state", ".hn-notice-bad", ".hn-figure",
                ".hn-strip-counts > span"]),
            ...of(".hn-studies", [
                "th:not(:first-child)", ".hn-study-place", "td:not(.hn-study-check)"]),
        ].map(look),
        shares: shares.map(part => [part.dataset.status, part.style.flexGrow]),
        heads: table ? cells(table, "[role=columnheader]").map(([title]) => title) : [],
        rows: Object.fromEntries([...(table?.querySelectorAll("[data-trial]") ?? [])].map(
            row => [row.dataset.trial, cells(row, "[role=cell], [role=gridcell]")])),
    };
}"""
"""What pages show that the server has drawn, and what they show once their script runs."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with running_dashboard(folder) as address:
        yield address


@pytest.fixture
def watched(context: BrowserContext, address: str) -> Iterator[Watched]:
    watched = Watched(context, address)
    yield watched
    assert watched.wrong == []


def row(page: Page, name: str) -> Locator:
    return page.get_by_test_id("study-row").filter(has=page.get_by_role("link", name=name))


def trials(page: Page) -> int:
    return int(page.get_by_test_id("trial-count").get_attribute("data-trials") or 0)


def be_live(page: Page) -> None:
    """Wait until the page's script has taken over what the server drew."""
    expect(page.locator("#highnoon .hn-bar-state")).to_have_text("Live")


def test_a_study_that_runs_elsewhere_appears_grows_and_obeys(
    context: BrowserContext, tmp_path: Path, start_python: StartPython
) -> None:
    url = f"sqlite:///{tmp_path}/live.db"
    with running_dashboard(tmp_path) as address:
        watched = Watched(context, address)
        see_it_run(watched.page, address, url, start_python)
        assert watched.wrong == []


def see_it_run(page: Page, address: str, url: str, start_python: StartPython) -> None:
    page.goto(address)
    expect(page.get_by_test_id("study-browser")).to_contain_text("No studies yet")
    expect(page).to_have_title("Studies · HighNoon")
    run = start_python("-c", RUN.replace("URL", repr(url)))
    row(page, "run elsewhere").get_by_role("link").click()

    expect(page.get_by_role("heading", name="run elsewhere")).to_be_visible()
    expect(page).to_have_title("run elsewhere · HighNoon")
    expect(page.get_by_test_id("optimization-history").locator(".main-svg").first).to_be_visible()
    page.wait_for_function(GROWN, arg=trials(page))
    header = page.locator(".hn-header")
    header.get_by_role("button", name="Pause").click()
    expect(header).to_contain_text("Paused by")
    study = optuna.load_study(study_name="run elsewhere", storage=url)
    assert study.user_attrs[attributes.PAUSED]
    expect(header).to_contain_text("No trial starts until it is resumed.")

    # While no trial moves the rows.
    table = page.get_by_test_id("trial-table")
    table.get_by_label("Filter").first.fill("dropout_rate < 0.5")
    expect(table).to_contain_text(f" of {len(study.get_trials())} trials")
    table.locator("[role=row][data-trial]").first.click()
    expect(page.get_by_test_id("trial-details")).to_contain_text("Started")
    header.get_by_role("button", name="Resume").click()
    expect(header).to_contain_text("Resumed by")
    page.get_by_test_id("parameter-plots").scroll_into_view_if_needed()
    expect(page.get_by_test_id("parameter-plots").locator(".main-svg").first).to_be_visible()
    expect(page.get_by_test_id("importance")).to_contain_text("PED-ANOVA over")
    panel = page.get_by_test_id("control-panel")
    panel.get_by_role("button", name="Stop…").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").first.click()
    assert run.wait(TIMEOUT / 1000) == 0
    assert study.user_attrs[attributes.STOP]

    best = optuna.load_study(study_name="run elsewhere", storage=url).best_trial
    expect(page.get_by_test_id("export-panel")).to_contain_text(f"trial {best.number},")
    with page.expect_download() as download:
        page.get_by_test_id("download-best-json").click()
    config = json.loads(Path(download.value.path()).read_text())
    assert (config["trial"], config["params"]) == (best.number, best.params)
    model = hn.create_model(hn.config_from_trial(config["params"], base="tiny"))
    assert model.config.model.num_reasoning_blocks == best.params["num_reasoning_blocks"]
    with page.expect_download() as download:
        page.get_by_test_id("download-trials-csv").click()
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + len(study.get_trials())

    page.go_back()
    expect(row(page, "run elsewhere")).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", name="run elsewhere")).to_be_visible()
    page.get_by_role("navigation", name="Way").get_by_role("link", name="Studies").click()
    expect(page.get_by_test_id("study-browser")).to_contain_text("1 study in 1 storage")


def test_a_study_that_is_not_there_has_a_sentence_and_no_controls(
    watched: Watched, address: str, folder: Path
) -> None:
    url = f"sqlite:///{folder}/short.db"
    add_study(url, "short lived", ["completed"] * 2)
    page = watched.page
    main = page.locator("#highnoon")
    page.goto(address)
    row(page, "short lived").get_by_role("link").click()
    expect(page.get_by_test_id("trial-count")).to_have_attribute("data-trials", "2")
    optuna.delete_study(study_name="short lived", storage=url)
    for _ in range(2):
        expect(main.get_by_role("link", name="All studies")).to_have_attribute("href", "/hpo")
        expect(main.get_by_role("status")).to_contain_text("short lived")
        expect(main.locator(".hn-bar-state")).to_have_text("Not live")
        expect(main.get_by_role("button")).to_have_count(0)
        expect(main.locator(".hn-panel")).to_have_count(0)
        page.goto(f"{address}/study/short%20lived")
    add_study(url, "short lived", ["completed"] * 3)
    expect(page.get_by_test_id("trial-count")).to_have_attribute("data-trials", "3")
    page.close()
    optuna.delete_study(study_name="short lived", storage=url)
    watched.wrong = [text for text in watched.wrong if "status of 404" not in text]


def test_a_page_follows_its_study_to_a_new_name(
    watched: Watched, address: str, folder: Path
) -> None:
    url = f"sqlite:///{folder}/named.db"
    add_study(url, "old name", ["completed"] * 2)
    page = watched.page
    page.goto(address)
    row(page, "old name").get_by_role("link").click()
    expect(page.get_by_role("heading", name="old name")).to_be_visible()
    StudyControl("old name", url).rename("new name")
    expect(page).to_have_title("new name · HighNoon")
    assert page.url.endswith("/study/new%20name")
    expect(page.get_by_role("navigation", name="Way")).to_contain_text("new name")
    with page.expect_download() as download:
        page.get_by_test_id("download-best-json").click()
    assert json.loads(Path(download.value.path()).read_text())["study"] == "new name"
    optuna.delete_study(study_name="new name", storage=url)


def test_a_row_that_is_clicked_before_the_page_is_live_is_selected_then(
    watched: Watched, address: str, folder: Path
) -> None:
    url = f"sqlite:///{folder}/early.db"
    add_study(url, "early", mixed(30))
    page = watched.page
    page.goto(address)
    held: list[Route] = []
    page.route("**/changes*", lambda route: held.append(route))
    row(page, "early").get_by_role("link").click()
    soon(page, lambda: held)
    page.locator(".hn-paint-row[data-trial='28']").click()
    page.unroute("**/changes*")
    expect(page.get_by_test_id("trial-details")).to_contain_text("Trial 28")
    optuna.delete_study(study_name="early", storage=url)


def test_the_header_and_tabs_of_a_narrow_page_do_not_scroll(
    watched: Watched, address: str, folder: Path
) -> None:
    url = f"sqlite:///{folder}/narrow.db"
    add_study(url, "narrow", mixed(30))
    page = watched.page
    page.set_viewport_size({"width": 340, "height": 1000})
    page.goto(address)
    row(page, "narrow").get_by_role("link").click()
    be_live(page)
    best = page.locator("#highnoon .hn-figure-best")
    assert best.evaluate("best => best.scrollWidth <= best.clientWidth")
    assert best.evaluate("best => best.clientHeight") < 40
    tabs = page.locator(".hn-anchors .hn-tab-list")
    assert tabs.evaluate("tabs => tabs.scrollWidth <= tabs.clientWidth")
    optuna.delete_study(study_name="narrow", storage=url)


def test_a_long_name_takes_one_line_of_the_bar(
    watched: Watched, address: str, folder: Path
) -> None:
    url = f"sqlite:///{folder}/long.db"
    name = "a study with a name " * 20
    add_study(url, name, ["completed"] * 2)
    page = watched.page
    page.set_viewport_size({"width": 800, "height": 1000})
    page.goto(address)
    bar = page.locator("#highnoon .hn-bar")
    be_live(page)
    height = bar.evaluate("bar => bar.clientHeight")
    row(page, name).get_by_role("link").click()
    expect(page.locator(".hn-header").get_by_role("heading")).to_contain_text("a study")
    assert bar.evaluate("bar => bar.clientHeight") == height
    be_live(page)
    assert bar.evaluate("bar => bar.clientHeight") == height
    expect(bar.get_by_title(name)).to_be_visible()
    label = page.locator(".hn-enqueue_panel .hn-name", has_text="num_reasoning_blocks")
    expect(label.locator("span").last).to_have_text("_blocks")
    optuna.delete_study(study_name=name, storage=url)


def test_a_page_whose_widget_is_given_up_for_late_has_its_buttons(
    context: BrowserContext, address: str, folder: Path
) -> None:
    url = f"sqlite:///{folder}/late.db"
    add_study(url, "late", ["completed"] * 2)
    page = context.new_page()
    page.add_init_script(ALL_IS_LATE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    row(page, "late").get_by_role("link").click()
    soon(page, lambda: any("Failed to initialize model" in error for error in errors))
    controls = page.get_by_test_id("control-panel")
    controls.get_by_role("button", name="Pause").click()
    expect(controls.get_by_role("button", name="Resume")).to_be_visible()
    optuna.delete_study(study_name="late", storage=url)


def test_studies_are_compared_renamed_and_deleted(
    watched: Watched, address: str, folder: Path
) -> None:
    url = f"sqlite:///{folder}/more.db"
    for name in ("one/half", "two halves", "part"):
        add_study(url, name, ["completed"] * 4)
    page = watched.page
    page.goto(address)
    be_live(page)
    expect(page.locator(".hn-browser-tools .hn-glass")).to_be_visible()
    # A row that changes while it is pressed is clicked all the same.
    row(page, "part").get_by_role("checkbox").hover()
    page.mouse.down()
    with page.expect_response(lambda r: "/studies?after=" in r.url and r.status == 200) as news:
        hn.HPOTrialManager("part", storage=url).study.add_trial(optuna.create_trial(value=0.0))
    news.value.finished()
    page.evaluate("new Promise(requestAnimationFrame)")
    page.mouse.up()
    expect(page.get_by_test_id("study-browser")).to_contain_text("1 selected")
    expect(row(page, "part")).to_contain_text("0.0000")
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("New name of part").fill("whole")
    page.keyboard.press("Enter")
    expect(row(page, "whole")).to_be_visible()
    row(page, "whole").get_by_role("checkbox").click()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete whole").click()
    expect(row(page, "whole")).to_have_count(0)
    assert set(optuna.get_all_study_names(url)) == {"one/half", "two halves"}

    for name in ("one/half", "two halves"):
        row(page, name).get_by_role("checkbox").click()
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("link", name="Open as a page").click()
    expect(page).to_have_title("one/half and two halves · HighNoon")
    expect(page.locator(".hn-step-plot")).to_have_count(2)
    expect(page.locator(".hn-compare-page")).to_contain_text("After 4 completed trials each:")
    assert violations(page.locator("#highnoon"), least=5) == []
    page.get_by_role("link", name="one/half").click()
    expect(page.get_by_role("heading", name="one/half")).to_be_visible()
    assert page.url.endswith("/study/one%2Fhalf")


def test_text_of_studies_is_text(watched: Watched, address: str, folder: Path) -> None:
    url = f"sqlite:///{folder}/hostile.db"
    for name in HOSTILE:
        name = name[:500]
        distributions: Any = {
            text[:200]: optuna.distributions.CategoricalDistribution([*HOSTILE, MARKUP])
            for text in HOSTILE
        }
        study = hn.HPOTrialManager(name, storage=url).study
        for number in range(12):
            params = dict.fromkeys(distributions, HOSTILE[number % 4])
            study.add_trial(
                optuna.create_trial(value=number, params=params, distributions=distributions)
            )
        failure = {"type": MARKUP, "message": MARKUP * 50, "traceback": f"Traceback\n{MARKUP}"}
        study.add_trial(
            optuna.create_trial(
                state=optuna.trial.TrialState.FAIL,
                user_attrs={attributes.FAILURE: failure, attributes.LOG: MARKUP},
            )
        )
        study.set_user_attr(f"{attributes.NOTE}12", MARKUP)
        study._storage.set_study_system_attr(study._study_id, "study:metric_names", [MARKUP])
    page = watched.page
    page.goto(f"{address}?{MARKUP}")
    links = page.locator("[data-key*='hostile.db'] a")
    expect(links).to_have_count(len(HOSTILE))
    soon(page, lambda: {name[:500] for name in HOSTILE} == set(links.all_text_contents()))
    links.filter(has_text=HOSTILE[0]).click()
    expect(page.locator("h2")).to_have_text(HOSTILE[0])
    be_live(page)
    page.locator("[role=row][data-trial='12']").click()
    details = page.get_by_test_id("trial-details")
    expect(details).to_contain_text(MARKUP)
    expect(details.get_by_label("Note")).to_have_value(MARKUP)
    page.get_by_test_id("parameter-plots").scroll_into_view_if_needed()
    expect(page.get_by_test_id("parameter-plots").locator(".main-svg").first).to_be_visible()
    expect(page.get_by_test_id("importance")).to_contain_text("PED-ANOVA")
    page.get_by_test_id("optimization-history").locator(".hn-plot-figure").hover()
    page.goto(f"{address}/compare?study={MARKUP}")
    expect(page.locator(".hn-compare-page")).to_contain_text("There is no study")
    assert page.evaluate("window.ran") is None


def test_a_study_that_gave_up_says_why_and_leads_to_a_trial(
    context: BrowserContext, tmp_path: Path
) -> None:
    hpo = give_up(tmp_path)
    with running_dashboard(tmp_path) as address:
        watched = Watched(context, address)
        page = watched.page
        page.goto(address)
        be_live(page)
        reason = row(page, "gave up").locator(".hn-study-reason")
        expect(reason).to_have_text("after 5 failures in a row: all FileNotFoundError")
        shown = "e => [e.scrollWidth <= e.clientWidth, e.scrollHeight <= e.clientHeight]"
        assert reason.evaluate(shown) == [True, True]
        row(page, "gave up").get_by_role("link").click()
        be_live(page)
        header = page.locator(".hn-header")
        notice = header.locator(".hn-notice-bad")
        expect(notice).to_contain_text(
            "Stopped after 5 failures in a row. All of them: FileNotFoundError. No value yet."
        )
        last = hpo.trials[-1].number
        notice.get_by_role("button", name=f"Show trial {last}").click()
        expect(page.get_by_test_id("trial-details")).to_contain_text(f"Trial {last}")
        expect(page.get_by_test_id("trial-details")).to_be_in_viewport()
        assert watched.wrong == []


def give_up(folder: Path) -> hn.HPOTrialManager:
    """A study whose run ended itself."""

    def fail(_: dict[str, Any]) -> float:
        raise FileNotFoundError("./corpus")

    hpo = hn.HPOTrialManager("gave up", storage=f"sqlite:///{folder}/drawn.db")
    with pytest.raises(TooManyFailuresError):
        hpo.optimize(fail, {"x": ("uniform", 0, 1)})
    return hpo


def test_a_page_shows_the_same_before_its_script_runs_as_afterwards(
    context: BrowserContext, tmp_path: Path
) -> None:
    statuses = [status for status in mixed(60) if status != "running"]
    add_study(f"sqlite:///{tmp_path}/drawn.db", "drawn", statuses, hours_ago=3)
    failed = add_study(f"sqlite:///{tmp_path}/drawn.db", "gave up", ["failed"] * 5, hours_ago=3)
    why = GaveUp.now("after 5 failures in a row: all MemoryError")
    failed.study.set_user_attr(attributes.GAVE_UP, why.to_json())
    stock = optuna.create_study(study_name="stock", storage=f"sqlite:///{tmp_path}/drawn.db")
    stock.add_trials(Maker().trials(["completed"], hours_ago=3))
    with running_dashboard(tmp_path) as address:
        watched = Watched(context, address)
        page = watched.page

        def drawn() -> tuple[dict[str, Any], dict[str, Any]]:
            before = page.evaluate(SEEN, page.request.get(page.url).text())
            assert len(before["parts"]) > 8
            return before, page.evaluate(SEEN, None)

        page.goto(address)
        be_live(page)
        expect(page.get_by_role("checkbox").first).to_be_visible()
        before, after = drawn()
        assert before == after
        expect(row(page, "drawn")).to_contain_text("unfinished")
        expect(row(page, "stock")).to_contain_text("not running")
        page.goto(f"{address}/study/gave up")
        be_live(page)
        before, after = drawn()
        assert before["parts"] == after["parts"]
        page.goto(address)
        row(page, "drawn").get_by_role("link").click()
        expect(page.locator(".ag-row").nth(12)).to_be_visible()
        be_live(page)
        before, after = drawn()
        for name in ("parts", "shares"):
            assert before[name] == after[name]
        in_both = before["rows"].keys() & after["rows"].keys()
        assert len(in_both) > 10
        for number in in_both:
            server, table = (
                dict(zip(seen["heads"], seen["rows"][number], strict=True))
                for seen in (before, after)
            )
            assert {name: server[name] for name in table} == table
        assert watched.wrong == []


def test_read_only_pages_have_no_control(context: BrowserContext, tmp_path: Path) -> None:
    add_study(f"sqlite:///{tmp_path}/fixed.db", "fixed", mixed(30))
    with running_dashboard(tmp_path, read_only=True) as address:
        watched = Watched(context, address)
        page = watched.page
        page.goto(address)
        be_live(page)
        row(page, "fixed").get_by_role("checkbox").click()
        expect(page.get_by_test_id("study-browser")).to_contain_text("1 selected")
        words = page.get_by_test_id("study-browser").get_by_role("button").all_inner_texts()
        assert not {"Rename", "Archive", "Delete…"} & set(words)
        assert violations(page.locator("#highnoon")) == []
        row(page, "fixed").get_by_role("link").click()
        expect(page.get_by_role("heading", name="fixed")).to_be_visible()
        be_live(page)
        page.locator("[role=row][data-trial='29']").click()
        expect(page.get_by_test_id("trial-details")).to_contain_text("Started")
        expect(page.get_by_test_id("importance")).to_contain_text("PED-ANOVA")
        offered = set(page.locator("#highnoon").get_by_role("button").all_inner_texts())
        for word in ("Pause", "Stop", "Enqueue", "Resume"):
            assert not [text for text in offered if word in text]
        for panel in ("control-panel", "enqueue-panel"):
            expect(page.get_by_test_id(panel)).to_have_count(0)
        expect(page.get_by_label("Note")).to_be_hidden()
        assert violations(page.locator("#highnoon")) == []
        assert watched.wrong == []


def test_a_page_goes_on_when_the_server_was_away(
    watched: Watched, address: str, folder: Path
) -> None:
    url = f"sqlite:///{folder}/away.db"
    study = add_study(url, "away", ["completed"] * 3).study
    page = watched.page
    with page.expect_request("**/changes?after=*"):
        page.goto(f"{address}/away.db/study/away")
    count = page.get_by_test_id("trial-count")
    expect(count).to_have_attribute("data-trials", "3")
    page.evaluate("document.addEventListener('click', () => (window.clicked = true), true)")

    def away(route: Route) -> None:
        """Let no request pass before somebody clicks: the page tries by itself too."""
        if page.evaluate("window.clicked"):
            route.continue_()
        else:
            route.abort()

    page.route("**/changes*", away)
    study.enqueue_trial({})  # ends the request that waits for news
    header = page.locator(".hn-header")
    expect(header).to_contain_text("The server does not answer. Last update")
    expect(page.locator(".hn-bar")).to_contain_text("Not live")
    expect(count).to_have_attribute("data-trials", "4")
    study.enqueue_trial({})
    header.get_by_role("button", name="Try now").click()
    expect(count).to_have_attribute("data-trials", "5")
    expect(header).not_to_contain_text("does not answer")
    watched.wrong = [text for text in watched.wrong if "ERR_FAILED" not in text]


def test_what_draws_a_page_comes_before_the_scripts_of_its_buttons(
    watched: Watched, address: str, folder: Path
) -> None:
    add_study(f"sqlite:///{folder}/quick.db", "quick", ["completed"] * 3)
    page = watched.page
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[1]))
    page.route("**/changes*", lambda route: None)  # the page is not drawn
    page.goto(f"{address}/quick.db/study/quick")
    page.wait_for_timeout(3000)
    assert "kernel" not in asked
    page.keyboard.press("Tab")  # somebody uses it all the same
    page.wait_for_selector(VOILA, state="attached")
    page.unroute("**/changes*")
    asked.clear()
    page.reload()
    page.wait_for_selector(VOILA, state="attached")
    assert asked.index("kernel") > max(i for i, name in enumerate(asked) if "plots-" in name)
    assert asked.index("voila.js") > asked.index("kernel")
    shown = page.evaluate(DRAWN)
    assert shown["voila"] > shown["plots"] + 1000


def test_a_page_that_found_no_kernel_gets_its_buttons_when_there_is_one(
    context: BrowserContext, tmp_path: Path
) -> None:
    add_study(f"sqlite:///{tmp_path}/full.db", "full", mixed(30))
    with running_dashboard(tmp_path, max_viewers=1) as address:
        first, watched = context.new_page(), Watched(context, address)
        first.goto(address)
        first.wait_for_selector(VOILA, state="attached")
        page = watched.page
        page.goto(f"{address}/study/full")
        header = page.locator(".hn-header")
        pause = header.get_by_role("button", name="Pause")
        expect(page.locator(".hn-bar")).to_contain_text("Live")
        expect(header).to_contain_text("no buttons. As many pages are open")
        expect(header).to_contain_text("Trying again in")
        expect(pause).to_be_hidden()
        for panel in ("control-panel", "enqueue-panel"):
            expect(page.get_by_test_id(panel)).to_be_hidden()
        page.set_viewport_size({"width": 800, "height": 1000})
        link = page.get_by_role("link", name="Enqueue")
        expect(link).to_be_hidden()
        first.close(run_before_unload=True)
        pause.click()
        expect(header).to_contain_text("Paused by")
        expect(header).not_to_contain_text("no buttons")
        expect(page.get_by_test_id("enqueue-panel")).to_be_visible()
        expect(link).to_be_visible()
        assert [text for text in watched.wrong if "503" not in text] == []


def test_a_page_whose_kernel_is_killed_gets_another_one(
    watched: Watched, address: str, folder: Path
) -> None:
    add_study(f"sqlite:///{folder}/killed.db", "killed", mixed(30))
    page = watched.page
    page.goto(f"{address}/killed.db/study/killed")
    expect(page.locator(".hn-bar-state")).to_have_text("Live")
    page.locator("[role=row][data-trial='29']").click()
    expect(page.get_by_test_id("trial-details")).to_contain_text("Started")
    page.evaluate("window.stayed = true")
    kernel = page.evaluate(KERNEL)
    _kill_kernel(kernel)
    killed = time.monotonic()
    page.wait_for_function(f"kernel => {KERNEL} !== kernel", arg=kernel)
    noticed = time.monotonic() - killed
    header = page.locator(".hn-header")
    header.get_by_role("button", name="Pause").click()
    expect(header).to_contain_text("Paused by")
    expect(page.get_by_test_id("trial-details")).to_contain_text("Trial 29")
    assert page.evaluate("window.stayed")
    assert noticed < 15, "a second, and what a machine at work adds"
    watched.wrong.clear()  # the browser logs what is not there any more


def test_a_kernel_that_dies_before_it_is_reached_is_replaced(
    watched: Watched, address: str, folder: Path
) -> None:
    add_study(f"sqlite:///{folder}/early.db", "early", mixed(3))
    page = watched.page
    held: list[Route] = []
    page.route("**/voila.js", lambda route: held.append(route), times=1)
    page.goto(f"{address}/early.db/study/early")
    soon(page, lambda: bool(held))
    _kill_kernel(page.evaluate(KERNEL))
    held[0].continue_()
    header = page.locator(".hn-header")
    header.get_by_role("button", name="Pause").click()
    expect(header).to_contain_text("Paused by")
    watched.wrong.clear()  # the browser logs what is not there any more


def _kill_kernel(kernel: str) -> None:
    (process,) = [each for each in psutil.process_iter() if kernel in " ".join(_command(each))]
    process.kill()


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
