"""Findings as a Korean reader reads them: names of checks and reasons, words of found and expected.

Files and `--json` keep the ids and the English; the pages show this.
"""

import re
from collections.abc import Mapping
from functools import cache

CHECK_NAMES = {
    "format": "형식",
    "language": "한국어",
    "mixed-language": "섞인 언어",
    "length": "길이",
    "leftovers": "지시문 찌꺼기",
    "broken-off": "끊긴 문장",
    "gift": "증여세 재계산",
    "income": "소득세 재계산",
    "base-taxes": "과세표준별 세액",
    "inheritance": "상속세 재계산",
    "vat": "부가가치세 재계산",
    "transfer": "양도소득세 재계산",
    "brackets": "세율 구간",
    "facts": "세율·공제·한도",
    "deadlines": "기한",
    "arithmetic": "계산식",
    "worded-sums": "말로 쓴 계산",
    "citations": "인용 조문",
    "topics": "조문의 내용",
    "cases": "판례 번호",
    "quotes": "인용문",
    "source-cases": "원문의 판례",
    "source-figures": "원문의 수치",
    "evaluation": "평가 문제",
    "duplicates": "중복·모순",
    "amount": "정답 금액",
}
REASON_NAMES = {
    "format": "형식이 맞지 않음",
    "length": "너무 짧거나 긺",
    "language": "한국어가 아닌 글",
    "leftover": "지시문·서식 찌꺼기",
    "broken-off": "문장이 끊김",
    "duplicate": "똑같은 기록",
    "two-answers": "한 질문에 두 답",
    "contradiction": "앞의 답과 모순",
    "near-duplicate": "거의 같은 질문",
    "in_evaluation": "평가 문제와 겹침",
    "gift-tax-wrong": "증여세가 틀림",
    "gift-base-wrong": "증여세 과세표준이 틀림",
    "gift-deduction-wrong": "증여재산공제가 틀림",
    "inheritance-tax-wrong": "상속세가 틀림",
    "income-tax-wrong": "소득세가 틀림",
    "income-deduction-wrong": "근로소득공제가 틀림",
    "corporate-tax-wrong": "법인세가 틀림",
    "holding-tax-wrong": "종합부동산세가 틀림",
    "transfer-tax-wrong": "양도소득세가 틀림",
    "transfer-deduction-wrong": "장기보유특별공제가 틀림",
    "vat-wrong": "부가가치세가 틀림",
    "arithmetic": "계산이 맞지 않음",
    "bracket-wrong": "세율 구간이 틀림",
    "fact-wrong": "세율·공제·한도가 틀림",
    "deadline-wrong": "기한이 틀림",
    "no-such-act": "없는 법령",
    "no-such-article": "없는 조문",
    "wrong-article": "다른 내용의 조문",
    "case-number": "있을 수 없는 사건번호",
    "quote-altered": "원문과 다른 인용문",
    "figure-not-in-source": "원문에 없는 수치",
    "case-not-in-source": "원문에 없는 판례",
    # A teacher's reply, before the checks (datagen/asking).
    "quote-missing": "인용문이 없음",
    "citation-form": "조문이 아닌 인용",
    "citation-not-in-passage": "원문이 말하지 않는 조문",
    "not-asked-for": "청하지 않은 항목",
    # `taxqa check --judge`.
    "judge-contradicts-source": "심사 모델: 원문과 다름",
    "judge-not-in-source": "심사 모델: 원문에 없음",
    "judge-does-not-answer": "심사 모델: 질문에 답하지 않음",
    "judge-misleading": "심사 모델: 오해를 부름",
    # `taxqa review`.
    "amount-missing": "정답 금액이 없음",
    "rejected_by_reviewer": "검토자가 반려함",
    "reviewers_disagree": "검토자의 의견이 갈림",
}
"""Reason -> its name; a heading of docs/checks.md has both."""

FIELDS = {"question": "질문", "answer": "답변", "type": "type", "source": "source"}
FOUND = {
    "no field '{}'": "‘{}’ 필드가 없음",
    "unknown field '{}'": "모르는 필드 ‘{}’",
    "{field} is empty": "{field}: 비어 있음",
    "{field} with half a character (surrogate)": "{field}: 반쪽짜리 글자 (surrogate)",
    "{field} of {} characters": "{field} {}자",
    "{field}: {}": "{field}: {}",
    "no quotation": "인용문 없음",
    "item {}": "{}번째 항목",
    "an answer without it": "이 금액이 없는 답변",
}
"""What a finding's `found` says in English, and in Korean; what is not here is text of the record.

{field} is a field's name, {} is anything.
"""
EXPECTED = {
    "an object with the fields {}": "필드 {}(으)로 된 객체",
    "the fields {}": "필드 {}",
    "only the fields {}": "필드 {}뿐",
    "{field} as text": "{field}: 문자열",
    "{field} with text in it": "{field}: 내용이 있는 글",
    "text in Unicode": "온전한 유니코드 글자",
    "{} to {} characters": "{}자 이상 {}자 이하",
    "Korean": "한국어",
    "Korean for '{}'": "‘{}’의 우리말",
    "text in Korean letters": "한글로 쓴 글",
    "text without a language model's words about itself": "언어 모델이 자기를 말하지 않는 글",
    "text without the frame of a prompt": "지시문의 틀이 없는 글",
    "text without markup": "마크업이 없는 글",
    "text without JSON": "JSON이 없는 글",
    "text without a placeholder": "채우지 않은 빈칸이 없는 글",
    "an answer that is complete": "끝까지 쓴 답변",
    "each question once": "같은 질문은 한 번만",
    "each question once; asked before: {}": "같은 질문은 한 번만. 앞의 질문: {}",
    "the answer given before: {}": "앞의 답변: {}",
    "{}, as answered before: {}": "{}. 앞의 답변: {}",
    "no question of the evaluation set, which asks: {}": "평가 문제에 없는 질문. 평가 문제: {}",
    "no division by zero": "0으로 나누지 않는 식",
    "= a number of more than 40 digits": "= 40자리가 넘는 수",
    "an act that exists": "실제로 있는 법령",
    "{} has no {}; it has {}.": "{}에 {} 없음. 있는 것: {}",
    "{} has no {}; its last article is {}.": "{}에 {} 없음. 마지막 조는 {}",
    "{} has no {} of its own; no items.": "{}에 {} 없음. 호가 없음",
    "{} has no {} of its own; its items are in paragraphs; did you mean {}?": (
        "{}에 {} 없음. 호는 항 안에 있음. 혹시 {}?"
    ),
    "{} has no numbered 항; did you mean {}?": "{}에는 번호가 붙은 항이 없음. 혹시 {}?",
    "{} has no items (호).": "{}에는 호가 없음",
    "{} has no subitems (목).": "{}에는 목이 없음",
    "{} has {}.": "{}에 있는 것: {}",
    "{} is deleted (삭제).": "{}: 삭제됨",
    "{} is deleted (삭제). There is {}.": "{}: 삭제됨. 있는 것: {}",
    "a day of the calendar": "달력에 있는 날짜",
    "a day between {} and today": "{}년과 오늘 사이의 날짜",
    "a case number of the Supreme Court, as 2020두12345": "2020두12345 같은 대법원 사건번호",
    "a case number of {}; 두 is the Supreme Court's": "{} 사건번호 (‘두’는 대법원의 것)",
    "a case number of the years {} to {}": "{}년부터 {}년까지의 사건번호",
    "words that stand in the document": "문서에 그대로 있는 말",
    "no case: the document names none": "문서에는 판례가 없음",
    "a figure of the document or the question, or a step that leads to it": (
        "문서나 질문에 있는 수치, 또는 그것이 나오는 계산 과정"
    ),
    "a sentence of the passage, word for word": "원문의 문장 그대로",
    "words that stand in the passage": "원문에 그대로 있는 말",
    "such as '{}'": "‘{}’ 같은 것",
    "no article": "조문 없음",
    "at most {} items": "{}개 이하",
    "{} KRW, as computed": "계산한 금액 {}원",
    "a record that a reviewer accepts": "검토자가 승인하는 기록",
    "one decision": "하나의 결정",
}
"""The same of `expected`."""
INSIDE = (
    (re.compile(r"(제\S+|.목) to (제\S+|.목) \((\d+)\)"), r"\1~\2 (\3개)"),
    (re.compile(r"(제\S+) or (?=제)"), r"\1 또는 "),
)
"""What stands inside a {}: lists of articles and of their parts."""


def check_name(check: str) -> str:
    """A check's Korean name."""
    return CHECK_NAMES.get(check, check)


def reason_name(reason: str) -> str:
    """A reason's Korean name; one that another program gave stays as it is."""
    return REASON_NAMES.get(reason, reason)


def found_text(found: str) -> str:
    """What was found, its English words in Korean; text of the record stays as it is."""
    return translated(found, FOUND)


def expected_text(expected: str) -> str:
    """What was expected, its English words in Korean; figures and articles stay as they are."""
    return translated(expected, EXPECTED)


def translated(text: str, phrases: Mapping[str, str]) -> str:
    """The Korean of the phrase that `text` is; `text` itself where it is none of them.

    Of phrases that fit, the one with the most words of its own counts.
    """
    for phrase in sorted(phrases, key=len, reverse=True):
        match = pattern_of(phrase).fullmatch(text)
        if match:
            parts = [inside(part) for part in match.groups()]
            field = FIELDS.get(match.groupdict().get("field", ""), "")
            rest = parts[1:] if field else parts
            return phrases[phrase].format(*rest, field=field)
    return text


@cache
def pattern_of(phrase: str) -> re.Pattern[str]:
    """A phrase as a pattern with a group for each of its places."""
    escaped = re.escape(phrase).replace(r"\{field\}", f"(?P<field>{'|'.join(FIELDS)})")
    return re.compile(escaped.replace(r"\{\}", "(.+?)"), re.DOTALL)


def inside(part: str) -> str:
    """A part of a phrase, its lists in Korean."""
    for pattern, korean in INSIDE:
        part = pattern.sub(korean, part)
    return part


FINDING_FILTERS = {
    "check_name": check_name,
    "reason_name": reason_name,
    "found_text": found_text,
    "expected_text": expected_text,
}
"""The same for the templates of the pages."""
