"""취득세 on real estate, with the 지방교육세 on it: purchase, gift, inheritance, a new building."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import ClassVar, Final, Literal, TypeVar

from taxlaw.amounts import format_amount
from taxlaw.due_dates import after_days_off, end_of_month
from taxlaw.rates import EOK, LAW_AS_OF, MAN
from taxlaw.steps import OutOfScopeError, Result, Steps, korean_date, percent
from taxqa.errors import InputError

LAW: Final = "지방세법"
FIRST_DAY: Final = date(2024, 1, 1)
SURCHARGE_BASE: Final = Fraction(20, 1000)
"""중과기준세율 of 제6조제19호."""
EDUCATION: Final = Fraction(20, 100)
NO_TAX_UP_TO: Final = 50 * MAN
LOW_PRICE: Final = 6 * EOK
HIGH_PRICE: Final = 9 * EOK
GIFT_SURCHARGE_FROM: Final = 3 * EOK
"""시행령 제28조의6제1항: 시가표준액 of the whole house."""

Cause = Literal["purchase", "gift", "inheritance", "original"]
"""유상; 무상 (증여); 상속; 원시취득 (a new building)."""
Asset = Literal["house", "farmland", "other"]
"""주택; 농지; other land and buildings, 오피스텔 among them."""
STANDARD: Final[dict[tuple[Cause, Asset], tuple[Fraction, str]]] = {
    ("purchase", "farmland"): (Fraction(30, 1000), "제7호가목"),
    ("purchase", "other"): (Fraction(40, 1000), "제7호나목"),
    ("inheritance", "farmland"): (Fraction(23, 1000), "제1호가목"),
    ("inheritance", "house"): (Fraction(28, 1000), "제1호나목"),
    ("inheritance", "other"): (Fraction(28, 1000), "제1호나목"),
    **{("gift", asset): (Fraction(35, 1000), "제2호") for asset in ("house", "farmland", "other")},
    **{
        ("original", asset): (Fraction(28, 1000), "제3호")
        for asset in ("house", "farmland", "other")
    },
}
"""제11조제1항: the rate and its item; houses that are bought have a rate by their price."""
BASES: Final[dict[Cause, str]] = {
    "purchase": "제10조의3제1항",
    "gift": "제10조의2제1항",
    "inheritance": "제10조의2제2항제1호",
    "original": "제10조의4제1항",
}

Fact = TypeVar("Fact")


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """One acquisition of real estate; who acquires a share gives the share's value."""

    cause: Cause
    asset: Asset
    value: int
    """과세표준: the price; of a gift its 시가인정액, of an inheritance its 시가표준액 (KRW)."""
    acquired: date
    """Day of acquisition; of an inheritance, the day of death."""
    houses: int | None = None
    """Houses of the household with this one, counted as 시행령 제28조의4 says."""
    regulated: bool | None = None
    """The house lies in a 조정대상지역."""
    temporary_two_houses: bool | None = None
    """일시적 2주택 of 시행령 제28조의5."""
    surcharge_exempt: bool | None = None
    """A purchase of 시행령 제28조의2, or a gift of 제28조의6제2항, which bears no surcharge."""
    standard_price: int | None = None
    """시가표준액 of the whole house (KRW)."""
    share_standard_price: int | None = None
    """시가표준액 of the share, where a share of a house is acquired (KRW)."""
    corporation: bool = False
    metropolitan: bool | None = None
    """제13조제2항 applies to a corporation: a new office or plant in a 대도시."""
    only_house_of_heir: bool | None = None
    """The inherited house is the only one of the heir's household (시행령 제29조)."""
    heir_abroad: bool = False
    """An heir lives abroad."""


@dataclass(frozen=True, kw_only=True)
class AcquisitionResult(Result):
    """취득세 and 지방교육세 in KRW, without 농어촌특별세."""

    TAX: ClassVar[str] = "취득세"

    rate: Fraction
    acquisition_tax: int
    education_tax: int
    total: int
    due: date
    """Last day to file and pay."""


@dataclass(frozen=True)
class Levy:
    """The rate of the tax and of its 지방교육세, each with what a formula shows of it."""

    rate: Fraction
    shown: str
    why: str
    citations: tuple[str, ...]
    education: Fraction
    education_shown: str
    education_citation: str = f"{LAW} 제151조제1항제1호"


def acquisition_tax(case: Acquisition) -> AcquisitionResult:
    """The tax on one acquisition, step by step.

    Raises:
        InputError: the law asks for a fact that is not given, or facts contradict each other.
        OutOfScopeError: before 2024, or two surcharges meet in a way the law does not settle.
    """
    check_acquisition(case)
    steps = Steps()
    value = steps.given("과세표준", case.value, f"{LAW} {BASES[case.cause]}")
    levy = find_levy(steps, case)
    if value <= NO_TAX_UP_TO:
        levy = Levy(Fraction(0), "0%", "면세점 이하", (f"{LAW} 제17조제1항",), Fraction(0), "0%")
    amount = format_amount(value)
    label = f"취득세({levy.why})"
    tax = steps.add(label, f"{amount} × {levy.shown}", int(value * levy.rate), *levy.citations)
    education = steps.add(
        "지방교육세",
        f"{amount} × {levy.education_shown}",
        int(value * levy.education),
        levy.education_citation,
    )
    formula = f"{format_amount(tax)} + {format_amount(education)}"
    total = steps.add("취득세와 지방교육세의 합계", formula, tax + education, f"{LAW} 제152조제1항")
    return AcquisitionResult(
        rate=levy.rate,
        acquisition_tax=tax,
        education_tax=education,
        total=total,
        due=after_days_off(last_day_to_file(case.cause, case.acquired, case.heir_abroad)),
        steps=tuple(steps.done),
        assumptions=tuple(assumptions(case)),
    )


def check_acquisition(case: Acquisition) -> None:
    """InputError where facts contradict each other."""
    if case.acquired < FIRST_DAY:
        raise OutOfScopeError(
            f"Acquisitions are computed from {FIRST_DAY} on; this one is of {case.acquired}."
        )
    whole, share = case.standard_price, case.share_standard_price
    counted = (case.houses, case.temporary_two_houses)
    of_house = (*counted, case.regulated, case.surcharge_exempt, whole, share)
    problem = ""
    if min(case.value, whole or 0) < 0 or (share is not None and not 0 < share <= (whole or 0)):
        problem = "an amount is negative, or a share's 시가표준액 exceeds that of the whole house"
    elif case.asset != "house" and of_house != (None,) * len(of_house):
        problem = "houses and the 조정대상지역 concern the acquisition of a house alone"
    elif case.corporation and (case.cause == "inheritance" or counted != (None, None)):
        problem = "a corporation has no household and inherits nothing"
    elif case.metropolitan is not None and not case.corporation:
        problem = "제13조제2항 is asked of a corporation alone"
    elif case.houses is not None and case.houses < 1:
        problem = "the house itself counts among the household's houses"
    elif case.temporary_two_houses and case.houses != 2:
        problem = "일시적 2주택 means two houses"
    elif case.cause != "inheritance" and (case.only_house_of_heir or case.heir_abroad):
        problem = "the heir is given, but nothing was inherited"
    if problem:
        raise InputError(f"The case does not add up: {problem}.")


def required(fact: Fact | None, what: str, hint: str) -> Fact:
    """A fact that decides the rate.

    Raises:
        InputError: it is not given.
    """
    if fact is None:
        raise InputError(f"{what} decides the rate and is not known.", hint=f"Give {hint}.")
    return fact


def find_levy(steps: Steps, case: Acquisition) -> Levy:
    """The rates that apply to the acquisition."""
    if case.asset == "house" and case.cause == "inheritance":
        only = required(
            case.only_house_of_heir,
            "Whether the inherited house is the only one of the heir's household",
            "--only-house-of-heir or --other-houses-of-heir",
        )
        return only_house_levy() if only else standard_levy(case)
    surcharge = house_surcharge(case)
    if case.corporation and is_metropolitan(case, surcharge):
        return metropolitan_levy(case)
    if surcharge:
        return surcharged_levy(*surcharge)
    if case.asset == "house" and case.cause == "purchase":
        return house_levy(steps, case)
    return standard_levy(case)


def is_metropolitan(case: Acquisition, surcharge: tuple[int, str] | None) -> bool:
    """Whether the rate of 제13조제2항 applies to a corporation.

    A house that bears the surcharge of 제13조의2 as a purchase bears the same under either.

    Raises:
        OutOfScopeError: 제13조제2항 and an exemption or a gift of a house meet.
    """
    if surcharge and case.cause == "purchase":
        return False
    applies = required(
        case.metropolitan,
        "Whether 제13조제2항 (대도시) applies",
        "--metropolitan or --not-metropolitan",
    )
    if applies and case.asset == "house" and case.cause in ("purchase", "gift"):
        raise OutOfScopeError("제13조제2항 on a house that is a gift or exempt is not covered.")
    return applies


def house_surcharge(case: Acquisition) -> tuple[int, str] | None:
    """The surcharge of 제13조의2: percent of the 중과기준세율, and the paragraph; None: none."""
    if case.asset != "house" or case.surcharge_exempt:
        return None
    found = None
    if case.cause == "purchase":
        found = purchase_surcharge(case)
    elif case.cause == "gift":
        found = gift_surcharge(case)
    if found:
        required(
            case.surcharge_exempt,
            "Whether the house is one that bears no surcharge (시행령 제28조의2, 제28조의6제2항)",
            "--exempt or --not-exempt",
        )
    return found


def purchase_surcharge(case: Acquisition) -> tuple[int, str] | None:
    """The surcharge of 제13조의2제1항 on a house that is bought."""
    if case.corporation:
        return 400, "제1항제1호"
    houses = required(case.houses, "The number of the household's houses with this one", "--houses")
    if houses == 1:
        return None
    if houses >= 4:
        return 400, "제1항제3호"
    regulated = required(
        case.regulated, "Whether it lies in a 조정대상지역", "--regulated or --not-regulated"
    )
    if houses == 3:
        return (400, "제1항제3호") if regulated else (200, "제1항제2호")
    if not regulated:
        return None
    temporary = required(
        case.temporary_two_houses,
        "Whether it is 일시적 2주택 (시행령 제28조의5)",
        "--temporary or --not-temporary",
    )
    return None if temporary else (200, "제1항제2호")


def gift_surcharge(case: Acquisition) -> tuple[int, str] | None:
    """The surcharge of 제13조의2제2항 on a house that is given."""
    regulated = required(
        case.regulated, "Whether it lies in a 조정대상지역", "--regulated or --not-regulated"
    )
    if not regulated:
        return None
    price = required(case.standard_price, "The 시가표준액 of the whole house", "--standard-price")
    return (400, "제2항") if price >= GIFT_SURCHARGE_FROM else None


def surcharged_levy(times: int, paragraph: str) -> Levy:
    """The rate of 제13조의2: 4 percent and `times` percent of the 중과기준세율."""
    rate, item = STANDARD["purchase", "other"]
    return Levy(
        rate + SURCHARGE_BASE * times / 100,
        f"({percent(rate)} + {percent(SURCHARGE_BASE)} × {times}%)",
        "주택 중과",
        (f"{LAW} 제13조의2{paragraph}", f"{LAW} 제11조제1항{item}", f"{LAW} 제6조제19호"),
        (rate - SURCHARGE_BASE) * EDUCATION,
        f"({percent(rate)} - {percent(SURCHARGE_BASE)}) × {percent(EDUCATION)}",
        f"{LAW} 제151조제1항제1호나목",
    )


def metropolitan_levy(case: Acquisition) -> Levy:
    """The rate of 제13조제2항: three times the standard, less twice the 중과기준세율."""
    rate, item = STANDARD[case.cause, case.asset]
    return Levy(
        rate * 3 - SURCHARGE_BASE * 2,
        f"({percent(rate)} × 300% - {percent(SURCHARGE_BASE)} × 200%)",
        "대도시 중과",
        (f"{LAW} 제13조제2항", f"{LAW} 제11조제1항{item}", f"{LAW} 제6조제19호"),
        (rate - SURCHARGE_BASE) * EDUCATION * 3,
        f"({percent(rate)} - {percent(SURCHARGE_BASE)}) × {percent(EDUCATION)} × 300%",
        f"{LAW} 제151조제1항제1호가목",
    )


def only_house_levy() -> Levy:
    """The rate of 제15조제1항제2호가목 on an inherited only house."""
    rate, item = STANDARD["inheritance", "house"]
    shown = f"({percent(rate)} - {percent(SURCHARGE_BASE)})"
    return Levy(
        rate - SURCHARGE_BASE,
        shown,
        "상속, 1가구 1주택",
        (f"{LAW} 제15조제1항제2호가목", f"{LAW} 제11조제1항{item}"),
        (rate - SURCHARGE_BASE) * EDUCATION,
        f"{shown} × {percent(EDUCATION)}",
    )


def standard_levy(case: Acquisition) -> Levy:
    """The standard rate of 제11조제1항제1호부터 제7호까지."""
    rate, item = STANDARD[case.cause, case.asset]
    return Levy(
        rate,
        percent(rate),
        f"세율 {percent(rate)}",
        (f"{LAW} 제11조제1항{item}",),
        (rate - SURCHARGE_BASE) * EDUCATION,
        f"({percent(rate)} - {percent(SURCHARGE_BASE)}) × {percent(EDUCATION)}",
    )


def house_levy(steps: Steps, case: Acquisition) -> Levy:
    """The rate of 제11조제1항제8호, by the price of the whole house."""
    price = case.value
    if case.share_standard_price and case.standard_price:
        price = case.value * case.standard_price // case.share_standard_price
        formula = f"{format_amount(case.value)} × {format_amount(case.standard_price)}"
        formula += f" ÷ {format_amount(case.share_standard_price)}"
        steps.add("전체 주택의 취득당시가액", formula, price, f"{LAW} 제11조제1항제8호")
    rate = house_rate(price)
    item, why = "나목", f"세율 {percent(rate)}: ({format_amount(price)} × 2 ÷ 3억원 - 3)%의 반올림"
    if price <= LOW_PRICE or price > HIGH_PRICE:
        item, why = ("가목" if price <= LOW_PRICE else "다목"), f"세율 {percent(rate)}"
    return Levy(
        rate,
        percent(rate),
        why,
        (f"{LAW} 제11조제1항제8호{item}",),
        rate / 2 * EDUCATION,
        f"{percent(rate)} × 50% × {percent(EDUCATION)}",
    )


def house_rate(price: int) -> Fraction:
    """The rate on a house bought for `price` KRW; between 6억 and 9억 to four decimal places."""
    if price <= LOW_PRICE:
        return Fraction(10, 1000)
    if price > HIGH_PRICE:
        return Fraction(30, 1000)
    exact = (Fraction(price * 2, 3 * EOK) - 3) / 100
    return Fraction(int(exact * 10_000 + Fraction(1, 2)), 10_000)


def last_day_to_file(cause: Cause, acquired: date, heir_abroad: bool = False) -> date:
    """Last day to file and pay (제20조제1항), which a day off still moves."""
    if cause == "gift":
        return end_of_month(acquired, 3)
    if cause == "inheritance":
        return end_of_month(acquired, 9 if heir_abroad else 6)
    return acquired + timedelta(days=60)


def assumptions(case: Acquisition) -> list[str]:
    """What the result takes for granted, in Korean."""
    lines = [
        f"{korean_date(LAW_AS_OF)}까지 공포된 법령의 표준세율에 따랐다.",
        "농어촌특별세는 다른 법률에 따른 세금이어서 넣지 않았고, 감면과 가산세도 계산하지 않았다."
        " 10원 미만 끝수는 버리지 않았다.",
        "고급주택 등(제13조제5항)이나 본점ㆍ공장의 중과(제13조제1항)에 해당하지 않는다고 보았다.",
        "신고기한에 음력 공휴일과 대체공휴일은 반영하지 않았다. 그 전에 등기하려면 등기를 신청하는"
        " 날까지 신고하고 납부한다(제20조제4항).",
    ]
    if case.cause == "purchase":
        lines.append(
            "배우자나 직계존비속에게서 샀다면 대가를 지급한 사실이 증명되고(제7조제11항), 자기 집의"
            " 부속토지만 산 경우(제11조제4항)가 아니라고 보았다."
        )
    return lines
