"""Quotations, case numbers and figures of an answer are looked for in the record's document."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.check import check
from datagen.checks.run import check_records
from datagen.checks.sources import source_texts
from datagen.corpus import write_corpus
from taxlaw.articles import ArticleIndex
from taxqa.records import Document, Rejection

INDEX = ArticleIndex.default()
DOCUMENT = Document(
    id="note",
    kind="guide",
    title="장부 안내",
    text="장부는 5년 동안 보관한다. 수입이 4,800만원에 못 미치면 가산세 20%를 물리지 않는다."
    " 대법원 2016두49228 판결(2016. 12. 27.)을 함께 본다.",
    in_force="2026-01-01",
)


def reason(answer: str, document: str = "note") -> str:
    item = {
        "question": "안내문은 장부를 어떻게 설명하나요?",
        "answer": answer,
        "type": "student",
        "source": "practical",
        "document": document,
    }
    (result,) = check_records([item], INDEX, source_texts([DOCUMENT]))
    return result.reason if isinstance(result, Rejection) else ""


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('안내문은 "장부는 5년 동안 보관한다"고 합니다.', ""),
        ('안내문은 "장부는 3년 동안 보관한다"고 합니다.', "quote-altered"),
        ("안내문은 “장부는 5년 … 보관한다”고 합니다.", ""),
        ("「상속세 및 증여세법」과 「농어촌특별세법 시행령」은 이 안내문과 관계가 없습니다.", ""),
        ("기준은 4,800만원이고 가산세는 20%입니다.", ""),
        ("기준은 8,400만원입니다.", "figure-not-in-source"),
        ("가산세는 100분의 20입니다.", ""),
        ("가산세는 25%입니다.", "figure-not-in-source"),
        ("4,800만원 × 20% = 960만원입니다.", ""),
        ("2026년 1월 1일부터 적용합니다.", ""),
        ("2025년 1월 1일부터 적용합니다.", "figure-not-in-source"),
        ("대법원 2016. 12. 27. 선고 2016두49228 판결입니다.", ""),
        ("대법원 2016두49229 판결입니다.", "case-not-in-source"),
    ],
)
def test_what_is_taken_from_the_document_stands_there(answer: str, expected: str) -> None:
    assert reason(answer) == expected


def test_a_record_without_a_known_document_is_not_judged() -> None:
    assert reason('기준은 8,400만원이라고 "장부는 3년 동안 보관한다"에 있습니다.', "other") == ""


def test_check_compares_with_the_documents_of_a_corpus(tmp_path: Path) -> None:
    (tmp_path / "books.md").write_text(f"# 장부 안내\n\n{DOCUMENT.text}\n", encoding="utf-8")
    write_corpus([tmp_path / "books.md"], tmp_path / "corpus")
    (line,) = (tmp_path / "corpus" / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    record = {
        "question": "장부는 얼마 동안 보관하나요?",
        "answer": '안내문은 "장부는 3년 동안 보관한다"고 합니다.',
        "type": "student",
        "source": "practical",
        "document": json.loads(line)["id"],
    }
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps([record], ensure_ascii=False), encoding="utf-8")
    alone = CliRunner().invoke(check, [str(path)])
    assert alone.exit_code == 0, alone.output
    compared = CliRunner().invoke(check, [str(path), "--corpus", str(tmp_path / "corpus")])
    assert compared.exit_code == 1
    assert "quote-altered" in compared.stdout
