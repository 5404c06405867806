"""A dataset says of which day its law is."""

import json
from datetime import date
from pathlib import Path

from datagen.dataset import generate
from datagen.law_date import law_date
from taxlaw.rates import LAW_AS_OF
from taxqa.records import Document, DocumentKind, Record


def record(document: str) -> Record:
    return Record(
        question="?", answer=".", type="student", source="practical", id=document,
        document=document, teacher="worked",
    )  # fmt: skip


def document(name: str, kind: DocumentKind = "statute", in_force: str = "") -> Document:
    return Document(id=name, kind=kind, title=name, text=name, in_force=in_force)


ARTICLES = [
    document("소득세법 제1조", in_force="2026-01-02"),
    document("소득세법 제2조", in_force="2025-07-01"),
    document("소득세법 제3조", in_force="2030-01-01"),
    document("대법원 2026두1", "judgment", "2029-01-01"),
    document("메모", "guide"),
]


def test_it_is_the_newest_day_of_the_articles_that_a_record_rests_on() -> None:
    records = [record("소득세법 제2조"), record("소득세법 제1조"), record("대법원 2026두1")]
    assert law_date(records, ARTICLES) == date(2026, 1, 2)


def test_what_is_computed_is_of_the_calculators_day() -> None:
    assert law_date([record("gift:parent:1"), record("소득세법 제2조")], ARTICLES) == LAW_AS_OF


def test_records_that_state_no_days_law_give_none() -> None:
    assert law_date([record("대법원 2026두1"), record("메모")], ARTICLES) is None
    assert law_date([], ARTICLES) is None


def test_the_manifest_of_a_dataset_carries_it(tmp_path: Path) -> None:
    generate(None, tmp_path / "dataset", limit=10)
    manifest = json.loads((tmp_path / "dataset" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["law_date"] == LAW_AS_OF.isoformat()
