"""Every reason has a Korean name, and every English phrase of a finding its Korean."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.checks import korean
from datagen.checks.citations import MISSING
from datagen.checks.form import shape_problem
from datagen.checks.korean import expected_text, found_text, reason_name
from datagen.checks.leftovers import LEFTOVERS
from datagen.checks.run import CHECK_NAMES
from datagen.judge import REASONS as VERDICTS
from datagen.review.export import REJECTED_BY_REVIEWER, REVIEWERS_DISAGREE
from taxlaw.articles import ArticleIndex
from taxlaw.citations import parse_citation

ROOT = Path(__file__).resolve().parents[2]
CODE = [
    *sorted((ROOT / "datagen" / "checks").glob("*.py")),
    ROOT / "datagen" / "review" / "checking.py",
    ROOT / "datagen" / "asking" / "replies.py",
]
GIVEN = re.compile(r"(?:Finding|BaseTax)\(\s*\"([a-z_-]+)\"")
ENGLISH = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")


def reasons() -> set[str]:
    """Every reason that rejected.jsonl may hold."""
    code = "".join(path.read_text(encoding="utf-8") for path in CODE)
    given = set(GIVEN.findall(code)) | {f"judge-{each}" for each in VERDICTS}
    return given | {REJECTED_BY_REVIEWER, REVIEWERS_DISAGREE}


def test_every_reason_and_every_check_has_a_korean_name() -> None:
    assert set(korean.REASON_NAMES) == reasons()
    assert set(korean.CHECK_NAMES) == {*CHECK_NAMES, "amount"}
    for name in (*korean.REASON_NAMES.values(), *korean.CHECK_NAMES.values()):
        assert re.search("[가-힣]", name)
        assert not re.search("[A-Za-z]", name)
    assert len(set(korean.REASON_NAMES.values())) == len(korean.REASON_NAMES)


def phrases(path: Path) -> Iterator[str]:
    """The English texts that the findings of a file are made of, with something in their places."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
            parts: list[ast.expr] = node.args[1:]
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in (
            "found",
            "expected",
        ):
            parts = [node.value]
        elif isinstance(node, ast.FunctionDef) and node.name == "impossible_case":
            returned = (each.value for each in ast.walk(node) if isinstance(each, ast.Return))
            parts = [each for each in returned if each]
        else:
            continue
        for part in parts:
            yield from filter(ENGLISH.search, texts(part))


def texts(node: ast.expr) -> Iterator[str]:
    """The strings of an expression; an f-string is one."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(map(part_text, node.values))
    elif isinstance(node, ast.Constant):
        yield str(node.value)
    else:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from texts(child)


def part_text(part: ast.expr) -> str:
    """A part of an f-string; the places for a name hold one of a field."""
    if isinstance(part, ast.Constant):
        return str(part.value)
    return "answer" if ast.unparse(part) == "{name}" else "1"


WRITTEN = {text for path in CODE for text in phrases(path)} - {"text without 1"}
WRITTEN |= {f"text without {what}" for what, _ in LEFTOVERS}


@pytest.mark.parametrize("text", sorted(WRITTEN))
def test_what_a_check_says_in_english_has_its_korean(text: str) -> None:
    korean_text = found_text(text) if found_text(text) != text else expected_text(text)
    assert re.search("[가-힣]", korean_text)
    assert not ENGLISH.search(korean_text)


def test_what_the_article_index_says_of_a_missing_article_has_its_korean() -> None:
    index = ArticleIndex.default()
    met = set()
    for law, versions in index.laws.items():
        for key in [*list(versions[-1].articles)[::9], "9999", "1의99"]:
            number, _, branch = key.partition("의")
            article = f"{law} 제{number}조" + (f"의{branch}" if branch else "")
            for part in (
                "",
                "제99항",
                "제1항제99호",
                "제99호",
                "제1호",
                "제1항제1호하목",
                "제1호하목",
            ):
                resolution = index.resolve(parse_citation(article + part))
                if resolution.status in MISSING:
                    met.add(resolution.status)
                    shown = expected_text(resolution.message)
                    assert not re.search("[A-Za-z]{2}", shown), (resolution.message, shown)
    assert met == MISSING


@pytest.mark.parametrize(
    ("english", "shown"),
    [
        ("소득세법 has no 제999조; its last article is 제177조.",
         "소득세법에 제999조 없음. 마지막 조는 제177조"),
        ("법인세법 제46조제1항 has 제1호, 제2호.", "법인세법 제46조제1항에 있는 것: 제1호, 제2호"),
        ("소득세법 제55조 is deleted (삭제). There is 제1호 to 제9호 (7).",
         "소득세법 제55조: 삭제됨. 있는 것: 제1호~제9호 (7개)"),
        ("180,000,000원, as answered before: 1억 8,000만원입니다.",
         "180,000,000원. 앞의 답변: 1억 8,000만원입니다."),
        ("2 to 3,000 characters", "2자 이상 3,000자 이하"),
        ("산출세액 8,640,000원: 24%", "산출세액 8,640,000원: 24%"),
    ],
)  # fmt: skip
def test_figures_and_articles_stay_as_they_are(english: str, shown: str) -> None:
    assert expected_text(english) == shown


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ({}, ("‘question’ 필드가 없음", "필드 question, answer, type, source")),
        ({"question": " "}, ("질문: 비어 있음", "질문: 내용이 있는 글")),
        ({"question": 3}, ("question 3", "질문: 문자열")),
    ],
)
def test_a_problem_of_form_is_said_in_korean(item: object, shown: tuple[str, str]) -> None:
    problem = shape_problem(item)
    assert problem
    assert (found_text(problem.found), expected_text(problem.expected)) == shown


@given(st.text())
def test_what_is_no_phrase_of_ours_stays_as_it_is(text: str) -> None:
    record = f"기록: {text} 끝"
    assert found_text(record) == record
    assert reason_name(text) == korean.REASON_NAMES.get(text, text)
    assert isinstance(expected_text(text), str)
