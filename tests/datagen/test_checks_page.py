"""The page on checks names every reason, and each of its examples gets its reason."""

import re
from pathlib import Path

import pytest

from datagen.checks.korean import REASON_NAMES
from datagen.checks.run import check_records
from taxlaw.articles import ArticleIndex
from taxqa.records import Rejection

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^### `(.+?)`: .+?\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = [
    pytest.param(name, dict(re.findall(r"^> (.+?): (.+)$", text, re.MULTILINE)), id=name)
    for name, text in SECTIONS
    if "> 질문" in text
]
NAMES = dict(re.findall(r"^### `(.+?)`: (.+)$", PAGE, re.MULTILINE))
REASON = re.compile(r"(?:Finding|BaseTax)\(\s*\"([a-z_-]+)\"")


def test_the_page_has_every_reason_that_the_checks_give() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "datagen" / "checks").glob("*.py")
    )
    assert set(REASON.findall(code)) == {name for name, _ in SECTIONS}


def test_the_page_names_each_reason_as_the_korean_pages_do() -> None:
    assert {name: REASON_NAMES[name] for name, _ in SECTIONS} == NAMES


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_of_the_page_gets_its_reason(name: str, example: dict[str, str]) -> None:
    record = {
        "question": example["질문"],
        "answer": example["답변"],
        "type": "student",
        "source": "practical",
        "document": "example",
    }
    earlier = {"question": example.get("앞의 질문", example["질문"])}
    before = [record | earlier | {"answer": example["앞의 답변"]}] if "앞의 답변" in example else []
    sources = {"example": example.get("문서", "")}
    *_, last = check_records([*before, record], ArticleIndex.default(), sources)
    assert isinstance(last, Rejection)
    assert last.reason == name
