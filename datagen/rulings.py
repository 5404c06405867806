"""Rulings of the National Tax Service, as JSON rows: documents, search rows, basic rulings."""

import re
from collections.abc import Mapping

from datagen.judgments import case_name
from datagen.markup import field_text, iso_date, one_line, with_headings
from taxqa.records import Document

SECTIONS = ("요지", "회신", "본문", "관련법령")
COURT_DECISIONS = {"판례", "헌재"}
AMENDED = re.compile(r"\s*\(\d{4}\.\d{1,2}\.\d{1,2}\.?\s?(?:개정|신설|삭제)\)")
"""A remark of the publisher on a sentence of a basic ruling."""
BASIC_RULING = re.compile(r"(?P<number>\S+)\s*【\s*(?P<title>.+?)\s*】")


def is_ruling(row: Mapping[str, object]) -> bool:
    """Whether a JSON row is a document or search row of the tax service."""
    return "문서번호" in row


def is_basic_ruling(row: Mapping[str, object]) -> bool:
    """Whether a JSON row is a basic ruling (기본통칙)."""
    return "통칙" in row


def has_body(row: Mapping[str, object]) -> bool:
    """Whether a row carries more than the gist that a search lists."""
    return bool(field_text(row.get("본문")) or field_text(row.get("회신")))


def ruling_from_row(row: Mapping[str, object]) -> Document | None:
    """A ruling, or the judgment that the row reports; None where number or text is missing."""
    number = one_line(row.get("문서번호"))
    text = with_headings((name, field_text(row.get(name))) for name in SECTIONS)
    if not number or not text:
        return None
    decided_by_court = one_line(row.get("문서구분")) in COURT_DECISIONS
    return Document(
        id=case_name("", number) if decided_by_court else number,
        kind="judgment" if decided_by_court else "ruling",
        title=one_line(row.get("제목")) or number,
        text=text,
        in_force=iso_date(row.get("등록일")),
        url=one_line(row.get("링크")),
    )


def basic_ruling_from_row(row: Mapping[str, object], act: str) -> Document | None:
    """A basic ruling of `act`, e.g. '상속세 및 증여세법 기본통칙 2-0…1'; None without a text."""
    head = BASIC_RULING.match(one_line(row.get("통칙")))
    text = AMENDED.sub("", field_text(row.get("본문")))
    if not head or not text:
        return None
    return Document(
        id=f"{act} 기본통칙 {head['number']}".strip(),
        kind="ruling",
        title=head["title"],
        text=with_headings([("본문", text)]),
    )
