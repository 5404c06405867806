"""A gift that the question states is computed again, and the answer's figures compared."""

import re

from datagen.checks.finding import Context, Finding
from datagen.checks.gift_question import gift_cases, is_unfiled
from datagen.checks.statements import lines_of, wrong, wrong_result
from taxlaw.amounts import format_amount
from taxlaw.gift import DEDUCTIONS, LAW, GiftResult, gift_tax
from taxqa.records import QARecord

TOTAL = re.compile(
    r"(?:총|최종)\s?(?:납부)?\s?(?:증여세액?|세액|세금)|증여세\s?(?:총액|합계)|결정세액"
    r"|납부(?:할|하실|하여야\s?할|해야\s?할|하게\s?될)?\s?(?:증여)?(?:세액|세금|금액|세)"
    r"|(?:내야\s?할|내야\s?하는|내는|낼|부담할)\s?(?:증여세|세금|세액)"
)
COMPUTED = re.compile(r"(?:증여세\s?)?산출\s?세액")
BASE = re.compile(r"과세\s?표준")
DEDUCTION = re.compile(
    r"(?<!출산 )(?<!혼인 )(?<!혼인)(?<!출산)증여\s?재산\s?공제액?|증여\s?공제액?"
)
PLAIN = re.compile(r"증여세액?")
NO_DEDUCTION = re.compile(
    r"공제(?:(?!공제|외|다른|추가|더\s|초과|받은|이력|내역|사용|되(?!지)|세[가는금])[^.\n,]){0,15}?"
    r"(?:없음|없습니다|없어요|없고|없으며|못 받|안 됩|되지 않|해당 없|아님|아닙니다|불가|:\s*0원)"
)
OTHER_DEDUCTION = re.compile(
    r"(?:세액|다른|기타|그 밖의?|추가|혼인|출산|배우자|인적|더)\s?(?:증여\s?재산)?\s?$"
)
HOW_MUCH = re.compile(r"얼마|계산|몇|나오|납부세액|산출세액|세금은|증여세(?:는|가)?\s*\??$")


def check_gift(record: QARecord, context: Context) -> Finding | None:
    """Tax, base and deduction of the gift that the question states; None if it states none."""
    results = [gift_tax(case) for case in gift_cases(record.question)]
    if not results:
        return None
    lines = lines_of(record.answer)
    wrong_tax = wrong(lines, COMPUTED, computed_taxes(results))
    if not is_unfiled(record.question):
        # With penalties the total depends on days that no question names.
        right, asked = totals(results), bool(HOW_MUCH.search(record.question))
        strong = wrong(lines, TOTAL, right)
        wrong_tax += strong or wrong_result(lines, PLAIN, right, asked=asked)
    wrong_base = wrong(lines, BASE, {result.tax_base for result in results})
    wrong_deduction = wrong(lines, DEDUCTION, deductions(results))
    wrong_deduction += denied_deduction(record.answer, results)
    found = "; ".join(dict.fromkeys([*wrong_tax, *wrong_base, *wrong_deduction]))
    if wrong_tax:
        return Finding("gift-tax-wrong", found, expected_text(results[0]))
    if wrong_base:
        return Finding("gift-base-wrong", found, expected_text(results[0]))
    if wrong_deduction:
        return Finding("gift-deduction-wrong", found, expected_text(results[0]))
    return None


def totals(results: list[GiftResult]) -> set[int]:
    """What may be called the tax: before and after surcharge and filing credit (KRW)."""
    found = set()
    for result in results:
        with_surcharge = result.computed_tax + result.generation_skip_surcharge
        found |= {result.computed_tax, with_surcharge, result.tax_due, result.total_payable}
    return found


def computed_taxes(results: list[GiftResult]) -> set[int]:
    """산출세액 with and without the surcharge for skipping a generation (KRW)."""
    return {result.computed_tax for result in results} | {
        result.computed_tax + result.generation_skip_surcharge for result in results
    }


def deductions(results: list[GiftResult]) -> set[int]:
    """Each deduction and their sum; a limit larger than the gift may be named as well (KRW)."""
    found = {result.deduction for result in results}
    for result in results:
        found |= {step.amount for step in result.steps if "공제" in step.label}
        found |= {
            limit for limit, article, _ in DEDUCTIONS.values() if result_rests_on(result, article)
        }
    return found


def result_rests_on(result: GiftResult, article: str) -> bool:
    """Whether a step of the result cites that article of the act."""
    return f"{LAW} {article}" in result.citations


def denied_deduction(answer: str, results: list[GiftResult]) -> list[str]:
    """Statements that nothing is deducted, where something is."""
    if any(result.deduction == 0 for result in results):
        return []
    return [
        match[0].strip()
        for match in NO_DEDUCTION.finditer(answer)
        if not OTHER_DEDUCTION.search(answer[max(match.start() - 8, 0) : match.start()])
    ]


def expected_text(result: GiftResult) -> str:
    """'산출세액 6억 2,000만원 (기한 내 신고하면 6억 140만원): 20억원 − 5,000만원 공제(…)'."""
    tax = f"산출세액 {format_amount(result.computed_tax)}"
    if result.generation_skip_surcharge:
        tax += f" + 세대생략 할증 {format_amount(result.generation_skip_surcharge)}"
    deducted = [step for step in result.steps if "증여재산공제" in step.label]
    parts = "".join(f" − {format_amount(step.amount)} 공제({step.citation})" for step in deducted)
    return (
        f"{tax} (기한 내 신고하면 {format_amount(result.tax_due)}): "
        f"{format_amount(result.taxable_value)}{parts} = 과세표준 {format_amount(result.tax_base)}"
    )
