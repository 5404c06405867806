"""The report of a dataset: every count, a few rejections whole, a page that needs no network."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cli.check import check
from datagen.dataset import generate
from datagen.report import (
    BINS,
    EXAMPLES,
    SHOWN_ACTS,
    dataset_report,
    histogram,
    write_page,
    write_report,
)
from taxqa.records import QARecord, Record, Rejection, read_json, read_jsonl, write_json

ATTACK = '<script>alert("세금")</script><img src=x onerror=alert(1)>'


class Tags(HTMLParser):
    """Which tags a page has, and what they point to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.links: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "href", "onerror"}]


def question(number: int, **changes: Any) -> QARecord:
    values = {"question": f"질문 {number}?", "answer": "소득세법 제55조에 따릅니다.",
              "type": "student", "source": "statute"}  # fmt: skip
    return QARecord.model_validate(values | changes)


def rejection(index: int, reason: str = "gift-tax-wrong", **record: Any) -> Rejection:
    return Rejection(index=index, reason=reason, found="1원", expected="2원", record=record)


def test_every_record_is_counted_and_every_reason_has_its_examples() -> None:
    kept = [question(1), question(2, type="expert", answer="부가가치세법 제30조와 소득세법 제1조.")]
    dropped = [rejection(number, question="?") for number in range(EXAMPLES + 2)]
    report = dataset_report(kept, [*dropped, rejection(9, "format")])
    assert (report["kept"], report["rejected"]) == (2, EXAMPLES + 3)
    assert report["by_act"] == {"소득세법": 2, "부가가치세법": 1}
    assert report["rejected_by_reason"] == {"gift-tax-wrong": EXAMPLES + 2, "format": 1}
    assert [len(report["examples"][name]) for name in report["rejected_by_reason"]] == [EXAMPLES, 1]


@given(st.lists(st.integers(0, 2 * BINS[-1])))
def test_every_answer_is_in_one_bar(lengths: list[int]) -> None:
    found = histogram(lengths)
    assert sum(each["answers"] for each in found) == len(lengths)
    for bin_, start in zip(found, (0, *BINS), strict=False):
        last = bin_["up_to"] == BINS[-1]
        inside = [n for n in lengths if (n > start or not start) and (n <= bin_["up_to"] or last)]
        assert bin_["answers"] == len(inside)


def test_a_generated_dataset_has_its_report(tmp_path: Path) -> None:
    generate(None, tmp_path / "dataset", limit=30)
    report = read_json(tmp_path / "dataset" / "report.json")
    records = list(read_jsonl(tmp_path / "dataset" / "records.jsonl", Record))
    assert report["kept"] == len(records) == 30
    assert report["by_teacher"] == {"worked": 30}
    assert sum(each["answers"] for each in report["answer_letters"]) == 30


def test_the_page_loads_nothing_and_shows_markup_as_text(tmp_path: Path) -> None:
    kept = [question(1, answer=ATTACK)]
    dropped = [rejection(0, question=ATTACK, answer=ATTACK, document=ATTACK)]
    write_page(tmp_path / "page.html", dataset_report(kept, dropped), title=ATTACK)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    tags = Tags(page)
    assert "script" not in tags.names and "img" not in tags.names and "link" not in tags.names
    assert tags.links == []
    assert page.count("&lt;script&gt;") == 5
    assert not re.search(r"https?://|url\(", page)


def test_the_page_names_reasons_in_korean_and_the_json_keeps_their_ids(tmp_path: Path) -> None:
    missing = Rejection(
        index=0,
        reason="no-such-act",
        found="증여세법 제53조",
        expected="an act that exists",
        record={},
    )
    write_report(tmp_path, dataset_report([], [missing]))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "없는 법령 <code>no-such-act</code>" in page
    assert "실제로 있는 법령" in page and "an act that exists" not in page
    report = read_json(tmp_path / "report.json")
    assert report["rejected_by_reason"] == {"no-such-act": 1}
    assert report["examples"]["no-such-act"][0]["expected"] == "an act that exists"


def test_acts_beyond_the_most_cited_unfold(tmp_path: Path) -> None:
    report = dataset_report([], []) | {
        "by_act": {f"세법 {each}호": 1 for each in range(SHOWN_ACTS)}
    }
    write_page(tmp_path / "few.html", report, title="데이터셋")
    assert "details" not in Tags((tmp_path / "few.html").read_text(encoding="utf-8")).names
    report["by_act"]["또 다른 법"] = 1
    write_page(tmp_path / "many.html", report, title="데이터셋")
    page = (tmp_path / "many.html").read_text(encoding="utf-8")
    assert "그 밖의 법령 1개" in page and page.count("또 다른 법") == 1


def test_an_empty_dataset_and_half_a_letter_still_make_a_page(tmp_path: Path) -> None:
    write_report(tmp_path, dataset_report([], [rejection(0, question="\ud83d", answer=None)]))
    assert "버린 기록" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert read_json(tmp_path / "report.json")["kept"] == 0


def test_check_writes_the_page_of_any_dataset(tmp_path: Path) -> None:
    wrong = question(
        1,
        question="아버지가 성인 자녀에게 20억원을 증여하면 증여세는 얼마인가요?",
        answer="증여세는 9,000만원입니다.",
    )
    write_json(tmp_path / "내 자료.json", [wrong.model_dump()])
    page = tmp_path / "보고서.html"
    result = CliRunner().invoke(check, [str(tmp_path / "내 자료.json"), "--report", str(page)])
    assert result.exit_code == 1
    assert "gift-tax-wrong" in page.read_text(encoding="utf-8")
