"""Judgments: the PrecService fields of the law.go.kr OpenAPI, and Markdown with the same fields."""

import re
from collections.abc import Mapping

from datagen.markup import field_text, iso_date, one_line, sections_of, with_headings
from taxqa.records import Document

SECTIONS = ("판시사항", "판결요지", "참조조문", "참조판례", "판례내용")
NTS_CASE = re.compile(r"(?P<court>[가-힣]+)-(?P<year>\d{4})-(?P<kind>[가-힣]+)-(?P<number>\d+)")
PAGE = "https://www.law.go.kr/LSW/precInfoP.do?precSeq="


def is_judgment(fields: Mapping[str, object]) -> bool:
    """Whether these are the fields of a judgment, by the names that only judgments have."""
    return bool({"판례정보일련번호", "판례일련번호", "판례내용"} & set(fields))


def judgment_from_fields(fields: Mapping[str, object]) -> Document | None:
    """A judgment from PrecService fields; None where number and text are missing."""
    number = one_line(fields.get("판례정보일련번호") or fields.get("판례일련번호"))
    case = case_name(one_line(fields.get("법원명")), one_line(fields.get("사건번호")))
    text = with_headings((name, field_text(fields.get(name))) for name in SECTIONS)
    if not text or not (case or number):
        return None
    return Document(
        id=case or f"판례 {number}",
        kind="judgment",
        title=one_line(fields.get("사건명")) or case,
        text=text,
        in_force=iso_date(fields.get("선고일자")),
        url=page(one_line(fields.get("출처")), number),
    )


def judgment_from_markdown(meta: Mapping[str, object], body: str) -> Document | None:
    """A judgment from a Markdown file with front matter and one heading for each field."""
    return judgment_from_fields({**meta, **sections_of(body)})


def case_name(court: str, number: str) -> str:
    """'대법원 2025두31960', also from the tax service's '대법원-2025-두-31960'."""
    tax_service = NTS_CASE.fullmatch(number)
    if tax_service:
        court = tax_service["court"]
        number = "".join(tax_service.group("year", "kind", "number"))
    return f"{court} {number}".strip() if number else ""


def page(source: str, number: str) -> str:
    """The web page of a judgment."""
    if source.startswith("http"):
        return source
    return PAGE + number if number.isdigit() else ""
