"""Ways to start and to end the dashboard."""

import asyncio
import re
import signal
import socket
from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient import NotebookClient

from highnoon.exceptions import ConfigError, HighNoonError, MissingDependencyError, PortInUseError
from highnoon.webui import App
from tests.processes import StartPython, wait_until
from tests.webui.client import ask, page_kernel
from tests.webui.dashboards import Dashboard, Serve


def port_of(app: App) -> int:
    assert app.url is not None
    return int(app.url.split(":")[2].partition("/")[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_script_serves_until_a_signal_and_leaves_no_process(
    start_python: StartPython, studies: str, number: signal.Signals
) -> None:
    code = f"""
from highnoon.webui import app
app.run(port=0, storage={studies!r})
print("after")
"""
    script = start_python("-c", code)
    assert script.stdout is not None
    line = script.stdout.readline()
    port = int(re.search(r"http://localhost:(\d+)/hpo$", line.strip())[1])
    page_kernel(port)
    process = psutil.Process(script.pid)
    wait_until(lambda: len(process.children()) == 2)  # one behind the page, one that waits
    kernels = process.children(recursive=True)
    folder = {Path(kernel.cmdline()[-1]).parent for kernel in process.children()}.pop()
    script.send_signal(number)
    rest, errors = script.communicate(timeout=30)
    assert (rest, script.returncode) == (("after\n", 0) if number == signal.SIGINT else ("", -15))
    assert "Traceback" not in errors
    wait_until(lambda: not any(kernel.is_running() for kernel in kernels), seconds=5)
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

    url, port = asyncio.run(main())
    assert url == f"http://localhost:{port}/hpo"
    assert app.url is None
    with pytest.raises(ConnectionRefusedError):
        ask(port, "/hpo/health")
    app.stop()  # a second time


def test_a_notebook_cell_goes_on_while_it_serves(studies: str) -> None:
    cells = [
        f"from highnoon.webui import app\napp.run(port=0, storage={studies!r}, max_viewers=0)",
        "from urllib.request import urlopen\nprint(urlopen(app.url + '/health').read().decode())",
        "app.stop()\nprint(app.url)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60).execute()
    printed = [
        "".join(output.get("text", "") for output in cell.outputs) for cell in notebook.cells
    ]
    assert re.fullmatch(r"HighNoon's dashboard: http://localhost:\d+/hpo\n", printed[0])
    assert printed[1:] == ['{"status": "ok"}\n', "None\n"]


def test_a_dashboard_that_runs_is_not_started_twice(dashboard: Dashboard) -> None:
    with pytest.raises(HighNoonError, match=r"runs already, at http://localhost.*app\.stop"):
        dashboard.app.run(port=0)


@pytest.fixture(scope="module")
def dashboard(serve_dashboard: Serve) -> Dashboard:
    return serve_dashboard(host="localhost", base_url="highnoon/team")


def test_below_a_base_url_all_that_comes_needs_the_token(dashboard: Dashboard) -> None:
    port, app = dashboard.port, dashboard.app
    assert app.url == f"http://localhost:{port}/highnoon/team/hpo?token={dashboard.token}"
    assert ask(port, "/highnoon/team/hpo/health").status == 200
    assert ask(port, "/highnoon/team/hpo").status == 401
    assert ask(port, "/hpo").status == 401
    bearer = {"Authorization": f"Bearer {dashboard.token}"}
    assert ask(port, "/hpo", headers=bearer).status == 404
    page = ask(port, "/highnoon/team/hpo/study/demo", headers=bearer).text
    addresses = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert addresses
    assert all(address.startswith("/highnoon/team/hpo/") for address in addresses)
    leads = ask(port, f"/highnoon/team/?token={dashboard.token}")
    assert "Path=/highnoon/team/hpo" in leads.headers["Set-Cookie"]


def test_a_taken_port_is_an_error_that_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "0.0.0.0"):
            with pytest.raises(PortInUseError, match=rf"Port {port} is taken.*port={port + 1}"):
                App().run(host, port)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "no.such.host.invalid"}, "no address of this machine"),
        ({"host": "192.0.2.1"}, "Cannot listen on 192.0.2.1"),
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
