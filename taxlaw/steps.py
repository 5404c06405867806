"""What every calculator returns: a result, the steps that led to it, and each step's article."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date
from fractions import Fraction
from typing import Any, ClassVar, Self

from taxlaw.amounts import format_amount
from taxqa.errors import InputError


class OutOfScopeError(InputError):
    """The case is real law that these calculators do not cover; no figure is better than a guess.

    Its place in the tree of errors is below InputError.
    """


@dataclass(frozen=True)
class Step:
    """One step of a computation."""

    label: str
    """What is computed, in Korean: '증여재산공제'."""
    formula: str
    """How, so that `taxlaw.formulas.recompute` gives `amount`; an amount where it is given."""
    amount: int
    """KRW."""
    citation: str
    """The article in the statute's printed form: '상속세 및 증여세법 제53조제2호'; may be empty."""
    also: tuple[str, ...] = ()
    """Further articles the step rests on."""

    @property
    def citations(self) -> tuple[str, ...]:
        """All articles of the step."""
        return tuple(each for each in (self.citation, *self.also) if each)

    def to_dict(self) -> dict[str, Any]:
        """The step for JSON."""
        return {
            "label": self.label,
            "formula": self.formula,
            "amount": self.amount,
            "citations": list(self.citations),
        }


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a calculator found; a tax's own result adds its amounts as fields (KRW)."""

    TAX: ClassVar[str] = ""
    """The tax's Korean name."""
    DUE: ClassVar[str] = "신고ㆍ납부기한"
    """What the last day is called that a result has as `due`."""

    steps: tuple[Step, ...]
    assumptions: tuple[str, ...] = ()
    """What was taken for granted, one Korean sentence each."""

    @property
    def citations(self) -> tuple[str, ...]:
        """Every article of every step once, in the order of the steps."""
        return tuple(dict.fromkeys(each for step in self.steps for each in step.citations))

    def to_dict(self) -> dict[str, Any]:
        """The result for JSON; amounts are integer KRW, dates ISO."""
        own = {
            each.name: _plain(getattr(self, each.name))
            for each in fields(self)
            if each.name not in ("steps", "assumptions")
        }
        return {
            "tax": self.TAX,
            **own,
            "steps": [step.to_dict() for step in self.steps],
            "citations": list(self.citations),
            "assumptions": list(self.assumptions),
        }

    def to_json(self) -> str:
        """The result as indented JSON, Korean letters as they are."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)


def _plain(value: object) -> object:
    """A field's value as JSON knows it."""
    if isinstance(value, date):
        return value.isoformat()
    return percent(value) if isinstance(value, Fraction) else value


@dataclass
class Steps:
    """The steps of a computation while it is under way."""

    done: list[Step] = field(default_factory=list)

    def add(self, label: str, formula: str, amount: int, citation: str, *also: str) -> int:
        """Note one step; gives back its amount, so that it reads like the computation itself."""
        self.done.append(Step(label, formula, amount, citation, also))
        return amount

    def given(self, label: str, amount: int, citation: str = "", *also: str) -> int:
        """Note an amount that the case states or the law fixes."""
        return self.add(label, format_amount(amount), amount, citation, *also)

    def extend(self, steps: Iterable[Step]) -> Self:
        """Take over the steps of a part that was computed elsewhere."""
        self.done.extend(steps)
        return self


def explain(result: Result) -> str:
    """A readable Korean explanation: one numbered line a step, each with its article.

    Below the steps stands the last day to file and pay, where the result has one (`due`).
    """
    lines = [f"{result.TAX} 계산"]
    for number, step in enumerate(result.steps, start=1):
        amount = format_amount(step.amount)
        how = amount if step.formula == amount else f"{step.formula} = {amount}"
        law = quote_laws(step.citations)
        lines.append(f"{number}. {step.label}: {how}" + (f" ({law})" if law else ""))
    due = getattr(result, "due", None)
    if due:
        lines += ["", f"{result.DUE}: {korean_date(due)}"]
    if result.assumptions:
        lines.append("")
        lines += [f"※ {each}" for each in result.assumptions]
    return "\n".join(lines)


def quote_law(citation: str) -> str:
    """A citation with the act in brackets: '「상속세 및 증여세법」 제53조제2호'."""
    law, _, article = citation.partition(" 제")
    return f"「{law}」 제{article}" if article else citation


def quote_laws(citations: Iterable[str]) -> str:
    """Citations after one another, an act named once: '「소득세법」 제92조, 제103조제1항제1호'."""
    words: list[str] = []
    act = None
    for citation in citations:
        law, _, article = citation.partition(" 제")
        words.append(f"제{article}" if article and law == act else quote_law(citation))
        act = law
    return ", ".join(words)


def korean_date(day: date) -> str:
    """A day as judgments print it: '2026. 6. 8.'."""
    return f"{day.year}. {day.month}. {day.day}."


def percent(rate: Fraction) -> str:
    """A rate as readers write it, exactly: 2/5 is '40%', 27/1000 is '2.7%'.

    A rate that has no finite decimal is shown as a fraction: 2/3 is '2/3'.
    """
    scaled = rate * 100
    denominator = scaled.denominator
    places = 0
    while denominator > 1 and 10**places % denominator:
        places += 1
        if places > 12:
            return f"{rate.numerator}/{rate.denominator}"
    whole, rest = divmod(int(scaled * 10**places), 10**places)
    return f"{whole}.{rest:0{places}d}%" if places else f"{whole}%"
