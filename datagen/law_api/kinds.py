"""What the API is asked for: its targets, and the names of their fields.

The root of an answer and the name of its rows differ from target to target (and from the target's
own name), so rows are found by their shape and only fields are named here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from datagen.law_api.statutes import one_line
from datagen.markup import iso_date
from taxlaw.acts import squash
from taxqa.records import to_json

UNSTABLE = ("id", "데이터기준일시")
"""Fields of a row that change without its document: its place in the page, the day of the data."""


@dataclass(frozen=True)
class Kind:
    """One kind of decisions."""

    name: str
    """As --kinds takes it."""
    target: str
    title: str
    """Korean, for progress."""
    id_field: str
    """Of a row; what the body is asked for by."""
    date_field: str
    """Of a row."""
    since: str = ""
    """Parameter of the list that takes 'from~to'."""
    body_id: str = ""
    """The field of a body that repeats its id."""
    has_body: bool = True
    """False: the API lists it and holds no text."""

    def id(self, row: Mapping[str, Any]) -> str:
        """The id of a row's document; '' where the row has none."""
        return one_line(row.get(self.id_field))

    def day(self, row: Mapping[str, Any]) -> str:
        """ISO date of a row; '' = not given."""
        return iso_date(row.get(self.date_field))

    def answers(self, row: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
        """Whether a body is that of a row: the API has answered one id with another's text."""
        if self.body_id and (found := one_line(body.get(self.body_id))):
            return found == self.id(row)
        for name in ("청구번호", "사건번호", "안건번호", "사건명", "안건명"):
            if row.get(name) and body.get(name):
                return squash(one_line(row[name])) == squash(one_line(body[name]))
        return True


JUDGMENT = Kind(
    "judgment", "prec", "판례", "판례일련번호", "선고일자", since="prncYd",
    body_id="판례정보일련번호",
)  # fmt: skip
CONSTITUTIONAL = Kind(
    "constitutional", "detc", "헌재결정례", "헌재결정례일련번호", "종국일자",
    body_id="헌재결정례일련번호",
)  # fmt: skip
INTERPRETATION = Kind(
    "interpretation", "expc", "법령해석례", "법령해석례일련번호", "회신일자",
    body_id="법령해석례일련번호",
)  # fmt: skip
TRIBUNAL = Kind(
    "tribunal", "ttSpecialDecc", "조세심판 결정", "특별행정심판재결례일련번호", "의결일자",
    since="rslYd", body_id="특별행정심판재결례일련번호",
)  # fmt: skip
RULING = Kind(
    "ruling", "ntsCgmExpc", "국세청 해석", "법령해석일련번호", "해석일자", since="explYd",
    has_body=False,
)  # fmt: skip
KINDS = (JUDGMENT, CONSTITUTIONAL, INTERPRETATION, TRIBUNAL, RULING)
"""All kinds of decisions; statutes are the other thing that is fetched."""
STATUTE = "statute"
KIND_NAMES = (STATUTE, *(kind.name for kind in KINDS))
USUAL_KINDS = (STATUTE, *(kind.name for kind in KINDS if kind.has_body))
"""Those that come with a text: a question without its answer teaches nothing."""


def rows_of(answer: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int | None]:
    """(rows, how many there are in all) of a page of a list; None = the page does not say.

    One row comes as an object and none as no key at all.
    """
    root = next((each for each in answer.values() if isinstance(each, dict)), {})
    total = one_line(root.get("totalCnt"))
    rows: list[dict[str, Any]] = []
    for value in root.values():
        found = [value] if isinstance(value, dict) else value if isinstance(value, list) else []
        rows += [each for each in found if isinstance(each, dict)]
    return rows, int(total) if total.isdecimal() else None


def body_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a document, which lie under one name; {} where there are none."""
    return next((each for each in answer.values() if isinstance(each, dict)), {})


def state_of(row: Mapping[str, Any]) -> str:
    """What of a row changes when its document does, as text to compare."""
    return to_json({key: row[key] for key in sorted(row) if key not in UNSTABLE})


def period(since: date, today: date) -> str:
    """'20260101~20261123'."""
    return f"{since:%Y%m%d}~{today:%Y%m%d}"
