"""Passages carry every letter of what they should, and each says where it stands in the law."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.article_passages import article_passages, standing_article
from datagen.collect import collect
from datagen.decision_passages import decision_passages
from datagen.markup import with_headings
from datagen.passage import pieces
from datagen.passages import passages_of
from taxlaw.articles import ArticleIndex
from taxlaw.citations import parse_citation
from taxqa.records import Document

ARTICLE = """\
① 다음 각 호의 소득은 과세하지 아니한다.

  1. 첫째 소득
    가. 월 20만원 이하의 것
    나. 삭제
  2. 삭제
  3. 둘째 소득. 다만, 연 300만원을 넘는 것은 그러하지 아니하다.

② 제1항을 적용받으려는 자는 5월 31일까지 신청하여야 한다.

③ 삭제"""


def article(text: str, number: str = "12") -> Document:
    return Document(
        id=f"소득세법 제{number}조", kind="statute", title="비과세", text=text, law="소득세법",
        article=f"제{number}조", in_force="2026-01-01",
    )  # fmt: skip


def letters(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_a_short_article_is_one_passage_without_what_is_deleted() -> None:
    (passage,) = article_passages(article(ARTICLE), 1500)
    assert passage.citation == "소득세법 제12조"
    assert "삭제" not in passage.text and passage.lead == ""
    assert passage.place_of("월 20만원 이하의 것") == "소득세법 제12조제1항제1호가목"
    assert passage.place_of("5월 31일까지 신청하여야 한다.") == "소득세법 제12조제2항"
    assert passage.place_of("다른 말") == "소득세법 제12조"


def test_a_long_article_follows_its_paragraphs_and_items() -> None:
    found = list(article_passages(article(ARTICLE), 50))
    assert [each.citation for each in found] == [
        "소득세법 제12조제1항",
        "소득세법 제12조제1항제3호",
        "소득세법 제12조제2항",
    ]
    assert found[1].lead == "① 다음 각 호의 소득은 과세하지 아니한다."
    assert found[1].text.startswith("  3. 둘째 소득.")
    assert [each.number for each in found] == [1, 2, 3]


@pytest.mark.parametrize("text", ["", "삭제", "① 삭제\n\n② 삭제", "  1. 삭제\n    가. 삭제"])
def test_a_deleted_article_gives_nothing(text: str) -> None:
    assert list(article_passages(article(text), 1500)) == [] or text == "삭제"


line = st.text("가나다라마바사아 0123%", min_size=1, max_size=80).map(str.strip).filter(bool)
item = st.tuples(line, st.lists(line, max_size=4))
paragraph = st.tuples(line, st.lists(item, max_size=5))


def written(paragraphs: list[tuple[str, list[tuple[str, list[str]]]]]) -> str:
    """An article with numbered 항, 호 and 목."""
    lines = []
    for number, (text, entries) in enumerate(paragraphs):
        lines += [f"{'①②③④⑤'[number]} {text}", ""]
        for place, (entry, subitems) in enumerate(entries, start=1):
            lines.append(f"  {place}. {entry}")
            lines += [f"    {'가나다라'[n]}. {each}" for n, each in enumerate(subitems)]
    return "\n".join(lines)


@settings(deadline=None)
@given(st.lists(paragraph, min_size=1, max_size=5), st.integers(20, 400))
def test_passages_together_are_the_article_letter_for_letter(
    paragraphs: list[tuple[str, list[tuple[str, list[str]]]]], limit: int
) -> None:
    document = article(written(paragraphs))
    kept = standing_article(document).text
    found = list(article_passages(document, limit))
    assert letters("".join(each.text for each in found)) == letters(kept)
    for each in found:
        assert parse_citation(each.citation).key == "제12조"
        assert each.place_of(each.text.split("\n")[0]).startswith("소득세법 제12조")


@given(st.text("가나다. \n|0123", max_size=400), st.integers(5, 100))
def test_pieces_lose_no_letter_and_keep_to_their_limit(text: str, limit: int) -> None:
    found = pieces(text, limit)
    assert letters("".join(found)) == letters(text)
    for each in found:
        if len(each) > limit:
            assert "|" in each or len(pieces(each, limit)) == 1


def test_every_passage_of_the_real_acts_stands_in_the_index(shared: Path) -> None:
    documents = list(collect([shared / "lawdata" / "statutes" / "소득세법" / "법률.md"]))
    index = ArticleIndex.default()
    found = list(passages_of(documents))
    assert len(found) > 200
    for document in documents:
        mine = [each for each in found if each.document.id == document.id]
        kept = standing_article(document).text
        assert letters("".join(each.text for each in mine)) == letters(kept)
        for citation in [c for each in mine for c, _ in (*each.places, (each.citation, ""))]:
            assert index.resolve(parse_citation(citation)).status == "exists", citation


def decision(kind: str, sections: dict[str, str], name: str = "대법원 2025두1") -> Document:
    return Document(
        id=name, kind="judgment" if kind == "judgment" else "ruling", title="부과처분취소[사건]",
        text=with_headings(sections.items()), in_force="2025-06-12",
    )  # fmt: skip


def test_a_judgment_follows_its_sections_and_leaves_out_claims_facts_and_overturned_holdings() -> (
    None
):
    judgment = decision(
        "judgment",
        {
            "판시사항": "[1] 과세예고 없이 한 처분이 위법한지 여부(적극)\n[2] 둘째 쟁점(소극)",
            "판결요지": "[1] 예고 없이 한 처분은 위법하다.\n[2] 둘째는 그렇지 않다.",
            "참조조문": "[1] 국세기본법 제81조의15",
            "판례내용": "【원고】 갑\n【주 문】\n상고를 기각한다.\n\n【이 유】 판단한다.\n"
            "1. 사안의 개요\n가. 원고는 회사이다.\n2. 원심의 판단\n원심은 적법하다고 보았다.\n"
            "3. 원고의 주장\n가. 원고는 부당하다고 한다.\n4. 대법원의 판단\n그 처분은 위법하다.\n"
            "대법관 홍길동(재판장)",
        },
    )
    found = list(decision_passages(judgment, 1500))
    assert [each.section for each in found] == ["판시사항", "판결요지", "판결요지", "이유"]
    assert {each.citation for each in found} == {"대법원 2025. 6. 12. 선고 2025두1 판결"}
    assert found[1].lead == "과세예고 없이 한 처분이 위법한지 여부(적극)"
    assert found[3].lead == "주문: 상고를 기각한다."
    assert found[3].text == "판단한다.\n4. 대법원의 판단\n그 처분은 위법하다."


def test_of_a_decision_on_an_appeal_only_the_gist_and_the_judgment_are_asked_about() -> None:
    ruling = decision(
        "ruling",
        {
            "요지": "그 처분은 타당함",
            "회신": "내용은 붙임과 같음.",
            "본문": "주 문\n심판청구를 기각한다.\n이 유\n1. 처분개요\n가. 청구인은 판매업자이다.\n"
            "2. 청구인 주장\n가. 부당하다.\n3. 심리 및 판단\n나. 관련 법령\n제1조 ① 옛 조문\n"
            "라. 판단\n살피건대, 명의대여를 인정할 증거가 없다.\n주문과 같이 결정한다.\n"
            "<별지> 옛 조문",
        },
        name="조심-2025-인-1",
    )
    found = list(decision_passages(ruling, 1500))
    assert [each.section for each in found] == ["요지", "이유"]
    assert found[1].lead == "주문: 심판청구를 기각한다."
    assert "부당하다" not in found[1].text and "옛 조문" not in found[1].text
    assert found[1].citation == "조심-2025-인-1"


def test_the_question_and_old_law_behind_an_office_s_answer_are_left_out() -> None:
    ruling = decision(
        "ruling",
        {"회신": "과세하지 않는 것입니다.", "본문": "1. 질의내용\n과세하는지?"},
        name="서면-2026-법규-1",
    )
    assert [each.text for each in decision_passages(ruling, 1500)] == ["과세하지 않는 것입니다."]


def test_a_formula_that_cannot_be_read_makes_a_passage_that_is_not_whole() -> None:
    shown = "① 다음 계산식에 따라 계산한 금액으로 한다.\n\nA × B\n────\nC"
    (drawn,) = article_passages(article(shown), 1500)
    (picture,) = article_passages(article("① 다음 계산식에 따라 계산한 금액으로 한다."), 1500)
    (line,) = article_passages(article("① 다음 계산식에 따른다.\n\n세액 = A - B"), 1500)
    assert [each.is_whole for each in (drawn, picture, line)] == [False, False, True]
