"""What the review page highlights: quoted passages, figures and citations, nothing lost."""

from hypothesis import given
from hypothesis import strategies as st

from datagen.checks.sources import bare
from datagen.review.marks import (
    MIN_RUN,
    Piece,
    Span,
    figure_places,
    marked_answer,
    marked_question,
    marked_source,
    pieces,
    shared_runs,
)
from taxlaw.articles import ArticleIndex

INDEX = ArticleIndex.default()
SOURCE = "## 요지\n가게 주인은 거래가 끝난 날부터 15일 안에 장부를 정리한다. 수수료는 30만원이다."
korean = st.text(st.sampled_from("가나다라 .,'\n‘’1%만원제조법12"), max_size=80)


def kinds(found: list[Piece], text: str) -> str:
    """The classes of the piece in which `text` begins."""
    return next(piece.kinds for piece in found if text in piece.text)


@given(korean, korean)
def test_highlighting_changes_no_letter(text: str, source: str) -> None:
    for found in (
        marked_answer("질문", text, source, INDEX),
        marked_question(text, source, INDEX),
        marked_source(text, "질문", source),
    ):
        assert "".join(piece.text for piece in found) == text


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30))))
def test_any_spans_cut_a_text_into_itself(text: str, places: list[tuple[int, int]]) -> None:
    spans = [Span(start, end, "quote") for start, end in places if end <= len(text)]
    found = pieces(text, spans)
    assert "".join(piece.text for piece in found) == text
    assert all(piece.text for piece in found)
    marked = sum(len(piece.text) for piece in found if piece.kinds)
    assert marked == len({at for span in spans for at in range(span.start, span.end)})


@given(korean, korean)
def test_a_shared_run_is_the_same_in_both_texts(text: str, source: str) -> None:
    for (start, end), (from_start, from_end) in shared_runs(text, source):
        assert bare(text[start:end]) == bare(source[from_start:from_end])
        assert len(bare(text[start:end])) >= MIN_RUN


@given(korean, st.text(st.sampled_from("마바사아자차"), min_size=MIN_RUN, max_size=40), korean)
def test_a_passage_that_was_copied_is_found(before: str, passage: str, after: str) -> None:
    [(place, found), *_] = shared_runs(f"그는 {passage} 라고 했다", f"{before} {passage} {after}")
    assert place[0] == 3
    assert passage in f"{before} {passage} {after}"[slice(*found)]


def test_the_quoted_sentence_is_marked_in_the_answer_and_in_the_source() -> None:
    answer = "안내는 ‘거래가 끝난 날부터 15일 안에 장부를 정리한다’라고 합니다."
    assert kinds(marked_answer("언제?", answer, SOURCE, INDEX), "거래가 끝난 날") == "quote"
    assert kinds(marked_source(SOURCE, "언제?", answer), "거래가 끝난 날") == "quote"
    assert kinds(marked_source(SOURCE, "언제?", answer), "가게 주인은") == ""


def test_a_sentence_without_quotation_marks_is_marked_as_well() -> None:
    answer = "가게 주인은 거래가 끝난 날부터 15일 안에 장부를 정리한다. (장부 안내 1)"
    assert kinds(marked_answer("언제?", answer, SOURCE, INDEX), "가게 주인은") == "quote"
    assert kinds(marked_source(SOURCE, "언제?", answer), "가게 주인은") == "quote"


def test_naming_the_same_articles_is_no_quotation() -> None:
    cited = "상속세 및 증여세법 제53조제2호, 상속세 및 증여세법 시행령 제46조제1항"
    assert shared_runs(f"공제는 {cited}에 있다", f"이 표는 {cited}를 본다") == []


def test_the_words_that_a_model_names_are_marked_in_the_source() -> None:
    found = marked_source(SOURCE, "언제?", "보름입니다.", quote="거래가 끝난 날부터")
    assert kinds(found, "거래가 끝난 날부터") == "quote"


def test_a_quotation_that_the_source_lacks_says_so() -> None:
    answer = "안내는 ‘거래가 끝난 날부터 20일 안에 장부를 버린다’라고 합니다."
    assert kinds(marked_answer("언제?", answer, SOURCE, INDEX), "장부를 버린다").endswith("missing")
    assert "missing" not in kinds(marked_answer("언제?", answer, "", INDEX), "장부를 버린다")


def test_a_figure_says_whether_the_source_or_the_question_has_it() -> None:
    found = marked_answer("2억원이면?", "30만원과 2억원, 그리고 7만원입니다.", SOURCE, INDEX)
    assert kinds(found, "30만원") == kinds(found, "2억원") == "figure shared"
    assert kinds(found, "7만원") == "figure new"
    unknown = marked_answer("2억원이면?", "7만원입니다.", "", INDEX)
    assert kinds(unknown, "7만원") == "figure"
    assert kinds(marked_source(SOURCE, "", "30만원입니다."), "30만원") == "figure shared"
    assert kinds(marked_source(SOURCE, "", "모릅니다."), "30만원") == "figure"


def test_a_figure_within_another_is_not_marked_twice() -> None:
    text = "세율 21%와 1%, 다시 21%"
    places = sorted(place for _, place in figure_places(text))
    assert [text[start:end] for start, end in places] == ["21%", "1%", "21%"]


def test_an_article_that_does_not_exist_is_marked_so() -> None:
    found = marked_answer("?", "소득세법 제999조와 소득세법 제55조에 있습니다.", "", INDEX)
    assert kinds(found, "소득세법 제999조") == "citation missing"
    assert kinds(found, "소득세법 제55조") == "citation"


def test_a_heading_of_the_source_is_marked_as_one() -> None:
    assert marked_source(SOURCE, "", "")[:2] == [
        Piece("## ", "heading sign"),
        Piece("요지", "heading"),
    ]
