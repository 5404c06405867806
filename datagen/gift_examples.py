"""Worked gifts: the same case asked in several ways, answered from the calculator."""

import random
from collections.abc import Iterator

from datagen.checks.gift_question import DAY
from datagen.example import Example
from datagen.particles import with_particle
from datagen.phrasings import RELATIONS, Relation, chosen, written_amounts
from taxlaw.amounts import format_amount
from taxlaw.gift import LAW, Gift, GiftResult, gift_tax
from taxlaw.rates import EOK, MAN
from taxlaw.steps import Step

PHRASINGS = 6
ASSUMED = "받는 사람이 거주자이고 10년 안의 다른 증여가 없는 경우입니다."
PARENT_LIVES = "받는 사람이 거주자이고 부모가 살아 있으며 10년 안의 다른 증여가 없는 경우입니다."
"""Where the parent between them has died nothing is added (제57조제1항 단서)."""
SHORT_LAW = "같은 법"
MORE_THAN_ANY_LIMIT = 100 * EOK


def gift_examples(seed: int) -> Iterator[Example]:
    """Every relation and amount, each asked in several ways with one answer."""
    for relation in RELATIONS:
        for tens_of_thousands in relation.amounts:
            yield from case_examples(relation, tens_of_thousands * MAN, seed)


def case_examples(relation: Relation, amount: int, seed: int) -> Iterator[Example]:
    """The phrasings of one gift of `amount` KRW."""
    document = f"gift:{relation.key}:{amount}"
    order = random.Random(f"{seed}:{document}")
    result = gift_tax(gift_of(relation, amount))
    answer = gift_answer(relation, amount, result, listed=order.random() < 0.5)
    for asker, phrasing in chosen(relation.phrasings, PHRASINGS, order):
        question = phrasing.format(
            giver=order.choice(relation.givers),
            receiver=order.choice(relation.receivers) if relation.receivers else "",
            formal=relation.formal,
            amount=order.choice(written_amounts(amount)),
        )
        yield Example(document, question, answer, asker, "practical", result.tax_due)


def gift_of(relation: Relation, amount: int) -> Gift:
    """A gift of `amount` KRW in that relation."""
    return Gift(
        amount=amount,
        donor=relation.donor,
        recipient=relation.recipient,
        day=DAY,
        marriage_date=DAY if relation.married else None,
    )


def gift_answer(relation: Relation, amount: int, result: GiftResult, *, listed: bool) -> str:
    """The tax first, then each step with its article, as a list or as sentences."""
    assumed = PARENT_LIVES if relation.donor == "grandparent" else ASSUMED
    first = (
        f"{relation.told} {format_amount(amount)}을 증여받고 기한 안에 신고하면"
        f" 낼 증여세는 {format_amount(result.tax_due)}입니다."
    )
    if result.tax_base == 0:
        return f"{first} {untaxed_text(relation, amount, result)} {assumed}"
    if listed:
        return "\n".join([first, *(f"- {line}" for line in step_lines(result)), assumed])
    return f"{first} {sentences(amount, result)} {assumed}"


def untaxed_text(relation: Relation, amount: int, result: GiftResult) -> str:
    """Why nothing is to be paid: the limit of the deduction, with its articles."""
    limit = gift_tax(gift_of(relation, MORE_THAN_ANY_LIMIT)).deduction
    deducted = deduction_steps(result)
    names = with_particle("와 ".join(plain_label(step) for step in deducted), "을")
    articles = ", ".join(step.citation for step in deducted)
    return (
        f"{names} {format_amount(limit)}까지 받을 수 있어서({articles}) 과세표준은"
        f" {format_amount(amount)} - {format_amount(result.deduction)} = 0원입니다."
    )


def deduction_steps(result: GiftResult) -> list[Step]:
    """The steps that take something off the gift."""
    return [step for step in result.steps if "증여재산공제" in step.label]


def plain_label(step: Step) -> str:
    """'증여재산공제(직계존속)' -> '증여재산공제'."""
    return step.label.partition("(")[0]


def step_lines(result: GiftResult) -> list[str]:
    """One line a step, from the deduction to the tax to be paid."""
    lines = [] if deduction_steps(result) else [f"증여재산공제: 없음 ({LAW} 제53조)"]
    for step in result.steps:
        if "증여재산가액" in step.label:
            continue
        amount = format_amount(step.amount)
        simple = step.formula == amount or "(" in step.formula
        how = amount if simple else f"{step.formula} = {amount}"
        lines.append(f"{plain_label(step)}: {how} ({', '.join(short_citations(step))})")
    first, *rest = lines
    return [first, *(line.replace(LAW, SHORT_LAW) for line in rest)]


def short_citations(step: Step) -> list[str]:
    """The articles of the act that a step rests on; the decree's are left out for brevity."""
    within = [each for each in step.citations if each.startswith(f"{LAW} 제")]
    return [within[0], *(each.removeprefix(f"{LAW} ") for each in within[1:])]


def sentences(amount: int, result: GiftResult) -> str:
    """The steps in three or four sentences."""
    steps = {plain_label(step): step for step in result.steps}
    tax = steps["산출세액"]
    law = ", ".join(short_citations(tax)).replace(LAW, SHORT_LAW)
    text = (
        f"{deduction_sentence(amount, result)} 산출세액은 {tax.formula} ="
        f" {format_amount(tax.amount)}입니다({law})."
    )
    base = tax.amount
    surcharge = steps.get("세대생략 할증과세액")
    if surcharge:
        base += surcharge.amount
        text += (
            f" 세대를 건너뛴 증여라서 {surcharge.formula} = {format_amount(surcharge.amount)}을"
            f" 더합니다({SHORT_LAW} 제57조제1항)."
        )
    return (
        f"{text} 기한 안에 신고하면 신고세액공제 {format_amount(base)} × 3% ="
        f" {format_amount(result.filing_credit)}을 뺍니다({SHORT_LAW} 제69조제2항)."
    )


def deduction_sentence(amount: int, result: GiftResult) -> str:
    """What is deducted and what remains."""
    base = format_amount(result.tax_base)
    deducted = deduction_steps(result)
    if not deducted:
        return f"증여재산공제가 없어 과세표준은 {base}입니다({LAW} 제53조)."
    names = "과 ".join(
        f"{plain_label(step)} {format_amount(step.amount)}({step.citation})" for step in deducted
    )
    parts = " - ".join(format_amount(step.amount) for step in deducted)
    first, mark, rest = names.partition(LAW)
    names = first + mark + rest.replace(LAW, SHORT_LAW)
    return f"{names}을 빼면 과세표준은 {format_amount(amount)} - {parts} = {base}입니다."
