"""The fake's interpreter shows what Go would print, so that a wrong template shows."""

import pytest
from go_template import GoTemplateError, Message, render
from hypothesis import given
from hypothesis import strategies as st

from finetune.prompts import FORMS, prompt_form
from finetune.prompts import Message as Turn

DATA = {
    "System": "시스템",
    "Messages": [Message("user", "가"), Message("assistant", "나")],
}

# Each pair was printed by Go's own text/template (1.19).
SEEN_IN_GO = [
    ("a {{- 7 -}} \n b", "a7b"),
    ("a {{7}} b", "a 7 b"),
    ("{{ .Nope }}", "<no value>"),
    ("{{ len .System }} {{ slice .System 3 6 }}", "9 스"),
    ("{{ if eq .System `시스템` }}x{{ else }}y{{ end }}", "x"),
    ('{{ if not .System }}x{{ else if .Messages }}"z"{{ end }}', '"z"'),
    ("{{ range $i, $m := .Messages }}{{ $i }}{{ $m.Content }}{{ .Role }},{{ end }}",
     "0가user,1나assistant,"),
    ("{{ range .Messages }}{{ eq (len (slice $.Messages 1)) 1 }}{{ end }}", "truetrue"),
    ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ $x }}{{ end }}{{ $x }}", "32"),
    ("{{ and .System 0 }}{{ or 0 .System }}{{ ne 1 2 }}", "0시스템true"),
    ('{{ range .Messages }}{{ eq (slice .Content 0 1) " " }}{{ slice .Content 3 }}{{ end }}',
     "falsefalse"),
    ('{{ if not (and .None (eq (slice .None 0 1) " ")) }}x{{ end }}', "x"),
    ('a{{/* {{ note */}}b{{ "\\n" }}', "ab\n"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "printed"), SEEN_IN_GO)
def test_a_template_prints_what_it_printed_in_go(template: str, printed: str) -> None:
    assert render(template, DATA) == printed


@pytest.mark.parametrize(
    "template",
    ["{{ if .System }}", "{{ end }}", "{{ .System", "{{ $x }}", "{{ trim .System }}",
     "{{ range .Messages }}{{ .Last }}{{ end }}", "{{ slice .System 99 }}", "{{ .System ^ }}"],
)  # fmt: skip
def test_a_template_that_go_refuses_is_refused(template: str) -> None:
    with pytest.raises(GoTemplateError):
        render(template, DATA)


CONTENT = st.text(st.sampled_from("가a \n{}\"'\t😀")).map(str.strip)


@given(
    st.sampled_from(sorted(FORMS)),
    CONTENT,
    st.lists(CONTENT, min_size=1, max_size=7),
    st.booleans(),
)
def test_the_go_template_and_the_specification_give_one_prompt(
    form_name: str, system: str, contents: list[str], as_written: bool
) -> None:
    form = prompt_form(form_name)
    contents = contents[: len(contents) - (len(contents) + 1) % 2]
    turns: list[Turn] = [{"role": "system", "content": system}] if system else []
    data = {"System": system, "Messages": [Message("system", system)] if system else []}
    for index, content in enumerate(contents):
        role = "assistant" if index % 2 else "user"
        if as_written and role == "assistant":
            content = form.answer.format(content=content)
        turns.append({"role": role, "content": content})
        data["Messages"].append(Message(role, content))  # type: ignore[attr-defined]
    assert render(form.go_template("<eos>"), data) == form.conversation(turns, "<eos>")
