"""Every article and every case that a record names, looked up."""

import re
from datetime import date

from datagen.checks.finding import Context, Finding
from taxlaw.acts import BY_NAME
from taxlaw.cases import CaseMention, find_cases
from taxlaw.citations import Citation, find_citations
from taxqa.records import QARecord

MISSING = {"deleted", "no_article", "no_paragraph", "no_item", "no_subitem"}
INVENTED_TAX_ACTS = {
    "증여세법",
    "양도소득세법",
    "양도세법",
    "종합소득세법",
    "근로소득세법",
    "사업소득세법",
    "퇴직소득세법",
    "지방소득세법",
    "부동산세법",
}
"""Acts that models cite and that are none: these taxes are in 소득세법, 지방세법 and the others."""
DATED = re.compile(r"\d{4}\s*\.\s*\d{1,2}\s*\.\s*\d{1,2}")
CASE_YEAR = re.compile(r"(?<!\d)(\d{4}|\d{2})(?=[가-힣-])")
FIRST_YEAR = 1945
SUPREME_SINCE_1998 = re.compile(r"(?:19(?:9[89])|20\d\d|^(?:9[89]))(?:구합?|구단|누)\d")
"""Numbers that courts below give; since 1998 the Supreme Court's own in tax cases is 두."""
LOWER_COURT = re.compile(r"고법|고등법원|지법|지방법원|행정법원|행법")
BELOW_WITH_DU = re.compile(r"\d두\d")
COUNTED_FROM = 2333
"""Until 1961 years were counted from 2333 BC (단기): 4292 is 1959."""


def check_citations(record: QARecord, context: Context) -> Finding | None:
    """Each article of the twelve acts exists; a former act's articles are not looked up."""
    for text in (record.question, record.answer):
        if "조" not in text and "§" not in text:
            continue
        for mention in find_citations(text):
            finding = missing_article(mention.citation, context)
            if finding:
                return finding
    return None


def missing_article(citation: Citation, context: Context) -> Finding | None:
    """What is wrong with one citation."""
    if citation.act not in BY_NAME and not citation.former:
        if citation.act.replace(" ", "") in INVENTED_TAX_ACTS:
            return Finding("no-such-act", str(citation), "an act that exists")
        return None
    resolution = context.index.resolve(citation)
    if resolution.status in MISSING:
        return Finding("no-such-article", str(citation), resolution.message)
    return None


def check_cases(record: QARecord, context: Context) -> Finding | None:
    """Each judgment, decision or ruling has a number and a day that can be."""
    for text in (record.question, record.answer):
        for case in find_cases(text):
            expected = impossible_case(case)
            if expected:
                return Finding("case-number", case.text, expected)
    return None


def impossible_case(case: CaseMention) -> str:
    """What a case would have to have; '' where it may exist."""
    if DATED.search(case.text) and case.date is None:
        return "a day of the calendar"
    given = case.date or date.today()
    if given.year < FIRST_YEAR or given > date.today():
        return f"a day between {FIRST_YEAR} and today"
    if case.court in ("대법원", "대법") and SUPREME_SINCE_1998.search(case.number):
        return "a case number of the Supreme Court, as 2020두12345"
    if LOWER_COURT.search(case.court) and BELOW_WITH_DU.search(case.number):
        return f"a case number of {case.court}; 두 is the Supreme Court's"
    written = CASE_YEAR.search(case.number)
    if written and not FIRST_YEAR <= case_year(written[1]) <= given.year:
        return f"a case number of the years {FIRST_YEAR} to {given.year}"
    return ""


def case_year(written: str) -> int:
    """The year in a case number: 2024, 85 for 1985, or 4292 for 1959."""
    year = int(written)
    if len(written) == 2:
        return year + (1900 if year >= FIRST_YEAR % 100 else 2000)
    return year - COUNTED_FROM if year > 4000 else year
