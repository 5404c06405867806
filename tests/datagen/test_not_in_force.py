"""What stands in a law and is not in force today is neither quoted nor asked about."""

from datetime import date
from pathlib import Path

from fake_law_api import law

from datagen.article_examples import article_examples
from datagen.article_passages import article_passages
from datagen.law_api.statutes import statute_from_json
from datagen.stale import state_of
from datagen.versions import Versions
from taxlaw.addenda import Term
from taxqa.records import Document

MARKDOWN = """\
---
제목: 소득세법
법령ID: "1"
시행일자: 2026-01-01
공포일자: 2025-12-23
---

##### 제12조 (기타소득)

**①** 사과를 팔아 얻은 소득에는 그 금액의 100분의 20을 소득세로 매긴다.

**②** 배를 팔아 얻은 소득에는 그 금액의 100분의 30을 소득세로 매긴다.

##### 제13조 (감을 팔아 얻은 소득)

감을 팔아 얻은 소득에는 그 금액의 100분의 40을 소득세로 매긴다.

## 부칙

부칙 <제21221호,2025.12.23>

제1조(시행일) 다만, 제12조제2항 및 제13조의 개정규정은 2027년 1월 1일부터 시행한다.
"""


def documents(today: date) -> list[Document]:
    versions = Versions(today)
    versions.add(Path("법률.md"), MARKDOWN)
    return list(versions.documents())


def taught(found: list[Document]) -> str:
    """All answers that the worked teacher gives for any seed, and all that others are shown."""
    answers = [each.answer for seed in range(30) for each in article_examples(found, seed)]
    shown = [each.shown for document in found for each in article_passages(document, 2000)]
    return "\n".join(answers + shown)


def test_a_document_says_which_of_its_parts_are_not_in_force_on_the_day() -> None:
    parts = {each.article: each.not_in_force for each in documents(date(2026, 11, 1))}
    assert parts == {"제12조": ("제2항",), "제13조": ("",)}
    parts = {each.article: each.not_in_force for each in documents(date(2027, 1, 1))}
    assert parts == {"제12조": (), "제13조": ()}


def test_a_part_of_next_year_is_not_taught_and_the_rest_of_its_article_is() -> None:
    text = taught(documents(date(2026, 11, 1)))
    assert "사과" in text
    assert "배를" not in text
    assert "100분의 40" not in text
    later = taught(documents(date(2027, 1, 1)))
    assert "배를" in later and "100분의 40" in later


def test_of_an_article_of_next_year_not_even_the_title_is_taught() -> None:
    (document,) = (each for each in documents(date(2026, 11, 1)) if each.article == "제13조")
    assert [each for seed in range(30) for each in article_examples([document], seed)] == []


def test_a_part_that_came_into_force_makes_its_article_stale() -> None:
    before, after = (documents(day)[0] for day in (date(2026, 11, 1), date(2027, 1, 1)))
    assert before.text == after.text
    assert state_of(before).sha256 != state_of(after).sha256


def test_a_part_whose_day_a_period_tells_is_not_taught_before_it() -> None:
    line = "다만, 제12조제2항의 개정규정은 공포 후 1년이 경과한 날부터 시행한다.\n"
    versions, later = Versions(date(2026, 12, 23)), Versions(date(2026, 12, 24))
    for each in (versions, later):
        each.add(Path("법률.md"), f"{MARKDOWN[: MARKDOWN.index('제1조(시행일)')]}{line}")
    text = taught(list(versions.documents()))
    assert "사과" in text and "배를" not in text
    assert "배를" in taught(list(later.documents()))


def test_the_addenda_of_the_api_are_read_like_those_of_a_file() -> None:
    answer = law("소득세법", "7", "20260101")[1]
    line = "다만, 제12조제2항의 개정규정은 2027년 1월 1일부터 시행한다."
    units = [{"부칙내용": [["부칙 <제12호,2025.12.23>", line]]}]
    answer["법령"]["부칙"] = {"부칙단위": units}
    found = statute_from_json(answer, "7").terms
    assert found == (Term("제12조", "제2항", first=date(2027, 1, 1)),)
    units[0]["부칙내용"][0][1] = "다만, 제12조제2항은 공포 후 6개월이 경과한 날부터 시행한다."
    found = statute_from_json(answer, "7").terms
    assert found == (Term("제12조", "제2항", first=date(2026, 6, 24)),)
