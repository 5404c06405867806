"""A law from the API is the law that the Markdown file gives."""

import json
from datetime import date
from pathlib import Path

import pytest
from fake_law_api import law
from hypothesis import given
from hypothesis import strategies as st

from datagen.law_api.kinds import body_of, rows_of
from datagen.law_api.statutes import statute_from_json
from datagen.versions import article_documents
from taxlaw.statutes import Item, Paragraph, StatuteError, Subitem, read_statute
from taxqa.records import read_json

SAMPLE = "lawdata/api_samples/lawService_eflaw_국세기본법_MST280373_efYd20260701.json"
TODAY = date(2026, 6, 8)
AMENDED = {"제2조", "제21조"}
"""Where the two texts are of different days: one still knows a tax that the other does not."""


def test_every_shape_of_a_part_is_read() -> None:
    statute = statute_from_json(law("소득세법 시행령", "7", "20260101")[1], "7")
    assert (statute.act, statute.level, statute.mst) == ("소득세법", "시행령", "7")
    assert (statute.in_force.isoformat(), statute.number) == ("2026-01-01", "12")
    first, moved, second = statute.articles
    assert first.paragraphs == (Paragraph(1, items=(Item(1, subitems=(Subitem("가"),)),)),)
    assert first.text == "① 사과는 다음과 같다.\n\n  1. 붉은 것\n    가. 단 것"
    assert (moved.key, moved.deleted) == ("제1조의2", True)
    assert second.paragraphs == (Paragraph(0, items=(Item(1, 2, deleted=True),)),)
    assert second.text == "배를 센다.\n\n  1의2. 삭제"


def test_of_an_article_that_comes_twice_the_one_in_force_is_read() -> None:
    body = law("소득세법", "7", "20260101")[1]
    units = [
        {"조문번호": "3", "조문내용": f"제3조(감) {day}", "조문시행일자": day, "조문제목": "감"}
        for day in ("20260101", "20280101")
    ]
    for order in (units, units[::-1]):
        body["법령"]["조문"]["조문단위"] = order
        assert [each.text for each in statute_from_json(body, "7").articles] == ["20260101"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"법령": []},
        {"법령": {"기본정보": {"법령명_한글": "소득세법"}}},
        {"법령": {"기본정보": {"시행일자": "20260101"}, "조문": {"조문단위": {"조문번호": "1"}}}},
        {"법령": {"기본정보": {"법령명_한글": "소득세법", "시행일자": "2026"},
                  "조문": {"조문단위": {"조문번호": "1"}}}},
        {"법령": {"기본정보": {"법령명_한글": "소득세법"},
                  "조문": {"조문단위": {"조문번호": "x"}}}},
    ],
)  # fmt: skip
def test_what_is_no_statute_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises(StatuteError):
        statute_from_json(answer, "1")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("①가1.의제조항호 삭<>│", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["법령", "기본정보", "조문", "조문단위", "조문번호", "조문내용", "항", "항번호",
                 "항내용", "호", "호번호", "목", "목번호", "목내용", "law", "totalCnt"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@given(units=JSON)
def test_no_shape_of_an_answer_is_a_crash(units: object) -> None:
    basics = {"법령명_한글": "소득세법", "시행일자": "20260101", "공포일자": "20260101"}
    answer = {"법령": {"기본정보": basics, "조문": {"조문단위": units}}}
    try:
        statute = statute_from_json(answer, "1")
    except StatuteError:
        pass
    else:
        assert statute.articles
    rows, total = rows_of({"LawSearch": units})
    assert all(isinstance(row, dict) for row in rows)
    assert total is None or total >= 0
    assert isinstance(body_of({"root": units}), dict)


def test_the_real_act_is_that_of_the_markdown_file(shared: Path) -> None:
    from_api = statute_from_json(read_json(shared / SAMPLE), "280373")
    from_file = read_statute(shared / "lawdata" / "statutes" / "국세기본법" / "법률.md")
    assert (from_api.law, from_api.in_force.isoformat()) == ("국세기본법", "2026-07-01")
    assert from_api.number == "21212"
    assert len(from_api.articles) == 142
    ours = {article.key: article for article in from_api.articles}
    theirs = {article.key: article for article in from_file.articles}
    assert list(ours) == list(theirs)
    for key in ours.keys() - {"제2조"}:
        assert ours[key].title == theirs[key].title
        assert ours[key].deleted == theirs[key].deleted
        assert ours[key].paragraphs == theirs[key].paragraphs
    texts = {document.article: document.text for document in article_documents(from_api, TODAY)}
    others = {document.article: document.text for document in article_documents(from_file, TODAY)}
    assert texts.keys() == others.keys()
    words = {key for key in texts if texts[key].split() != others[key].split()}
    assert words == AMENDED


def test_the_recorded_answers_are_read(shared: Path) -> None:
    samples = shared / "lawdata" / "api_samples"
    ((row,), total) = rows_of(read_json(samples / "list_ttSpecialDecc.json"))
    assert (row["특별행정심판재결례일련번호"], total) == ("1704", 4688)
    assert rows_of(read_json(samples / "empty_search_law.json")) == ([], 0)
    assert "이유" in body_of(read_json(samples / "body_ttSpecialDecc_abridged.json"))
    judgments = sorted((samples / "prec_service_reconstructed").glob("*.json"))
    assert all(body_of(json.loads(path.read_text("utf-8")))["판례내용"] for path in judgments)
