"""What an answer takes from its document stands there: quotations, case numbers and figures.

Judged only where the text of the document is known.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from datagen.checks.finding import Context, Finding, shortened
from datagen.checks.statements import SENTENCE_END
from taxlaw.acts import find_law
from taxlaw.amounts import find_amounts
from taxlaw.cases import find_cases
from taxqa.records import Document, QARecord

QUOTED = re.compile(
    r"\"([^\"\n]{8,400})\"|“([^”\n]{8,400})”|‘([^’\n]{8,400})’|「([^」\n]{8,400})」"
    r"|(?<![가-힣\d])'([^'\n]{8,400})'"
)
LAW_NAME = re.compile(r"(?:법|법률|령|규칙|규정|조례|협약|특례법|고시|훈령|통칙)$")
BLANK = re.compile(r"[\s\"'“”‘’「」『』.,·ㆍ]+")
DATE = re.compile(r"(\d{4})\s?[.년]\s?(\d{1,2})\s?[.월]\s?(\d{1,2})")
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?(?:%|퍼센트|프로)")
PARTS = re.compile(r"(10|100|1,?000|10,?000|1만|10만|천|백|만)분의\s?(\d+(?:\.\d+)?)")
SIZES = {"천": 1000, "백": 100, "만": 10_000, "1만": 10_000, "10만": 100_000}
COMPUTED = re.compile(r"[=＝×÷]|빼면|뺀|더하|더해|합하|합쳐|곱하|나누|따라서|그래서|그러므로|결국")


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
    """`text` without blanks, quotation marks and punctuation."""
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
    """Each amount, rate and date stands in the document or the question, or is computed there.

    Computed is what stands in a sentence with an operator or a word such as '빼면'; the checks of
    arithmetic judge that.
    """
    if not context.source or not figures(record.answer):
        return None
    known = figures(f"{context.source}\n{record.question}")
    for sentence in SENTENCE_END.split(record.answer):
        if COMPUTED.search(sentence):
            known |= figures(sentence)
            continue
        for figure, shown in figures(sentence).items():
            if figure not in known:
                return Finding(
                    "figure-not-in-source", shown, "a figure of the document or the question"
                )
    return None


def figures(text: str) -> dict[tuple[str, str], str]:
    """(kind, value) of each amount, rate and date of a text -> how it is written."""
    found = {("KRW", str(each.value)): each.text for each in find_amounts(text)}
    for match in PERCENT.finditer(text):
        found["rate", f"{float(match[1]):g}"] = match[0]
    for match in PARTS.finditer(text):
        size = SIZES.get(match[1]) or int(match[1].replace(",", ""))
        found["rate", f"{float(match[2]) * 100 / size:g}"] = match[0]
    for match in DATE.finditer(text):
        found["date", "-".join(str(int(part)) for part in match.groups())] = match[0]
    return found
