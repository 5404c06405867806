"""A Modelfile that exists is one that Ollama accepts, and is written as it is read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.prompts import GEMMA3, QA
from modelfiles.modelfile import Modelfile, parse, write
from modelfiles.parameters import PARAMETERS, Value
from taxqa.errors import InputError

TEXT = st.text(st.sampled_from(['"', "\n", " ", "\t", "a", "세", "#", "\\", "😀", "{", "%"]))


@st.composite
def parameters(draw: st.DrawFn) -> dict[str, Value]:
    names = draw(st.lists(st.sampled_from(sorted(PARAMETERS)), unique=True))
    found: dict[str, Value] = {}
    for name in names:
        kind = PARAMETERS[name]
        if kind.type is bool:
            found[name] = draw(st.booleans())
        elif kind.type is int:
            found[name] = draw(st.integers(int(kind.low), int(kind.high)))
        else:
            found[name] = draw(st.floats(kind.low, kind.high, allow_nan=False))
    return found


@st.composite
def modelfiles(draw: st.DrawFn) -> Modelfile | None:
    """A valid Modelfile, or None where the drawn values make none."""
    try:
        return Modelfile(
            source=draw(st.sampled_from(["./a.gguf", "./세금 모델.gguf", "./a#b.gguf"])),
            template=draw(st.sampled_from(["", QA.go, GEMMA3.go_template("<eos>")])),
            system=draw(TEXT),
            parameters=draw(parameters()),
            stop=tuple(text for text in draw(st.lists(TEXT)) if text),
            licenses=tuple(draw(st.lists(TEXT.filter(bool)))),
            requires=draw(st.sampled_from(["", "0.14.0", "1.2.3-rc1"])),
        )
    except InputError:
        return None


@given(modelfiles(), st.lists(st.text()))
def test_a_modelfile_is_read_back_as_it_was_written(
    modelfile: Modelfile | None, comments: list[str]
) -> None:
    if modelfile:
        assert parse(write(modelfile, comments)) == modelfile


def test_the_last_template_and_the_last_system_win() -> None:
    found = parse(
        "FROM ./a.gguf\nSYSTEM a\nSYSTEM b\nTEMPLATE {{ .Prompt }}\nTEMPLATE {{.Messages}}"
    )
    assert (found.system, found.template) == ("b", "{{.Messages}}")


def test_stop_repeats_and_other_parameters_do_not() -> None:
    text = 'FROM ./a.gguf\nPARAMETER stop a\nPARAMETER stop "b c"\nPARAMETER num_ctx 1\n'
    found = parse(text + "PARAMETER num_ctx 2\n")
    assert found.stop == ("a", "b c")
    assert found.parameters == {"num_ctx": 2}


@pytest.mark.parametrize(
    "line",
    ["ADAPTER ./a", "MESSAGE user a", "RENDERER gemma3", "PARSER gemma3", "DRAFT ./a.gguf"],
)
def test_what_ollama_or_the_training_does_not_have_is_refused(line: str) -> None:
    with pytest.raises(InputError, match=f"Line 2 of the Modelfile is {line.split()[0]}:"):
        parse(f"FROM ./a.gguf\n{line}\n")


def test_nothing_written_makes_ollama_adapt_or_quantize() -> None:
    fields = Modelfile("./a.gguf", QA.go, parameters={"num_ctx": 1}, stop=("x",)).create_fields()
    assert set(fields) == {"template", "parameters", "stop"} - {"stop"}
    assert fields["parameters"] == {"num_ctx": 1, "stop": ["x"]}


@pytest.mark.parametrize("text", ["", "SYSTEM a\n", "FROM ./a.gguf\nFROM ./b.gguf\n"])
def test_exactly_one_from_is_expected(text: str) -> None:
    with pytest.raises(InputError, match="FROM lines; exactly one was expected"):
        parse(text)


@pytest.mark.parametrize("source", ["", " a", "~/a.gguf", '"a"', "a\nb", "a\u00a0b"])
def test_a_from_that_would_become_another_name_is_refused(source: str) -> None:
    with pytest.raises(InputError, match="FROM"):
        Modelfile(source)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tfs_z 1", "no parameter 'tfs_z'"),
        ("typical_p 0.5", "no parameter 'typical_p'"),
        ("NUM_CTX 1", "no parameter 'NUM_CTX'"),
        ("num_ctx 4096.0", "'4096.0'; a whole number without a decimal point"),
        ("num_ctx 1_000", "a whole number"),
        ("num_ctx ２０４８", "a whole number"),
        ("num_ctx 0", "from 1 to"),
        ("num_ctx 99999999999", "from 1 to"),
        ("temperature warm", "a number was expected"),
        ("temperature nan", "a number was expected"),
        ("temperature inf", "a number was expected"),
        ("temperature -0.1", "from 0 to"),
        ("temperature 1e999", "from 0 to"),
        ("top_p 1.5", "from 0 to 1"),
        ("use_mmap yes", "true or false"),
    ],
)
def test_a_parameter_that_would_fail_at_the_first_question_is_refused(
    line: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        parse(f"FROM ./a.gguf\nPARAMETER {line}\n")


@pytest.mark.parametrize(
    ("name", "value"), [("num_ctx", 2048.0), ("num_ctx", True), ("temperature", 0), ("use_mmap", 1)]
)
def test_a_parameter_has_exactly_its_type(name: str, value: Any) -> None:
    with pytest.raises(InputError, match="a value of type"):
        Modelfile("./a.gguf", parameters={name: value})


def test_an_empty_stop_string_is_refused() -> None:
    with pytest.raises(InputError, match="stop is empty"):
        Modelfile("./a.gguf", stop=("a", ""))


@pytest.mark.parametrize("token", ["<bos>", "<s>"])
def test_a_template_that_adds_a_second_bos_is_refused(token: str) -> None:
    with pytest.raises(InputError, match=f"contains {token}; Ollama adds it by itself"):
        Modelfile("./a.gguf", template=token + QA.go)


@pytest.mark.parametrize("name", ["Last", "Question", "messages"])
def test_a_template_with_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"uses .{name}, which Ollama does not fill in"):
        Modelfile("./a.gguf", template="{{ range .Messages }}{{ ." + name + " }}{{ end }}")


def test_a_name_in_the_text_or_in_a_string_of_a_template_is_no_field() -> None:
    text = '{{ if eq .Role ".Last" }}www.Example.kr{{ end }}{{ $.Messages }}{{ $m.Content }}'
    assert Modelfile("./a.gguf", template=text).template == text


def test_a_template_that_asks_nothing_is_refused() -> None:
    with pytest.raises(InputError, match=r"neither \.Messages nor \.Prompt"):
        Modelfile("./a.gguf", template="### 질문:")


def test_a_version_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="REQUIRES is 'new'"):
        parse("FROM ./a.gguf\nREQUIRES new\n")
