"""Worked incomes: the tax on a 과세표준, and the 근로소득공제 of a salary."""

import random
from collections.abc import Iterator

from datagen.checks.income import YEAR
from datagen.example import Example
from datagen.phrasings import (
    SALARIES,
    SALARY,
    TAX_BASE,
    TAX_BASES,
    Phrasing,
    chosen,
    written_amounts,
)
from taxlaw.amounts import format_amount
from taxlaw.income import Income, income_tax
from taxlaw.rates import MAN
from taxlaw.steps import Step

PHRASINGS = 6


def income_examples(seed: int) -> Iterator[Example]:
    """Every base and every salary, each asked in several ways with one answer."""
    for tens_of_thousands in TAX_BASES:
        base = tens_of_thousands * MAN
        answer, amount = tax_answer(base)
        yield from asked(f"income:base:{base}", base, TAX_BASE, answer, amount, seed)
    for tens_of_thousands in SALARIES:
        salary = tens_of_thousands * MAN
        answer, amount = deduction_answer(salary)
        yield from asked(f"income:salary:{salary}", salary, SALARY, answer, amount, seed)


def asked(
    document: str, stated: int, phrasings: tuple[Phrasing, ...], answer: str, amount: int, seed: int
) -> Iterator[Example]:
    """The phrasings of one case in which `stated` KRW are named."""
    order = random.Random(f"{seed}:{document}")
    for asker, phrasing in chosen(phrasings, PHRASINGS, order):
        question = phrasing.format(amount=order.choice(written_amounts(stated)))
        yield Example(document, question, answer, asker, "practical", amount)


def tax_answer(base: int) -> tuple[str, int]:
    """(answer, 산출세액) for a 과세표준 of `base` KRW."""
    result = income_tax(Income(year=YEAR, tax_base=base))
    step = step_named("산출세액", result.steps)
    tax, local = format_amount(result.computed_tax), format_amount(result.local_income_tax)
    answer = (
        f"종합소득 과세표준 {format_amount(base)}의 산출세액은 {tax}입니다."
        f" {step.formula} = {tax}으로 계산합니다({step.citation})."
        f" 여기에 개인지방소득세 {local}이 따로 붙습니다(지방세법 제92조제1항)."
        " 낼 세금은 산출세액에서 세액공제와 미리 낸 세금을 뺀 금액입니다(소득세법 제76조)."
    )
    return answer, result.computed_tax


def deduction_answer(salary: int) -> tuple[str, int]:
    """(answer, 근로소득공제) for a year's salary of `salary` KRW."""
    result = income_tax(Income(year=YEAR, gross_salary=salary))
    step = step_named("근로소득공제", result.steps)
    deduction = format_amount(step.amount)
    answer = (
        f"총급여 {format_amount(salary)}의 근로소득공제는 {deduction}입니다."
        f" {step.formula} = {deduction}으로 계산합니다({step.citation})."
        f" 근로소득금액은 {format_amount(salary)} - {deduction} ="
        f" {format_amount(salary - step.amount)}입니다(소득세법 제20조제2항)."
    )
    return answer, step.amount


def step_named(label: str, steps: tuple[Step, ...]) -> Step:
    """The step of that label."""
    return next(step for step in steps if step.label == label)
