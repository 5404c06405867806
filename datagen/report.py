"""What a dataset holds and what was dropped: counts, examples and plots, as JSON and as one page.

The page needs no network: its style and plots are inside it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from datagen.checks.korean import FINDING_FILTERS, REASON_NAMES
from taxlaw.citations import find_citations
from taxqa.pages import templates
from taxqa.records import QARecord, Record, Rejection, write_json

REPORT_JSON = "report.json"
REPORT_HTML = "report.html"
EXAMPLES = 3
"""Rejections of each reason that are shown whole; all of them are in rejected.jsonl."""
SHOWN_ACTS = 15
"""The most cited acts that the page shows; the others unfold."""
BINS = (50, 100, 200, 300, 400, 600, 800, 1200, 3000)
"""Letters: upper ends of the histogram of answers."""
TYPE_LABELS = {
    "student": "학생",
    "employee": "직장인",
    "self_employed": "자영업자",
    "corporate": "법인",
    "expert": "전문가",
}
SOURCE_LABELS = {
    "practical": "실무 계산·안내",
    "statute": "법령",
    "judgment": "판례",
    "ruling": "해석례·결정례",
}


def dataset_report(
    kept: Iterable[QARecord], rejected: Iterable[Rejection], **more: Any
) -> dict[str, Any]:
    """The report as plain values: every count, and a few rejections of each reason.

    Args:
        more: further figures for the page, e.g. cost.
    """
    kept = list(kept)
    reasons: Counter[str] = Counter()
    examples: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for rejection in rejected:
        reasons[rejection.reason] += 1
        if len(examples[rejection.reason]) < EXAMPLES:
            examples[rejection.reason].append(example_of(rejection))
    return {
        "kept": len(kept),
        "rejected": reasons.total(),
        "by_type": dict(Counter(record.type for record in kept).most_common()),
        "by_source": dict(Counter(record.source for record in kept).most_common()),
        "by_teacher": dict(Counter(teacher_of(record) for record in kept).most_common()),
        "by_act": dict(acts_cited(kept).most_common()),
        "answer_letters": histogram(len(record.answer) for record in kept),
        "rejected_by_reason": dict(reasons.most_common()),
        "examples": dict(examples),
        **more,
    }


def example_of(rejection: Rejection) -> dict[str, Any]:
    """A rejection as the page shows it."""
    fields = ("question", "answer", "document", "teacher")
    return {
        "index": rejection.index,
        "found": rejection.found,
        "expected": rejection.expected,
        **{name: str(rejection.record.get(name, "")) for name in fields},
    }


def teacher_of(record: QARecord) -> str:
    """Who wrote a record; '' where the format does not say."""
    return record.teacher if isinstance(record, Record) else ""


def acts_cited(records: Iterable[QARecord]) -> Counter[str]:
    """Act -> in how many answers it is cited."""
    counts: Counter[str] = Counter()
    for record in records:
        counts.update({mention.citation.act for mention in find_citations(record.answer)})
    return counts


def histogram(lengths: Iterable[int]) -> list[dict[str, int]]:
    """How many lengths are in each of BINS; the last one takes all that is longer."""
    counts = [0] * len(BINS)
    for length in lengths:
        fitting = (number for number, end in enumerate(BINS) if length <= end)
        counts[next(fitting, len(BINS) - 1)] += 1
    return [{"up_to": end, "answers": count} for end, count in zip(BINS, counts, strict=True)]


def write_report(folder: Path, report: Mapping[str, Any]) -> None:
    """Write report.json and report.html into a folder."""
    write_json(folder / REPORT_JSON, report)
    write_page(folder / REPORT_HTML, report, title="데이터셋")


def write_page(path: Path, report: Mapping[str, Any], title: str) -> None:
    """Write the page of a report.

    Args:
        title: what the dataset is called.
    """
    environment = templates("datagen")
    environment.filters |= FINDING_FILTERS
    page = environment.get_template("report.html").render(
        report=report,
        title=title,
        labels=TYPE_LABELS | SOURCE_LABELS | REASON_NAMES,
        shown_acts=SHOWN_ACTS,
        bins=bars(report["answer_letters"]),
    )
    # Half a letter, as a damaged file can hold, has no UTF-8; the page shows a mark in its place.
    path.write_text(page, encoding="utf-8", errors="replace")


def bars(bins: list[dict[str, int]]) -> list[dict[str, Any]]:
    """The histogram's bars with their heights, 0 to 100."""
    most = max((each["answers"] for each in bins), default=0) or 1
    return [each | {"height": round(100 * each["answers"] / most, 1)} for each in bins]
