"""What is highlighted in a text: quoted passages, figures, citations and case numbers."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from datagen.checks.figures import figures
from datagen.checks.sources import BLANK, QUOTED, bare, is_law_name
from taxlaw.articles import ArticleIndex
from taxlaw.cases import find_cases
from taxlaw.citations import find_citations

LEFT_OUT = re.compile(r"…|\.\.\.|\(중략\)|\(생략\)")
HEADING = re.compile(r"^(#+ )[^\n]+$", re.MULTILINE)
MIN_QUOTE = 4
"""Letters of a passage in quotation marks that is looked for in the source."""
MIN_RUN = 14
"""Letters of a passage without them that two texts share word for word."""
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


def marked_question(question: str, source: str, index: ArticleIndex) -> list[Piece]:
    """The question with its figures and citations, and what it takes from the source."""
    spans = [*figure_spans(question, set()), *law_spans(question, index)]
    return pieces(question, [*spans, *run_spans(question, source)])


def marked_source(
    source: str, question: str, answer: str, law: str = "", quote: str = ""
) -> list[Piece]:
    """The source: what question and answer take from it, passages, figures and articles.

    Args:
        law: whose text it is ('소득세법 시행령'), for citations of its own articles.
        quote: the words that a language model says its answer rests on.
    """
    cited = {mention.citation.key for mention in find_citations(answer)}
    spans = figure_spans(source, set(figures(answer)))
    for mention in find_citations(source, law or None):
        shared = " shared" if mention.citation.key in cited else ""
        spans.append(Span(mention.start, mention.end, f"citation{shared}"))
    taken = [place for _, place in quotations(answer, source) if place]
    taken += [place_of(bare(quote), *bare_places(source)) or (0, 0)]
    taken += [place for text in (answer, question) for _, place in shared_runs(text, source)]
    spans += [Span(start, end, "quote") for start, end in taken]
    for match in HEADING.finditer(source):
        spans += [Span(*match.span(), "heading"), Span(*match.span(1), "sign")]
    return pieces(source, spans)


def figure_spans(text: str, shared: set[tuple[str, str]], *, judged: bool = False) -> list[Span]:
    """Each amount, rate and date; `judged` says that one which is not shared is new."""
    spans = []
    for figure, (start, end) in figure_places(text):
        if figure in shared:
            spans.append(Span(start, end, "figure shared"))
        elif judged:
            spans.append(Span(start, end, "figure new", "원문과 질문에 없는 수치"))
        else:
            spans.append(Span(start, end, "figure"))
    return spans


def figure_places(text: str) -> Iterator[tuple[tuple[str, str], Place]]:
    """Each figure that the checks find in a text, at every place where it is written."""
    left = text
    while found := figures(left):
        before = left
        # The longest first: '1%' is no part of '21%'.
        for figure, written in sorted(found.items(), key=lambda each: -len(each[1])):
            for match in re.finditer(rf"(?<!\d){re.escape(written)}", left):
                yield figure, match.span()
            left = left.replace(written, " " * len(written))
        if left == before:
            return


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
    """What the answer has from the source, and what it puts in quotation marks and is not there."""
    missing = [place for place, found in quotations(answer, source) if not found]
    spans = [Span(start, end, "quote missing", "원문에서 찾지 못한 인용") for start, end in missing]
    found = [place for place, found in quotations(answer, source) if found]
    spans += [Span(start, end, "quote", "원문에 있는 문장") for start, end in found]
    return spans + run_spans(answer, source)


def run_spans(text: str, source: str) -> list[Span]:
    """What a text shares with the source, in quotation marks or not."""
    return [
        Span(start, end, "quote", "원문에 있는 문장")
        for (start, end), _ in shared_runs(text, source)
    ]


def quotations(answer: str, source: str) -> list[tuple[Place, Place | None]]:
    """(place in the answer, place in the source) of all that stands in quotation marks."""
    text, places = bare_places(source)
    found = []
    for start, end in quoted_parts(answer):
        wanted = bare(answer[start:end])
        if len(wanted) >= MIN_QUOTE:
            found.append(((start, end), place_of(wanted, text, places)))
    return found


def quoted_parts(text: str) -> Iterator[Place]:
    """Where quotations stand, without their marks and cut at what is left out of them."""
    for match in QUOTED.finditer(text):
        group = match.lastindex or 0
        if is_law_name(match[group]):
            continue
        at = start = match.start(group)
        for gap in (*LEFT_OUT.finditer(match[group]), None):
            end = start + gap.start() if gap else match.end(group)
            yield at, end
            at = start + gap.end() if gap else end


def shared_runs(text: str, source: str) -> list[tuple[Place, Place]]:
    """(place in the text, place in the source) of each passage that both have word for word.

    Blanks and punctuation do not count, nor do citations, which all texts on a law share; a
    passage begins with a word of the text.
    """
    mine, my_places = bare_places(text)
    other, other_places = bare_places(source)
    cited = {at for each in find_citations(text) for at in range(each.start, each.end)}
    starts: dict[str, int] = {}
    for at in range(len(other) - MIN_RUN + 1):
        starts.setdefault(other[at : at + MIN_RUN], at)
    found = []
    at = 0
    while at + MIN_RUN <= len(mine):
        begins = at == 0 or my_places[at - 1] + 1 < my_places[at]
        there = starts.get(mine[at : at + MIN_RUN]) if begins else None
        if there is None:
            at += 1
            continue
        size = MIN_RUN
        while mine[at + size : at + size + 1] == other[there + size : there + size + 1] != "":
            size += 1
        if sum(letter not in cited for letter in my_places[at : at + size]) >= MIN_RUN:
            found.append((place(my_places, at, size), place(other_places, there, size)))
        at += size
    return found


def place(places: list[int], at: int, size: int) -> Place:
    """Where `size` bare letters from `at` on stand in the whole text."""
    return places[at], places[at + size - 1] + 1


def bare_places(text: str) -> tuple[str, list[int]]:
    """`text` as `bare` gives it, and where each of its letters stands in `text`."""
    left_out = {place for match in BLANK.finditer(text) for place in range(*match.span())}
    places = [place for place in range(len(text)) if place not in left_out]
    return "".join(text[place] for place in places), places


def place_of(wanted: str, text: str, places: list[int]) -> Place | None:
    """Where in the whole text the bare letters `wanted` stand."""
    at = text.find(wanted)
    return place(places, at, len(wanted)) if wanted and at >= 0 else None
