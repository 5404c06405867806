"""Each teacher says what its service said: replies, refusals, and every way to fail."""

import json
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from asking import SCHEMA, asked_once, request
from fake_teachers import KEY, FakeTeachers, Fault, served

from datagen.teachers.failures import PassingError, RequestRefusedError, retry_after
from datagen.teachers.opening import open_teacher
from datagen.teachers.request import Reply, Request, Teacher
from taxqa.errors import MissingExtraError, ServiceError

MODELS = {
    "openai": "gpt-6-luna",
    "anthropic": "claude-haiku-5-5",
    "ollama": "gemma3:12b",
    "openai-compatible": "local",
}
ALL = pytest.mark.parametrize("name", MODELS)
PAID = pytest.mark.parametrize("name", ["openai", "anthropic"])


@dataclass
class Place:
    """A server, and teachers that ask it."""

    fake: FakeTeachers

    def teacher(self, name: str, model: str = "") -> Teacher:
        url = self.fake.url if name in ("anthropic", "ollama") else self.fake.openai_url
        return open_teacher(name, model or MODELS[name], url)

    def ask(self, name: str, asked: Request | None = None, model: str = "") -> Reply:
        return asked_once(self.teacher(name, model), asked or request())

    def failure(self, name: str, fault: Fault) -> ServiceError:
        self.fake.fault = lambda question, times: fault
        with pytest.raises(ServiceError) as error:
            self.ask(name)
        return error.value


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Iterator[Place]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with served(FakeTeachers()) as fake:
        yield Place(fake)


@ALL
def test_a_reply_brings_text_model_and_tokens(place: Place, name: str) -> None:
    reply = place.ask(name, request("소득세란 무엇인가?"))
    assert json.loads(reply.text) == {"answer": "소득세란 무엇인가?에 대한 답"}
    assert reply.stop == "end"
    assert reply.model.startswith(MODELS[name])
    (_, read, written) = place.fake.billed[0]
    assert (reply.input_tokens, reply.output_tokens) == (read, written)


@ALL
def test_the_schema_and_the_bound_of_tokens_are_sent(place: Place, name: str) -> None:
    place.ask(name, request(max_tokens=321))
    body = place.fake.bodies[0]
    wanted = {
        "openai": lambda: (body["text"]["format"], body["max_output_tokens"]),
        "anthropic": lambda: (body["output_config"]["format"], body["max_tokens"]),
        "openai-compatible": lambda: (
            body["response_format"]["json_schema"],
            body["max_tokens"],
        ),
        "ollama": lambda: ({"schema": body["format"]}, body["options"]["num_predict"]),
    }
    form, bound = wanted[name]()
    assert form["schema"] == SCHEMA
    assert bound == 321
    if name.startswith("openai"):
        assert form["strict"] is True


def test_openai_is_asked_to_store_nothing_and_ollama_to_cut_nothing(place: Place) -> None:
    place.ask("openai")
    place.ask("ollama")
    assert place.fake.bodies[0]["store"] is False
    assert place.fake.bodies[1]["truncate"] is place.fake.bodies[1]["shift"] is False
    assert place.fake.bodies[1]["options"]["num_ctx"] == 8192


@ALL
def test_a_reply_that_was_cut_says_so(place: Place, name: str) -> None:
    place.fake.fault = lambda question, times: Fault(stop="length")
    assert place.ask(name).stop == "length"


@pytest.mark.parametrize("name", ["openai", "anthropic", "openai-compatible"])
def test_a_refusal_by_the_model_is_a_reply_that_was_paid(place: Place, name: str) -> None:
    place.fake.fault = lambda question, times: Fault(stop="refusal")
    reply = place.ask(name)
    assert reply.stop == "refusal"
    assert reply.output_tokens > 0


@pytest.mark.parametrize("name", ["openai", "openai-compatible"])
def test_a_filtered_reply_says_so(place: Place, name: str) -> None:
    place.fake.fault = lambda question, times: Fault(stop="filtered")
    assert place.ask(name).stop == "filtered"


@PAID
def test_a_wrong_key_is_one_clear_message(
    place: Place, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = "OPENAI_API_KEY" if name == "openai" else "ANTHROPIC_API_KEY"
    monkeypatch.setenv(variable, "sk-wrong")
    with pytest.raises(ServiceError, match="refused the API key") as error:
        place.ask(name)
    assert not isinstance(error.value, PassingError | RequestRefusedError)
    assert variable in error.value.hint
    assert place.fake.billed == []


@PAID
def test_an_unknown_model_is_one_clear_message_with_the_current_ones(
    place: Place, name: str
) -> None:
    with pytest.raises(ServiceError, match="has no model 'made-up-1'") as error:
        place.ask(name, model="made-up-1")
    assert not isinstance(error.value, PassingError | RequestRefusedError)
    assert MODELS[name] in error.value.hint


def test_a_model_that_ollama_lacks_can_be_pulled(place: Place) -> None:
    with pytest.raises(ServiceError, match="HTTP 404") as error:
        place.ask("ollama", model="gemma9")
    assert "ollama pull gemma9" in error.value.hint


@PAID
@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (429, "insufficient_quota", "You exceeded your current quota"),
        (400, "invalid_request_error", "Your credit balance is too low to access the API"),
        (402, "billing_error", "pay first"),
    ],
)
def test_no_credit_is_final(place: Place, name: str, status: int, code: str, message: str) -> None:
    error = place.failure(name, Fault(status=status, code=code, message=message))
    assert "no credit" in error.message
    assert not isinstance(error, PassingError | RequestRefusedError)


@ALL
def test_too_many_requests_pass_and_say_how_long_to_wait(place: Place, name: str) -> None:
    headers = {"retry-after": "7"}
    error = place.failure(name, Fault(status=429, message="Rate limit", headers=headers))
    assert isinstance(error, PassingError)
    assert error.overloaded
    assert not error.maybe_paid
    assert error.wait == (None if name == "ollama" else 7.0)


@ALL
def test_an_error_of_the_server_passes(place: Place, name: str) -> None:
    error = place.failure(name, Fault(status=500, message="The server had an error"))
    assert isinstance(error, PassingError)
    assert not error.maybe_paid
    assert "HTTP 500: The server had an error" in error.message


@PAID
def test_an_overloaded_anthropic_and_a_gateway_out_of_patience_are_told_apart(
    place: Place, name: str
) -> None:
    overloaded = place.failure(name, Fault(status=529, message="Overloaded"))
    late = place.failure(name, Fault(status=504, message="Gateway timeout"))
    assert isinstance(overloaded, PassingError)
    assert isinstance(late, PassingError)
    assert overloaded.overloaded
    assert not overloaded.maybe_paid
    assert late.maybe_paid


@ALL
def test_a_request_that_is_refused_for_good_is_no_reason_to_stop(place: Place, name: str) -> None:
    error = place.failure(name, Fault(status=400, message="The prompt is too long"))
    assert isinstance(error, RequestRefusedError)
    assert "too long" in error.message


@ALL
@pytest.mark.parametrize("drop", ["before", "after", "middle"])
def test_a_connection_that_breaks_off_may_have_been_paid(
    place: Place, name: str, drop: str
) -> None:
    error = place.failure(name, Fault(drop=drop))
    assert isinstance(error, PassingError)
    assert error.maybe_paid
    assert "broke off" in error.message


@pytest.mark.parametrize("name", ["openai", "anthropic", "openai-compatible"])
def test_where_no_connection_is_made_nothing_was_paid(place: Place, name: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(PassingError, match="could not be made") as error:
        asked_once(open_teacher(name, MODELS[name], url), request())
    assert not error.value.maybe_paid


def test_an_ollama_that_does_not_run_is_final_and_says_how_to_start_it() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ServiceError, match="does not answer") as error:
        asked_once(open_teacher("ollama", "gemma3:12b", host), request())
    assert not isinstance(error.value, PassingError)
    assert "ollama serve" in error.value.hint


@ALL
@pytest.mark.parametrize("raw", ["<html>gateway</html>", "[1, 2]", ""])
def test_an_answer_that_is_no_json_object_passes(place: Place, name: str, raw: str) -> None:
    assert isinstance(place.failure(name, Fault(raw=raw)), PassingError)


@pytest.mark.parametrize("name", ["openai", "anthropic", "openai-compatible"])
def test_an_answer_without_usage_is_no_answer_and_may_have_been_paid(
    place: Place, name: str
) -> None:
    raw = '{"content": [], "choices": [{"message": {"content": "{}"}}], "status": "completed"}'
    error = place.failure(name, Fault(raw=raw))
    assert isinstance(error, PassingError)
    assert error.maybe_paid


@pytest.mark.parametrize(
    ("code", "kind"),
    [("server_error", PassingError), ("rate_limit_exceeded", PassingError),
     ("invalid_prompt", RequestRefusedError)],
)  # fmt: skip
def test_a_response_that_says_it_failed_is_no_reply(
    place: Place, code: str, kind: type[ServiceError]
) -> None:
    raw = json.dumps({"status": "failed", "error": {"code": code, "message": "sorry"}})
    error = place.failure("openai", Fault(raw=raw))
    assert isinstance(error, kind)
    assert "sorry" in error.message


@ALL
def test_a_slow_answer_in_pieces_is_read_whole(place: Place, name: str) -> None:
    place.fake.fault = lambda question, times: Fault(seconds=0.02)
    assert json.loads(place.ask(name).text)


@ALL
def test_a_teacher_that_was_closed_can_be_asked_again(place: Place, name: str) -> None:
    teacher = place.teacher(name)
    first, second = (asked_once(teacher, request(f"질문 {number}")) for number in range(2))
    assert first.text != second.text


def test_tokens_out_of_the_cache_are_part_of_the_question(place: Place) -> None:
    counts = {"input_tokens": 3, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 7}
    raw = {"content": [], "stop_reason": "end_turn", "model": "m",
           "usage": {**counts, "output_tokens": 1}}  # fmt: skip
    place.fake.fault = lambda question, times: Fault(raw=json.dumps(raw))
    assert place.ask("anthropic").input_tokens == 15


@ALL
def test_no_proxy_stands_between_two_local_programs(
    place: Place, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    assert json.loads(place.ask(name).text)


@PAID
def test_an_sdk_that_is_not_installed_is_named_with_how_to_install_it(
    place: Place, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"taxqa\[datagen\]"):
        place.teacher(name)


@PAID
def test_the_sdks_own_transport_does_where_aiohttp_is_missing(
    place: Place, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert json.loads(place.ask(name).text)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
def test_the_time_to_wait_is_read_as_services_write_it(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds


def test_the_key_of_a_request_is_what_is_asked_and_nothing_else() -> None:
    @dataclass(frozen=True)
    class Carrying(Request):
        passage: str

    plain = request("질문")
    carrying = Carrying(plain.system, plain.user, plain.schema, plain.max_tokens, "제1조")
    assert plain.key == carrying.key
    assert plain.key != request("질문", max_tokens=201).key != request("다른 질문").key
