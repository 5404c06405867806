"""What a reviewer does: look at a record, decide, take back; each act is kept at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from datagen.checks.duplicates import question_key
from datagen.checks.sources import source_texts
from datagen.guide import guide_documents, guide_entries
from datagen.review.checking import Checked, check_one, edited_record
from datagen.review.filters import Filter, Progress, matches, progress
from datagen.review.items import Item, Material
from datagen.review.risk import Risk, queue
from datagen.review.store import Decision, Reviews, Verdict
from taxlaw.citations import find_citations
from taxqa.errors import TaxqaError
from taxqa.records import Document, QARecord, Record

REASONS = {
    "wrong_law": "법령·조문이 틀림",
    "wrong_figure": "금액·세율·기한이 틀림",
    "outdated": "개정 전 내용",
    "not_in_source": "원문에 없거나 원문과 다름",
    "incomplete": "요건·예외가 빠짐",
    "unclear": "질문이 모호하거나 답이 어긋남",
    "language": "문장이 어색하거나 오탈자",
    "duplicate": "비슷한 기록이 이미 있음",
    "other": "기타 (메모에 적어 주세요)",
}
"""Why a person rejects a record, in the order of the keys 1 to 9."""
VERDICT_NAMES = {"accept": "승인", "edit": "수정", "reject": "반려"}
CHECK_WRONG = "check_wrong"
DROPPED_REASONS = {**REASONS, CHECK_WRONG: "내용은 맞음: 검사가 틀렸음"}
"""Of a record that a check dropped a person may also say that the check is wrong (key 0)."""
SECOND_SHARE = 0.2
MOST_CITED = 6
"""Cited articles that are shown beside a record."""


class Refusal(TaxqaError):
    """A decision that cannot be taken; the page says why, in Korean."""

    def __init__(self, message: str, checks: tuple[Checked, ...] = ()) -> None:
        """Say why, and which checks objected."""
        super().__init__(message)
        self.checks = checks


class Desk:
    """A dataset on the table, and the reviews of it."""

    def __init__(
        self, material: Material, reviews: Reviews, second_share: float = SECOND_SHARE
    ) -> None:
        """Put the records in order, and lay the sources beside them."""
        self.material, self.reviews, self.second_share = material, reviews, second_share
        documents = material.corpus.documents
        self.sources = source_texts(documents)
        guide = guide_documents(guide_entries())
        self.documents = {each.id: each for each in (*guide, *documents)}
        self.shown = {**source_texts(guide), **self.sources}
        ordered = queue(material.items, self.shown)
        self.order = [item for item, _ in ordered]
        self.risks: dict[str, list[Risk]] = {item.digest: risks for item, risks in ordered}
        self.places = {item.digest: place for place, item in enumerate(self.order)}
        self.same_question: dict[str, list[Item]] = {}
        for item in self.order:
            if item.record and item.part != "dropped":
                key = question_key(item.record.question)
                self.same_question.setdefault(key, []).append(item)

    def item(self, digest: str) -> Item:
        """The item of a digest; Refusal where the dataset has none such."""
        if digest not in self.places:
            raise Refusal("이 데이터셋에 없는 기록입니다. 데이터셋이 바뀌었을 수 있습니다.")
        return self.order[self.places[digest]]

    def find(self, reviewer: str, wanted: Filter, digest: str, step: int) -> Item | None:
        """The item of `digest` (step 0), or the next (1) or previous (-1) that the filter takes.

        '' stands before the first. After the last comes the first again; None where the filter
        takes no other.
        """
        if digest and step == 0:
            return self.item(digest)
        place = self.places[self.item(digest).digest] if digest else -1
        decisions = self.reviews.current()
        around = (
            [*self.order[place + 1 :], *self.order[: max(place, 0)]]
            if step >= 0
            else [*self.order[:place][::-1], *self.order[place + 1 :][::-1]]
        )
        share = self.second_share
        for item in around:
            if matches(item, wanted, decisions, reviewer, share):
                return item
        return None

    def count(self, reviewer: str, wanted: Filter) -> int:
        """How many items a filter takes."""
        decisions, share = self.reviews.current(), self.second_share
        return sum(matches(item, wanted, decisions, reviewer, share) for item in self.order)

    def progress(self, reviewer: str) -> Progress:
        """How far the reviewer is."""
        current = self.reviews.current()
        return progress(self.order, current, self.reviews.all(), reviewer)

    def reviewers(self) -> list[str]:
        """Who has decided anything, by name."""
        return sorted({decision.reviewer for decision in self.reviews.all()})

    def source_of(self, record: Record) -> str:
        """The text that the checks compare a record with; '' where there is none."""
        return self.sources.get(record.document, "")

    def shown_source(self, record: Record) -> str:
        """The same, or the entry of the guide that ships, which the checks leave alone."""
        return self.shown.get(record.document, "")

    def shown_documents(self, record: Record) -> Iterator[Document]:
        """What a record rests on, then the articles that it cites, where the corpus has them."""
        names = [record.document]
        cited = find_citations(record.answer) + find_citations(record.question)
        names += [f"{each.citation.law} {each.citation.key}" for each in cited]
        known = [name for name in dict.fromkeys(names) if name in self.documents]
        yield from (self.documents[name] for name in known[:MOST_CITED])

    def check(self, item: Item, record: Record) -> list[Checked]:
        """What each check says of a record, which may be an edit of the item's."""
        others = self.others(item, record)
        return check_one(record, self.material.corpus.index, self.source_of(record), others)

    def others(self, item: Item, record: Record) -> Mapping[str, QARecord]:
        """Another record that answers the same question, under what the question asks."""
        key = question_key(record.question)
        current = self.reviews.current()
        for other in self.same_question.get(key, []):
            if other.digest != item.digest and other.digest not in current and other.record:
                return {key: other.record}
        for digest, given in current.items():
            if digest == item.digest or digest not in self.places:
                continue
            for decision in given.values():
                text = decided_record(self.item(digest), decision)
                if text and question_key(text.question) == key:
                    return {key: text}
        return {}

    def edited(self, item: Item, fields: Mapping[str, Any]) -> Record:
        """The item's record with other fields; Refusal where it has none."""
        if item.record is None:
            raise Refusal("형식이 맞지 않아 고칠 수 없는 기록입니다.")
        return edited_record(item.record, fields)

    def accept(self, reviewer: str, item: Item) -> None:
        """Keep that a record is right as it is; Refusal where a check objects."""
        if item.record is None:
            raise Refusal("형식이 맞지 않아 승인할 수 없는 기록입니다.")
        self.refuse_failing(item, item.record, "검사에 걸린 기록은 승인할 수 없습니다.")
        self.keep(reviewer, item, "accept")

    def edit(self, reviewer: str, item: Item, fields: Mapping[str, Any]) -> None:
        """Keep a record's new text; Refusal where nothing changed or a check objects."""
        record = self.edited(item, fields)
        if item.record and record.plain() == item.record.plain():
            raise Refusal("바뀐 것이 없습니다. 그대로 좋으면 승인(a)하세요.")
        self.refuse_failing(item, record, "검사에 걸려 저장하지 않았습니다. 초안은 남아 있습니다.")
        self.keep(reviewer, item, "edit", edited=record.plain().model_dump())

    def reject(self, reviewer: str, item: Item, reason: str, note: str) -> None:
        """Keep that a record may not be taught, and why."""
        if reason not in (DROPPED_REASONS if item.part == "dropped" else REASONS):
            raise Refusal("반려 사유를 골라 주세요.")
        if reason == "other" and not note:
            raise Refusal("기타 사유는 메모에 적어 주세요.")
        self.keep(reviewer, item, "reject", reason=reason, note=note)

    def refuse_failing(self, item: Item, record: Record, message: str) -> None:
        """Refusal with what the checks found, where they found anything."""
        failed = tuple(each for each in self.check(item, record) if each.finding)
        if failed:
            raise Refusal(message, failed)

    def keep(self, reviewer: str, item: Item, verdict: Verdict, **more: Any) -> None:
        """Write a decision to the disk."""
        self.reviews.decide(reviewer, item.id, item.digest, verdict, **more)

    def undo(self, reviewer: str) -> Decision | None:
        """Take back the reviewer's last decision on this dataset; None = there is none."""
        return self.reviews.undo(reviewer, self.places)


def decided_record(item: Item, decision: Decision) -> Record | None:
    """The record that a decision keeps; None for a rejection."""
    if decision.verdict == "reject" or item.record is None:
        return None
    return edited_record(item.record, decision.edited) if decision.edited else item.record
