"""A stream ends at its stop string and loses nothing else, however it is cut into pieces."""

from hypothesis import given
from hypothesis import strategies as st

from chat.pieces import Counted, decoded, until_stop

STOPS = ("<eos>", "<end_of_turn>", "### 질문:")
PIECES = st.lists(
    st.sampled_from(["<", "e", "os", ">", "<eos>", "<end", "_of_turn", "세금", "#", "## 질", "문:"])
)


@given(PIECES)
def test_text_passes_up_to_the_first_stop_string(pieces: list[str]) -> None:
    whole = "".join(pieces)
    ends = [whole.find(stop) for stop in STOPS if stop in whole]
    assert "".join(until_stop(pieces, STOPS)) == whole[: min(ends, default=len(whole))]


@given(PIECES)
def test_nothing_is_read_after_a_stop_string(pieces: list[str]) -> None:
    source = iter(["세금<eos>", *pieces])
    assert list(until_stop(source, STOPS)) == ["세금"]
    assert list(source) == pieces


def test_text_that_cannot_begin_a_stop_string_passes_at_once() -> None:
    source = until_stop(iter(["세율은 ", "10%<", "b> ", "입니다"]), STOPS)
    assert next(source) == "세율은 "
    assert next(source) == "10%"
    assert next(source) == "<b> "


def test_without_stop_strings_everything_passes() -> None:
    assert list(until_stop(["a", "b"], ())) == ["a", "b"]


@given(st.text(), st.integers(1, 4))
def test_letters_may_be_spread_over_pieces(text: str, size: int) -> None:
    data = text.encode()
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    assert "".join(decoded(pieces)) == text


@given(st.binary())
def test_broken_letters_show_and_do_not_raise(data: bytes) -> None:
    assert "".join(decoded([data])) == data.decode(errors="replace")


def test_tokens_are_counted_and_cut_at_the_limit() -> None:
    counted = Counted(range(10), 3)
    assert list(counted) == [0, 1, 2]
    assert (counted.count, counted.cut) == (3, True)
    assert counted.seconds >= 0
    short = Counted(range(2), 3)
    assert (list(short), short.cut) == ([0, 1], False)
