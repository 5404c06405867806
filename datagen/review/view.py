"""One record as the page shows it: escaped HTML from templates, and the numbers around it."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from datagen.checks.korean import FINDING_FILTERS
from datagen.report import SOURCE_LABELS, TYPE_LABELS
from datagen.review.agreement import agreements, quality
from datagen.review.checking import EDITABLE, Checked
from datagen.review.desk import DROPPED_REASONS, REASONS, VERDICT_NAMES, Desk, decided_record
from datagen.review.filters import STATUSES, Filter
from datagen.review.items import Item
from datagen.review.marks import Piece, marked_answer, marked_question, marked_source
from datagen.review.risk import points
from datagen.review.store import Decision
from taxqa.pages import templates
from taxqa.records import ASKERS, SOURCES, Document, Record, to_json

if TYPE_CHECKING:
    from jinja2 import Environment

PART_NAMES = {"dataset": "", "heldout": "평가용 질문", "dropped": "검사에서 빠짐"}


@dataclass(frozen=True)
class Passage:
    """A document beside a record."""

    document: Document
    pieces: list[Piece]
    own: bool
    """The record rests on it; else the record cites it."""
    site: str
    """Where its address leads: 'www.law.go.kr'; '' where that is no place of the web."""


@cache
def environment() -> "Environment":
    """The templates of this package, with the words that all of them use."""
    found = templates("datagen.review")
    found.filters |= FINDING_FILTERS
    found.globals |= {
        "askers": {name: TYPE_LABELS.get(name, name) for name in ASKERS},
        "origins": {name: SOURCE_LABELS.get(name, name) for name in SOURCES},
        "verdicts": VERDICT_NAMES,
        "parts": PART_NAMES,
        "reasons": DROPPED_REASONS,
    }
    return found


def page_html(desk: Desk, reviewer: str) -> str:
    """The page without a record in it."""
    items = desk.order
    teachers = sorted({item.record.teacher for item in items if item.record})
    return environment().get_template("page.html").render(
        dataset=str(desk.material.path),
        name=desk.material.path.name,
        reviews=str(desk.reviews.path),
        reviewer=reviewer,
        reviewers=desk.reviewers(),
        statuses=STATUSES,
        teachers=teachers,
        reject_reasons=list(REASONS.items()),
    )  # fmt: skip


def view(desk: Desk, reviewer: str, wanted: Filter, item: Item | None) -> dict[str, Any]:
    """What the page needs to show an item, or that there is none."""
    return {
        "digest": item.digest if item else "",
        "html": record_html(desk, reviewer, item) if item else empty_html(desk, reviewer, wanted),
        "left": desk.count(reviewer, wanted),
        "dropped": bool(item and item.part == "dropped"),
        "progress": desk.progress(reviewer).model_dump(),
    }


def empty_html(desk: Desk, reviewer: str, wanted: Filter) -> str:
    """What stands there when a filter takes no record."""
    done = desk.progress(reviewer)
    return environment().get_template("empty.html").render(
        filter=wanted, status=STATUSES[wanted.status], progress=done
    )  # fmt: skip


def record_html(desk: Desk, reviewer: str, item: Item) -> str:
    """A record with its source, its checks and what was decided."""
    given = desk.reviews.current().get(item.digest, {})
    mine = given.get(reviewer)
    record = (decided_record(item, mine) if mine else None) or item.record
    return environment().get_template("record.html").render(
        item=item,
        record=record,
        raw="" if record else to_json(dict(item.fields), indent=2),
        question=question_pieces(desk, record) if record else [],
        answer=answer_pieces(desk, record) if record else [],
        before=item.record if mine and mine.edited else None,
        passages=passages_of(desk, record) if record else [],
        known=bool(record and desk.source_of(record)),
        checks=desk.check(item, record) if record else [],
        risks=desk.risks[item.digest],
        points=points(desk.risks[item.digest]),
        mine=mine,
        others=others_shown(given, mine),
        draft=desk.reviews.draft(reviewer, item.digest),
        editable=EDITABLE,
    )  # fmt: skip


def others_shown(given: Any, mine: Decision | None) -> list[Decision]:
    """What other reviewers said: shown only after one's own decision, which it would sway."""
    return [each for each in given.values() if mine and each.reviewer != mine.reviewer]


def checks_html(desk: Desk, item: Item, fields: dict[str, Any]) -> dict[str, Any]:
    """What the checks say of an edit that is not saved, with the text as it would be shown."""
    record = desk.edited(item, fields)
    checks = desk.check(item, record)
    changed = item.record is None or record.plain() != item.record.plain()
    html = environment().get_template("edit_checks.html").render(
        checks=checks, changed=changed, answer=answer_pieces(desk, record)
    )  # fmt: skip
    return {"html": html, "passed": passed(checks), "changed": changed}


def passed(checks: list[Checked]) -> bool:
    """Whether no check objects."""
    return not any(each.finding for each in checks)


def failed_html(checks: tuple[Checked, ...]) -> str:
    """What the checks found, for a decision that was refused."""
    return environment().get_template("edit_checks.html").render(
        checks=checks, changed=True, answer=[]
    )  # fmt: skip


def question_pieces(desk: Desk, record: Record) -> list[Piece]:
    """The question, marked."""
    index = desk.material.corpus.index
    return marked_question(record.question, desk.shown_source(record), index)


def answer_pieces(desk: Desk, record: Record) -> list[Piece]:
    """The answer, marked by what its source has."""
    source = desk.shown_source(record)
    return marked_answer(record.question, record.answer, source, desk.material.corpus.index)


def passages_of(desk: Desk, record: Record) -> list[Passage]:
    """The documents beside a record, marked by what its answer takes from them."""
    return [
        Passage(
            document,
            marked_source(
                document.text,
                record.question,
                record.answer,
                document.law,
                getattr(record, "quote", "") if document.id == record.document else "",
            ),
            document.id == record.document,
            site_of(document.url),
        )
        for document in desk.shown_documents(record)
    ]


def site_of(url: str) -> str:
    """The host of an address of the web; '' for any other (a script, a file)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.netloc if parts.scheme in ("http", "https") else ""


def overview(desk: Desk) -> dict[str, Any]:
    """Who reviewed how much, how well they agree, and what the records drawn by chance say."""
    decisions = desk.reviews.current()
    estimate = quality(desk.order, decisions)
    return {
        "dataset": str(desk.material.path),
        "reviews": str(desk.reviews.path),
        "reviewers": {name: desk.progress(name).model_dump() for name in desk.reviewers()},
        "agreement": [
            {
                "first": each.first,
                "second": each.second,
                "joint": each.joint,
                "kappa": None if each.kappa is None else round(each.kappa, 3),
                "disagreements": [
                    {
                        "record": one.record,
                        "digest": one.digest,
                        "first": said(one),
                        "second": said(other),
                    }
                    for one, other in each.disagreements
                ],
            }
            for each in agreements(decisions, desk.places)
        ],
        "by_chance": None
        if estimate is None
        else {
            "looked_at": estimate.looked_at,
            "changed": estimate.changed,
            "low": round(estimate.low, 4),
            "high": round(estimate.high, 4),
        },
    }


def said(decision: Decision) -> dict[str, str]:
    """A decision in short."""
    return {"verdict": decision.verdict, "reason": decision.reason, "note": decision.note}


def overview_html(desk: Desk, reviewer: str) -> str:
    """The same for the page."""
    return environment().get_template("overview.html").render(
        **overview(desk), reviewer=reviewer
    )  # fmt: skip
