"""What is written is what Ollama's parser reads, or it is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelfiles.grammar import commands, quoted
from taxqa.errors import InputError


def read(text: str) -> list[tuple[str, str, str]]:
    return [(command.instruction, command.key, command.value) for command in commands(text)]


def value(text: str) -> str:
    """The value of SYSTEM in a Modelfile of that line."""
    return read(f"FROM ./a.gguf\n{text}\n")[1][2]


def test_instructions_may_be_in_any_case_and_comments_stand_at_the_start_of_a_line() -> None:
    text = "# a note\nFrom ./a.gguf\n\n  # another\nparameter num_ctx 2048\nSYSTEM a # b\n"
    assert read(text) == [
        ("from", "", "./a.gguf"),
        ("parameter", "num_ctx", "2048"),
        ("system", "", "a # b"),
    ]


def test_there_are_no_escapes() -> None:
    assert value(r'SYSTEM "a\nb"') == r"a\nb"


def test_a_quoted_value_ends_at_the_first_line_that_ends_in_a_quote() -> None:
    assert value('SYSTEM "a\nb\nc"') == "a\nb\nc"
    with pytest.raises(InputError, match="Line 4 of the Modelfile starts with 'b"):
        value('SYSTEM "he said "a"\n\nb"')


def test_triple_quotes_must_be_followed_by_the_end_of_the_line() -> None:
    assert value('SYSTEM """a "b"\n"""') == 'a "b"\n'
    with pytest.raises(InputError, match="opens a quote that nothing closes"):
        read('FROM ./a.gguf\nSYSTEM """a""" # b\nPARAMETER num_ctx 1\n')


def test_two_spaces_after_parameter_are_an_empty_name() -> None:
    with pytest.raises(InputError, match="no name where one space and a name were expected"):
        read("FROM ./a.gguf\nPARAMETER  num_ctx 1\n")


@pytest.mark.parametrize("line", ["TEMPLATES x", "FROM", "세금 1", "PARAMETERS num_ctx 1", "1"])
def test_a_line_that_is_no_instruction_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(InputError, match="Line 2 of the Modelfile"):
        read(f"FROM ./a.gguf\n{line}\n")


DELETED = ["\u00a0", "\u3000", "\u200b", "\u200d", "\ufeff", "\x07", "\x7f", "\r", "\u2028"]


@pytest.mark.parametrize("character", DELETED)
def test_a_character_that_ollama_deletes_silently_is_refused_both_ways(character: str) -> None:
    with pytest.raises(InputError, match=rf"U\+{ord(character):04X} .* would silently delete"):
        quoted(f"세금{character}신고", "SYSTEM")
    with pytest.raises(InputError, match=rf"U\+{ord(character):04X}"):
        value(f'SYSTEM """세금{character}신고"""')


def test_a_byte_order_mark_before_everything_is_passed_over() -> None:
    assert read("\ufeffFROM ./a.gguf\n") == [("from", "", "./a.gguf")]


@pytest.mark.parametrize("text", ['a"""\nb', 'a"""  \n', '"""\n'])
def test_a_value_that_would_end_early_is_refused(text: str) -> None:
    with pytest.raises(InputError, match='a line that ends in """'):
        quoted(text, "SYSTEM")


PIECES = ['"', '""', '"""', "\n", " ", "\t", "a", "세", "#", "\\", "FROM x", "😀"]
PRINTED = st.lists(st.sampled_from(PIECES)).map("".join)


@given(PRINTED)
def test_what_is_quoted_is_read_back_as_it_was(text: str) -> None:
    try:
        written = quoted(text, "SYSTEM")
    except InputError:
        assert '"""' in text
        return
    assert read(f"FROM ./a.gguf\nSYSTEM {written}\nPARAMETER stop x\n") == [
        ("from", "", "./a.gguf"),
        ("system", "", text),
        ("parameter", "stop", "x"),
    ]


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read(text)
    except InputError:
        return
    assert all(instruction == instruction.lower() for instruction, _, _ in found)
