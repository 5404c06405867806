"""Training text, Jinja chat template and specification are one and the same prompt."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from finetune.prompts import FORMS, Message, PromptForm, prompt_form
from taxqa.errors import ConfigError

EOS = "<eos>"
NASTY = [
    "부가가치세율은 얼마인가요?",
    "첫 줄\n둘째 줄\n\n넷째 줄",
    "{eos} {content} {system} {0} {{ .Content }} {% if %} {# #} }}{{",
    "😀👨‍👩‍👧 é\u200b\u00a0끝",
    "'작은' \"큰\" \\n \\ `back`",
    "  앞뒤 빈칸  ",
    "<b>&amp;</b>",
]
CONTENT = st.sampled_from(NASTY) | st.text(max_size=20)
form_names = pytest.mark.parametrize("name", sorted(FORMS))


@pytest.fixture(scope="module")
def tokenizer(gemma: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(gemma)


def user(content: str) -> Message:
    return {"role": "user", "content": content}


def system(content: str) -> Message:
    return {"role": "system", "content": content}


def assistant(content: str) -> Message:
    return {"role": "assistant", "content": content}


def rendered(tokenizer: Any, form: PromptForm, messages: list[Message]) -> str:
    """The conversation by transformers' own rendering of the Jinja template."""
    template = form.chat_template(EOS, adds_bos=True)
    text = tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False)
    assert text.startswith("<bos>")
    return str(text.removeprefix("<bos>"))


@form_names
@pytest.mark.parametrize("content", NASTY)
@pytest.mark.parametrize("first", ["", "세무 상담원입니다.", "{content}\n{eos}"])
def test_one_question_is_one_prompt_everywhere(
    name: str, content: str, first: str, tokenizer: Any
) -> None:
    form = prompt_form(name)
    messages = ([system(first)] if first else []) + [user(content)]
    prompt = form.prompt(content, first)
    assert content in prompt
    assert prompt.count(first) >= 1
    assert form.conversation(messages, EOS) == prompt
    assert rendered(tokenizer, form, messages) == prompt


@form_names
@pytest.mark.parametrize("content", NASTY)
def test_a_taught_answer_is_what_a_server_puts_before_the_next_question(
    name: str, content: str, tokenizer: Any
) -> None:
    form = prompt_form(name)
    messages = [user("첫 질문"), assistant(content), user("다음 질문")]
    taught = form.prompt("첫 질문") + form.completion(content, EOS)
    text = form.conversation(messages, EOS)
    assert text == taught + form.between + form.prompt("다음 질문")
    assert rendered(tokenizer, form, messages) == text


@form_names
def test_an_empty_system_message_is_none(name: str, tokenizer: Any) -> None:
    form = prompt_form(name)
    messages = [system(""), user("질문")]
    assert form.conversation(messages, EOS) == form.prompt("질문")
    assert rendered(tokenizer, form, messages) == form.prompt("질문")


@given(
    name=st.sampled_from(sorted(FORMS)),
    turns=st.lists(st.tuples(CONTENT, CONTENT, CONTENT), max_size=3),
    last=st.tuples(CONTENT, CONTENT),
)
def test_any_conversation_is_one_prompt_in_specification_and_jinja(
    name: str, turns: list[tuple[str, str, str]], last: tuple[str, str], tokenizer: Any
) -> None:
    form = prompt_form(name)
    messages: list[Message] = []
    for before, question, answer in turns:
        messages += [system(before), user(question), assistant(answer)]
    messages += [system(last[0]), user(last[1])]
    assert rendered(tokenizer, form, messages) == form.conversation(messages, EOS)


@given(name=st.sampled_from(sorted(FORMS)), answer=st.text())
def test_an_answer_ends_once_and_begins_with_its_own_blank(name: str, answer: str) -> None:
    form = prompt_form(name)
    completion = form.completion(answer, EOS)
    end = form.stops(EOS)[0]
    assert completion.endswith(end)
    assert completion.removesuffix(end).strip() == answer.strip()


def test_the_question_and_answer_form_reads_as_specified() -> None:
    form = prompt_form("qa")
    taught = form.prompt("세율은?") + form.completion("10%입니다.\n", "<|endoftext|>")
    assert taught == snapshot("""\
### 질문: 세율은?

### 답변: 10%입니다.<|endoftext|>\
""")
    assert form.prompt("세율은?", "짧게 답하세요.") == snapshot("""\
짧게 답하세요.

### 질문: 세율은?

### 답변:\
""")
    turns = [user("가?"), assistant(" 나 "), user("다?")]
    assert form.conversation(turns, "<|endoftext|>") == snapshot("""\
### 질문: 가?

### 답변: 나<|endoftext|>

### 질문: 다?

### 답변:\
""")
    assert form.stops("<|endoftext|>") == snapshot(("<|endoftext|>",))


def test_the_gemma_form_reads_as_specified() -> None:
    form = prompt_form("gemma3")
    taught = form.prompt("세율은?") + form.completion("10%입니다.\n", EOS)
    assert taught == snapshot("""\
<start_of_turn>user
세율은?<end_of_turn>
<start_of_turn>model
10%입니다.<end_of_turn>\
""")
    assert form.prompt("세율은?", "짧게 답하세요.") == snapshot("""\
<start_of_turn>user
짧게 답하세요.

세율은?<end_of_turn>
<start_of_turn>model
""")
    turns = [user("가?"), assistant(" 나 "), user("다?")]
    assert form.conversation(turns, EOS) == snapshot("""\
<start_of_turn>user
가?<end_of_turn>
<start_of_turn>model
나<end_of_turn>
<start_of_turn>user
다?<end_of_turn>
<start_of_turn>model
""")
    assert form.stops(EOS) == snapshot(("<end_of_turn>",))


def test_no_prompt_ends_in_a_blank_and_no_go_template_in_bos() -> None:
    for form in FORMS.values():
        assert not form.prompt("질문").endswith(" ")
        assert "bos" not in form.go_template(EOS)
        assert "bos_token" not in form.chat_template(EOS, adds_bos=False)


@form_names
def test_the_end_of_text_token_is_the_base_models_own(name: str) -> None:
    form = prompt_form(name)
    for text in (
        form.chat_template("<|endoftext|>", adds_bos=False),
        form.go_template("<|endoftext|>"),
        *form.stops("<|endoftext|>"),
    ):
        assert "{eos}" not in text
        assert EOS not in text


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ConfigError, match="Unknown prompt form 'alpaca'; known: qa, gemma3"):
        prompt_form("alpaca")


SYSTEMS = ["짧게 답하세요.", "\"따옴표\"와 \\n, '작은' 것\n둘째 줄", "💸 기준"]


@form_names
@pytest.mark.parametrize("default", SYSTEMS)
def test_a_client_that_sends_no_system_message_gets_the_trained_one(
    name: str, default: str, tokenizer: Any
) -> None:
    form = prompt_form(name)
    template = form.chat_template(EOS, adds_bos=True, system=default)

    def rendered_by_default(*messages: Message) -> str:
        return str(
            tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False)
        ).removeprefix("<bos>")

    assert rendered_by_default(user("질문")) == form.prompt("질문", default)
    assert rendered_by_default(system("다른"), user("질문")) == form.prompt("질문", "다른")
    turns = [user("질문"), assistant("답"), user("다음")]
    trained = form.conversation([system(default), *turns], EOS)
    assert rendered_by_default(*turns) == trained


@form_names
@pytest.mark.parametrize("adds_bos", [True, False])
@pytest.mark.parametrize("default", ["", *SYSTEMS])
def test_a_chat_template_says_which_system_message_was_trained(
    name: str, adds_bos: bool, default: str
) -> None:
    form = prompt_form(name)
    template = form.chat_template(EOS, adds_bos, default)
    assert form.system_in(template, EOS) == default
    assert form.system_in(template + " ", EOS) is None
    assert form.system_in(template.replace("질문", "문의").replace("user", "User"), EOS) is None


@form_names
@pytest.mark.parametrize("found", ["", "{{ messages }}", "system=", "[", "3"])
def test_a_template_of_another_maker_has_no_trained_system_message(name: str, found: str) -> None:
    form = prompt_form(name)
    assert form.system_in(found, EOS) is None
    head, _, tail = form.chat_template(EOS, True).partition("system=''")
    assert form.system_in(f"{head}system={found}{tail}", EOS) is None
