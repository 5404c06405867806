"""양도소득세 of a resident on one property in Korea: houses, land, buildings, rights to them."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import ClassVar, Final, Literal

from taxlaw.amounts import format_amount
from taxlaw.due_dates import after_days_off, end_of_month
from taxlaw.rates import EOK, INCOME, LAW_AS_OF, MAN, RateTable
from taxlaw.steps import OutOfScopeError, Result, Steps, korean_date, percent
from taxqa.errors import InputError

LAW: Final = "소득세법"
FIRST_DAY: Final = date(2023, 1, 1)
TRUCE_UNTIL: Final = date(2026, 5, 9)
"""시행령 제167조의3, 제167조의10: no surcharge on houses held two years and sold until then."""
BASIC_DEDUCTION: Final = 250 * MAN
HIGH_VALUE: Final = 12 * EOK
"""제89조제1항제3호: a house above this price is exempt in part alone."""

Asset = Literal["house", "land_or_building", "non_business_land", "presale_right", "other_right"]
"""주택; other 토지ㆍ건물; 비사업용 토지; 분양권; 지상권, 전세권, 등기된 임차권."""
Surcharge = Literal["none", "two_houses", "three_houses"]
"""제104조제7항: 제1호ㆍ제2호, or 제3호ㆍ제4호."""
SURCHARGES: Final[dict[Surcharge, Fraction]] = {
    "none": Fraction(0),
    "two_houses": Fraction(20, 100),
    "three_houses": Fraction(30, 100),
}


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One sale, the only one of its year; who owns a share computes the share."""

    asset: Asset
    price: int
    """양도가액 (KRW)."""
    cost: int
    """취득가액, the actual price (KRW)."""
    expenses: int = 0
    """자본적지출액 and 양도비 (KRW)."""
    acquired: date
    """취득일: as a rule the day the price was paid; of an inheritance, the day of death."""
    sold: date
    """양도일: the day the price was paid, or of registration where that was earlier."""
    inherited_from: date | None = None
    """Day the deceased acquired it, which the rates count from (제104조제2항제1호)."""
    one_house: bool = False
    """The household's only house in Korea on the day of sale, or one the law counts as such."""
    residence_years: int | None = None
    """Whole years lived in it, of an only house."""
    regulated_when_acquired: bool | None = None
    """It lay in a 조정대상지역 when an only house was acquired."""
    surcharge: Surcharge | None = None
    """Whether 제104조제7항 applies to a house that is not the only one."""
    unregistered: bool = False
    """미등기양도자산."""


@dataclass(frozen=True, kw_only=True)
class TransferResult(Result):
    """양도소득세 and its 개인지방소득세 in KRW."""

    TAX: ClassVar[str] = "양도소득세"
    DUE: ClassVar[str] = "예정신고ㆍ납부기한"

    gain: int
    """양도차익; of a house above 12억원, the part that is taxed."""
    long_term_deduction: int
    """장기보유 특별공제액."""
    tax_base: int
    computed_tax: int
    local_income_tax: int
    total: int
    due: date
    """Last day of the 예정신고."""


@dataclass(frozen=True)
class Rate:
    """One rate that may apply: the table, and the paragraph that names it."""

    table: RateTable
    citation: str


def transfer_tax(case: Transfer) -> TransferResult:
    """The tax on one sale, step by step.

    Raises:
        InputError: the law asks for a fact that is not given, or facts contradict each other.
        OutOfScopeError: the sale was before 2023, or a period hangs on a single day.
    """
    check_transfer(case)
    steps = Steps()
    years = held_years(case.acquired, case.sold)
    costs = f"{format_amount(case.price)} - {format_amount(case.cost)}"
    costs += f" - {format_amount(case.expenses)}" if case.expenses else ""
    whole = case.price - case.cost - case.expenses
    whole = steps.add("양도차익", costs, whole, f"{LAW} 제95조제1항", f"{LAW} 제97조제1항")
    gain = taxed_gain(steps, case, years, whole)
    deduction = long_term_deduction(steps, case, years, whole, gain)
    base = tax_base(steps, case, gain, deduction)
    tax, local = computed_taxes(steps, case, base)
    formula = f"{format_amount(tax)} + {format_amount(local)}"
    total = steps.add("양도소득세와 개인지방소득세의 합계", formula, tax + local, "")
    return TransferResult(
        gain=gain,
        long_term_deduction=deduction,
        tax_base=base,
        computed_tax=tax,
        local_income_tax=local,
        total=total,
        due=after_days_off(end_of_month(case.sold, 2)),
        steps=tuple(steps.done),
        assumptions=tuple(assumptions(case)),
    )


def check_transfer(case: Transfer) -> None:
    """InputError where a fact is missing or facts contradict each other."""
    if case.sold < FIRST_DAY:
        raise OutOfScopeError(f"Sales are computed from {FIRST_DAY} on; this is of {case.sold}.")
    house = case.asset == "house"
    problem = ""
    if min(case.price, case.cost, case.expenses, case.residence_years or 0) < 0:
        problem = "an amount or a number of years is negative"
    elif not (case.inherited_from or case.acquired) <= case.acquired <= case.sold:
        problem = "the days do not follow each other"
    elif (case.residence_years or 0) > _whole_years(case.acquired, case.sold):
        problem = "more years were lived in it than it was held"
    elif not house and (case.one_house or case.surcharge or case.residence_years is not None):
        problem = "an only house, residence and 제104조제7항 concern houses alone"
    elif case.one_house and (case.surcharge not in (None, "none") or case.unregistered):
        problem = "an only house bears no surcharge of 제104조제7항 and is registered"
    elif case.unregistered and case.surcharge:
        problem = "property that is not registered has a rate of its own"
    if problem:
        raise InputError(f"The case does not add up: {problem}.")
    if case.one_house and None in (case.residence_years, case.regulated_when_acquired):
        raise InputError(
            "Whether an only house is exempt depends on the years lived in it and on whether it"
            " lay in a 조정대상지역 when it was acquired (시행령 제154조제1항).",
            hint="Give --residence-years, and --regulated or --not-regulated.",
        )
    if house and not case.one_house and not case.unregistered and case.surcharge is None:
        raise InputError(
            f"Whether {LAW} 제104조제7항 (조정대상지역 다주택) applies to this house is not known.",
            hint="Give --surcharge none, two_houses or three_houses.",
        )
    check_truce(case)


def check_truce(case: Transfer) -> None:
    """InputError for a surcharge on a house that the decree leaves out for a time."""
    surcharged = case.surcharge not in (None, "none")
    if surcharged and case.sold <= TRUCE_UNTIL and held_years(case.acquired, case.sold) >= 2:
        raise InputError(
            f"A house held two years and sold until {TRUCE_UNTIL} bears no surcharge (시행령"
            " 제167조의3제1항, 제167조의10제1항).",
            hint="Give --surcharge none.",
        )


def held_years(start: date, end: date) -> int:
    """Whole years from `start` to `end`.

    Raises:
        OutOfScopeError: they are whole only if the first day counts.
    """
    if _whole_years(start, end) != _whole_years(start, end + timedelta(days=1)):
        raise OutOfScopeError(
            f"From {start} to {end} it is whole years only if the first day counts; a day decides."
        )
    return _whole_years(start, end)


def _whole_years(start: date, end: date) -> int:
    """Anniversaries of `start` up to `end`."""
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


def is_exempt(case: Transfer, years: int) -> bool:
    """Whether the house meets 제89조제1항제3호 and 시행령 제154조제1항, its price aside."""
    lived = (case.residence_years or 0) >= 2 or not case.regulated_when_acquired
    return case.one_house and years >= 2 and lived


def taxed_gain(steps: Steps, case: Transfer, years: int, whole: int) -> int:
    """The part of the gain that is taxed (KRW); nothing of a loss."""
    if whole <= 0:
        return steps.add("과세할 양도차익(양도차손)", "0원", 0, f"{LAW} 제92조제2항제1호")
    if not is_exempt(case, years):
        return whole
    decree = f"{LAW} 시행령 제154조제1항"
    if case.price <= HIGH_VALUE:
        law = f"{LAW} 제89조제1항제3호가목"
        return steps.add("과세할 양도차익(1세대 1주택 비과세)", "0원", 0, law, decree)
    price = format_amount(case.price)
    over = f"({price} - {format_amount(HIGH_VALUE)})"
    formula = f"{format_amount(whole)} × {over} ÷ {price}"
    gain = whole * (case.price - HIGH_VALUE) // case.price
    law = f"{LAW} 제95조제3항"
    return steps.add(
        "과세할 양도차익(고가주택)", formula, gain, law, f"{LAW} 시행령 제160조제1항제1호", decree
    )


def long_term_deduction(steps: Steps, case: Transfer, years: int, whole: int, gain: int) -> int:
    """장기보유 특별공제액 on a gain of which `gain` is taxed (KRW)."""
    surcharged = case.surcharge not in (None, "none")
    rights = case.asset in ("presale_right", "other_right")
    if years < 3 or gain <= 0 or surcharged or rights or case.unregistered:
        return 0
    lived = case.residence_years or 0
    if case.one_house and lived >= 2:
        held, home = table_two_held(years), table_two_lived(lived)
        rate, shown = held + home, f"({percent(held)} + {percent(home)})"
        label = "장기보유 특별공제(표 2)"
    else:
        rate = table_one(years)
        shown, label = percent(rate), "장기보유 특별공제(표 1)"
    law = f"{LAW} 제95조제2항"
    if gain == whole:
        formula = f"{format_amount(gain)} × {shown}"
        return steps.add(label, formula, int(gain * rate), law)
    price = format_amount(case.price)
    part = f"({price} - {format_amount(HIGH_VALUE)}) ÷ {price}"
    formula = f"{format_amount(whole)} × {shown} × {part}"
    amount = int(whole * rate * (case.price - HIGH_VALUE) / case.price)
    return steps.add(label, formula, amount, law, f"{LAW} 시행령 제160조제1항제2호")


def table_one(years: int) -> Fraction:
    """표 1 of 제95조제2항: 2 percent a year from 3 years on, 30 percent from 15."""
    return Fraction(2 * min(years, 15), 100) if years >= 3 else Fraction(0)


def table_two_held(years: int) -> Fraction:
    """표 2, 보유기간: 4 percent a year from 3 years on, 40 percent from 10."""
    return Fraction(4 * min(years, 10), 100) if years >= 3 else Fraction(0)


def table_two_lived(years: int) -> Fraction:
    """표 2, 거주기간, of a house held 3 years: 4 percent a year from 2 years on."""
    return Fraction(4 * min(years, 10), 100) if years >= 2 else Fraction(0)


def tax_base(steps: Steps, case: Transfer, gain: int, deduction: int) -> int:
    """과세표준: the income less the 기본공제, which unregistered property does not have (KRW)."""
    formula = f"{format_amount(gain)} - {format_amount(deduction)}"
    income = steps.add("양도소득금액", formula, gain - deduction, f"{LAW} 제92조제2항제2호")
    if case.unregistered:
        return steps.given("과세표준", income, f"{LAW} 제103조제1항제1호")
    formula = f"{format_amount(income)} - {format_amount(BASIC_DEDUCTION)}"
    if income < BASIC_DEDUCTION:
        formula = f"큰 값({formula}, 0원)"
    base = max(income - BASIC_DEDUCTION, 0)
    law = f"{LAW} 제92조제2항제3호"
    return steps.add("과세표준", formula, base, law, f"{LAW} 제103조제1항제1호")


def computed_taxes(steps: Steps, case: Transfer, base: int) -> tuple[int, int]:
    """산출세액 by the rate that gives most, and the local tax at a tenth of it (KRW)."""
    rates = possible_rates(case)
    best = max(rates, key=lambda rate: rate.table.exact(base))
    others = [rate for rate in rates if rate is not best]
    for rate in others:
        amount = rate.table.quick(base)
        steps.add("비교 산출세액", rate.table.formula(base), amount, rate.citation)
    also = (best.table.citation,) if best.table.citation != best.citation else ()
    tax = best.table.quick(base)
    steps.add("양도소득 산출세액", best.table.formula(base), tax, best.citation, *also)
    local_table = tenth(best.table)
    local = local_table.quick(base)
    law = local_citation(best.citation)
    steps.add("개인지방소득세 산출세액", local_table.formula(base), local, law)
    return tax, local


def possible_rates(case: Transfer) -> list[Rate]:
    """Every rate of 제104조 that applies to the asset; the one that gives most is taken."""
    if case.unregistered:
        return [flat(70, "제1항제10호")]
    years = held_years(case.inherited_from or case.acquired, case.sold)
    short = short_term_rate(case.asset, years)
    if case.asset == "presale_right":
        return [short] if short else [flat(60, "제1항제1호")]
    if case.asset == "non_business_land":
        basic = Rate(raised(Fraction(10, 100)), f"{LAW} 제104조제1항제8호")
    elif case.surcharge in ("two_houses", "three_houses"):
        item = "제1호" if case.surcharge == "two_houses" else "제3호"
        basic = Rate(raised(SURCHARGES[case.surcharge]), f"{LAW} 제104조제7항{item}")
    else:
        basic = Rate(INCOME[-1], f"{LAW} 제104조제1항제1호")
    return [basic, short] if short else [basic]


def short_term_rate(asset: Asset, years: int) -> Rate | None:
    """The rate of 제104조제1항제2호 or 제3호 for what was held less than two years."""
    home = asset in ("house", "presale_right")
    if years < 1:
        return flat(70 if home else 50, "제1항제3호")
    return flat(60 if home else 40, "제1항제2호") if years < 2 else None


def flat(rate: int, paragraph: str) -> Rate:
    """One rate, in percent, on the whole base."""
    citation = f"{LAW} 제104조{paragraph}"
    rows = ((None, Fraction(rate, 100)),)
    return Rate(RateTable("양도소득세", citation, FIRST_DAY, rows), citation)


def raised(by: Fraction) -> RateTable:
    """The basic table with every rate raised."""
    basic = INCOME[-1]
    rows = tuple((up_to, rate + by) for up_to, rate in basic.rows)
    return RateTable("양도소득세", basic.citation, basic.in_force, rows)


def tenth(table: RateTable) -> RateTable:
    """The table of the local tax: every rate a tenth (지방세법 제103조의3)."""
    rows = tuple((up_to, rate / 10) for up_to, rate in table.rows)
    return RateTable("개인지방소득세", "지방세법 제103조의3", table.in_force, rows)


def local_citation(citation: str) -> str:
    """The paragraph of 지방세법 제103조의3 that repeats one of 소득세법 제104조."""
    paragraph = citation.removeprefix(f"{LAW} 제104조").replace("제7항", "제10항")
    return f"지방세법 제103조의3{paragraph}"


def assumptions(case: Transfer) -> list[str]:
    """What the result takes for granted, in Korean."""
    lines = [
        f"양도자는 거주자이고, {korean_date(LAW_AS_OF)}까지 공포된 법령에 따랐다.",
        "같은 해에 다른 자산을 양도하지 않았고, 특수관계인 거래와 감면, 가산세는 없으며, 10년 안에"
        " 배우자나 직계존비속에게서 증여받은 자산이 아니라고 보았다. 지방소득세는 표준세율이다.",
        "신고기한에 음력 공휴일과 대체공휴일은 반영하지 않았다.",
    ]
    if case.one_house:
        lines.append(
            "보유ㆍ거주기간의 제한을 받지 않는 경우(시행령 제154조제1항 단서)가 아니고, 용도를 바꾼"
            " 주택이 아니며, 딸린 토지는 배율 안에 있다고 보았다."
        )
    return lines
