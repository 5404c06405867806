"""The review page answers its own page alone: token, Host, origin, and nothing that runs."""

import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from review_pages import Page, running, write_reviewed

from datagen.review.guard import MOST_BYTES
from datagen.review.server import can_open_browser, open_socket
from datagen.review.store import Reviews
from taxqa.errors import InputError

PATIENCE = 200.0
"""Seconds that a busy machine may take for an answer."""


def got(url: str, **more: Any) -> httpx.Response:
    return httpx.get(url, timeout=PATIENCE, **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def page(folder: Path) -> Iterator[Page]:
    with running(write_reviewed(folder), "--reviewer", "김세무") as started:
        yield started


@pytest.fixture
def client(page: Page) -> Iterator[httpx.Client]:
    """A browser that opened the address with the token."""
    with httpx.Client(base_url=page.origin, timeout=PATIENCE) as client:
        assert client.get(page.url).status_code == 200
        yield client


def own(page: Page, **changes: str) -> dict[str, str]:
    """The headers that the page itself sends."""
    return {"Origin": page.origin, "X-Taxqa-Review": "1", **changes}


def post(client: httpx.Client, page: Page, path: str, **body: Any) -> httpx.Response:
    return client.post(path, json={"reviewer": "김세무", **body}, headers=own(page))


def test_without_the_token_nothing_is_shown(page: Page) -> None:
    for path in ("/", "/?token=", "/?token=wrong", "/static/review.js", "/api/view", "/docs"):
        answer = got(page.origin + path)
        assert answer.status_code == 403, path
        assert "장부" not in answer.text
    wrong = {page.origin.rpartition(":")[2]: "x", "taxqa_review": "x"}
    assert got(page.origin, cookies=wrong).status_code == 403


def test_the_token_is_exchanged_for_a_cookie_that_scripts_and_sites_do_not_get(page: Page) -> None:
    answer = got(page.url)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower()
    token = page.url.partition("token=")[2]
    assert token not in cookie and len(token) >= 32
    assert token not in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.nip.io:{port}",
        "",
    ],
)
def test_a_name_that_was_made_to_point_here_is_refused(page: Page, host: str) -> None:
    named = host.format(port=page.origin.rpartition(":")[2])
    assert got(page.url, headers={"Host": named}).status_code == 403


def test_localhost_is_a_name_of_this_machine(page: Page) -> None:
    port = page.origin.rpartition(":")[2]
    assert got(page.url, headers={"Host": f"localhost:{port}"}).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Origin": ""},
        {"X-Taxqa-Review": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
def test_a_write_from_another_page_is_refused_though_the_cookie_is_there(
    page: Page, client: httpx.Client, changes: dict[str, str]
) -> None:
    body = b'{"reviewer": "x", "digest": "x", "action": "accept"}'
    given = own(page, **{"Content-Type": "application/json", **changes})
    assert client.post("/api/decide", content=body, headers=given).status_code == 403


def test_a_body_of_unknown_or_great_length_is_refused(page: Page, client: httpx.Client) -> None:
    given = own(page, **{"Content-Type": "application/json"})
    chunks = (part for part in (b"{", b"}"))
    assert client.post("/api/view", content=chunks, headers=given).status_code == 403
    large = b" " * (MOST_BYTES + 1)
    assert client.post("/api/view", content=large, headers=given).status_code == 403


def test_every_answer_says_what_a_browser_may_do_with_it(page: Page, client: httpx.Client) -> None:
    for answer in (client.get("/"), client.get("/static/review.js"), got(page.origin)):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy
        assert "unsafe" not in policy and "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(
    client: httpx.Client,
) -> None:
    html = client.get("/").text
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html)
    assert re.findall(r"<script[^>]*>", html) == ['<script type="module" src="/static/review.js">']
    assert not re.search(r"<style|\sstyle=|\son\w+=", html)
    for name in ("review.js", "review.css"):
        assert "http:" not in (text := client.get(f"/static/{name}").text) and "https:" not in text


@pytest.mark.parametrize("path", ["/static/..%2fserver.py", "/static/../server.py", "/static/x"])
def test_only_the_pages_own_files_are_given(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_what_a_record_says_is_text_and_never_markup(page: Page, client: httpx.Client) -> None:
    hostile = "<script>window.hacked=1</script>"
    shown = post(client, page, "/api/view", step=1, filter={"source": "ruling"}).json()
    while "장부 안내 1#" not in shown["html"]:
        shown = post(client, page, "/api/view", step=1, digest=shown["digest"]).json()
    assert hostile not in shown["html"]
    assert "&lt;script&gt;" in shown["html"] and "{{7*7}}" in shown["html"]
    assert "javascript:" not in shown["html"]
    fields = {"question": f"{hostile} 얼마인가요?", "answer": f"30만원입니다. {hostile}",
              "type": "student", "source": "ruling"}  # fmt: skip
    found = post(client, page, "/api/draft", digest=shown["digest"], fields=fields).json()
    assert hostile not in found["html"]
    again = post(client, page, "/api/view", digest=shown["digest"]).json()
    assert hostile not in again["html"] and "&lt;script&gt; 얼마" not in again["html"]
    post(client, page, "/api/drop-draft", digest=shown["digest"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/view", {"reviewer": "", "step": 1}),
        ("/api/view", {"reviewer": "   ", "step": 1}),
        ("/api/view", {"reviewer": "가" * 41, "step": 1}),
        ("/api/view", {"reviewer": "\ud800", "step": 1}),
        ("/api/view", {"reviewer": "가", "step": 7}),
        ("/api/view", {"reviewer": "가", "filter": {"status": "none"}}),
        ("/api/view", {"reviewer": "가", "more": 1}),
        ("/api/decide", {"reviewer": "가", "digest": "x", "action": "delete"}),
        ("/api/draft", {"reviewer": "가", "digest": "x", "fields": {"question": "x"}}),
        ("/api/decide", []),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_with_one_message(
    page: Page, client: httpx.Client, path: str, body: object
) -> None:
    # With escapes, so that half a letter can be sent.
    given = own(page, **{"Content-Type": "application/json"})
    answer = client.post(path, content=json.dumps(body), headers=given)
    assert (answer.status_code, list(answer.json())) == (422, ["message"])


def test_a_record_that_is_not_there_is_a_message(page: Page, client: httpx.Client) -> None:
    for path, more in (("/api/view", {}), ("/api/decide", {"action": "accept"})):
        answer = post(client, page, path, digest="0123456789abcdef", **more)
        assert answer.status_code == 409
        assert "데이터셋에 없는 기록" in answer.json()["message"]


def test_a_decision_is_on_the_disk_before_the_answer(
    page: Page, client: httpx.Client, folder: Path
) -> None:
    first = post(client, page, "/api/view", step=1).json()
    following = post(client, page, "/api/decide", digest=first["digest"], action="accept").json()
    assert following["digest"] != first["digest"]
    with Reviews.opened(folder / "review.sqlite3") as reviews:
        assert reviews.current()[first["digest"]]["김세무"].verdict == "accept"
    undone = post(client, page, "/api/undo").json()
    assert (undone["digest"], undone["undone"]) == (first["digest"], "accept")
    with Reviews.opened(folder / "review.sqlite3") as reviews:
        assert first["digest"] not in reviews.current()
    assert post(client, page, "/api/undo").status_code == 409


def test_a_refused_decision_says_what_the_checks_found(page: Page, client: httpx.Client) -> None:
    dropped = post(client, page, "/api/view", step=1, filter={"status": "dropped"}).json()
    assert dropped["dropped"]
    answer = post(client, page, "/api/decide", digest=dropped["digest"], action="accept")
    assert answer.status_code == 409
    assert "no-such-article" in answer.json()["html"]
    nothing = post(client, page, "/api/decide", digest=dropped["digest"], action="edit")
    assert nothing.status_code == 409


def test_the_page_says_in_korean_what_the_checks_found(page: Page, client: httpx.Client) -> None:
    dropped = post(client, page, "/api/view", step=1, filter={"status": "dropped"}).json()["html"]
    assert "<strong>없는 조문</strong> <code>no-such-article</code>" in dropped
    assert "소득세법에 제999조 없음. 마지막 조는 제177조" in dropped
    assert "has no" not in dropped
    passed = post(client, page, "/api/view", step=1).json()["html"]
    assert "원문의 수치" in passed
    assert "evaluation" not in passed and "평가 문제" not in passed  # that one was not made


def test_text_is_normalised_once_at_the_entrance(
    page: Page, client: httpx.Client, folder: Path
) -> None:
    shown = post(client, page, "/api/view", step=1, filter={"status": "dropped"}).json()
    decided = {"action": "reject", "reason": "other", "note": "\u1112\u1161\u11ab\r\n글 "}
    assert post(client, page, "/api/decide", digest=shown["digest"], **decided).status_code == 200
    with Reviews.opened(folder / "review.sqlite3") as reviews:
        assert reviews.current()[shown["digest"]]["김세무"].note == "한\n글"
    post(client, page, "/api/undo")


def test_a_second_reviewer_does_not_see_the_first_decision_before_deciding(
    page: Page, client: httpx.Client
) -> None:
    def ask(path: str, reviewer: str, **body: Any) -> dict[str, Any]:
        sent = {"reviewer": reviewer, **body}
        return dict(client.post(path, json=sent, headers=own(page)).json())

    digest = ask("/api/view", "첫째", step=1)["digest"]
    noted = {"action": "reject", "reason": "outdated", "note": "비밀스러운 까닭"}
    ask("/api/decide", "첫째", digest=digest, **noted)
    assert "비밀스러운" not in ask("/api/view", "둘째", digest=digest)["html"]
    ask("/api/decide", "둘째", digest=digest, action="accept")
    assert "비밀스러운" in ask("/api/view", "둘째", digest=digest)["html"]
    overview = ask("/api/overview", "둘째")["html"]
    assert "함께 본 1건" in overview and digest in overview
    assert digest not in ask("/api/overview", "셋째")["html"]
    disputed = ask("/api/view", "둘째", step=1, filter={"status": "disputed"})
    assert (disputed["digest"], disputed["left"]) == (digest, 1)
    for name in ("첫째", "둘째"):
        ask("/api/undo", name)


def test_a_decision_that_could_not_be_kept_is_said_and_the_page_goes_on(
    page: Page, client: httpx.Client, folder: Path
) -> None:
    digest = post(client, page, "/api/view", step=1).json()["digest"]
    locked = sqlite3.connect(folder / "review.sqlite3", isolation_level=None)
    locked.execute("BEGIN EXCLUSIVE")
    answer = client.post(
        "/api/decide", json={"reviewer": "김세무", "digest": digest, "action": "accept"},
        headers=own(page),
    )  # fmt: skip
    locked.execute("ROLLBACK")
    locked.close()
    assert answer.status_code == 507
    assert "저장되지 않았습니다" in answer.json()["message"]
    assert post(client, page, "/api/decide", digest=digest, action="accept").status_code == 200
    post(client, page, "/api/undo")


def test_the_page_is_of_this_machine_alone_and_takes_the_next_free_port() -> None:
    with open_socket(0) as first:
        host, port = first.getsockname()
        assert host == "127.0.0.1"
        with open_socket(port) as second:
            assert port < second.getsockname()[1] <= port + 20


def test_no_free_port_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datagen.review.server.TRIED_PORTS", 0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match="all taken") as no:
            open_socket(port)
    assert "--port 0" in no.value.hint


def test_a_browser_is_opened_only_where_it_has_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert can_open_browser({"DISPLAY": ":0"}) and not can_open_browser({"DISPLAY": ""})
    monkeypatch.setattr("sys.platform", "darwin")
    assert can_open_browser({})
