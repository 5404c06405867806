"""What an answer states: amounts that stand behind a label, such as '산출세액: 6억 2,000만원'."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from taxlaw.amounts import AmountMention, find_amounts

GAP = (
    r"(?:\s|[|:：*=~→>(\[]|은|는|이|가|을|를|의|도|로는|로|약|총|모두|합계|대략|예상|금액|액|계산|결과"
    r"|\((?:[가-힣 ·ㆍ]{1,12}|\d%)\))*+"
)
OPERATOR = re.compile(r"\s*(?:[×*÷/+＋\-−–—－]|[xX](?![A-Za-z]))\s*\(?\s*\d")
NOT_A_RESULT = re.compile(
    r"\s*(?:\)?(?:을|를|이|가)?\s*"
    r"(?:이하|초과|까지|미만|이상|부터|넘|에서|에 대|에 해당|한도|의\s|짜리|구간|중)|[~∼])"
)
SUPPOSED = re.compile(
    r"만약|만일|예를 들|예시|반면|참고|비교|그러나|다만|다르|라고 가정|받았다면|였다면"
    r"|미성년자?(?:녀)?(?:이?라면|인 경우|의 경우|는|이면|일 때)"
)
SENTENCE_END = re.compile(r"\n|(?<=[가-힣)])\.(?:\s+|$)|;")
CLOSING = re.compile(
    r"[*\s]*(?:$|[.)|]|입니다|이에요|예요|이며|이고|이 |을 (?:내|납부)|정도|가량|쯤"
    r"|으로 계산|이 됩)"
)
PAID = re.compile(
    r"[*\s]*(?:의|을|를|이|가|정도|가량|쯤|정도의|가량의)*+\s*(?:증여세|소득세|세금|세액)?(?:를|을|가|이|은|는)?\s*"
    r"(?:납부|내(?:야|셔|시면|게|면)|냅니다|나옵|나와|나올|부과|부담|발생|입니다|이에요|예요)"
)
LABEL_AFTER = r"(?:원)?(?:이|가)\s(?:[가-힣]{2,6}\s){0,1}?"
"""Between a result and the name that is given to it: '1,584만원이 산출세액이고'."""
NAMED_SO = re.compile(r"\s?(?:$|[.,(]|입니다|이에요|이고|이며|이 되|이 됩|으로|인데)")
EQUALS = re.compile(r"[=＝]\s*(?:약\s*)?$")


ABOUT = re.compile(r"(?:약|대략|어림)\s*$")
OR_SO = re.compile(r"\s*(?:정도|가량|안팎|내외|쯤|남짓|여\s?원)")
APPROXIMATION = 0.03
TOLERANCE = 10
"""KRW; what is below ten won is dropped when a tax is paid (국고금 관리법 제47조)."""


@dataclass(frozen=True)
class Statement:
    """A label and the amounts that may be meant as its value; one of them has to be right."""

    label: str
    text: str
    """As the answer shows it: '총 증여세 9,000만원'."""
    values: tuple[int, ...]
    """KRW."""
    about: bool = False
    """It is stated as approximate: '약 6억원'."""
    ends_clause: bool = False
    """Nothing more is said of the amount: '증여세는 9,000만원입니다.'"""

    def is_right(self, right: Iterable[int]) -> bool:
        """Whether one of its values is one of the right ones, to ten won."""
        return any(
            abs(value - each) < max(TOLERANCE, each * APPROXIMATION if self.about else 0)
            for value in self.values
            for each in right
        )


@dataclass(frozen=True)
class Line:
    """A line or sentence of an answer with its amounts."""

    text: str
    amounts: list[AmountMention]


def lines_of(answer: str) -> list[Line]:
    """The lines and sentences of an answer that speak of the case itself.

    One that supposes another case ('만약 …이라면') states nothing about this one.
    """
    parts = (part for part in SENTENCE_END.split(answer) if not SUPPOSED.search(part))
    return [Line(part, find_amounts(part)) for part in parts]


def statements(lines: Iterable[Line], labels: re.Pattern[str]) -> list[Statement]:
    """Every amount with one of the labels in front of it."""
    return [
        each for line in lines if labels.search(line.text) for each in line_statements(line, labels)
    ]


def line_statements(line: Line, labels: re.Pattern[str]) -> Iterator[Statement]:
    """The statements of one line.

    In '산출세액: 19억 × 40% - 1억 = 6억' the value is what stands after the last '='; in
    '과세표준 19억 × 40% = …' it may be the first amount as well.
    """
    end = 0
    yield from labelled_after(line, labels)
    for position, amount in enumerate(line.amounts):
        label = last_label(line.text[end : amount.start], labels)
        end = amount.end
        if not label or NOT_A_RESULT.match(line.text, amount.end):
            continue
        shown: AmountMention | None = amount
        if OPERATOR.match(line.text, amount.end):
            shown = last_result(line.text, line.amounts[position + 1 :])
        if shown:
            yield statement(line.text, label, amount, shown)


def labelled_after(line: Line, labels: re.Pattern[str]) -> Iterator[Statement]:
    """The amounts of a line that a label follows: '1,584만원이 산출세액이고'."""
    for amount in line.amounts:
        for match in labels.finditer(line.text, amount.end, amount.end + 24):
            between = line.text[amount.end : match.start()]
            if re.fullmatch(LABEL_AFTER, between) and NAMED_SO.match(line.text, match.end()):
                yield statement(line.text, " ".join(match[0].split()), amount, amount)


def statement(line: str, label: str, first: AmountMention, shown: AmountMention) -> Statement:
    """The statement of a label with the amount after it and the one it comes to."""
    return Statement(
        label=label,
        text=f"{label} {line[first.start : shown.end]}".strip(),
        values=(first.value, shown.value),
        about=bool(ABOUT.search(line[: shown.start]) or OR_SO.match(line, shown.end)),
        ends_clause=bool(CLOSING.match(line, shown.end)),
    )


def unlabelled(lines: Iterable[Line]) -> list[Statement]:
    """Amounts that are said to be paid without a name: '9,000만원을 내야 합니다'."""
    return [
        statement(line.text, "", amount, amount)
        for line in lines
        for amount in line.amounts
        if PAID.match(line.text, amount.end)
    ]


def wrong(lines: Iterable[Line], labels: re.Pattern[str], right: set[int]) -> list[str]:
    """The statements under `labels` of which no value is among the right ones (KRW)."""
    return [each.text for each in statements(lines, labels) if not each.is_right(right)]


def wrong_result(
    lines: Sequence[Line], label: re.Pattern[str], right: set[int], *, asked: bool
) -> list[str]:
    """A wrong result under a name that stands at many amounts ('증여세'), or under none.

    It counts only where the right figure is not given at all; without a name, only where the
    question `asked` for an amount.
    """
    if any(
        abs(amount.value - each) < TOLERANCE
        for line in lines
        for amount in line.amounts
        for each in right
    ):
        return []
    found = [each for each in statements(lines, label) if each.ends_clause]
    if not found and asked:
        found = unlabelled(lines)[:1]
    return [] if any(each.is_right(right) for each in found) else [each.text for each in found]


def last_label(before: str, labels: re.Pattern[str]) -> str:
    """The label that ends `before`, but for particles and colons; '' without one."""
    for match in reversed(list(labels.finditer(before))):
        if re.fullmatch(GAP, before[match.end() :]):
            return " ".join(match[0].split())
    return ""


def last_result(line: str, amounts: list[AmountMention]) -> AmountMention | None:
    """The amount after the last '=' of a line; None where no amount stands there."""
    for amount in reversed(amounts):
        if EQUALS.search(line[: amount.start]):
            return amount
    return None
