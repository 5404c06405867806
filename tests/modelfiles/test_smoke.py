"""An answer in the smoke test ends, is Korean, does not repeat itself, and is the export's."""

from collections.abc import Iterator

import pytest
from fake_ollama import FakeModel, FakeOllama, fake_ollama
from hypothesis import given
from hypothesis import strategies as st

from modelfiles.model_folder import Golden
from modelfiles.ollama_api import Ollama
from modelfiles.smoke import (
    GREEDY,
    HANGUL_SHARE,
    SMOKE_QUESTION,
    Answered,
    hangul_share,
    prove_answers,
    repeated,
)
from taxqa.errors import ProofError

GOLDEN = (
    Golden(question="가?", answer="증여세는 받은 사람이 냅니다. 세율은 10%입니다."),
    Golden(question="나?", answer="5월에 신고합니다."),
    Golden(question="다?", answer="2억원입니다."),
)


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    template = "{{ range .Messages }}{{ .Content }}{{ end }}"
    model = FakeModel("sha256:" + "1" * 64, "", template, parameters={"stop": ["<eos>"]})
    with fake_ollama() as running:
        running.models["m:latest"] = model
        running.replies = {one.question: f" {one.answer}<eos>" for one in GOLDEN}
        yield running


def proven(fake: FakeOllama, golden: tuple[Golden, ...] = GOLDEN) -> tuple[Answered, ...]:
    with Ollama(fake.url) as server:
        return prove_answers(server, "m", ("<eos>",), golden)


def test_golden_questions_get_the_answers_of_the_export(fake: FakeOllama) -> None:
    found = proven(fake)
    assert [one.answer for one in found] == [one.answer for one in GOLDEN]
    assert all(one.same and one.agrees for one in found)


def test_without_golden_questions_one_of_our_own_is_asked(fake: FakeOllama) -> None:
    assert proven(fake, ()) == (Answered(SMOKE_QUESTION, "10%입니다."),)


def test_answers_may_part_after_their_start_and_one_of_three_altogether(fake: FakeOllama) -> None:
    fake.replies["가?"] = " 증여세는 받은 사람이 냅니다만 다릅니다.<eos>"
    fake.replies["나?"] = "전혀 다른 말입니다.<eos>"
    found = proven(fake)
    assert [(one.agrees, one.same) for one in found] == [
        (True, False),
        (False, False),
        (True, True),
    ]


def test_other_answers_than_at_the_export_are_no_proof(fake: FakeOllama) -> None:
    fake.replies["가?"] = fake.replies["나?"] = "전혀 다른 말입니다.<eos>"
    with pytest.raises(ProofError, match="answers 2 of 3 questions otherwise") as error:
        proven(fake)
    assert "export   증여세는" in error.value.message
    assert "Ollama   전혀 다른" in error.value.message


def test_an_answer_that_a_stop_string_cuts_is_no_whole_one(fake: FakeOllama) -> None:
    fake.models["m:latest"].parameters["stop"] = ["<eos>", " 세율은"]
    with pytest.raises(ProofError, match="ends where its GGUF went on") as error:
        proven(fake)
    assert "PARAMETER stop" in error.value.hint


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("세율은 10%입니다. 세율은 10%입니다. 세율은 10%입니다. 세율은 10%입니다.", "repeats"),
        ("네 " + "그렇습니다.\n" * 4, "repeats"),
        ("The rate is ten percent.", "does not answer in Korean"),
        ("稅率 百分之十 입니다 number one 十", "does not answer in Korean"),
    ],
)
def test_an_answer_of_a_broken_model_is_found(fake: FakeOllama, reply: str, message: str) -> None:
    fake.replies["가?"] = f"{reply}<eos>"
    with pytest.raises(ProofError, match=message):
        proven(fake)


@pytest.mark.parametrize(
    "text",
    ["1,000,000,000,000원", "- 10%\n- 20%\n- 30%\n- 40%", "네, 네, 네, 네, 네.", "하하하하하하하"],
)
def test_what_people_write_too_is_no_repetition(text: str) -> None:
    assert repeated(text) == ""


@given(st.text(st.sampled_from("가나a1 .漢"), max_size=12))
def test_the_share_of_hangul_is_of_the_letters_alone(text: str) -> None:
    share = hangul_share(text)
    assert 0 <= share <= 1
    assert share == hangul_share(text + " 1,000 .%")
    assert hangul_share(text + "가" * (len(text) + 1)) > HANGUL_SHARE


def test_the_questions_are_asked_as_the_export_asked(
    fake: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    chat = Ollama.chat

    def recorded(self: Ollama, name: str, messages: object, options: object = None) -> object:
        asked.append(options)
        return chat(self, name, messages, options)  # type: ignore[arg-type]

    monkeypatch.setattr(Ollama, "chat", recorded)
    proven(fake)
    assert asked == [GREEDY] * 3
    assert GREEDY["temperature"] == 0.0
