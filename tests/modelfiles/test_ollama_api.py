"""The client says what Ollama refused, wherever in an answer it comes."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from fake_ollama import FakeModel, FakeOllama, fake_ollama
from hypothesis import given
from hypothesis import strategies as st
from model_folders import write_gguf

from finetune.prompts import FORMS, Message
from modelfiles.ollama_api import Ollama
from taxqa.errors import InputError, NoSpaceError, ServiceError
from taxqa.ollama_address import server_url

DIGEST = "sha256:" + "0" * 64
TEMPLATE = FORMS["qa"].go_template("<eos>")


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with fake_ollama() as running:
        yield running


@pytest.fixture
def server(fake: FakeOllama) -> Iterator[Ollama]:
    with Ollama(fake.url) as connected:
        yield connected


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("example.org", "http://example.org:11434"),
        ("example.org:1234", "http://example.org:1234"),
        (":1234", "http://127.0.0.1:1234"),
        ("http://example.org", "http://example.org:80"),
        ("https://example.org", "https://example.org:443"),
        ("https://example.org:8443/ollama/", "https://example.org:8443/ollama"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:1234", "http://127.0.0.1:1234"),
        ("[::]:1234", "http://[::1]:1234"),
        ("[::1]", "http://[::1]:11434"),
        ("::1", "http://[::1]:11434"),
        ("example.org:99999", "http://example.org:11434"),
        ("example.org:x", "http://example.org:11434"),
        (' "127.0.0.1:1234" ', "http://127.0.0.1:1234"),
    ],
)
def test_a_host_is_read_by_ollamas_rules(host: str, url: str) -> None:
    assert server_url(host) == url


@pytest.mark.parametrize(
    "host",
    [
        "http://[::1", "[zz]", "a b", "http://example.org:80:90", "example..org", "a\0b",
        "ftp://example.org", "http://me:word@example.org:80", "example.org?a=b", "example.org#a",
        "http://\udcff", "a" * 64,
    ],
)  # fmt: skip
def test_what_is_no_address_is_said_with_where_it_was_given(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    with pytest.raises(InputError, match=r"--host is '.*', which is no address of a server"):
        Ollama(host)
    if "\0" not in host:  # which no environment can hold
        monkeypatch.setenv("OLLAMA_HOST", host)
        with pytest.raises(InputError, match=r"OLLAMA_HOST is '.*', which is no address"):
            Ollama()


@given(st.text(max_size=12) | st.text("a1:/[]@.% ?#", max_size=12))
def test_any_text_is_an_address_or_an_input_error(host: str) -> None:
    try:
        with Ollama(host or "x") as server:
            assert server.url.startswith(("http://", "https://"))
    except InputError as error:
        assert host in error.message


def test_a_server_on_this_machine_is_reached_past_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with fake_ollama(version="0.30.2") as fake, Ollama(fake.url) as server:
        assert server.version() == "0.30.2"


def test_a_server_that_is_not_there_is_told_with_how_to_start_it() -> None:
    with fake_ollama() as fake:
        url = fake.url
    with Ollama(url) as server, pytest.raises(ServiceError, match="does not answer at") as caught:
        server.version()
    assert "ollama serve" in caught.value.hint


def test_a_blob_is_sent_once(fake: FakeOllama, server: Ollama, tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF" + bytes(3_000_000))
    digest = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    sent: list[int] = []
    assert server.push_blob(path, digest, sent.append)
    assert sum(sent) == 3_000_004
    assert len(sent) == 3
    assert not server.push_blob(path, digest, sent.append)
    assert sum(sent) == 3_000_004
    assert fake.calls.count(f"POST /api/blobs/{digest}") == 1


def test_a_blob_of_another_digest_is_refused(server: Ollama, tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF")
    with pytest.raises(ServiceError, match="digest mismatch"):
        server.push_blob(path, DIGEST, lambda _: None)
    with pytest.raises(ServiceError, match="400 to HEAD"):
        server.has_blob(DIGEST.upper())


def make(server: Ollama, path: Path, name: str = "m", **fields: object) -> list[str]:
    """A model of a GGUF without tensors."""
    if not path.exists():
        write_gguf(path, "")
    digest = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    server.push_blob(path, digest, lambda _: None)
    return list(server.create(name, {path.name: digest}, fields))


def test_an_error_inside_an_answer_of_status_200_raises(tmp_path: Path) -> None:
    with fake_ollama(fail_create="something broke") as fake, Ollama(fake.url) as server:
        with pytest.raises(ServiceError, match="Ollama refused: something broke"):
            make(server, tmp_path / "a.gguf")
        assert fake.models == {}


@pytest.mark.parametrize(
    ("breaks", "message"),
    [
        ("ends", "after 'parsing GGUF', without success"),
        ("drops", "broke off: RemoteProtocolError"),
    ],
)
def test_an_answer_that_breaks_off_is_no_success(
    tmp_path: Path, breaks: Literal["ends", "drops"], message: str
) -> None:
    with fake_ollama(breaks=breaks) as fake, Ollama(fake.url) as server:
        with pytest.raises(ServiceError, match=message):
            make(server, tmp_path / "a.gguf")
        assert fake.models == {}


def test_what_is_no_ollama_is_told_apart() -> None:
    with fake_ollama(breaks="garbage") as fake, Ollama(fake.url) as server:
        with pytest.raises(ServiceError, match="'<html>proxy</html>', which is no JSON object"):
            server.version()
        with pytest.raises(ServiceError, match=r"<html>proxy</html> \(HTTP 502\)"):
            server.show("x")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("write /blobs/x: no space left on device", NoSpaceError, "disk is full"),
        ("llama-quantize failed: exit status 1", ServiceError, "second copy of the model"),
    ],
)
def test_a_full_disk_is_named(
    tmp_path: Path, text: str, error: type[ServiceError], message: str
) -> None:
    with fake_ollama(fail_create=text) as fake, Ollama(fake.url) as server:
        with pytest.raises(error) as caught:
            make(server, tmp_path / "a.gguf")
        assert message in str(caught.value)


def test_what_is_no_gguf_is_refused(server: Ollama, tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"PK\3\4 something else")
    with pytest.raises(ServiceError, match="not in GGUF format"):
        make(server, tmp_path / "a.gguf")


def test_a_path_that_leaves_the_folder_is_refused(server: Ollama) -> None:
    with pytest.raises(ServiceError, match="file path must be relative"):
        list(server.create("m", {"/tmp/a.gguf": DIGEST}, {}))
    with pytest.raises(ServiceError, match="neither 'from' or 'files'"):
        list(server.create("m", {}, {}))
    with pytest.raises(ServiceError, match="no such file"):
        list(server.create("m", {"a.gguf": DIGEST}, {}))


def test_an_answer_comes_in_pieces_and_with_its_counts(
    fake: FakeOllama, server: Ollama, tmp_path: Path
) -> None:
    make(server, tmp_path / "a.gguf", parameters={"stop": ["<eos>"]})
    parts = list(server.chat("m", [{"role": "user", "content": "세율은?"}]))
    assert "".join(part.text for part in parts) == " 10%입니다."
    assert len(parts) > 2
    assert (parts[-1].done_reason, parts[-1].tokens, parts[-1].seconds) == ("stop", 8, 0.16)


def test_a_prompt_that_does_not_fit_is_refused_and_not_cut(server: Ollama, tmp_path: Path) -> None:
    make(server, tmp_path / "a.gguf", parameters={"stop": ["<eos>"], "num_ctx": 100})
    question: list[Message] = [{"role": "user", "content": "가" * 101}]
    # llama-server's own answer comes as JSON within the error; a person reads its sentence alone.
    said = r"refused: request \(\d+ tokens\) exceeds the available context size \(100 tokens\)"
    with pytest.raises(ServiceError, match=said):
        list(server.chat("m", question))


def test_a_prompt_that_may_be_cut_loses_its_middle(
    fake: FakeOllama, server: Ollama, tmp_path: Path
) -> None:
    make(server, tmp_path / "a.gguf", parameters={"stop": ["<eos>"], "num_ctx": 100})
    asked = {"model": "m", "prompt": "가" * 500, "stream": False}
    assert server.post("/api/generate", asked)["prompt_eval_count"] == 52


def test_of_a_long_conversation_the_first_turns_are_dropped_and_the_system_message_stays(
    fake: FakeOllama, server: Ollama, tmp_path: Path
) -> None:
    make(server, tmp_path / "a.gguf", template=TEMPLATE, parameters={"num_ctx": 60})
    turns: list[Message] = [
        {"role": "system", "content": "짧게."},
        {"role": "user", "content": "가" * 40},
        {"role": "assistant", "content": "나" * 20},
        {"role": "user", "content": "다?"},
    ]
    asked = {"model": "m", "messages": turns, "_debug_render_only": True, "stream": False}
    cut = server.post("/api/chat", asked)["_debug_info"]["rendered_template"]
    form = FORMS["qa"]
    assert cut == form.conversation([turns[0], *turns[2:]], "<eos>")
    assert server.rendered("m", turns) == form.conversation(turns, "<eos>")


def test_one_question_is_rendered_by_the_go_template_whatever_a_chat_is_rendered_by(
    server: Ollama, tmp_path: Path
) -> None:
    # Jinja with more abilities than TEMPLATE renders chats; /api/generate never asks it.
    write_gguf(tmp_path / "a.gguf", "{{ messages[-1].content }} tools")
    digest = "sha256:" + hashlib.sha256((tmp_path / "a.gguf").read_bytes()).hexdigest()
    server.push_blob(tmp_path / "a.gguf", digest, lambda _: None)
    list(server.create("both", {"a.gguf": digest}, {"template": TEMPLATE}))
    list(server.create("jinja", {"a.gguf": digest}, {}))
    assert server.rendered("both", [{"role": "user", "content": "가?"}]) == "가? tools"
    assert server.rendered_once("both", "가?") == FORMS["qa"].prompt("가?")
    assert server.rendered_once("jinja", "가?") == "가?"


@pytest.mark.parametrize(
    ("version", "prompt"), [("0.24.0", "가?"), ("0.34.1", "<|im_start|>user\n가?<|im_end|>\n")]
)
def test_without_any_template_a_chat_is_the_bare_question_or_chatml(
    version: str, prompt: str, tmp_path: Path
) -> None:
    with fake_ollama(version=version) as fake, Ollama(fake.url) as server:
        make(server, tmp_path / "a.gguf")
        assert server.rendered("m", [{"role": "user", "content": "가?"}]).startswith(prompt)


def test_parameters_of_a_wrong_type_pass_at_create_and_fail_at_chat(
    server: Ollama, tmp_path: Path
) -> None:
    assert make(server, tmp_path / "a.gguf", parameters={"num_ctx": "2048"})[-1] == "success"
    with pytest.raises(ServiceError, match="must be of type integer"):
        list(server.chat("m", [{"role": "user", "content": "a"}]))
    # A number with a point is one too, once it came as JSON.
    make(server, tmp_path / "a.gguf", parameters={"num_ctx": 2048.0, "stop": ["<eos>"]})
    assert list(server.chat("m", [{"role": "user", "content": "a"}]))[-1].done_reason == "stop"


def test_an_unknown_model_is_refused_by_name(server: Ollama) -> None:
    with pytest.raises(ServiceError, match=r"model 'x' not found \(HTTP 404\)"):
        server.show("x")
    with pytest.raises(ServiceError, match="model 'x' not found"):
        list(server.chat("x", []))
    assert not server.delete("x")
    assert not server.has("x")


def test_a_name_is_found_with_or_without_its_tag_and_in_any_case(fake: FakeOllama) -> None:
    fake.models["taxqa:latest"] = FakeModel(DIGEST, "")
    with Ollama(fake.url) as server:
        assert server.has("taxqa")
        assert server.has("TaxQA:latest")
        assert not server.has("taxqa:v1")


@pytest.mark.parametrize("version", ["0.24.0", "0.30.0", "0.34.0", "0.34.1"])
def test_some_versions_store_another_file_than_was_sent(version: str, tmp_path: Path) -> None:
    with fake_ollama(version=version) as fake, Ollama(fake.url) as server:
        make(server, tmp_path / "a.gguf")
        sent = "sha256:" + hashlib.sha256((tmp_path / "a.gguf").read_bytes()).hexdigest()
        assert (fake.models["m:latest"].digest == sent) == (version in ("0.24.0", "0.34.1"))


def test_an_old_server_that_answers_in_place_of_rendering_is_told(tmp_path: Path) -> None:
    with fake_ollama(knows_render=False) as fake, Ollama(fake.url) as server:
        make(server, tmp_path / "a.gguf", parameters={"stop": ["<eos>"]})
        with pytest.raises(ServiceError, match="does not tell how it renders") as caught:
            server.rendered("m", [{"role": "user", "content": "a"}])
        assert "Update Ollama" in caught.value.hint
