"""부과제척기간: until when a national tax may be assessed (국세기본법 제26조의2)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

from taxlaw.due_dates import after_days_off, period_end
from taxlaw.rates import LAW_AS_OF
from taxlaw.steps import OutOfScopeError, korean_date, quote_laws
from taxqa.errors import InputError

LAW: Final = "국세기본법"
FIRST_DUE: Final = date(2020, 1, 1)
"""From here on the present text of 제26조의2 holds (법률 제16841호)."""

Tax = Literal["income", "corporate", "vat", "transfer", "inheritance", "gift", "holding"]
NAMES: Final[dict[Tax, str]] = {
    "income": "종합소득세",
    "corporate": "법인세",
    "vat": "부가가치세",
    "transfer": "양도소득세",
    "inheritance": "상속세",
    "gift": "증여세",
    "holding": "종합부동산세",
}
Conduct = Literal["filed", "unfiled", "fraud", "false_return"]
"""Filed in time; not filed in time; 부정행위; of inheritance and gift tax, 거짓ㆍ누락신고."""
GENERAL: Final[dict[Conduct, tuple[int, int, str]]] = {
    "filed": (5, 7, "제1항"),
    "unfiled": (7, 10, "제2항제1호"),
    "fraud": (10, 15, "제2항제2호"),
}
"""Years, years of a cross-border transaction (역외거래), paragraph."""
ESTATE: Final[dict[Conduct, tuple[int, str]]] = {
    "filed": (10, "제4항"),
    "unfiled": (15, "제4항제2호"),
    "fraud": (15, "제4항제1호"),
    "false_return": (15, "제4항제3호"),
}


@dataclass(frozen=True, kw_only=True)
class Limitation:
    """The period in which one tax may be assessed."""

    name: str
    years: int
    starts: date
    """부과할 수 있는 날."""
    last_day: date
    citations: tuple[str, ...]
    assumptions: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The period for JSON; days are ISO."""
        return {
            "name": self.name,
            "years": self.years,
            "starts": self.starts.isoformat(),
            "last_day": self.last_day.isoformat(),
            "citations": list(self.citations),
            "assumptions": list(self.assumptions),
        }

    def explain(self) -> str:
        """The period in Korean, with its articles."""
        lines = [
            f"{self.name}의 부과제척기간: {korean_date(self.last_day)}까지",
            f"1. 부과할 수 있는 날: {korean_date(self.starts)} ({quote_laws(self.citations[1:])})",
            f"2. 그날부터 {self.years}년: {korean_date(self.last_day)}"
            f" ({quote_laws(self.citations[:1])})",
        ]
        return "\n".join([*lines, "", *(f"※ {each}" for each in self.assumptions)])


def limitation(tax: Tax, due: date, conduct: Conduct, cross_border: bool = False) -> Limitation:
    """The period in which a tax may be assessed, from the day after its return was due.

    Args:
        tax: a tax that is filed; 종합부동산세 is refused.
        due: the last day of the return, as days off moved it; of 양도소득세 and 부가가치세 that
            of the final return (확정신고).
        conduct: whether and how the return was made.
        cross_border: 역외거래, which inheritance and gift tax do not know.

    Raises:
        InputError: a 거짓신고 is given for another tax than those two.
        OutOfScopeError: the tax is 종합부동산세, or the return was due before 2020.
    """
    if tax == "holding":
        raise OutOfScopeError(
            "The period of 종합부동산세 begins on the day the tax arises; whether that day counts"
            " decides its end, so it is not computed."
        )
    if due < FIRST_DUE:
        raise OutOfScopeError(f"Returns due before {FIRST_DUE} are not covered; this is {due}.")
    if tax in ("inheritance", "gift"):
        years, paragraph = ESTATE[conduct]
    elif conduct == "false_return":
        raise InputError(
            "거짓ㆍ누락신고 of 제26조의2제4항 concerns inheritance and gift tax alone.",
            hint="Give --conduct filed, or fraud where it was 부정행위.",
        )
    else:
        at_home, abroad, paragraph = GENERAL[conduct]
        years = abroad if cross_border else at_home
    return Limitation(
        name=NAMES[tax],
        years=years,
        starts=due + timedelta(days=1),
        last_day=period_end(due, 12 * years),
        citations=(f"{LAW} 제26조의2{paragraph}", f"{LAW} 시행령 제12조의3제1항제1호"),
        assumptions=tuple(assumptions(tax, period_end(due, 12 * years))),
    )


def assumptions(tax: Tax, last_day: date) -> list[str]:
    """What the period takes for granted, in Korean."""
    lines = [
        f"{korean_date(LAW_AS_OF)}까지 공포된 법령에 따랐다. 이월결손금을 공제한 경우(제3항),"
        " 불복의 결정ㆍ판결이나 경정청구 등이 있는 경우(제6항, 제7항)의 특례는 반영하지 않았다.",
    ]
    if tax in ("inheritance", "gift"):
        lines.append("부정행위를 안 날부터 1년 안에 부과하는 특례(제5항)는 반영하지 않았다.")
    if tax in ("transfer", "vat"):
        lines.append("예정신고기한이 아니라 확정신고기한의 다음 날부터 센다.")
    if after_days_off(last_day) != last_day:
        lines.append(
            "마지막 날이 쉬는 날이다. 기간의 계산은 민법에 따르므로(제4조) 그다음 날까지로 볼 수"
            " 있다."
        )
    return lines
