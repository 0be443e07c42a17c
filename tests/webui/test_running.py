"""Ways to start and to end the dashboard."""

import asyncio
import contextlib
import gzip
import inspect
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbclient import NotebookClient

from highnoon import HPOTrialManager
from highnoon.cli import main
from highnoon.exceptions import ConfigError, HighNoonError, MissingDependencyError, PortInUseError
from highnoon.hpo.storage import StorageURL
from highnoon.webui import App, application
from tests.hpo.storage.cutting_proxy import CuttingProxy
from tests.processes import WAIT_SECONDS, StartPython, wait_until
from tests.webui.client import ask, page_kernel
from tests.webui.dashboards import Dashboard, Serve

RUN = App.run


def port_of(app: App) -> int:
    assert app.url is not None
    return int(app.url.split(":")[2].partition("/")[0])


@pytest.fixture(scope="module")
def dashboard(serve_dashboard: Serve) -> Dashboard:
    return serve_dashboard(host="localhost", base_url="highnoon/c++", max_viewers=0)


def test_a_script_serves_until_a_signal_and_leaves_no_process(
    start_python: StartPython, studies: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Paths of sockets are short everywhere; on some systems this one is not.
    (long := tmp_path / ("folder of temporary files" * 4)).mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    code = f"""
from highnoon.webui import app
app.run(port=0, storage={studies!r})
print("after")
"""
    endings = {signal.SIGINT: ("after\n", 0), signal.SIGTERM: ("", -signal.SIGTERM)}
    scripts = {number: start_python("-c", code) for number in endings}
    for number, script in scripts.items():
        ends_without_a_trace(script, number, endings[number])


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_its_database_does_not_answer(
    start_python: StartPython,
    new_database: Callable[[str], str],
    kind: str,
    number: signal.Signals,
) -> None:
    url = new_database(kind)
    HPOTrialManager("demo", storage=url).optimize(
        lambda config: config["x"], {"x": ("uniform", 0.0, 1.0)}, n_trials=1
    )
    port = StorageURL.parse(url).url.port
    assert port is not None
    with CuttingProxy(port) as proxy:
        url = url.replace(f":{port}/", f":{proxy.port}/")
        program = f"from highnoon.webui import app\napp.run(port=0, storage={url!r})"
        process = start_python("-c", program)
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        ask(int(address.split(":")[2].partition("/")[0]), "/hpo/study/demo")
        proxy.silent = True
        time.sleep(2)  # it looks at the study about once a second
        sent = time.monotonic()
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        assert time.monotonic() - sent < 30
        assert "Traceback" not in errors
        proxy.silent = False


def ends_without_a_trace(
    script: "subprocess.Popen[str]", number: signal.Signals, ending: tuple[str, int]
) -> None:
    assert script.stdout is not None
    line = script.stdout.readline().strip()
    match = re.fullmatch(r"HighNoon's dashboard: http://localhost:(\d+)/hpo", line)
    assert match is not None, line
    page_kernel(int(match[1]))
    process = psutil.Process(script.pid)

    def commands() -> list[list[str]]:
        """Return those of kernels; what was only forked has the script's."""
        found = (kernel.cmdline() for kernel in process.children())
        return [command for command in found if "-f" in command]

    wait_until(lambda: len(commands()) == 2)  # one behind the page, one that waits
    kernels = process.children(recursive=True)
    command = commands()[0]
    folder = Path(command[command.index("-f") + 1]).parent
    assert folder.exists()
    script.send_signal(number)
    rest, errors = script.communicate(timeout=WAIT_SECONDS)
    assert (rest, script.returncode) == ending
    assert "Traceback" not in errors
    wait_until(lambda: not any(kernel.is_running() for kernel in kernels))
    assert not folder.exists()


def test_inside_a_running_loop_it_returns_at_once(studies: str) -> None:
    app = App()

    async def main() -> tuple[str | None, int]:
        app.run(port=0, storage=studies, max_viewers=0)
        port = port_of(app)
        answer = await asyncio.to_thread(ask, port, "/hpo/health")
        assert answer.body == b'{"status": "ok"}'
        # The cell runs again, on the same port.
        app.run(port=port, storage=studies, max_viewers=0)
        url = app.url
        app.stop()
        return url, port

    # In a thread of its own: Playwright, where it was used before, has a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        url, port = pool.submit(asyncio.run, main()).result()
    assert url == f"http://localhost:{port}/hpo"
    assert app.url is None
    with pytest.raises(ConnectionRefusedError):
        ask(port, "/hpo/health")
    app.stop()  # a second time


def test_who_ends_it_before_it_serves_is_obeyed(
    studies: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.contextmanager
    def early_signal(end: Callable[[], None], _received: list[int]) -> Iterator[None]:
        end()
        yield

    monkeypatch.setattr(application, "_signals", early_signal)
    app = App()
    thread = threading.Thread(target=app.run, kwargs={"port": 0, "storage": studies}, daemon=True)
    thread.start()
    thread.join(WAIT_SECONDS)
    assert not thread.is_alive()
    assert app.url is None


def test_a_notebook_cell_goes_on_while_it_serves_and_its_kernel_leaves_no_process(
    studies: str,
) -> None:
    cells = [
        f"from highnoon.webui import app\napp.run(port=0, storage={studies!r}, max_viewers=1)",
        "from urllib.request import urlopen\n"
        "print('kernelId' in urlopen(f'{app.url}/kernel', data=b'').read().decode())",
        "import psutil\nprint(*(child.pid for child in psutil.Process().children()))",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    waits = int(WAIT_SECONDS)
    NotebookClient(notebook, timeout=waits, startup_timeout=waits).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    printed = ["".join(output.get("text", "") for output in of_cell) for of_cell in outputs]
    assert re.fullmatch(r"HighNoon's dashboard: http://localhost:\d+/hpo\n", printed[0])
    assert printed[1] == "True\n"
    children = [int(pid) for pid in printed[2].split()]
    assert children
    wait_until(lambda: not any(psutil.pid_exists(child) for child in children))


def test_a_dashboard_that_runs_is_not_started_twice(dashboard: Dashboard) -> None:
    with pytest.raises(HighNoonError, match=r"runs already, at http://localhost.*app\.stop"):
        dashboard.app.run(port=0)


def test_static_files_come_packed_and_are_kept_for_good(dashboard: Dashboard) -> None:
    bearer = {"Authorization": f"Bearer {dashboard.token}"}
    address = dashboard.server.static_addresses["core.js"]
    plain = ask(dashboard.port, address, headers=bearer)
    packed = ask(dashboard.port, address, headers={**bearer, "Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    for answer in (plain, packed):
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Vary"] == "Accept-Encoding"


def test_below_a_base_url_all_that_comes_needs_the_token(dashboard: Dashboard) -> None:
    port, app = dashboard.port, dashboard.app
    assert app.url == f"http://localhost:{port}/highnoon/c++/hpo?token={dashboard.token}"
    for method in ("GET", "HEAD"):
        assert ask(port, "/highnoon/c++/hpo/health", method=method).status == 200
    assert ask(port, "/highnoon/c++/hpo").status == 401
    assert ask(port, "/hpo").status == 401
    bearer = {"Authorization": f"Bearer {dashboard.token}"}
    assert ask(port, "/hpo", headers=bearer).status == 404
    page = ask(port, "/highnoon/c++/hpo/study/demo", headers=bearer).text
    addresses = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert addresses
    voila = dashboard.server._page_config({})
    for address in (*addresses, *voila.values(), dashboard.server.base_url):
        assert re.match(r"/highnoon/c\+\+/hpo(/|$)", address)
    leads = ask(port, f"/highnoon/c++/?token={dashboard.token}")
    assert "Path=/highnoon/c++/hpo" in leads.headers["Set-Cookie"]


def test_a_taken_port_is_an_error_that_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "0.0.0.0"):
            with pytest.raises(PortInUseError, match=rf"Port {port} is taken.*port={port + 1}"):
                App().run(host, port)


def test_the_command_says_in_its_own_words_which_ports_it_can_have(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["dashboard", "--port", str(port)]) == 1
    assert f"or take another port: --port {port + 1}, or" in capsys.readouterr().err
    assert main(["dashboard", "--port", "99999"]) == 1
    assert capsys.readouterr().err.endswith("to 65535, got 99999.\n")


def test_a_taken_port_is_noticed_before_the_packages_of_the_pages_are_imported() -> None:
    program = (
        "import sys; from highnoon.cli import main\n"
        "print(main(sys.argv[1:]), [name for name in ('voila', 'tornado') if name in sys.modules])"
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-c", program, "dashboard", "--port"]
        port = str(taken.getsockname()[1])
        done = subprocess.run([*command, port], capture_output=True, text=True, check=True)
    assert done.stdout == "1 []\n"
    assert f"Port {port} is taken" in done.stderr


def test_a_port_is_free_again_where_the_server_cannot_be_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    wrong: Any = [8]
    with pytest.raises(TypeError):
        App().run(port=port, embed_from=wrong)
    socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "no..host"}, "no address of this machine"),
        ({"host": "203.0.113.1"}, "Cannot listen on 203.0.113.1"),
        ({"port": 65536}, "port must be 0"),
        ({"token": "short"}, "16 characters"),
        ({"base_url": "/a?b"}, "base_url must be a path"),
        ({"max_viewers": -1}, "max_viewers must be 0 or more"),
        ({"cull": 0}, "cull must be a positive number"),
    ],
)
def test_wrong_options_are_errors_that_say_what_is_right(options: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        App().run(**{"port": 0, **options})


def test_a_missing_package_is_an_error_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'highnoon\[jupyter\]'"):
        App().run(port=0)


@pytest.mark.parametrize(
    ("arguments", "storage"),
    [
        ("", None),
        ("--storage sqlite:///a=b.db", "sqlite:///a=b.db"),
        ("--storage lab=sqlite:///a.db", {"lab": "sqlite:///a.db"}),
        (
            "--storage lab=sqlite:///a.db --storage sqlite:///b.db",
            {"lab": "sqlite:///a.db", "storage2": "sqlite:///b.db"},
        ),
    ],
)
def test_the_command_starts_it_with_the_same_options(
    monkeypatch: pytest.MonkeyPatch, arguments: str, storage: object
) -> None:
    given: dict[str, object] = {}
    monkeypatch.setattr(App, "run", lambda self, **options: given.update(options))
    assert main(["dashboard", "--read-only", *arguments.split()]) == 0
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(RUN).parameters.items()
        if name != "self"
    }
    assert given == {**defaults, "storage": storage, "read_only": True, "embed_from": []}
