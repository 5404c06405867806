"""The guide teaches nothing false: each figure in it stands in an article that it cites.

The last tests read the real statutes; a figure that is computed from one of theirs (a date, a sum,
an example) is listed in DERIVED with how, and nothing else may differ.
"""

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from taxlaw.acts import ACTS
from taxlaw.amounts import find_amounts
from taxlaw.articles import ArticleIndex
from taxlaw.citations import Citation, find_citations, parse_citation
from taxqa.records import ASKERS

GUIDE = Path(__file__).resolve().parents[2] / "datagen" / "guide"
FIELDS = (
    "framework",
    "collection",
    "special",
    "income",
    "corporate",
    "vat",
    "inheritance_gift",
    "property",
    "local",
    "consumption",
    "customs",
    "punishment",
)
KEYS = {"id", "title", "text", "citations", "questions", "answer", "asker"}
LATIN_TERMS = {"R", "D", "cc"}

Entry = dict[str, Any]


def load(field: str) -> list[Entry]:
    entries: list[Entry] = yaml.safe_load((GUIDE / f"{field}.yaml").read_text(encoding="utf-8"))
    return entries


ENTRIES = [entry for field in FIELDS for entry in load(field)]
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=[entry["id"] for entry in ENTRIES])


class Derived(NamedTuple):
    """A figure that no statute prints: `value` computed from those it does, and how."""

    value: Fraction | tuple[int, int] | int
    how: str


PREMISE = "the premise of the example"
LOCAL_TAX = "withheld income tax and its 10 % local income tax"
AFTER_25_DAYS = "25 days after the end of the period"
DERIVED: dict[str, dict[str, Derived]] = {
    "income-rates": {
        "6,000만원": Derived(60_000_000, PREMISE),
        "864만원": Derived(6_240_000 + 10_000_000 * 24 // 100, "624만원 + 1,000만원 × 24%"),
        "1,000만원": Derived(60_000_000 - 50_000_000, "what exceeds the bracket's floor"),
    },
    "income-freelancer": {"3.3%": Derived(Fraction(3, 100) * Fraction(11, 10), LOCAL_TAX)},
    "income-child-credit": {
        "95만원": Derived(550_000 + 400_000, "55만원 + 40만원"),
        "9세": Derived(9, "Act 21548, supplementary article 2(2), for 2026"),
    },
    "income-interest-dividend": {
        "15.4%": Derived(Fraction(14, 100) * Fraction(11, 10), LOCAL_TAX),
    },
    "corporate-return": {"3월 31일": Derived((12 + 3 - 12, 31), "3 months after 31 December")},
    "corporate-rates": {
        "10억원": Derived(10 * 10**8, PREMISE),
        "8억원": Derived((10 - 2) * 10**8, "what exceeds the bracket's floor"),
        "1억 6,000만원": Derived(8 * 10**8 * 20 // 100, "8억원 × 20%"),
        "1억 8,000만원": Derived(20_000_000 + 8 * 10**8 * 20 // 100, "2,000만원 + 8억원 × 20%"),
        "1월 1일": Derived((1, 1), "Act 21217, supplementary articles 1 and 5"),
    },
    "vat-filing": {
        "7월 25일": Derived((6 + 1, 25), AFTER_25_DAYS),
        "1월 25일": Derived((12 + 1 - 12, 25), AFTER_25_DAYS),
        "4월 25일": Derived((3 + 1, 25), AFTER_25_DAYS),
        "10월 25일": Derived((9 + 1, 25), AFTER_25_DAYS),
    },
    "vat-simplified-tax": {
        "8,000만원": Derived(80_000_000, PREMISE),
        "2,000만원": Derived(20_000_000, PREMISE),
        "120만원": Derived(80_000_000 * 15 // 100 * 10 // 100, "8,000만원 × 15% × 10%"),
        "10만원": Derived(20_000_000 * 5 // 1000, "2,000만원 × 0.5%"),
        "110만원": Derived(1_200_000 - 100_000, "120만원 − 10만원"),
    },
    "vat-simplified-return": {
        "1월 25일": Derived((12 + 1 - 12, 25), AFTER_25_DAYS),
        "7월 25일": Derived((6 + 1, 25), AFTER_25_DAYS),
    },
    "corporate-loss-carryforward": {
        "1월 1일": Derived((1, 1), "Act 17652, supplementary articles 4 and 15"),
    },
    "gift-return": {
        "3월 10일": Derived((3, 10), PREMISE),
        "6월 30일": Derived((3 + 3, 30), "3 months after the end of March"),
    },
    "gift-marriage-birth": {
        "1억 5,000만원": Derived(10**8 + 50_000_000, "1억원 + 5,000만원"),
    },
    "gift-rates": {
        "3억원": Derived(3 * 10**8, PREMISE),
        "2억 5,000만원": Derived(3 * 10**8 - 50_000_000, "3억원 − 5,000만원"),
        "1억 5,000만원": Derived(250_000_000 - 10**8, "what exceeds the bracket's floor"),
        "4,000만원": Derived(
            10_000_000 + 150_000_000 * 20 // 100, "1,000만원 + 1억 5,000만원 × 20%"
        ),
        "3,880만원": Derived(40_000_000 * 97 // 100, "4,000만원 − 3%"),
    },
    "gift-family-loan": {
        "2억원": Derived(2 * 10**8, PREMISE),
        "920만원": Derived(2 * 10**8 * 46 // 1000, "2억원 × 4.6%"),
    },
    "inheritance-return": {"11월 30일": Derived((5 + 6, 30), "6 months after the end of May")},
    "inheritance-deductions": {"10억원": Derived(2 * 5 * 10**8, "5억원 + 5억원")},
    "local-acquisition-home": {
        "7억 5,000만원": Derived(750_000_000, PREMISE),
        "2%": Derived((Fraction(75, 10) * 2 / 3 - 3) / 100, "(7.5억원 × 2 / 3억원 − 3) / 100"),
        "1,500만원": Derived(750_000_000 * 2 // 100, "7억 5,000만원 × 2%"),
    },
    "local-car-tax": {"40만원": Derived(2000 * 200, "2,000시시 × 200원")},
    "consumption-luxury": {
        "300만원": Derived(3_000_000, PREMISE),
        "100만원": Derived(3_000_000 - 2_000_000, "300만원 − 200만원"),
        "20만원": Derived(1_000_000 * 20 // 100, "100만원 × 20%"),
    },
}


class Figure(NamedTuple):
    """A figure of a text, comparable across the ways of writing it."""

    kind: str
    value: Fraction | tuple[int, int]
    text: str


RATIO = re.compile(r"(\d[\d,]*)(천|만)?분의\s*([\d.]+)")
PERCENT = re.compile(r"([\d.]+)\s*(?:%|퍼센트)")
DATE = re.compile(r"(\d{1,2})월\s*(\d{1,2})일")
COUNT = re.compile(
    r"(?<![\d.,])(\d{1,3}(?:,\d{3})*|\d+)\s*(천)?"
    r"(개월|월(?=\s?이[상내하])|년|일|세|배|시시|리터|밀리리터|개비|달러)"
)
UNITS = {"": 1, "천": 1000, "만": 10_000}
MADE_CITATION = re.compile(r"제\d+조(?:의\d+)?(?:제\d+항)?(?:제\d+호(?:의\d+)?)?")


def figures(text: str) -> Iterator[Figure]:
    """Amounts, rates, dates, durations and counts of a text; article numbers and years are none."""
    text = MADE_CITATION.sub("", text)
    for amount in find_amounts(text):
        yield Figure("KRW", Fraction(amount.value), amount.text)
    for match in RATIO.finditer(text):
        whole = int(match[1].replace(",", "")) * UNITS[match[2] or ""]
        yield Figure("ratio", Fraction(match[3].rstrip(".")) / whole, match[0])
    for match in PERCENT.finditer(text):
        yield Figure("ratio", Fraction(match[1]) / 100, match[0])
    for match in DATE.finditer(text):
        yield Figure("date", (int(match[1]), int(match[2])), match[0])
    for match in COUNT.finditer(DATE.sub("", text)):
        number, unit = int(match[1].replace(",", "")) * UNITS[match[2] or ""], match[3]
        if not (unit == "년" and number > 1900):
            yield Figure("개월" if unit == "월" else unit, Fraction(number), match[0])


def same(figure: Figure) -> tuple[str, Fraction | tuple[int, int]]:
    return figure.kind, figure.value


@lru_cache(maxsize=64)
def articles(statutes: Path, act: str, level: str) -> dict[str, str]:
    """Text of every article of the body of a law; its supplementary provisions are left out."""
    path = statutes / act.replace(" ", "") / f"{level}.md"
    text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8")).split("\n## 부칙")[0]
    text = re.sub(r"[\u2500-\u257f]", " ", re.sub(r"<img[^>]*>", " ", text))
    found = re.split(r"^#{5} (제\d+조(?:의\d+)?)\s", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def cited_text(statutes: Path, citation: Citation) -> str:
    """The article that `citation` names, or the one numbered paragraph where it names one."""
    article = articles(statutes, citation.act, citation.level)[citation.key]
    if not citation.paragraph:
        return article
    parts = re.split(r"\*\*([\u2460-\u2473\u3251-\u325f])\*\*", article)
    numbers = [int(unicodedata.numeric(sign)) for sign in parts[1::2]]
    return parts[2::2][numbers.index(citation.paragraph)]


def without_source(entry: Entry, written: str, statutes: Path) -> list[str]:
    """Figures of `written` that no cited article holds and no derivation explains."""
    cited = (cited_text(statutes, parse_citation(text)) for text in entry["citations"])
    known = {same(figure) for text in cited for figure in figures(text)}
    derived = DERIVED.get(entry["id"], {})
    return [f.text for f in figures(written) if same(f) not in known and f.text not in derived]


def test_the_guide_has_one_file_for_each_act() -> None:
    assert sorted(path.stem for path in GUIDE.glob("*.yaml")) == sorted(FIELDS)
    assert len(FIELDS) == len(ACTS)


def test_ids_titles_and_questions_are_unique() -> None:
    for values in (
        [entry["id"] for entry in ENTRIES],
        [entry["title"] for entry in ENTRIES],
        [question for entry in ENTRIES for question in entry["questions"]],
    ):
        assert len(values) == len(set(values))


@each_entry
def test_an_entry_is_complete(entry: Entry) -> None:
    assert set(entry) == KEYS
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", entry["id"])
    assert entry["asker"] in ASKERS
    assert entry["citations"]
    assert 4 <= len(set(entry["questions"])) <= 6


@each_entry
@pytest.mark.parametrize(
    ("name", "sentences", "characters"),
    [("text", range(2, 6), range(120, 651)), ("answer", range(2, 5), range(100, 261))],
)
def test_text_and_answer_are_a_few_whole_sentences(
    entry: Entry, name: str, sentences: range, characters: range
) -> None:
    found = re.split(r"(?<=다\.) ", re.sub(r"\([^()]*\)", "", entry[name]))
    assert len(found) in sentences
    assert len(entry[name]) in characters
    assert all(sentence.endswith("니다.") for sentence in found), found


@each_entry
def test_an_entry_has_no_markup_and_no_english(entry: Entry) -> None:
    for written in (entry["title"], entry["text"], entry["answer"], *entry["questions"]):
        assert not re.search(r"[*_`#<>\[\]{}|\n]|  ", written), written
        assert unicodedata.is_normalized("NFC", written)
        assert set(re.findall(r"[A-Za-z]+", written)) <= LATIN_TERMS, written


@each_entry
def test_an_entry_cites_what_it_lists_and_lists_what_it_cites(entry: Entry) -> None:
    made = [str(m.citation) for name in ("text", "answer") for m in find_citations(entry[name])]
    assert entry["citations"] == list(dict.fromkeys(made))


@each_entry
def test_every_article_is_named_with_its_law(entry: Entry) -> None:
    laws = "|".join(re.escape(act.name) for act in ACTS)
    full = re.compile(rf"(?:{laws})(?: 시행령| 시행규칙)? (?={MADE_CITATION.pattern})")
    for name in ("text", "answer"):
        assert len(MADE_CITATION.findall(entry[name])) == len(full.findall(entry[name]))


@each_entry
def test_every_citation_is_in_official_form_and_exists(entry: Entry) -> None:
    index = ArticleIndex.default()
    for text in entry["citations"]:
        citation = parse_citation(text)
        assert str(citation) == text
        assert index.resolve(citation).ok, text


def test_the_first_question_of_the_value_added_tax_is_the_plain_one() -> None:
    entry = next(e for e in ENTRIES if e["questions"][0] == "부가가치세 신고는 어떻게 하나요?")
    assert "25일" in entry["answer"]
    assert "부가가치세법 제49조제1항" in entry["citations"]


@each_entry
def test_every_figure_stands_in_an_article_that_is_cited(entry: Entry, shared: Path) -> None:
    statutes = shared / "lawdata" / "statutes"
    assert without_source(entry, entry["answer"], statutes) == []
    assert without_source(entry, entry["text"], statutes) == []


@each_entry
def test_a_wrong_figure_in_an_answer_is_found(entry: Entry, shared: Path) -> None:
    answer = MADE_CITATION.sub("", entry["answer"])
    number = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")
    wrong = number.sub(lambda match: f"{int(match[0].replace(',', ''))}7", answer)
    changed = [figure.text for figure in figures(wrong)]
    assert len(changed) == len(list(figures(answer))) > 0
    assert set(without_source(entry, wrong, shared / "lawdata" / "statutes")) == set(changed)


def test_every_derived_figure_is_computed_right_and_used() -> None:
    for entry in ENTRIES:
        written = {f.text: f.value for f in figures(entry["text"] + " " + entry["answer"])}
        for text, derived in DERIVED.get(entry["id"], {}).items():
            assert written[text] == derived.value, (entry["id"], text)
    assert DERIVED.keys() <= {entry["id"] for entry in ENTRIES}
