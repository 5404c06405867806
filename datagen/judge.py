"""A language model as judge of records, beside the checks: it sees the passage, and must quote.

A verdict against a record counts only where the words it finds wrong stand in the answer, and the
words it holds against them stand in the passage. Optional: a judge may err, so it can only drop.
"""

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from datagen.teachers.request import Reply, Request, Teacher
from datagen.teachers.run import outcomes
from datagen.teachers.store import ReplyStore
from taxqa.records import Record, Rejection

REASONS = ("contradicts-source", "not-in-source", "does-not-answer", "misleading")
MAX_TOKENS = 600
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "verdict": {"type": "string", "enum": ["keep", "drop"]},
        "reason": {"type": "string", "enum": ["none", *REASONS]},
        "found": {"type": "string"},
        "expected": {"type": "string"},
    },
    "required": ["verdict", "reason", "found", "expected"],
    "additionalProperties": False,
}
SYSTEM = """\
너는 세법 교재의 감수자이다. 원문 하나와, 그 원문을 근거로 쓴 질문과 답을 받는다.
원문만을 기준으로 답이 참인지 판단한다. 네가 아는 다른 지식으로 고치지 않는다.

- 답에 원문과 다른 내용이 있으면 verdict는 drop, reason은 contradicts-source.
- 답의 핵심이 원문에 없으면 drop, not-in-source.
- 답이 질문에 대답하지 않으면 drop, does-not-answer.
- 참이지만 읽는 사람을 그르치면 drop, misleading.
- 그 밖에는 verdict는 keep, reason은 none, found와 expected는 빈 문자열.

drop일 때 found에는 답에서 문제가 되는 구절을, expected에는 원문에서 그에 해당하는 구절을
글자 그대로 옮겨 적는다. 원문에 해당하는 구절이 없으면 expected는 빈 문자열로 둔다."""
UNQUOTED = ("not-in-source", "does-not-answer")
"""Reasons for which the passage holds nothing to quote."""


@dataclass(frozen=True)
class Judging(Request):
    """A request for a verdict, with what it is about."""

    index: int
    record: Record
    passage: str


@dataclass(frozen=True)
class Judged:
    """A record and what the judge says."""

    record: Record
    rejection: Rejection | None
    """Why it is to be dropped; None = keep."""
    unjudged: str | None = None
    """Why there is no verdict, e.g. 'budget' or 'malformed: …'; the record then stands as it was
    before."""


def judged(
    records: Iterable[Record],
    passages: Mapping[str, str] | Callable[[Record], str | None],
    teacher: Teacher,
    store: ReplyStore,
    **settings: Any,
) -> Generator[Judged, None, None]:
    """Each record with the judge's verdict, in the order in which they come.

    Args:
        passages: document id -> its text, or a function from a record to the text it rests on; a
            record without one is not judged.
        settings: as `run.asked_groups` (price, budget, concurrency, …); the store and its ledger
            may be those of the teacher that wrote the records.

    Raises:
        ServiceError, NoSpaceError, InputError: as `run.asked_groups`.
    """
    text_of = passages if callable(passages) else lambda record: passages.get(record.document)
    without: list[Record] = []

    def requests() -> Iterator[Judging]:
        for index, record in enumerate(records):
            passage = text_of(record)
            if passage:
                yield judging(index, record, passage)
            else:
                without.append(record)

    with closing(outcomes(requests(), teacher, store, problem=unfounded, **settings)) as found:
        for outcome in found:
            assert isinstance(outcome.request, Judging)
            if outcome.reason is None and outcome.reply is not None:
                yield Judged(outcome.request.record, rejection(outcome.request, outcome.reply))
            else:
                yield Judged(outcome.request.record, None, unjudged=outcome.reason)
            while without:
                yield Judged(without.pop(), None, unjudged="no-passage")
    while without:
        yield Judged(without.pop(), None, unjudged="no-passage")


def judging(index: int, record: Record, passage: str) -> Judging:
    """The request for a verdict on a record."""
    user = f"【원문】\n{passage}\n\n【질문】\n{record.question}\n\n【답】\n{record.answer}"
    return Judging(SYSTEM, user, SCHEMA, MAX_TOKENS, index, record, passage)


def unfounded(request: Request, reply: Reply) -> str | None:
    """What is wrong with a verdict: another form, or words that stand nowhere."""
    assert isinstance(request, Judging)
    verdict = json.loads(reply.text)
    if any(not isinstance(verdict.get(name), str) for name in SCHEMA["required"]):
        return "malformed: a field of the verdict is missing"
    if verdict["verdict"] == "keep":
        return None
    if verdict["verdict"] != "drop" or verdict["reason"] not in REASONS:
        return f"malformed: verdict {verdict['verdict']}, reason {verdict['reason']}"
    found, expected = words(verdict["found"]), words(verdict["expected"])
    if not found or found not in words(request.record.answer):
        return f"quote-not-found: '{verdict['found'][:60]}' is not in the answer"
    if expected not in words(request.passage):
        return f"quote-not-found: '{verdict['expected'][:60]}' is not in the passage"
    if not expected and verdict["reason"] not in UNQUOTED:
        return "quote-not-found: nothing of the passage is held against the answer"
    return None


def words(text: str) -> str:
    """A text without blanks, which a model does not copy faithfully."""
    return "".join(text.split())


def rejection(request: Judging, reply: Reply) -> Rejection | None:
    """The rejection that a verdict means; None = keep."""
    verdict = json.loads(reply.text)
    if verdict["verdict"] == "keep":
        return None
    return Rejection(
        index=request.index,
        reason=f"judge-{verdict['reason']}",
        found=verdict["found"],
        expected=verdict["expected"],
        record=request.record.model_dump(mode="json"),
    )
