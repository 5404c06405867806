"""Amounts of money as Korean text writes them: '6억 140만원' is 601,400,000 won.

Money is integer KRW. A text may mix digits, commas, decimals, the small units 십/백/천 and the big
units 만/억/조, as in '1억2천5백만원', '1.5억' or '오천만 원'.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

from taxqa.errors import InputError

MAX_DIGITS: Final = 32
"""Digits of the longest amount that is read."""
BIG_UNITS: Final = {"조": 10**12, "억": 10**8, "만": 10**4}
SMALL_UNITS: Final = {"천": 1000, "백": 100, "십": 10}
HANGUL_DIGITS: Final = {letter: value for value, letter in enumerate("영일이삼사오육칠팔구")}

_ORDINAL = "(?<![가-힣])제"
"""제 as in 제3조, not as in 공제."""
_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})++(?![0-9])|[0-9]++)(?:\.[0-9]++)?+"
_DIGIT = rf"(?:{_NUMBER}|[일이삼사오육칠팔구])"
_GROUP = rf"(?:(?:{_DIGIT})?+ ?[천백십] ?)*+(?:{_DIGIT})?+"
_BIG = (
    rf"(?=[0-9일이삼사오육칠팔구천백십])"
    rf"(?>(?:(?<!제)(?<!{_ORDINAL} )(?P<조>{_GROUP}) ?조)?"
    rf"(?: ?(?P<억>{_GROUP}) ?억)?(?: ?(?P<만>{_GROUP}) ?만)?)"
)
_SPOKEN = rf"(?<=억) ?(?P<천>{_DIGIT}) ?천(?! ?[만억조원])"
_NOT_WON = "칙|화|고[^0-9]|심|리|천징|금(?!액)|본|료|장|자재|가(?!량|까이)"
_COUNTED = (
    r"명(?!의)|인당|주(?!택|식|거|소|주|민)|개(?!인|별|발)|건(?!물|축)|톤|㎡|제곱|평(?!가)|분의"
    r"|여(?!유|기)|호|가구|세대(?!주|생략)|배(?!우자|당|상)|회(?!사|원|계)|번|달러|불(?!입|복|공|법)"
    r"|엔|유로|위안|파운드|킬로|km|kg|m|퍼센트|%|점(?!포)|표(?!준)|부(?!터|모|동산|과|담|가)"
    r"|장(?!려|기|부)|마리|대(?!출|금|여|상|지)|년|일(?!부|반|괄|시|정)|시간|쪽"
)
_WHOLE = re.compile(rf"{_BIG}(?:(?: ?(?P<일>{_GROUP}))? ?(?P<won>원)|{_SPOKEN})?")
_IN_TEXT = re.compile(
    rf"(?<![0-9])(?<![0-9][.,])(?<!{_ORDINAL})(?<!{_ORDINAL} ){_BIG}"
    rf"(?:(?: ?(?P<일>{_GROUP}))? ?(?P<won>원)(?!{_NOT_WON})"
    rf"|(?:{_SPOKEN})?(?! ?(?:[조억만]|{_COUNTED})))"
)
_PART = re.compile(rf"({_DIGIT})? ?([천백십])?")
_BARE = re.compile(_NUMBER)


@dataclass(frozen=True)
class AmountMention:
    """One amount found in running text: `text` is text[start:end], `value` is in KRW."""

    value: int
    start: int
    end: int
    text: str


def parse_amount(text: str) -> int:
    """The KRW in one written amount: '20억', '1억2천5백만원', '2,000,000원', '2000000', '1.5억'.

    A 천 after 억 with neither 만 nor 원 means 천만, as people speak: '3억 5천' is 3억 5,000만원.

    Raises:
        InputError: no such amount, not a whole number of won, or above 32 digits.
    """
    stripped = text.strip()
    if _BARE.fullmatch(stripped):
        stripped += "원"
    match = _WHOLE.fullmatch(stripped) if len(stripped) <= 4 * MAX_DIGITS else None
    value = _value(match) if match else None
    if value is None:
        raise InputError(
            f"'{text[:60]}' is not an amount of money; expected one like 20억, 1억 2,500만원 or"
            " 2000000."
        )
    return value


def format_amount(amount: int) -> str:
    """An amount as a Korean reader writes it: 601400000 is '6억 140만원', 0 is '0원'."""
    sign, rest = ("-", -amount) if amount < 0 else ("", amount)
    parts = []
    for unit, size in BIG_UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count:,}{unit}")
    if rest or not parts:
        parts.append(f"{rest:,}")
    return f"{sign}{' '.join(parts)}원"


def find_amounts(text: str) -> list[AmountMention]:
    """Every amount of money in running Korean text, in its order.

    A bare number is no amount, nor is a count ('3만 명', '10만분의 22') or an article ('제3조').
    """
    return list(_amounts_in(text))


@lru_cache(maxsize=256)
def _amounts_in(text: str) -> tuple[AmountMention, ...]:
    """The same, remembered: the checks of a record read each of its sentences several times."""
    found = []
    for match in _IN_TEXT.finditer(text):
        if match.start() == match.end():
            continue
        value = _value(match) if _names_money(match, text) else None
        if value is not None:
            found.append(AmountMention(value, match.start(), match.end(), match[0]))
    return tuple(found)


def _names_money(match: re.Match[str], text: str) -> bool:
    """Whether a match in running text is money rather than a number, an article or a word."""
    if match["조"] is not None and match["억"] is None and not match["won"]:
        return False
    if re.search(r"[0-9]", match[0]):
        return True
    # Written out in letters: only with 만, 억 or 조, with 원, and not inside another word.
    has_big_unit = any(match[unit] is not None for unit in BIG_UNITS)
    before = text[max(match.start() - 1, 0) : match.start()]
    return has_big_unit and bool(match["won"]) and not re.match(r"[0-9가-힣]", before)


def _value(match: re.Match[str]) -> int | None:
    """The KRW a match stands for; None where it is no whole number of won or far too long."""
    if sum(map(str.isdigit, match[0])) > MAX_DIGITS:
        return None
    sizes = {**BIG_UNITS, "천": 1000 * BIG_UNITS["만"], "일": 1}
    groups = {unit: match[unit].strip() for unit in sizes if match[unit] is not None}
    if not all(groups[unit] for unit in BIG_UNITS if unit in groups):
        return None
    total = sum(_group_value(group) * sizes[unit] for unit, group in groups.items())
    return int(total) if total.denominator == 1 and total < 10**MAX_DIGITS else None


def _group_value(group: str) -> int | Fraction:
    """The number before one big unit: '2천5백' is 2500, '1.5' is 3/2, '천' is 1000, '' is 0."""
    total: int | Fraction = 0
    for number, unit in _PART.findall(group):
        if number or unit:
            total += _count(number) * SMALL_UNITS.get(unit, 1)
    return total


def _count(number: str) -> int | Fraction:
    """One number: '5' and '오' are 5, '1.5' is 3/2; '' stands for 1, as in 천."""
    if number in HANGUL_DIGITS:
        return HANGUL_DIGITS[number]
    digits = number.replace(",", "") or "1"
    return Fraction(digits) if "." in digits else int(digits)
