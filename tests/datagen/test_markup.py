"""Text from the law's web sites is made plain without losing what it says."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datagen.markup import (
    field_text,
    iso_date,
    korean_share,
    plain_text,
    sections_of,
    split_front_matter,
    with_headings,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1).filter(
    lambda text: "<" not in text and "&" not in text and not text.startswith("#")
)


def test_line_breaks_and_pictures_are_markup_but_notes_of_amendment_are_text() -> None:
    raw = (
        ' [1] 첫째<br/>둘째<BR>셋째 <img src="x.gif" alt="표"><개정 2010.1.1> &amp; 끝\u200b\u00a0'
    )
    assert plain_text(raw) == "[1] 첫째\n둘째\n셋째 <개정 2010.1.1> & 끝"


def test_decomposed_letters_become_whole_ones() -> None:
    assert plain_text(unicodedata.normalize("NFD", "소득세법")) == "소득세법"


@settings(deadline=None)
@given(st.text())
def test_plain_text_never_raises_and_leaves_no_line_break_tag(raw: str) -> None:
    plain = plain_text(raw.replace("&", ""))
    assert "<br>" not in plain.lower() and "\r" not in plain and "\n\n\n" not in plain
    assert plain == unicodedata.normalize("NFC", plain).strip()


@settings(deadline=None)
@given(json_values)
def test_a_field_of_any_shape_becomes_text(value: object) -> None:
    assert isinstance(field_text(value), str)


def test_lists_in_lists_are_joined_and_a_missing_field_is_empty() -> None:
    assert (
        field_text([["가", None], "나<br/>다", {"content": "라", "code": "1"}]) == "가\n나\n다\n라"
    )
    assert field_text(None) == ""


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("20250612", "2025-06-12"),
        ("2025.06.12", "2025-06-12"),
        ("2026. 1. 8.", "2026-01-08"),
        (20250612, "2025-06-12"),
        ("42890525", "1956-05-25"),
        ("20260813000000", "2026-08-13"),
        ("2025", ""),
        ("20251399", ""),
        ("2026-02-30", ""),
        ("20250229", ""),
        ("20240229", "2024-02-29"),
        ("00000101", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_dates_are_read_in_every_form_of_the_api(written: object, date: str) -> None:
    assert iso_date(written) == date


@settings(deadline=None)
@given(st.lists(st.tuples(words, words), unique_by=lambda pair: pair[0], max_size=4))
def test_sections_are_read_back_as_they_were_written(sections: list[tuple[str, str]]) -> None:
    assert sections_of(with_headings(sections)) == dict(sections)


def test_front_matter_that_is_no_yaml_is_still_read_line_by_line() -> None:
    text = "---\n사건번호: 2025두1\n사건명: 취소[과세: 관청]: 건\n---\n\n# 제목\n"
    meta, body = split_front_matter(text)
    assert meta["사건번호"] == "2025두1"
    assert meta["사건명"] == "취소[과세: 관청]: 건"
    assert body.strip() == "# 제목"


def test_a_text_without_front_matter_is_all_body() -> None:
    assert split_front_matter("--- 그냥 글 ---") == ({}, "--- 그냥 글 ---")


def test_the_share_of_korean_letters_counts_letters_alone() -> None:
    assert korean_share("가나 12, ab") == 0.5
    assert korean_share("12 %") == 0.0
