"""What is highlighted in a text: quoted passages, figures, citations and case numbers."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from datagen.checks.sources import BLANK, QUOTED, bare, figures, find_figures, is_law_name
from datagen.checks.statements import SENTENCE_END
from taxlaw.articles import ArticleIndex
from taxlaw.cases import find_cases
from taxlaw.citations import find_citations

LEFT_OUT = re.compile(r"…|\.\.\.|\(중략\)|\(생략\)")
MIN_QUOTE = 4
"""Letters of a quoted passage that is looked for in the source."""
MIN_SENTENCE = 12
"""Letters of a sentence without quotation marks that is."""
Place = tuple[int, int]


@dataclass(frozen=True)
class Span:
    """A part of a text that is highlighted."""

    start: int
    end: int
    kind: str
    """Class in the style sheet."""
    title: str = ""
    """What the pointer shows."""


@dataclass(frozen=True)
class Piece:
    """Text that is highlighted in one way throughout; a text is the sum of its pieces."""

    text: str
    kinds: str = ""
    title: str = ""


def pieces(text: str, spans: Iterable[Span]) -> list[Piece]:
    """`text` cut wherever a span begins or ends; spans may overlap."""
    spans = [span for span in spans if span.start < span.end]
    places = {0, len(text)} | {place for span in spans for place in (span.start, span.end)}
    cuts = sorted(place for place in places if 0 <= place <= len(text))
    found = []
    for start, end in pairwise(cuts):
        over = [span for span in spans if span.start <= start and end <= span.end]
        kinds = " ".join(dict.fromkeys(span.kind for span in over))
        title = "; ".join(dict.fromkeys(span.title for span in over if span.title))
        found.append(Piece(text[start:end], kinds, title))
    return found


def marked_answer(question: str, answer: str, source: str, index: ArticleIndex) -> list[Piece]:
    """The answer: what stands in the source or the question, and what does not.

    Args:
        source: text of the document it rests on; '' = not known, then nothing is called missing.
    """
    known = set(figures(f"{source}\n{question}"))
    spans = [*figure_spans(answer, known, judged=bool(source)), *law_spans(answer, index)]
    if source:
        spans += quote_spans(answer, source)
    return pieces(answer, spans)


def marked_question(question: str, index: ArticleIndex) -> list[Piece]:
    """The question with its figures and citations."""
    return pieces(question, [*figure_spans(question, set()), *law_spans(question, index)])


def marked_source(source: str, answer: str, law: str, index: ArticleIndex) -> list[Piece]:
    """The source: the passages that the answer quotes, and the figures and articles it takes."""
    cited = {mention.citation.key for mention in find_citations(answer)}
    spans = figure_spans(source, set(figures(answer)))
    for mention in find_citations(source, law or None):
        shared = " shared" if mention.citation.key in cited else ""
        spans.append(Span(mention.start, mention.end, f"citation{shared}"))
    found = passages(answer, source)
    spans += [Span(start, end, "quote") for _, place in found if place for start, end in [place]]
    return pieces(source, spans)


def figure_spans(text: str, shared: set[tuple[str, str]], *, judged: bool = False) -> list[Span]:
    """Each amount, rate and date; `judged` says that one which is not shared is new."""
    spans = []
    for figure, start, end in find_figures(text):
        if figure in shared:
            spans.append(Span(start, end, "figure shared"))
        elif judged:
            spans.append(Span(start, end, "figure new", "원문과 질문에 없는 수치"))
        else:
            spans.append(Span(start, end, "figure"))
    return spans


def law_spans(text: str, index: ArticleIndex) -> list[Span]:
    """Each article and case of a text; an article that the index lacks says so."""
    spans = []
    for mention in find_citations(text):
        status = index.resolve(mention.citation).status
        missing = status not in ("exists", "former", "unknown_act")
        title = f"{mention.citation}: " + STATUS.get(status, "없는 조문")
        kind = "citation missing" if missing else "citation"
        spans.append(Span(mention.start, mention.end, kind, title))
    return spans + [Span(case.start, case.end, "case") for case in find_cases(text)]


STATUS = {
    "exists": "조문 색인에 있음",
    "former": "옛 법령이라 조회하지 않음",
    "unknown_act": "색인에 없는 법령",
    "deleted": "삭제된 조문",
}


def quote_spans(answer: str, source: str) -> list[Span]:
    """The answer's passages: found in the source, or in quotation marks and not found."""
    spans = []
    for (start, end), found in passages(answer, source):
        if found:
            spans.append(Span(start, end, "quote", "원문에 있는 문장"))
        else:
            spans.append(Span(start, end, "quote missing", "원문에서 찾지 못한 인용"))
    return spans


def passages(answer: str, source: str) -> list[tuple[Place, Place | None]]:
    """(place in the answer, place in the source) of all that is quoted, and of whole sentences.

    A sentence without quotation marks is given only where the source has it.
    """
    text, places = bare_places(source)
    found: list[tuple[Place, Place | None]] = []
    for start, end in quoted_parts(answer):
        wanted = bare(answer[start:end])
        if len(wanted) >= MIN_QUOTE:
            found.append(((start, end), place_of(wanted, text, places)))
    for start, end in sentences(answer):
        wanted = bare(answer[start:end])
        inside = any(start < other[1] and other[0] < end for other, _ in found)
        place = None if inside or len(wanted) < MIN_SENTENCE else place_of(wanted, text, places)
        if place:
            found.append(((start, end), place))
    return found


def quoted_parts(text: str) -> Iterator[Place]:
    """Where quotations stand, without their marks and cut at what is left out of them."""
    for match in QUOTED.finditer(text):
        group = match.lastindex or 0
        if not is_law_name(match[group]):
            start = match.start(group)
            for piece_start, piece_end in between(LEFT_OUT, match[group]):
                yield start + piece_start, start + piece_end


def sentences(text: str) -> Iterator[Place]:
    """Where the sentences of a text stand."""
    yield from between(SENTENCE_END, text)


def between(mark: re.Pattern[str], text: str) -> Iterator[Place]:
    """What stands between the places where `mark` matches, without blanks around it."""
    start = 0
    for match in (*mark.finditer(text), None):
        end = match.start() if match else len(text)
        part = text[start:end]
        if part.strip():
            yield start + len(part) - len(part.lstrip()), start + len(part.rstrip())
        start = match.end() if match else end


def bare_places(text: str) -> tuple[str, list[int]]:
    """`text` as `bare` gives it, and where each of its letters stands in `text`."""
    left_out = {place for match in BLANK.finditer(text) for place in range(*match.span())}
    places = [place for place in range(len(text)) if place not in left_out]
    return "".join(text[place] for place in places), places


def place_of(wanted: str, text: str, places: list[int]) -> Place | None:
    """Where in the whole text the bare letters `wanted` stand."""
    at = text.find(wanted)
    return (places[at], places[at + len(wanted) - 1] + 1) if wanted and at >= 0 else None
