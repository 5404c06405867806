"""The twelve tax acts: official names, what people call them, and what they were called before."""

import re
from dataclasses import dataclass, replace
from typing import Literal

Level = Literal["법률", "시행령", "시행규칙"]
LEVELS: tuple[Level, ...] = ("법률", "시행령", "시행규칙")
BRACKETS = "「」｢｣『』"
"""What a text puts around the name of a law."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act with its enforcement decree (시행령) and rule (시행규칙)."""

    key: str
    """English name in snake case, for file names and options."""
    name: str
    """Official name as the statute prints it: '상속세 및 증여세법'."""
    abbreviations: tuple[str, ...]
    former_names: tuple[str, ...] = ()
    """Names before a renaming; an article cited under one is an article of the old act."""
    stems: tuple[str, ...] = ()
    """What stands before 령 and 규칙: '상증' in 상증령, 상증규칙."""


@dataclass(frozen=True, slots=True)
class Law:
    """An act, decree or rule as a text names it."""

    act: str
    """Official name of the act; the name as written where it is none of the twelve."""
    level: Level = "법률"
    former: bool = False
    """As it stood before an amendment (구 …법), or under a former name."""

    @property
    def name(self) -> str:
        """Full name: '소득세법 시행령'."""
        return law_name(self.act, self.level)


ACTS = (
    Act("national_tax_basic", "국세기본법", ("국기법",), stems=("국기",)),
    Act("national_tax_collection", "국세징수법", ("국징법",), stems=("국징",)),
    Act(
        "tax_special_treatment",
        "조세특례제한법",
        ("조특법",),
        former_names=("조세감면규제법", "조감법"),
        stems=("조특",),
    ),
    Act("income_tax", "소득세법", ("소득법", "소법"), stems=("소득", "소")),
    Act("corporate_tax", "법인세법", ("법법",), stems=("법인",)),
    Act("value_added_tax", "부가가치세법", ("부가세법", "부가법"), stems=("부가세", "부가")),
    Act(
        "inheritance_gift_tax",
        "상속세 및 증여세법",
        ("상증세법", "상증법"),
        former_names=("상속세법",),
        stems=("상증세", "상증"),
    ),
    Act(
        "comprehensive_real_estate_tax",
        "종합부동산세법",
        ("종부세법", "종부법"),
        stems=("종부세", "종부"),
    ),
    Act("local_tax", "지방세법", ("지법",)),
    Act(
        "individual_consumption_tax",
        "개별소비세법",
        ("개소세법",),
        former_names=("특별소비세법", "특소세법"),
        stems=("개소세", "개소"),
    ),
    Act("customs", "관세법", (), stems=("관세",)),
    Act("tax_offence", "조세범 처벌법", ("조처법",)),
)

FULL_FORMER_NAMES = {"조감법": "조세감면규제법", "특소세법": "특별소비세법"}
"""A former act is cited under its whole name."""


def squash(text: str) -> str:
    """`text` without white space: '상속세 및 증여세법' -> '상속세및증여세법'."""
    return re.sub(r"\s+", "", text)


def law_name(act: str, level: Level) -> str:
    """'소득세법' + '시행령' -> '소득세법 시행령'; an act is its own name."""
    return act if level == "법률" else f"{act} {level}"


def short_names(act: Act) -> dict[str, Law]:
    """Squashed name without 시행령 or 시행규칙 -> the law it names."""
    names = {squash(name): Law(act.name) for name in (act.name, *act.abbreviations)}
    for name in act.former_names:
        names[name] = Law(FULL_FORMER_NAMES.get(name, name), former=True)
    for stem in act.stems:
        names[f"{stem}령"] = Law(act.name, "시행령")
        names[f"{stem}규칙"] = Law(act.name, "시행규칙")
    return names


NAMES: dict[str, Law] = {name: law for act in ACTS for name, law in short_names(act).items()}
"""Every known name without 시행령 or 시행규칙, squashed -> the law it names."""

BY_NAME = {name: act for act in ACTS for name in (act.name, *act.former_names)}
FORMER_NAMES = frozenset(name for act in ACTS for name in act.former_names)


def find_law(text: str) -> Law | None:
    """The law that `text` names: an official name, abbreviation or former name, any spacing.

    '소득세법 시행령', '소득세법시행령' and '소득령' are the same decree; '구 ' in front makes
    it former. None where `text` names none of the twelve acts.
    """
    name = squash(text).strip(BRACKETS)
    if law := NAMES.get(name):
        return law
    if name.startswith("구") and (law := find_law(name[1:])):
        return replace(law, former=True)
    for level in LEVELS[1:]:
        if name.endswith(level):
            act = NAMES.get(name.removesuffix(level).rstrip(BRACKETS))
            return replace(act, level=level) if act and act.level == "법률" else None
    return None


def unknown_law(name: str) -> Law:
    """A law of an act outside the twelve, named as written: '민법', '지방세기본법 시행령'."""
    text = " ".join(name.split())
    for level in LEVELS[1:]:
        if text.endswith(level) and (act := text.removesuffix(level).rstrip(" " + BRACKETS)):
            return Law(act, level)
    return Law(text)


def find_act(text: str) -> Act | None:
    """The act that `text` names, itself or by its decree, rule, abbreviation or former name."""
    law = find_law(text)
    return BY_NAME.get(law.act) if law else None
