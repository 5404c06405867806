"""What an answer takes from its document stands there: quotations, case numbers and figures.

Judged only where the text of the document is known.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from datagen.checks.figures import counted_from, foreign, known_in, unfounded
from datagen.checks.finding import Context, Finding, shortened
from datagen.checks.lawful import lawful_figures
from taxlaw.acts import find_law
from taxlaw.cases import find_cases
from taxqa.records import Document, QARecord

QUOTED = re.compile(
    r"\"([^\"\n]{8,400})\"|“([^”\n]{8,400})”|‘([^’\n]{8,400})’|「([^」\n]{8,400})」"
    r"|(?<![가-힣\d])'([^'\n]{8,400})'"
)
LAW_NAME = re.compile(r"(?:법|법률|령|규칙|규정|조례|협약|특례법|고시|훈령|통칙)$")
BLANK = re.compile(r"[\s\"'“”‘’「」『』·ㆍ]+|(?<!\d)[.,]+|[.,]+(?!\d)")


class SourceTexts(Mapping[str, str]):
    """Document -> all that it says, its number, title and day among it; put together when asked."""

    def __init__(self, documents: Iterable[Document]) -> None:
        """Keep the documents; their texts are not copied."""
        self.documents = {each.id: each for each in documents}

    def __getitem__(self, name: str) -> str:
        """The text of one document."""
        each = self.documents[name]
        day = each.in_force.replace("-", ".")
        return "\n".join((each.id, each.title, each.law, each.article, day, each.text))

    def __iter__(self) -> Iterator[str]:
        """The documents."""
        return iter(self.documents)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.documents)


def source_texts(documents: Iterable[Document]) -> Mapping[str, str]:
    """Document -> all that it says, its number, title and day among it."""
    return SourceTexts(documents)


def check_quotes(record: QARecord, context: Context) -> Finding | None:
    """Each quotation stands in the document, but for blanks and punctuation."""
    if not context.source:
        return None
    known = bare(f"{context.source}\n{record.question}")
    for quotation in quotations(record.answer):
        if not is_law_name(quotation) and any(
            bare(part) not in known for part in re.split(r"…|\.\.\.|\(중략\)|\(생략\)", quotation)
        ):
            return Finding(
                "quote-altered", shortened(quotation), "words that stand in the document"
            )
    return None


def quotations(text: str) -> Iterator[str]:
    """What stands in quotation marks, 8 characters or more."""
    for match in QUOTED.finditer(text):
        yield next(group for group in match.groups() if group)


def is_law_name(text: str) -> bool:
    """Whether it is the name of a law rather than a quotation."""
    return bool(LAW_NAME.search(text.rstrip()) or find_law(text))


def bare(text: str) -> str:
    """`text` without blanks, quotation marks and punctuation, but for that within a number."""
    return BLANK.sub("", text)


def check_source_cases(record: QARecord, context: Context) -> Finding | None:
    """Each case number of the answer stands in the document or in the question."""
    if not context.source:
        return None
    cases = find_cases(record.answer)
    if not cases:
        return None
    known = f"{context.source}\n{record.question}"
    numbers = {case.number for case in find_cases(known)}
    for case in cases:
        if case.number not in numbers and bare(case.number) not in bare(known):
            expected = ", ".join(sorted(numbers)) or "no case: the document names none"
            return Finding("case-not-in-source", case.text, shortened(expected))
    return None


def check_source_figures(record: QARecord, context: Context) -> Finding | None:
    """Each figure of the answer stands in the document or the question, or follows from theirs.

    What follows is shown: by an equation, or by a sum in words, of figures that are known. So is
    what the law itself gives to what the answer names, or to the case that the question states.
    """
    if not context.source:
        return None
    known = known_in(f"{context.source}\n{record.question}")
    known |= counted_from(record.question, known)
    if not foreign(record.answer, known):
        return None
    for shown in unfounded(record.answer, known | lawful_figures(record)):
        expected = "a figure of the document or the question, or a step that leads to it"
        return Finding("figure-not-in-source", shown, expected)
    return None
