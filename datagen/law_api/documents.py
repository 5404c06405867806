"""Decisions as the API gives them, to documents of a corpus."""

from collections.abc import Iterator
from pathlib import Path

from datagen.collect import Collected
from datagen.judgments import judgment_from_fields
from datagen.law_api.fetch import Fetched, Row
from datagen.law_api.kinds import CONSTITUTIONAL, INTERPRETATION, JUDGMENT, RULING, Kind, body_of
from datagen.law_api.store import RawStore
from datagen.markup import field_text, one_line, with_headings
from taxqa.records import Document

PLACE = Path("law.go.kr")
"""Stands where a file's path would, for what came from the API."""
CONSTITUTIONAL_SECTIONS = (
    "판시사항", "결정요지", "심판대상조문", "참조조문", "참조판례", "전문",
)  # fmt: skip
INTERPRETATION_SECTIONS = ("질의요지", "회답", "이유")
TRIBUNAL_SECTIONS = {
    "재결요지": "요지", "주문": "주문", "청구취지": "청구취지", "이유": "이유",
    "참조결정": "참조결정",
}  # fmt: skip
"""Field -> heading."""


def documents_from(fetched: Fetched, store: RawStore, found: Collected) -> Iterator[Document]:
    """The documents of what was fetched, statutes first; what gives none is noted in `found`."""
    for statute in fetched.statutes:
        found.versions.take(PLACE / f"{statute.law} (MST {statute.mst})", statute)
    for what, why in fetched.skipped:
        found.skip(PLACE / what, why)
    for kind, row in fetched.decisions:
        body = body_of(store.body(kind.target, kind.id(row)) or {})
        document = decision(kind, row, body)
        if document is None:
            found.skip(PLACE / f"{kind.title} {kind.id(row)}", "a case without a number or a text")
        elif kind.has_body:
            yield document
        else:
            found.gists.append(document)


def decision(kind: Kind, row: Row, body: Row) -> Document | None:
    """The document of one decision; None where number or text is missing."""
    if kind == JUDGMENT:
        return judgment_from_fields({**row, **body})
    if kind == CONSTITUTIONAL:
        return from_sections(
            kind, row, body, "헌법재판소 ", {name: name for name in CONSTITUTIONAL_SECTIONS}
        )
    if kind == INTERPRETATION:
        names = {name: name for name in INTERPRETATION_SECTIONS}
        return from_sections(kind, row, body, "법제처 ", names)
    if kind == RULING:
        # The list has the question that was asked and no answer; the text says no more.
        return from_sections(kind, row, row, "", {"안건명": "질의"})
    return from_sections(kind, row, body, "", TRIBUNAL_SECTIONS)


def from_sections(
    kind: Kind, row: Row, body: Row, office: str, headings: dict[str, str]
) -> Document | None:
    """A document of the fields of a body under headings; number, title and day are the row's."""
    fields = {**body, **row}
    number = next(
        (
            found
            for key in ("사건번호", "청구번호", "안건번호")
            if (found := one_line(fields.get(key)))
        ),
        "",
    )
    text = with_headings((name, field_text(body.get(key))) for key, name in headings.items())
    if not number or not text:
        return None
    title = one_line(fields.get("사건명")) or one_line(fields.get("안건명"))
    return Document(
        # The tax service appends the number of its own file: '서면-2020-…-4752[법규과-3354]'.
        id=office + (number.partition("[")[0] if kind == RULING else number),
        kind="judgment" if kind == CONSTITUTIONAL else "ruling",
        title=title or number,
        text=text,
        in_force=kind.day(row),
        url=page(kind, row),
    )


def page(kind: Kind, row: Row) -> str:
    """The web page of a decision; '' where its address is not known."""
    if kind in (CONSTITUTIONAL, INTERPRETATION):
        return f"https://www.law.go.kr/LSW/{kind.target}InfoP.do?{kind.target}Seq={kind.id(row)}"
    link = one_line(row.get("법령해석상세링크"))
    return link if link.startswith("https://taxlaw.nts.go.kr/") else ""
