"""Progressive rate tables, each with its article and the date from which it applies.

Rates are exact fractions; a tax is rounded down to a whole won (원 미만 절사) and no further.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Final

from taxlaw.amounts import format_amount
from taxlaw.steps import OutOfScopeError, percent

LAW_AS_OF: Final = date(2026, 6, 8)
"""The day up to which promulgated law is known to these tables; later law may change them."""


@dataclass(frozen=True)
class Bracket:
    """One row: the part of the base above `over` and up to `up_to` (KRW; None: no end)."""

    over: int
    up_to: int | None
    rate: Fraction
    tax_below: int
    """Tax on exactly `over` KRW, the fixed amount printed in the statute's table."""
    deduction: int
    """누진공제: what `base × rate` exceeds the tax by, anywhere in this bracket (KRW)."""


@dataclass(frozen=True)
class RateTable:
    """A rate table of one article, in force from `in_force` on."""

    name: str
    citation: str
    in_force: date
    rows: tuple[tuple[int | None, Fraction], ...]
    """(upper limit in KRW, rate) from the lowest bracket up; the last limit is None."""

    @cached_property
    def brackets(self) -> tuple[Bracket, ...]:
        """The rows with the amounts that follow from them."""
        brackets: list[Bracket] = []
        over, tax_below, deduction, last_rate = 0, Fraction(0), Fraction(0), Fraction(0)
        for up_to, rate in self.rows:
            deduction += over * (rate - last_rate)
            brackets.append(Bracket(over, up_to, rate, int(tax_below), int(deduction)))
            if up_to is not None:
                tax_below += (up_to - over) * rate
                over, last_rate = up_to, rate
        return tuple(brackets)

    def bracket(self, base: int) -> Bracket:
        """The row that the last won of `base` KRW falls into."""
        return next(row for row in self.brackets if row.up_to is None or base <= row.up_to)

    def tax(self, base: int) -> int:
        """The tax on `base` KRW, bracket by bracket, in whole won; 0 for a base of 0 or less."""
        return int(sum((_part(row, base) * row.rate for row in self.brackets), Fraction(0)))

    def quick(self, base: int) -> int:
        """The same tax by 누진공제: base × rate - deduction."""
        return int(self.exact(base))

    def exact(self, base: int) -> Fraction:
        """The tax by 누진공제 before it is rounded down, for a further computation."""
        if base <= 0:
            return Fraction(0)
        row = self.bracket(base)
        return base * row.rate - row.deduction

    def formula(self, base: int) -> str:
        """How `quick` comes to its result: '19억 5,000만원 × 40% - 1억 6,000만원'."""
        row = self.bracket(base)
        product = f"{format_amount(max(base, 0))} × {percent(row.rate)}"
        return f"{product} - {format_amount(row.deduction)}" if row.deduction else product

    def table_formula(self, base: int) -> str:
        """The same as the statute's table puts it: '1,200만원 + (5,000만원 - 4,500만원) × 5%'."""
        row = self.bracket(base)
        if not row.over:
            return self.formula(base)
        part = f"({format_amount(base)} - {format_amount(row.over)}) × {percent(row.rate)}"
        return f"{format_amount(row.tax_below)} + {part}"


def _part(row: Bracket, base: int) -> int:
    """How much of `base` KRW lies in one row."""
    top = base if row.up_to is None else min(base, row.up_to)
    return max(top - row.over, 0)


def rate_table(
    name: str, citation: str, in_force: date, *rows: tuple[int | None, str | int]
) -> RateTable:
    """A table from (upper limit in KRW, rate in percent) rows: (100_000_000, 10), (None, '2.7')."""
    exact = tuple((up_to, Fraction(rate) / 100) for up_to, rate in rows)
    return RateTable(name, citation, in_force, exact)


def table_in_force(tables: Sequence[RateTable], day: date) -> RateTable:
    """The newest of `tables` that is in force on `day`.

    Raises:
        OutOfScopeError: `day` lies before the oldest of them.
    """
    known = [table for table in tables if table.in_force <= day]
    if not known:
        first = min(tables, key=lambda table: table.in_force)
        raise OutOfScopeError(
            f"The rates of {first.name} are known from {first.in_force} on; {day} is earlier."
        )
    return max(known, key=lambda table: table.in_force)


MAN: Final = 10_000
EOK: Final = 100_000_000

INHERITANCE_AND_GIFT: Final = (
    rate_table(
        "상속세·증여세",
        "상속세 및 증여세법 제26조",
        date(2000, 1, 1),
        (1 * EOK, 10),
        (5 * EOK, 20),
        (10 * EOK, 30),
        (30 * EOK, 40),
        (None, 50),
    ),
)
INCOME: Final = (
    rate_table(
        "종합소득세",
        "소득세법 제55조제1항",
        date(2023, 1, 1),
        (1400 * MAN, 6),
        (5000 * MAN, 15),
        (8800 * MAN, 24),
        (15000 * MAN, 35),
        (3 * EOK, 38),
        (5 * EOK, 40),
        (10 * EOK, 42),
        (None, 45),
    ),
)
LOCAL_INCOME: Final = (
    rate_table(
        "종합소득 개인지방소득세",
        "지방세법 제92조제1항",
        date(2023, 1, 1),
        (1400 * MAN, "0.6"),
        (5000 * MAN, "1.5"),
        (8800 * MAN, "2.4"),
        (15000 * MAN, "3.5"),
        (3 * EOK, "3.8"),
        (5 * EOK, "4.0"),
        (10 * EOK, "4.2"),
        (None, "4.5"),
    ),
)
CORPORATE: Final = (
    rate_table(
        "법인세",
        "법인세법 제55조제1항제1호",
        date(2025, 1, 1),
        (2 * EOK, 9),
        (200 * EOK, 19),
        (3000 * EOK, 21),
        (None, 24),
    ),
    rate_table(
        "법인세",
        "법인세법 제55조제1항제1호",
        date(2026, 1, 1),
        (2 * EOK, 10),
        (200 * EOK, 20),
        (3000 * EOK, 22),
        (None, 25),
    ),
)
"""By the day a business year begins (법률 제20613호 부칙 제5조, 제21217호 부칙 제5조)."""
SMALL_RENTAL_CORPORATE: Final = (
    rate_table(
        "소규모 임대 등 법인의 법인세",
        "법인세법 제55조제1항제2호",
        date(2025, 1, 1),
        (200 * EOK, 19),
        (3000 * EOK, 21),
        (None, 24),
    ),
    rate_table(
        "소규모 임대 등 법인의 법인세",
        "법인세법 제55조제1항제2호",
        date(2026, 1, 1),
        (200 * EOK, 20),
        (3000 * EOK, 22),
        (None, 25),
    ),
)
"""Corporations of 제60조의2제1항제1호; the same days."""
LOCAL_CORPORATE: Final = (
    rate_table(
        "법인지방소득세",
        "지방세법 제103조의20제1항제1호",
        date(2026, 1, 1),
        (2 * EOK, 1),
        (200 * EOK, 2),
        (3000 * EOK, "2.2"),
        (None, "2.5"),
    ),
)
LOCAL_SMALL_RENTAL_CORPORATE: Final = (
    rate_table(
        "소규모 임대 등 법인의 법인지방소득세",
        "지방세법 제103조의20제1항제2호",
        date(2026, 1, 1),
        (200 * EOK, 2),
        (3000 * EOK, "2.2"),
        (None, "2.5"),
    ),
)
