"""Who may ask for what: the promises of docs/security.md."""

import json
import logging
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from websockets.exceptions import InvalidStatus

from highnoon.webui.access import Access, Guarded
from tests.processes import WAIT_SECONDS, wait_until
from tests.webui.client import ask, ask_for_kernel, config_of, open_socket, page_kernel
from tests.webui.dashboards import Dashboard, Serve

FORWARDED = {"X-Forwarded-For": "203.0.113.7"}
"""What a reverse proxy adds: the request comes from somebody else."""

FOREIGN_HOST = {"Host": "rebound.example:8000"}


@pytest.fixture(scope="module")
def config(dashboard: Dashboard) -> Mapping[str, Any]:
    """What Voilà's script finds in an open page."""
    return config_of(ask_for_kernel(dashboard.port).text)


@pytest.fixture(scope="module")
def kernel(config: Mapping[str, Any]) -> str:
    """The kernel of an open page."""
    return config["kernelId"]


@pytest.fixture(scope="module")
def cookie(dashboard: Dashboard) -> str:
    """The cookie that a browser has which brought the token."""
    answer = ask(dashboard.port, f"/hpo/nothing?token={dashboard.token}", headers=FORWARDED)
    return answer.headers["Set-Cookie"].partition(";")[0]


@pytest.fixture
def resources(dashboard: Dashboard, kernel: str) -> Mapping[str, str]:
    """One address of each kind."""
    server = dashboard.server
    version = server._version
    return {
        "browser": "/hpo",
        "study": "/hpo/study/demo",
        "compare": "/hpo/compare?study=demo",
        "root": "/",
        "kernel": f"/hpo/api/kernels/{kernel}",
        "static": server.static_addresses["core.js"],
        "voila": f"/hpo/voila/{version}/static/voila.js",
        "missing": "/hpo/nothing/here",
    }


KINDS = ("study", "root", "kernel", "static", "voila", "missing")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, None),
        (FORWARDED, 401),
        ({"Forwarded": "for=203.0.113.7"}, 401),
        ({"Via": "1.1 proxy"}, 401),
        (FOREIGN_HOST, 401),
        ({"Host": ""}, 401),
        ({**FORWARDED, "Cookie": "{name}=guess"}, 401),
        ({**FORWARDED, "Authorization": "Bearer {token}"}, None),
        ({**FOREIGN_HOST, "Authorization": "Bearer {token}"}, None),
        ({**FORWARDED, "Cookie": "{cookie}"}, None),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "iframe"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}, None),
    ],
    ids=str,
)
def test_whoever_may_not_ask_is_told_nothing(
    dashboard: Dashboard,
    resources: Mapping[str, str],
    cookie: str,
    kind: str,
    headers: Mapping[str, str],
    status: int | None,
) -> None:
    name = cookie.partition("=")[0]
    filled = {
        key: value.format(token=dashboard.token, cookie=cookie, name=name)
        for key, value in headers.items()
    }
    answer = ask(dashboard.port, resources[kind], headers=filled)
    granted = {"root": 302, "missing": 404}.get(kind, 200)
    assert answer.status == (status or granted)
    if status is not None:
        assert json.loads(answer.body).keys() == {"error"}


@pytest.mark.parametrize("peer", ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "fe80::1%eth0"])
def test_another_machine_needs_the_token_whatever_host_it_names(peer: str) -> None:
    for address, needed in ((peer, True), ("127.0.0.1", False), ("::1", False)):
        connection = SimpleNamespace(context=SimpleNamespace(remote_ip=address, protocol="http"))
        host = HTTPHeaders({"Host": "localhost:8000"})
        request = HTTPServerRequest(
            start_line=RequestStartLine("GET", "/hpo", "HTTP/1.1"),
            headers=host,
            connection=connection,
        )
        assert Access().needs_token(request) is needed
        assert Access("t" * 16, everyone=True).needs_token(request) is True


def test_every_route_asks_for_the_token(dashboard: Dashboard, kernel: str) -> None:
    server = dashboard.server
    rules = [rule for part in server.app.default_router.rules for rule in _rules(part)]
    assert {rule.target for rule in rules} == {route[1] for route in server.routes()}
    assert issubclass(server.app.settings["default_handler_class"], Guarded)
    public = set()
    for rule in rules:
        assert issubclass(rule.target, Guarded)
        path = re.sub(r"\(\?P<kernel_id>.*?\)", kernel, rule.matcher.regex.pattern.rstrip("$"))
        path = re.sub(r"\([^)]*\)\??", "x", path).replace("\\", "")
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            status = ask(dashboard.port, path, headers=FORWARDED, method=method).status
            if rule.target.public:
                public.add(path)
            else:
                assert status in (401, 405), (method, path)
    assert public == {"/hpo/health", "/hpo/login"}


def _rules(rule):
    inner = getattr(rule.target, "rules", None)
    return [rule] if inner is None else [deep for part in inner for deep in _rules(part)]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 101),
        ({"Origin": "http://localhost:{port}"}, 101),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Origin": "null"}, 403),
        (FORWARDED, 401),
        (FOREIGN_HOST, 401),
        ({**FORWARDED, "Authorization": "Bearer {token}"}, 101),
        ({**FORWARDED, "Cookie": "{cookie}"}, 101),
        ({**FORWARDED, "Cookie": "{cookie}", "Origin": "https://evil.example"}, 403),
        ({"Authorization": "Bearer {token}", "Origin": "https://evil.example"}, 403),
    ],
    ids=str,
)
def test_the_websocket_is_for_pages_of_this_server(
    dashboard: Dashboard, kernel: str, cookie: str, headers: Mapping[str, str], status: int
) -> None:
    filled = {
        key: value.format(token=dashboard.token, cookie=cookie, port=dashboard.port)
        for key, value in headers.items()
    }
    if status == 101:
        with open_socket(dashboard.port, kernel, filled):
            pass
    else:
        with pytest.raises(InvalidStatus) as refused, open_socket(dashboard.port, kernel, filled):
            pass
        assert refused.value.response.status_code == status


def test_a_page_of_another_site_cannot_take_or_end_a_kernel(
    dashboard: Dashboard, kernel: str
) -> None:
    viewers = dashboard.kernels.viewers
    foreign = {"Origin": "https://evil.example"}
    for path in ("/hpo/kernel", f"/hpo/voila/api/shutdown/{kernel}"):
        assert ask(dashboard.port, path, method="POST", headers=foreign, body="").status == 403
    assert dashboard.kernels.viewers == viewers
    assert dashboard.kernels.serves(kernel)


def test_no_code_runs_over_the_websocket(
    dashboard: Dashboard, kernel: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    written = tmp_path_factory.mktemp("code") / "ran"
    content = {"code": f"open({str(written)!r}, 'w')", "silent": False}
    with open_socket(dashboard.port, kernel) as page:
        for channel in ("shell", "control"):
            for kind in ("execute_request", "debug_request", "shutdown_request"):
                page.send(_message(channel, kind, content))
        page.send(_message("shell", "kernel_info_request", {}))
        kinds = set()
        while "kernel_info_reply" not in kinds:
            kinds.add(json.loads(page.recv(timeout=WAIT_SECONDS))["header"]["msg_type"])
    assert kinds <= {"status", "kernel_info_reply"}
    assert not written.exists()


def _message(channel: str, kind: str, content: Mapping[str, object]) -> str:
    header = {"msg_id": kind, "msg_type": kind, "session": "test", "username": "", "version": "5.3"}
    return json.dumps(
        {
            "channel": channel,
            "header": {**header, "date": "2026-01-01T00:00:00Z"},
            "parent_header": {},
            "metadata": {},
            "content": content,
        }
    )


def test_a_kernel_that_waits_for_a_page_is_nobodys(dashboard: Dashboard, kernel: str) -> None:
    kernels = dashboard.kernels

    def waiting() -> list[str]:
        return [each for each in kernels.list_kernel_ids() if not kernels.serves(each)]

    wait_until(waiting)  # the next is on its way since the page took its own
    waiting_id = waiting()[0]
    assert ask(dashboard.port, f"/hpo/api/kernels/{waiting_id}").status == 404
    with pytest.raises(InvalidStatus), open_socket(dashboard.port, waiting_id):
        pass


@pytest.mark.parametrize(
    "path",
    [
        "/hpo/static/../../../../etc/passwd",
        "/hpo/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/hpo/static/core.js",
        "/hpo/voila/{version}/static/../../../../../../../../../etc/passwd",
        "/hpo/voila/{version}/static/%2e%2e/index.html.j2",
        "/hpo/voila/{version}/static//etc/passwd",
        "/hpo/voila/{version}/static/%00",
        "/hpo/voila/{version}/static/" + "long" * 100,
        "/hpo/voila/{version}/labextensions/@voila-dashboards/jupyterlab-preview/package.json",
        "/hpo/voila/{version}/labextensions/anywidget/package.json",
        "/hpo/voila/files/hpo.ipynb",
        "/hpo/hpo.ipynb",
        "/hpo/voila/render/hpo.ipynb",
        "/hpo/voila/templates/lab/static/voila.js",
        "/hpo/voila/api/contents",
        "/hpo/api/contents",
        "/hpo/api/kernels",
        "/hpo/api/kernelspecs",
        "/hpo/api/sessions",
        "/hpo/api/terminals",
        "/api/kernels",
        "/voila/files/hpo.ipynb",
        "/notebooks/hpo.ipynb",
    ],
)
def test_nothing_else_is_served(dashboard: Dashboard, path: str) -> None:
    path = path.format(version=dashboard.server._version)
    for method in ("GET", "POST"):
        assert ask(dashboard.port, path, method=method).status in (404, 405)


def test_all_that_a_page_s_widgets_need_is_served(
    dashboard: Dashboard, config: Mapping[str, Any]
) -> None:
    extensions = config["federated_extensions"]
    assert len(extensions) == 3
    for extension in extensions:
        path = f"{config['fullLabextensionsUrl']}/{extension['name']}/{extension['load']}"
        assert ask(dashboard.port, path.replace("/./", "/")).status == 200


def test_the_link_with_the_token_leads_to_the_address_without_it(
    dashboard: Dashboard, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    query = f"token={dashboard.token}&study=a%20b&study=%C3%A9"
    answer = ask(dashboard.port, f"/hpo/compare?{query}", headers=FORWARDED)
    assert answer.status == 302
    assert answer.headers["Location"] == "/hpo/compare?study=a+b&study=%C3%A9"
    given = answer.headers["Set-Cookie"].partition(";")
    assert {"HttpOnly", "Path=/hpo", "SameSite=Lax"} <= set(given[2].strip().split("; "))
    assert dashboard.token not in given[0]
    wait_until(lambda: "/hpo/compare" in caplog.text)
    assert dashboard.token not in caplog.text
    # Not even a browser that needs no token keeps it in its address.
    here = ask(dashboard.port, f"/hpo?token={dashboard.token}")
    assert (here.status, here.headers["Location"]) == (302, "/hpo")
    for away in ("//evil.example/", "/\\evil.example/"):
        led = ask(dashboard.port, f"{away}?token={dashboard.token}")
        assert led.headers["Location"] == "/evil.example/"


def test_the_login_form_leads_back(dashboard: Dashboard) -> None:
    form = ask(dashboard.port, '/hpo/study/a"b?x=1', headers={**FORWARDED, "Accept": "text/html"})
    assert form.status == 401
    assert 'value="/hpo/study/a&quot;b?x=1"' in form.text

    def log_in(token: str, following: str) -> tuple[int, str | None]:
        body = f"token={token}&next={following}"
        headers = {**FORWARDED, "Content-Type": "application/x-www-form-urlencoded"}
        answer = ask(dashboard.port, "/hpo/login", method="POST", headers=headers, body=body)
        return answer.status, answer.headers["Location"]

    for here in ("/hpo/study/demo", "/hpo/study/1..2?x=1"):
        assert log_in(dashboard.token, here) == (302, here)
    elsewhere = (
        "https://evil.example",
        "//evil.example",
        "/hpo\\evil",
        "/hpo/../x",
        "/hpo/.%252E/x",
    )
    for away in (*elsewhere, "/hpo/%0D%0AX-Evil: 1"):
        assert log_in(dashboard.token, away) == (302, "/hpo")
    assert log_in("wrong", "/hpo") == (401, None)


def test_tokens_cannot_be_tried_out(dashboard: Dashboard, cookie: str) -> None:
    def status(**headers: str) -> int:
        # A client of its own: the others of this module may go on trying.
        headers = {"X-Forwarded-For": "203.0.113.8", **headers}
        return ask(dashboard.port, "/hpo/nothing", headers=headers).status

    tried = [status(Authorization=f"Bearer guess{number}") for number in range(12)]
    assert tried == [401] * 10 + [429] * 2
    assert status(Authorization=f"Bearer {dashboard.token}") == 429
    # What the client wrote itself changes nothing; another client of the same proxy gets in.
    for forwarded, expected in (
        ("192.0.2.1, 203.0.113.8", 429),
        ("203.0.113.8, 192.0.2.1", 404),
    ):
        right = {"Authorization": f"Bearer {dashboard.token}", "X-Forwarded-For": forwarded}
        assert status(**right) == expected
    assert status(Cookie=cookie) == 404  # whoever is in, stays in


def test_answers_protect_the_browser(dashboard: Dashboard) -> None:
    for path in ("/hpo/health", "/hpo/nothing", "/hpo/login", "/hpo/study/demo"):
        headers = ask(dashboard.port, path, method="HEAD").headers
        policy = dict(
            directive.strip().split(" ", 1)
            for directive in headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in policy["script-src"]
        assert not re.search(r"https?:|\*", headers["Content-Security-Policy"])
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Server" not in headers


@pytest.fixture(scope="module")
def read_only(serve_dashboard: Serve) -> Dashboard:
    """A dashboard that changes nothing and has a token that was chosen."""
    token = "a-token-of-the-tests"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HIGHNOON_WEBUI_TOKEN", token)
        return serve_dashboard(token=token, read_only=True, embed_from=["https://wiki.example"])


@pytest.fixture(scope="module")
def read_only_kernel(read_only: Dashboard) -> str:
    return page_kernel(read_only.port, Authorization=f"Bearer {read_only.token}")


def test_a_kernel_that_only_reads_refuses_what_changes_a_study(
    read_only: Dashboard, read_only_kernel: str
) -> None:
    bearer = {"Authorization": f"Bearer {read_only.token}"}
    with open_socket(read_only.port, read_only_kernel, bearer) as page:

        def answer(*models: str, action: str, **arguments: object) -> dict[str, Any]:
            call = {"type": "call", "action": action, "arguments": arguments}
            for model in models:
                page.send(_update(model, {"read_only": False}))
                data = {"method": "custom", "content": call}
                page.send(_message("shell", "comm_msg", {"comm_id": model, "data": data}))
            while True:
                message = page.recv(timeout=WAIT_SECONDS)
                # Binary ones, which widgets send too, are of the older protocol here.
                content = json.loads(message)["content"] if isinstance(message, str) else {}
                answered = content.get("data", {}).get("content", {})
                if answered.get("type") == "answer":
                    return answered

        page.send(_message("shell", "comm_info_request", {"target_name": "jupyter.widget"}))
        comms = None
        while comms is None:
            comms = json.loads(page.recv(timeout=WAIT_SECONDS))["content"].get("comms")
        study = answer(*comms, action="open", alias=None, study="demo")["result"]
        assert "read_only=True" in answer(study, action="stop")["error"]
        browser = answer(*comms, action="browse")["result"]
        gone = answer(browser, action="delete", storage="hpo.db", study="demo")
        assert "read_only=True" in gone["error"]
    assert ask(read_only.port, "/hpo/health").status == 200


def _update(model: str, state: Mapping[str, object]) -> str:
    data = {"method": "update", "state": state, "buffer_paths": []}
    return _message("shell", "comm_msg", {"comm_id": model, "data": data})


def test_kernels_do_not_know_the_token(
    read_only: Dashboard, read_only_kernel: str, studies: str
) -> None:
    dashboard, kernel, token = read_only, read_only_kernel, read_only.token
    process = psutil.Process(dashboard.kernels.get_kernel(kernel).provisioner.pid)
    environment = process.environ()
    assert token not in " ".join((*environment.values(), *process.cmdline()))
    assert json.loads(environment["HIGHNOON_WEBUI_STORAGES"]) == {"hpo.db": studies}
    assert environment["HIGHNOON_WEBUI_READ_ONLY"] == "1"
    # A token that was chosen is for requests of this machine too.
    assert ask(dashboard.port, "/hpo").status == 401
    framed = ask(dashboard.port, "/hpo/health").headers
    assert "frame-ancestors 'self' https://wiki.example" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed


def test_a_server_for_this_machine_alone_refuses_foreign_hosts(serve_dashboard: Serve) -> None:
    dashboard = serve_dashboard(host="127.0.0.1", max_viewers=0)
    assert ask(dashboard.port, "/hpo/health").status == 200
    missing = ask(dashboard.port, "/hpo/nothing", headers={"Accept": "text/html"})
    assert missing.status == 404
    assert "There is no page at this address." in missing.text
    assert '<a href="/hpo">All studies</a>' in missing.text
    for headers in (FORWARDED, FOREIGN_HOST):
        refused = ask(dashboard.port, "/hpo", headers={**headers, "Accept": "text/html"})
        assert refused.status == 403
        assert "<form" not in refused.text
