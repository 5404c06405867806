"""The client: what is sent again, what must not be, and what the answers become."""

import httpx
import pytest
from fake_runpod import KEY, FakeRunPod, Fault
from hypothesis import given
from hypothesis import strategies as some

from finetune.runpod.api import (
    BASE_URL,
    NoCapacityError,
    RunPod,
    UnsureError,
    checked_url,
    from_environment,
    problem,
    shaped,
)
from finetune.runpod.api import Pod as ApiPod
from finetune.runpod.events import log_lines
from taxqa.errors import ConfigError, InputError, ServiceError


def client(fake: FakeRunPod, key: str = KEY) -> RunPod:
    return RunPod(key, fake.url, first_wait=0.001)


@pytest.mark.parametrize("fault", [Fault(500), Fault(503), Fault(lost=True)])
def test_a_reading_is_repeated(fake: FakeRunPod, fault: Fault) -> None:
    fake.fault = lambda method, path, times: fault if times < 3 else None
    with client(fake) as api:
        assert api.pods() == []
    assert len(fake.calls) == 4


def test_a_service_that_stays_broken_is_given_up(fake: FakeRunPod) -> None:
    fake.fault = lambda method, path, times: Fault(502, "bad gateway")
    with client(fake) as api, pytest.raises(ServiceError, match=r"GET /pods .* bad gateway"):
        api.pods()


@pytest.mark.parametrize("fault", [Fault(500), Fault(504), Fault(lost=True)])
def test_a_creation_without_an_answer_is_never_sent_again_blindly(
    fake: FakeRunPod, fault: Fault
) -> None:
    fake.fault = lambda method, path, times: fault
    with client(fake) as api, pytest.raises(UnsureError):
        api.create_volume("taxqa-x-v1", 20, "EU-RO-1")
    assert len(fake.calls) == 1
    assert len(fake.volumes) == int(fault.lost)


def test_a_creation_that_was_put_off_is_sent_again(fake: FakeRunPod) -> None:
    waits: list[float] = []
    fault = Fault(429, "rate limit exceeded for the minute window", (("Retry-After", "12"),))
    fake.fault = lambda method, path, times: fault if times < 2 else None
    with RunPod(KEY, fake.url, wait=waits.append) as api:
        api.create_volume("taxqa-x-v1", 20, "EU-RO-1")
    assert waits == [12, 12]
    assert len(fake.volumes) == 1


def test_a_service_that_is_not_there_created_nothing() -> None:
    waits: list[float] = []
    with (
        RunPod(KEY, "http://127.0.0.1:9/v2", wait=waits.append) as api,
        pytest.raises(ServiceError, match="could not be reached") as error,
    ):
        api.create_volume("x", 20, "EU-RO-1")
    assert not isinstance(error.value, UnsureError)
    assert waits == [1, 2, 4, 8, 16, 30, 30]


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (400, NoCapacityError, ""),
        (401, ServiceError, "RUNPOD_API_KEY"),
        (402, ServiceError, "credit"),
        (403, NoCapacityError, ""),
        (422, ServiceError, ""),
    ],
)
def test_a_refused_creation_says_why(
    fake: FakeRunPod, status: int, kind: type[ServiceError], hint: str
) -> None:
    fake.fault = lambda method, path, times: Fault(status, "this is why")
    with client(fake) as api, pytest.raises(kind, match="this is why") as error:
        api.create_volume("x", 20, "EU-RO-1")
    assert type(error.value) is kind
    assert hint in error.value.hint
    assert len(fake.calls) == 1


def test_a_wrong_key_is_named_and_not_shown(fake: FakeRunPod) -> None:
    with client(fake, "rpa_wrong_99") as api, pytest.raises(ServiceError) as error:
        api.pods()
    assert "RUNPOD_API_KEY" in str(error.value)
    assert "rpa_wrong_99" not in str(error.value)


def test_unknown_fields_are_named(fake: FakeRunPod) -> None:
    with client(fake) as api, pytest.raises(ServiceError, match="validation failed: gpuCount"):
        api.create_pod({"name": "x", "gpuCount": 1})


def test_a_clock_that_is_wrong_follows_the_server(fake: FakeRunPod) -> None:
    with client(fake) as api:
        answer = httpx.Response(200, headers={"Date": "Mon, 23 Nov 2026 12:00:00 GMT"})
        api.set_clock(answer)
        assert api.now() == pytest.approx(1795435200, abs=60)
        api.pods()  # a server whose clock agrees
        assert api.skew == 0


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"title": "Bad", "status": 400, "detail": "no room."}', "status 400, no room."),
        (b'{"detail": "no", "errors": ["a", "b"]}', "status 400, no: a; b."),
        (b'{"title": "Bad"}', "status 400, Bad."),
        (b"<html>", "status 400, no problem document."),
        (b"[1]", "status 400, no problem document."),
    ],
)
def test_a_problem_document_becomes_a_line(content: bytes, expected: str) -> None:
    assert problem(httpx.Response(400, content=content)) == expected


def test_an_answer_of_another_shape_is_an_error_and_no_crash() -> None:
    with pytest.raises(ServiceError, match="is not a Pod: status"):
        shaped(ApiPod, {"id": "a", "name": "b"})
    for pod_id in ("../x", "a b", "", "a;b"):
        with pytest.raises(ServiceError, match="id"):
            shaped(ApiPod, {"id": pod_id, "status": "RUNNING"})
    direct = {"host": "-oProxyCommand=x", "port": 22, "username": "root"}
    with pytest.raises(ServiceError, match="host"):
        shaped(ApiPod, {"id": "a", "status": "RUNNING", "ssh": {"direct": direct}})


def test_the_key_never_travels_in_the_open(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked_url("https://api.runpod.io/v2/") == BASE_URL
    assert checked_url("http://127.0.0.1:80/v2") == "http://127.0.0.1:80/v2"
    for url in ("http://api.runpod.io/v2", "ftp://x", "api.runpod.io"):
        with pytest.raises(ConfigError, match="https"):
            checked_url(url)
    monkeypatch.delenv("RUNPOD_API_KEY", raising=False)
    with pytest.raises(InputError, match="no RUNPOD_API_KEY"):
        from_environment()


def test_events_become_lines_and_half_ones_are_left_out() -> None:
    stream = [
        ": comment", "", "id: 1", 'data: {"line": "a", "source": "container"}', "",
        "event: log", "id: 2", 'data: {"line":', 'data: "b"}', "", "id: 3", "data: {}", "",
        "id: 4", "data: no json", "", "id:5", 'data:{"line": "세율: 10"}', "",
        "id: 6", 'data: {"line": "half"}',
    ]  # fmt: skip
    assert list(log_lines(stream)) == [("1", "a"), ("2", "b"), ("5", "세율: 10")]


@given(some.lists(some.text(max_size=20).filter(lambda line: "\n" not in line), max_size=12))
def test_no_stream_breaks_the_reader(lines: list[str]) -> None:
    assert all(isinstance(text, str) for _, text in log_lines(lines))
