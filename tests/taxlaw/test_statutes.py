"""Statutes in Markdown: what they hold, and the traps in them."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlaw.statutes import (
    Article,
    Item,
    Paragraph,
    Statute,
    StatuteError,
    Subitem,
    parse_statute,
    read_statute,
)

MATTER = """---
제목: 소득세법 시행령
법령MST: 286211
공포일자: 2026-05-22
공포번호: '00343'
시행일자: 2026-07-01
상태: 시행
첨부파일:
- 별표번호: '0001'
  제목: 첨부된 표의 이름
---
"""
BODY = r"""
# 소득세법 시행령

## 제1장 총칙 <개정 2010.1.1>

##### 제1조 (목적)

이 영은 보기로 지은 글이다. <개정 2020.1.1, 2021.2.2>

##### 제2조 (항 없는 호)

다음 각 호와 같다.

  1\. 하나. <신설 2020.1.1>
    가\. 첫째
    나\. 삭제 <2021.1.1>
  1의2\. 하나의 둘
  2\. 삭제 <2022.1.1>

##### 제3조

삭제 <2015.12.15>

##### 제3조의3

##### 제3조의2 (표(表)가 있는 조)

**①** 다음 표와 같다.

 ┌──┬──┐

 │가 │100 │

 ├──┼──┤

 │나 │200 │

 └──┴──┘

**②** 삭제 <2000.1.1>

**㉑** ㉑ 스물한째 항은 다음과 같다.

  1\. 다음 각 목의 구분

 ┌──┬──┐

 │가 │100 │

 └──┴──┘

[법률 제1호 부칙 제1조에 따라 아래의 내용으로 시행됨.

제9조 (옛 조문)

## 부칙

부칙 <제1호,2000.1.1>

##### 제99조 (부칙의 조)

제20조제1항제1호를 다음과 같이 한다.
"""


@pytest.fixture
def statute() -> Statute:
    return parse_statute(MATTER + BODY)


def article(statute: Statute, key: str) -> Article:
    return next(article for article in statute.articles if article.key == key)


def test_front_matter_names_the_law_its_level_and_its_days(statute: Statute) -> None:
    assert (statute.law, statute.act, statute.level) == ("소득세법 시행령", "소득세법", "시행령")
    assert statute.in_force == date(2026, 7, 1)
    assert statute.promulgated == date(2026, 5, 22)
    assert (statute.number, statute.mst) == ("343", "286211")


def test_articles_end_where_the_addenda_begin(statute: Statute) -> None:
    assert [a.key for a in statute.articles] == ["제1조", "제2조", "제3조", "제3조의3", "제3조의2"]
    assert [a.title for a in statute.articles] == ["목적", "항 없는 호", "", "", "표(表)가 있는 조"]


def test_a_deleted_article_and_an_empty_one_are_marked_and_no_others(statute: Statute) -> None:
    assert [a.key for a in statute.articles if a.deleted] == ["제3조", "제3조의3"]


def test_items_without_a_paragraph_lie_in_paragraph_zero(statute: Statute) -> None:
    first = Item(1, 0, False, (Subitem("가"), Subitem("나", deleted=True)))
    assert article(statute, "제2조").paragraphs == (
        Paragraph(0, False, (first, Item(1, 2), Item(2, 0, deleted=True))),
    )
    assert article(statute, "제1조").paragraphs == ()


def test_paragraphs_beyond_twenty_and_subitems_in_a_table_are_counted(statute: Statute) -> None:
    assert article(statute, "제3조의2").paragraphs == (
        Paragraph(1),
        Paragraph(2, deleted=True),
        Paragraph(21, False, (Item(1, 0, False, (Subitem("가"),)),)),
    )


def test_the_text_is_readable_and_keeps_its_tables(statute: Statute) -> None:
    assert article(statute, "제1조").text == "이 영은 보기로 지은 글이다."
    assert (
        "  1. 하나.\n    가. 첫째\n    나. 삭제\n  1의2. 하나의 둘"
        in article(statute, "제2조").text
    )
    text = article(statute, "제3조의2").text
    assert text.startswith("① 다음 표와 같다.\n\n ┌──┬──┐\n │가 │100 │\n ├──┼──┤\n │나 │200 │")
    assert "㉑ 스물한째 항은" in text
    assert "㉑ ㉑" not in text


def test_an_older_text_quoted_below_an_article_is_no_part_of_it(statute: Statute) -> None:
    assert "옛 조문" not in article(statute, "제3조의2").text


def test_windows_line_ends_change_nothing(statute: Statute) -> None:
    assert parse_statute((MATTER + BODY).replace("\n", "\r\n")) == statute


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "front matter"),
        ("# 소득세법\n\n##### 제1조 (목적)\n", "front matter"),
        ("---\n제목: 소득세법\n---\n글", "제1조"),
        (MATTER.replace("제목: 소득세법 시행령", "이름: 소득세법") + BODY, "제목"),
        (MATTER.replace("시행일자: 2026-07-01", "") + BODY, "시행일자"),
        (MATTER.replace("2026-05-22", "2026-13-22") + BODY, "공포일자"),
    ],
)
def test_a_text_that_is_no_statute_says_what_it_lacks(text: str, message: str) -> None:
    with pytest.raises(StatuteError, match=message):
        parse_statute(text)


def test_a_file_that_is_no_statute_is_named(tmp_path: Path) -> None:
    path = tmp_path / "법률.md"
    path.write_text("글", encoding="utf-8")
    with pytest.raises(StatuteError, match=r"법률\.md"):
        read_statute(path)


@given(st.text())
def test_any_other_text_is_refused_and_nothing_else_raises(text: str) -> None:
    with pytest.raises(StatuteError):
        parse_statute(f"---\n{text}\n---\n{text}")


MOVED = {
    *("관세법 시행령 제192조의4", "국세징수법 시행령 제53조", "상속세 및 증여세법 시행규칙 제9조"),
    *("상속세 및 증여세법 시행규칙 제21조의2", "소득세법 시행규칙 제15조의2"),
    "조세특례제한법 시행규칙 제8조",
}
"""Numbers without a title or a word of text, which the other parser takes for articles in force."""


def test_every_article_paragraph_and_item_agrees_with_the_other_parser(shared: Path) -> None:
    """article_index.json was made from the same files by a parser that shares no code."""
    others = json.loads((shared / "lawdata/article_index.json").read_text(encoding="utf-8"))
    statutes = [read_statute(path) for path in shared.glob("lawdata/statutes/*/*.md")]
    assert {statute.law for statute in statutes} == others.keys()
    for statute in statutes:
        mine = {
            a.key: {
                "제목": a.title or None,
                "삭제": a.deleted and f"{statute.law} {a.key}" not in MOVED,
                "항": {str(p.number): [item_name(item) for item in p.items] for p in a.paragraphs},
            }
            for a in statute.articles
        }
        assert mine == others[statute.law]["조"], statute.law
        empty = {f"{statute.law} {a.key}" for a in statute.articles if not a.text}
        assert empty == {name for name in MOVED if name.startswith(f"{statute.law} 제")}
        assert statute.in_force.isoformat() == others[statute.law]["시행일자"]


def item_name(item: Item) -> str:
    return f"{item.number}의{item.branch}" if item.branch else str(item.number)


def test_an_older_version_of_a_law_is_read_as_well(shared: Path) -> None:
    path = shared / "lawdata/statutes_history/상속세및증여세법_asof2015-01-31.md"
    statute = read_statute(path)
    assert (statute.law, statute.in_force) == ("상속세 및 증여세법", date(2014, 11, 19))
    assert {"제41조", "제45조의2"} <= {a.key for a in statute.articles if not a.deleted}


def test_no_mark_of_the_markdown_is_left_in_a_real_text(shared: Path) -> None:
    for path in shared.glob("lawdata/statutes/상속세및증여세법/*.md"):
        for a in read_statute(path).articles:
            assert not any(mark in a.text for mark in ("\\.", "**", "<개정", "<img", "\t"))
