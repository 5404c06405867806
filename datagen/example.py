"""A worked example on its way to a record, and how askers are chosen for a law."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from taxlaw.acts import BY_NAME, find_act
from taxlaw.citations import find_citations
from taxqa.records import Asker, Record, Source

TEACHER = "worked"


@dataclass(frozen=True)
class Example:
    """A question, its answer, and what the answer rests on."""

    document: str
    """Id of a document, or of a worked case such as 'gift:parent:adult:2000000000'."""
    question: str
    answer: str
    asker: Asker
    source: Source
    amount: int | None = None
    """KRW; the one figure a right answer gives."""


ASKERS: dict[str, tuple[Asker, ...]] = {
    "국세기본법": ("self_employed", "corporate", "employee", "expert", "student"),
    "국세징수법": ("self_employed", "corporate", "expert", "employee"),
    "조세특례제한법": ("employee", "corporate", "self_employed", "expert", "student"),
    "소득세법": ("employee", "student", "self_employed", "employee", "expert"),
    "법인세법": ("corporate", "corporate", "expert"),
    "부가가치세법": ("self_employed", "self_employed", "corporate", "student"),
    "상속세 및 증여세법": ("student", "employee", "self_employed", "expert"),
    "종합부동산세법": ("employee", "self_employed", "corporate", "expert"),
    "지방세법": ("employee", "self_employed", "student", "corporate"),
    "개별소비세법": ("self_employed", "corporate", "student"),
    "관세법": ("corporate", "self_employed", "student"),
    "조세범 처벌법": ("self_employed", "student", "corporate"),
}
"""Act -> who asks about it, in turn; decrees and rules are asked about by experts as well."""
OTHERS: tuple[Asker, ...] = ("expert", "corporate", "self_employed", "employee")


def asker_of(law: str, turn: int) -> Asker:
    """Who asks the `turn`-th question about a law."""
    act = find_act(law)
    askers = ASKERS.get(act.name, OTHERS) if act else OTHERS
    if act and law not in BY_NAME:
        askers = (*askers, "expert")
    return askers[turn % len(askers)]


def cited(text: str) -> tuple[str, ...]:
    """Every article that a text cites, in its printed form, once."""
    return tuple(dict.fromkeys(str(mention.citation) for mention in find_citations(text)))


def records_of(examples: Iterable[Example]) -> Iterator[Record]:
    """Examples as records; the id is the document's with a running number."""
    counts: dict[str, int] = {}
    for example in examples:
        number = counts[example.document] = counts.get(example.document, 0) + 1
        yield Record(
            id=f"{example.document}#{number}",
            document=example.document,
            question=example.question,
            answer=example.answer,
            type=example.asker,
            source=example.source,
            amount=example.amount,
            citations=cited(example.answer),
            teacher=TEACHER,
        )
