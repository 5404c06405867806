"""A teacher's reply to records, or to the reasons why what it says may not be taught."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from datagen.asking.prompts import Ask
from datagen.checks.citations import missing_article
from datagen.checks.finding import Context, Finding, shortened
from datagen.checks.run import rejection
from datagen.checks.sources import check_quotes, check_source_cases, check_source_figures
from datagen.example import cited
from datagen.passage import Passage
from datagen.teachers.request import Reply, Request
from taxlaw.articles import ArticleIndex
from taxlaw.cases import find_cases
from taxlaw.citations import Citation, find_citations, parse_citation
from taxqa.errors import InputError
from taxqa.records import Record, Rejection, first_problem, parse_json

MARKS = str.maketrans(
    {
        **dict.fromkeys("“”„″｢｣「」『』", '"'), **dict.fromkeys("‘’′`", "'"),
        **dict.fromkeys("·ㆍ・‧•∙⋅", "·"), **dict.fromkeys("－–—−‐‑", "-"), "＝": "=", "～": "~",
        "，": ",", "（": "(", "）": ")", "：": ":", "％": "%",
    }
)  # fmt: skip
"""Marks that a keyboard or a font writes differently; no letter and no digit is among them."""
MIN_QUOTE = 6
"""Letters; fewer prove nothing."""


class Item(BaseModel):
    """One question with its answer, as a teacher gives it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    question: str
    quote: str
    """The words of the passage that the answer rests on."""
    answer: str
    citations: list[str]


class Items(BaseModel):
    """A whole reply."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    items: list[Item]


@dataclass(frozen=True)
class Unusable:
    """An item that may not be taught, and why."""

    fields: dict[str, object]
    finding: Finding

    def rejection(self, position: int) -> Rejection:
        """Its line of rejected.jsonl."""
        return rejection(position, self.finding, self.fields)


def read_reply(text: str) -> Items:
    """The items of a reply.

    Raises:
        InputError: it is no JSON.
        ValidationError: it has another shape.
    """
    return Items.model_validate(parse_json(text, "The reply"))


def problem_of(request: Request, reply: Reply) -> str | None:
    """Why a reply as a whole is worth another try: 'not-json: …'; None where it can be read.

    An empty list is no problem: a passage may have nothing in it to ask.
    """
    try:
        read_reply(reply.text)
    except InputError as error:
        return f"not-json: {shortened(error.message)}"
    except ValidationError as error:
        return f"wrong-shape: {shortened(first_problem(error))}"
    return None


def candidates(
    ask: Ask, reply: Reply, teacher: str, index: ArticleIndex
) -> Iterator[Record | Unusable]:
    """Each item of a reply that can be read, as a record or as what may not be taught."""
    for number, item in enumerate(read_reply(reply.text).items, start=1):
        record = record_of(ask, item, teacher, number)
        finding = finding_of(ask.passage, item, record, index)
        if number > ask.count:
            finding = Finding("not-asked-for", f"item {number}", f"at most {ask.count} items")
        yield Unusable(record.model_dump(mode="json"), finding) if finding else record


def record_of(ask: Ask, item: Item, teacher: str, number: int) -> Record:
    """An item as the record that it would be."""
    passage = ask.passage
    basis = passage.place_of(item.quote) if passage.citation else ""
    question, answer = (tidy(text) for text in (item.question, item.answer))
    if passage.citation and not names_basis(passage, answer):
        answer = f"{answer} ({basis})"
    return Record(
        id=f"{passage.id}.{number}",
        document=passage.document.id,
        question=question,
        answer=answer,
        type=ask.asker,
        source=ask.source,
        citations=tuple(dict.fromkeys(filter(None, (basis, *cited(answer))))),
        teacher=teacher,
        quote=item.quote.strip(),
    )


def tidy(text: str) -> str:
    """`text` with single blanks and without marks of bold type; its lines stay."""
    lines = (" ".join(line.replace("**", "").split()) for line in text.strip().split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def names_basis(passage: Passage, answer: str) -> bool:
    """Whether an answer says what it rests on: the article, or the decision by its number."""
    document = passage.document
    if document.kind == "statute":
        return any(
            (each.citation.law, each.citation.key) == (document.law, document.article)
            for each in find_citations(answer)
        )
    numbers = {case.number for case in find_cases(passage.citation)}
    said = {case.number for case in find_cases(answer)}
    return squeezed(passage.citation) in squeezed(answer) or bool(numbers & said)


def finding_of(passage: Passage, item: Item, record: Record, index: ArticleIndex) -> Finding | None:
    """What keeps an item from being taught, as far as its passage can tell."""
    return (
        quote_problem(passage, item.quote)
        or citation_problem(passage, item, record, index)
        or source_problem(passage, record, index)
    )


def quote_problem(passage: Passage, quote: str) -> Finding | None:
    """The quotation stands in the passage, letter for letter, whatever its blanks."""
    words = squeezed(quote).strip("\"'")
    if len(words) < MIN_QUOTE:
        found = shortened(quote) or "no quotation"
        return Finding("quote-missing", found, "a sentence of the passage, word for word")
    if words not in squeezed(passage.shown):
        return Finding("quote-altered", shortened(quote), "words that stand in the passage")
    return None


def squeezed(text: str) -> str:
    """`text` without blanks, and with one form of each mark; every letter and digit as it is."""
    return re.sub(r"\s+", "", text).translate(MARKS)


def citation_problem(
    passage: Passage, item: Item, record: Record, index: ArticleIndex
) -> Finding | None:
    """Every article that the item names exists, and is the passage's own or named in it."""
    for text in item.citations:
        if not is_citation(passage, text):
            return Finding("citation-form", shortened(text), "such as '소득세법 제55조제1항'")
    named = "\n".join((record.question, record.answer, *item.citations))
    known = citable(passage)
    for mention in find_citations(named):
        citation = mention.citation
        missing = missing_article(citation, Context(index))
        if missing:
            return missing
        if not any(within(citation, other) for other in known):
            expected = shortened(", ".join(dict.fromkeys(map(str, known))), 300)
            return Finding("citation-not-in-passage", str(citation), expected or "no article")
    return None


def is_citation(passage: Passage, text: str) -> bool:
    """Whether a text names an article or a decision and nothing else."""
    if squeezed(text) in (squeezed(passage.citation), squeezed(passage.document.id)):
        return True
    try:
        parse_citation(text)
    except InputError:
        found = find_cases(text) or find_citations(text)
        return bool(found)
    return True


def citable(passage: Passage) -> list[Citation]:
    """The articles that an answer from a passage may name: its own parts, and those it names."""
    document = passage.document
    own = [*(citation for citation, _ in passage.places), passage.citation]
    own_parts = own if document.kind == "statute" else []
    text = f"{document.title}\n{passage.shown}"
    # A basic ruling speaks of its act as 법.
    law = document.law or document.id.partition(" 기본통칙")[0]
    named = find_citations(text, law if law != document.id else None)
    return [*map(parse_citation, own_parts), *(mention.citation for mention in named)]


def within(citation: Citation, known: Citation) -> bool:
    """Whether `citation` is `known` or what holds it: 제55조 for 제55조제1항."""
    return str(known).startswith(str(citation)) and (
        citation.law,
        citation.key,
        citation.former,
    ) == (known.law, known.key, known.former)


def source_problem(passage: Passage, record: Record, index: ArticleIndex) -> Finding | None:
    """Quotations, case numbers and figures of the answer stand in the passage, not elsewhere."""
    source = f"{passage.citation}\n{passage.document.title}\n{passage.shown}"
    if passage.document.kind == "statute":
        source += f"\n{passage.document.in_force.replace('-', '.')}"
    context = Context(index, source=source)
    checks = (check_quotes, check_source_cases, check_source_figures)
    return next((found for check in checks if (found := check(record, context))), None)
