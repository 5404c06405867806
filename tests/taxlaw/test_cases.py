"""Numbers of judgments, decisions and rulings."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlaw.cases import find_cases


@pytest.mark.parametrize(
    ("text", "kind", "number", "day"),
    [
        ("대법원 2001. 8. 21. 선고 2000두5098 판결", "court", "2000두5098", date(2001, 8, 21)),
        ("대법원 1999.1.29. 선고 97누15821 판결", "court", "97누15821", date(1999, 1, 29)),
        ("대법원 2000. 11. 24. 선고 99두11844 판결", "court", "99두11844", date(2000, 11, 24)),
        ("서울고법 2023. 2. 10. 선고 2022누45199 판결", "court", "2022누45199", date(2023, 2, 10)),
        ("대법원 2006. 5. 25. 선고 2005다19163 판결", "court", "2005다19163", date(2006, 5, 25)),
        ("대법원-2024-두-55396", "court", "2024두55396", None),
        ("2021두35643", "court", "2021두35643", None),
        ("헌법재판소 1997. 7. 16. 선고 96헌바36", "constitutional", "96헌바36", date(1997, 7, 16)),
        ("조심 2020광0905", "tribunal", "조심2020광0905", None),
        ("조심2008지628", "tribunal", "조심2008지0628", None),
        ("조심-2025-인-4460", "tribunal", "조심2025인4460", None),
        ("국심2003중1253", "tribunal", "국심2003중1253", None),
        ("심사-부가-2026-0018", "review", "심사-부가-2026-0018", None),
        ("심사 부가 2026-18", "review", "심사-부가-2026-0018", None),
        ("적부-국세청-2026-0119", "review", "적부-국세청-2026-0119", None),
        ("이의-광주청-2026-0024", "review", "이의-광주청-2026-0024", None),
        ("감심2024-630", "review", "감심2024-630", None),
        ("서면-2026-법규재산-0119", "ruling", "서면-2026-법규재산-0119", None),
        ("사전-2026-법규소득-543", "ruling", "사전-2026-법규소득-0543", None),
        ("소득46011-1209", "ruling", "소득46011-1209", None),
        ("재산세과-1145", "ruling", "재산세과-1145", None),
    ],
)
def test_every_form_is_read_and_normalised(
    text: str, kind: str, number: str, day: date | None
) -> None:
    [mention] = find_cases(f"이에 관하여 {text} 참조")
    assert (mention.kind, mention.number, mention.date) == (kind, number, day)
    assert mention.text == text


def test_judgments_listed_after_one_share_its_court() -> None:
    text = "대법원 2026. 4. 30. 선고 2024두61780 판결, 2026. 5. 7. 선고 2024두54348 판결 등"
    first, second = find_cases(text)
    assert first.court == second.court == "대법원"
    assert second.date == date(2026, 5, 7)


def test_joined_cases_are_separate_numbers_of_one_day() -> None:
    mentions = find_cases("대법원 2019. 1. 31. 선고 2018두12345, 12346(병합) 판결")
    assert [mention.number for mention in mentions] == ["2018두12345", "2018두12346"]
    assert {mention.date for mention in mentions} == {date(2019, 1, 31)}


def test_a_day_after_a_decision_is_its_date() -> None:
    [mention] = find_cases("(조심 2019서3853, 2021.11.23.)")
    assert mention.date == date(2021, 11, 23)


def test_a_date_no_calendar_has_is_left_out() -> None:
    [mention] = find_cases("대법원 2001. 13. 45. 선고 2000두5098 판결")
    assert mention.date is None


@pytest.mark.parametrize(
    "text",
    ["결과-2", "효과-3", "2024년 12월 3일", "02-1234-5678", "제2024-5호", "3다2", "법률 제5193호"],
)
def test_other_numbers_are_no_cases(text: str) -> None:
    assert find_cases(text) == []


PIECES = st.sampled_from(
    [
        "대법원",
        "헌재",
        "조심",
        "감심",
        "서면-",
        "선고",
        "판결",
        "두",
        "헌바",
        "2020",
        "99",
        "-",
        ".",
        ",",
        " ",
    ]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=30).map("".join))
def test_fuzzed_text_never_raises_and_spans_are_true(text: str) -> None:
    end = 0
    for mention in find_cases(text):
        assert text[mention.start : mention.end] == mention.text
        assert mention.start >= end
        end = mention.end


def test_every_judgment_that_real_judgments_cite_is_found(shared: Path) -> None:
    """A plain pattern and the reader agree on each '선고 2000두5098' of the judgments."""
    path = shared / "lawdata/judgments/tax_judgments.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines():
        text = json.loads(line)["판례내용"]
        plain = re.findall(r"선고\s*(\d{2,4}[가-힣]{1,2}\d+)", text)
        found = {mention.number for mention in find_cases(text)}
        assert set(plain) <= found
