"""Judgments and rulings are read from every shape in which the services give them."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.decision_examples import decision_examples
from datagen.judgments import case_name, is_judgment, judgment_from_fields, judgment_from_markdown
from datagen.markup import sections_of, split_front_matter
from datagen.rulings import basic_ruling_from_row, has_body, ruling_from_row

FIELDS = {
    "판례정보일련번호": "615979",
    "사건명": "증여세부과처분취소",
    "사건번호": "2025두34823",
    "선고일자": "20260115",
    "법원명": "대법원",
    "판시사항": " [1] 첫째 쟁점(적극)<br/><br/> [2] 둘째 쟁점(소극)<br/>",
    "판례내용": "【이 유】 상고를 기각한다.",
}
values = st.none() | st.text() | st.integers() | st.lists(st.text(), max_size=3)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_judgment_is_named_by_court_and_number_and_keeps_its_sections() -> None:
    judgment = judgment_from_fields(FIELDS)
    assert judgment is not None
    assert judgment.id == "대법원 2025두34823"
    assert judgment.in_force == "2026-01-15"
    assert judgment.url.endswith("precSeq=615979")
    sections = sections_of(judgment.text)
    assert list(sections) == ["판시사항", "판례내용"]
    assert sections["판시사항"] == "[1] 첫째 쟁점(적극)\n\n[2] 둘째 쟁점(소극)"


def test_without_a_number_and_a_text_there_is_no_judgment() -> None:
    assert judgment_from_fields({"사건명": "x", "판례내용": "본문"}) is None
    assert judgment_from_fields({"사건번호": "2025두1"}) is None
    only_serial = judgment_from_fields({"판례일련번호": 7, "판례내용": ["가", ["나"]]})
    assert only_serial is not None and only_serial.id == "판례 7"


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*FIELDS, "출처", "판결요지"]), values))
def test_fields_of_any_shape_never_raise(fields: dict[str, object]) -> None:
    judgment = judgment_from_fields(fields)
    assert judgment is None or (judgment.id and judgment.text and judgment.kind == "judgment")


def test_the_tax_services_form_of_a_case_number_names_the_same_judgment() -> None:
    assert case_name("", "대법원-2024-두-55396") == case_name("대법원", "2024두55396")
    assert case_name("", "서울고등법원-2025-누-7507") == "서울고등법원 2025누7507"


def test_all_real_judgments_are_read_and_their_markdown_says_the_same(shared: Path) -> None:
    folder = shared / "lawdata" / "judgments"
    known = {}
    for row in rows(folder / "tax_judgments.jsonl"):
        judgment = judgment_from_fields(row)
        assert judgment is not None and "<br" not in judgment.text
        known[judgment.id] = judgment
    assert len(known) == 19
    ids = set()
    for path in (folder / "precedent_kr_format").glob("*.md"):
        meta, body = split_front_matter(path.read_text(encoding="utf-8"))
        assert is_judgment(meta)
        judgment = judgment_from_markdown(meta, body)
        assert judgment is not None
        ids.add(judgment.id)
        if judgment.id in known:
            assert judgment.in_force == known[judgment.id].in_force
            assert set(sections_of(judgment.text)) == set(sections_of(known[judgment.id].text))
    assert set(known) < ids


def test_rulings_of_the_tax_service_are_read_and_court_decisions_among_them_known(
    shared: Path,
) -> None:
    folder = shared / "lawdata" / "rulings"
    whole = [ruling_from_row(row) for row in rows(folder / "nts_documents.jsonl")]
    listed = rows(folder / "nts_search_rows.jsonl")
    assert [each.kind for each in whole if each] == ["judgment", *["ruling"] * 5]
    assert whole[0] is not None and whole[0].id == "대법원 2024두55396"
    assert not any(has_body(row) for row in listed)
    assert all(has_body(row) for row in rows(folder / "nts_documents.jsonl"))
    assert (
        sum(1 for row in listed if (each := ruling_from_row(row)) and each.kind == "ruling") == 17
    )


def test_basic_rulings_are_named_by_act_and_number(shared: Path) -> None:
    act = "상속세 및 증여세법"
    path = shared / "lawdata" / "rulings" / "상속세및증여세법_기본통칙.jsonl"
    rulings = [basic_ruling_from_row(row, act) for row in rows(path)]
    assert len({each.id for each in rulings if each}) == 113
    assert rulings[0] is not None
    assert (rulings[0].id, rulings[0].title) == (f"{act} 기본통칙 2-0…1", "상속재산의 범위")


def test_a_judgment_of_a_day_that_no_calendar_has_is_named_without_a_day() -> None:
    issue = "신고하지 않은 납세자에게 가산세를 부과할 수 있는지 여부(적극)"
    judgment = judgment_from_fields({**FIELDS, "선고일자": "20260230", "판시사항": issue})
    assert judgment is not None and judgment.in_force == ""
    (example, *_) = decision_examples([judgment], seed=1)
    assert "대법원 2025두34823 판결" in example.answer
    assert "선고" not in example.answer
