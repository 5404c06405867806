"""A corpus holds each judgment once, also where two collections number it differently."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks.synthetic import judgments
from cli.collect import collect
from datagen.collect import Collected
from datagen.corpus import read_corpus, write_corpus
from taxqa.folders import read_manifest
from taxqa.records import Document

TEXT = "<br/>".join(
    f"원고는 {year}년에 취득한 토지를 {year - 1989}억 원에 양도하고 예정신고를 하였다."
    for year in range(1990, 2020)
)


def written(folder: Path, *texts: str) -> Path:
    rows = [
        {"사건번호": f"2025두{number}", "법원명": "대법원", "판례내용": text}
        for number, text in enumerate(texts, start=1)
    ]
    path = folder / "판례.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def corpus_of(folder: Path, *texts: str) -> tuple[list[Document], Collected, dict[str, Any]]:
    found = write_corpus([written(folder, *texts)], folder / "corpus")
    manifest = read_manifest(folder / "corpus", stage="corpus", made_by="")
    return list(read_corpus(folder / "corpus").documents), found, manifest


def test_of_judgments_that_say_the_same_the_longest_stays_and_the_rest_is_named(
    tmp_path: Path,
) -> None:
    shorter = "<br/>".join(TEXT.split("<br/>")[5:])
    documents, found, manifest = corpus_of(tmp_path, shorter, TEXT, TEXT.replace(" ", "  "), "끝")
    assert [document.id for document in documents] == ["대법원 2025두2", "대법원 2025두4"]
    assert [repeat.document for repeat in found.repeats] == ["대법원 2025두1", "대법원 2025두3"]
    assert manifest["near_duplicates"] == [
        {"document": "대법원 2025두1", "same_as": "대법원 2025두2"},
        {"document": "대법원 2025두3", "same_as": "대법원 2025두2"},
    ]
    assert manifest["counts"]["documents"] == manifest["counts"]["judgment"] == 2
    assert manifest["counts"]["near_duplicates"] == 2
    assert {path.name for path in (tmp_path / "corpus").iterdir()} == {
        "documents.jsonl",
        "article_index.json",
        "config.yaml",
        "manifest.json",
    }


def test_judgments_that_differ_in_one_figure_all_stay(tmp_path: Path) -> None:
    documents, found, _ = corpus_of(
        tmp_path, TEXT, TEXT.replace("12억", "13억"), TEXT.replace("2001년", "2000년")
    )
    assert len(documents) == 3
    assert found.repeats == []


def test_two_rulings_that_were_both_deleted_are_no_duplicates(tmp_path: Path) -> None:
    documents, _, _ = corpus_of(tmp_path, "삭제", "삭제")
    assert len(documents) == 2


def test_articles_with_the_same_words_all_stay(tmp_path: Path) -> None:
    article = "##### 제{}조 (준용)\n\n" + TEXT.replace("<br/>", " ")
    head = "---\n제목: 소득세법\n법령ID: '1'\n법령구분: 법률\n공포일자: 2025-01-01\n"
    text = (
        head + "공포번호: '1'\n법령MST: 1\n시행일자: 2026-01-01\n상태: 시행\n---\n\n# 소득세법\n\n"
    )
    articles = article.format(1) + "\n\n" + article.format(2)
    (tmp_path / "법률.md").write_text(text + articles + "\n", encoding="utf-8")
    found = write_corpus([tmp_path / "법률.md"], tmp_path / "corpus")
    assert len(read_corpus(tmp_path / "corpus").documents) == 2
    assert found.repeats == []


def test_what_was_left_out_is_shown_and_given_as_json(tmp_path: Path) -> None:
    words = ["--from", str(written(tmp_path, TEXT, TEXT)), "--out", str(tmp_path / "corpus")]
    result = CliRunner().invoke(collect, words)
    assert "Left out, since another says the same: 1" in result.stdout
    assert "대법원 2025두2: the same as 대법원 2025두1" in result.stdout
    result = CliRunner().invoke(collect, [*words, "--force", "--json"])
    assert json.loads(result.stdout)["near_duplicates"] == [
        {"document": "대법원 2025두2", "same_as": "대법원 2025두1"}
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_planted_copies_of_a_dump_are_left_out_and_no_original_is_lost(
    tmp_path: Path, seed: int
) -> None:
    made = list(judgments(1_500_000, seed=seed))
    path = tmp_path / "판례.jsonl"
    path.write_text("\n".join(json.dumps(each.fields) for each in made), encoding="utf-8")
    found = write_corpus([path], tmp_path / "corpus")
    originals = [each for each in made if each.copy_of is None]
    assert len(read_corpus(tmp_path / "corpus").documents) >= len(originals)
    assert len(found.repeats) >= 0.98 * (len(made) - len(originals))
