"""One question, one answer: a record that repeats or contradicts an earlier one."""

import re

from datagen.checks.finding import Context, Finding, shortened
from datagen.distinctions import normalised, stems, telling
from taxlaw.amounts import find_amounts
from taxqa.records import QARecord, Record

PUNCTUATION = re.compile(r"(?<!\d)\W+|\W+(?!\d)")
ASKING = re.compile(
    r"(?:이?(?:얼마|무엇|뭐|몇)?(?:인가요|입니까|일까요|이에요|예요|인지요?|죠|인가|이죠)"
    r"|(?:되|하|나오|있|내|받)(?:나요|습니까|니까|는지요?|ㄹ까요)|나요|까요|알려주세요|알려줘|계산해주세요"
    r"|궁금합니다|궁금해요|가르쳐주세요|설명해주세요|얼마|은요|는요)+$"
)
"""How a question ends, without blanks; the same is asked whichever it is."""
SHORT = {
    "부가가치세": "부가세",
    "종합소득세": "종소세",
    "양도소득세": "양도세",
    "종합부동산세": "종부세",
}
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?(?:%|퍼센트)")


def check_duplicate(record: QARecord, context: Context) -> Finding | None:
    """One question has one answer; the first record that was kept stands."""
    key, near = question_key(record.question), near_key(record.question)
    alike = context.answers.get(key)
    nearly_same = context.near_answers.get(near)
    finding = conflict(record, alike) if alike else None
    if finding is None and nearly_same:
        finding = conflict(record, nearly_same) or near_duplicate(record, nearly_same)
    if finding is None:
        context.answers.setdefault(key, record)
        context.near_answers.setdefault(near, record)
    return finding


def conflict(record: QARecord, earlier: QARecord) -> Finding | None:
    """What is wrong with a second answer to what is asked in the same or nearly the same words."""
    same_words = squashed(earlier.question) == squashed(record.question)
    if same_words and squashed(earlier.answer) == squashed(record.answer):
        return Finding("duplicate", shortened(record.question), "each question once")
    mine, first = (figures(each) for each in (record, earlier))
    if mine and first and not mine & first:
        return Finding(
            "contradiction",
            f"{', '.join(sorted(mine))}: {shortened(record.answer)}",
            f"{', '.join(sorted(first))}, as answered before: {shortened(earlier.answer)}",
        )
    if not same_words:
        return None
    return Finding(
        "two-answers",
        shortened(record.answer),
        f"the answer given before: {shortened(earlier.answer)}",
    )


def near_duplicate(record: QARecord, earlier: QARecord) -> Finding | None:
    """A question that differs in particles or fillers alone, unless both are one case's."""
    if may_both_stand(record, earlier):
        return None
    return Finding(
        "near-duplicate",
        shortened(record.question),
        f"each question once; asked before: {shortened(earlier.question)}",
    )


def may_both_stand(record: QARecord, earlier: QARecord) -> bool:
    """Whether two records are phrasings of one case: they share its document and its answer."""
    return (
        isinstance(record, Record)
        and isinstance(earlier, Record)
        and record.document == earlier.document
        and squashed(record.answer) == squashed(earlier.answer)
    )


def question_key(question: str) -> str:
    """What a question asks, without blanks, punctuation and its polite ending."""
    key = squashed(question)
    for long, short in SHORT.items():
        key = key.replace(long, short)
    return ASKING.sub("", key) or key


def near_key(question: str) -> str:
    """The words of a question without particles and fillers, and its figures."""
    return "\0".join((stems(question), *telling(normalised(question))))


def figures(record: QARecord) -> frozenset[str]:
    """The amounts and percentages of an answer that its question does not state."""
    return figures_in(record.answer) - figures_in(record.question)


def figures_in(text: str) -> frozenset[str]:
    """Amounts (KRW) and percentages of a text: '50,000,000원', '3%'."""
    amounts = {f"{each.value:,}원" for each in find_amounts(text)}
    return frozenset(amounts | {f"{float(each):g}%" for each in PERCENT.findall(text)})


def squashed(text: str) -> str:
    """`text` without blanks and punctuation, but for what stands between digits (1.5억)."""
    return PUNCTUATION.sub("", text).casefold()
