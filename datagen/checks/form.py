"""Whether a record has the right shape, is Korean, and has a length a model can learn."""

import re
from collections.abc import Mapping
from typing import Any, get_args

from datagen.checks.finding import Context, Finding, shortened
from datagen.markup import korean_share
from taxqa.records import QARecord, Record

FIELDS = tuple(QARecord.model_fields)
ALLOWED_FIELDS = frozenset(Record.model_fields)
QUESTION_LENGTH = (5, 1000)
ANSWER_LENGTH = (2, 3000)
"""Characters. 3,000 of Korean are about 2,000 tokens, the longest sequence that is trained on."""
MIN_KOREAN_SHARE = 0.4
MAX_HANJA_SHARE = 0.2
MIN_HANJA = 5
"""Fewer are a term in brackets, or the parties 甲 and 乙."""
OTHER_SCRIPT = re.compile(
    "[\u0400-\u052f\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u3040-\u30fa\u30fc-\u30ff]+"
)
"""Cyrillic, Hebrew, Arabic, Indic, Thai, Kana: what a language model slips into."""
HANJA = re.compile("[\u3400-\u9fff]")
HALF_CHARACTER = re.compile("[\ud800-\udfff]")
DAMAGED = re.compile("\ufffd+|(?:&[a-z]{2,6};)|<br ?/?>|</?[a-z]+[0-9]?>", re.IGNORECASE)


def shape_problem(item: object) -> Finding | None:
    """What keeps an item of a dataset from being a record at all."""
    if not isinstance(item, Mapping):
        return Finding("format", shown(item), f"an object with the fields {', '.join(FIELDS)}")
    for name in FIELDS:
        if name not in item:
            return Finding("format", f"no field '{name}'", f"the fields {', '.join(FIELDS)}")
        problem = value_problem(name, item[name])
        if problem:
            return problem
    extra = sorted(map(str, set(item) - ALLOWED_FIELDS))
    if extra:
        found = f"unknown field '{shown(extra[0])}'"
        return Finding("format", found, f"only the fields {', '.join(FIELDS)}")
    return None


def value_problem(name: str, value: Any) -> Finding | None:
    """What is wrong with the value of one of the four fields."""
    choices = get_args(QARecord.model_fields[name].annotation)
    if choices and value not in choices:
        return Finding("format", f"{name} {shown(value)}", f"{name}: {', '.join(choices)}")
    if not isinstance(value, str):
        return Finding("format", f"{name} {shown(value)}", f"{name} as text")
    if not value.strip():
        return Finding("format", f"{name} is empty", f"{name} with text in it")
    if HALF_CHARACTER.search(value):
        return Finding("format", f"{name} with half a character (surrogate)", "text in Unicode")
    return None


def shown(value: object) -> str:
    """A value of any kind as text that can be printed."""
    text = repr(value) if not isinstance(value, str) else value
    return shortened(text.encode("utf-8", "replace").decode("utf-8"))


def check_language(record: QARecord, context: Context) -> Finding | None:
    """Question and answer are Korean, without leftovers of other scripts or of markup."""
    for name, text in (("question", record.question), ("answer", record.answer)):
        leftover = OTHER_SCRIPT.search(text) or DAMAGED.search(text)
        if leftover:
            start, end = leftover.span()
            return Finding(
                "language", f"{name}: {shortened(text[max(start - 20, 0) : end + 20])}", "Korean"
            )
        letters = max(sum(map(str.isalpha, text)), 1)
        share = korean_share(text)
        hanja = len(HANJA.findall(text))
        foreign = hanja >= MIN_HANJA and hanja / letters > MAX_HANJA_SHARE
        if foreign or (letters > 1 and share < MIN_KOREAN_SHARE):
            return Finding("language", f"{name}: {shortened(text)}", "text in Korean letters")
    return None


def check_length(record: QARecord, context: Context) -> Finding | None:
    """Neither too short to say anything nor too long for one training sequence."""
    limits = (
        ("question", record.question, QUESTION_LENGTH),
        ("answer", record.answer, ANSWER_LENGTH),
    )
    for name, text, (least, most) in limits:
        size = len(text.strip())
        if not least <= size <= most:
            return Finding(
                "length", f"{name} of {size:,} characters", f"{least:,} to {most:,} characters"
            )
    return None
