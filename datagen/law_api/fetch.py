"""What is wanted from the API, fetched into the store: only what is new or has changed."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, TypeVar

from datagen.law_api.client import LawApi, NotFoundError, UnusableError
from datagen.law_api.kinds import STATUTE, Kind, body_of, period, rows_of, state_of
from datagen.law_api.statutes import one_line, statute_from_json
from datagen.law_api.store import RawStore
from datagen.markup import iso_date
from taxlaw.acts import Act, Law, find_law
from taxlaw.statutes import Statute, StatuteError
from taxqa.errors import ServiceError
from taxqa.progress import Bar, bar

ROWS = "100"
"""Rows asked for in one page; the API may give fewer and does not say so."""
MOST_FAILURES = 3
"""Documents in a row that cannot be had: then the service is down, not the document broken."""
TAX_SERVICE = "국세법령정보시스템"
Row = dict[str, Any]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Wanted:
    """What to fetch."""

    acts: tuple[Act, ...]
    statutes: bool
    kinds: tuple[Kind, ...]
    since: date | None = None
    """Decisions given before this day are left out; statutes always come as they are today."""
    limit: int = 0
    """Most documents of a kind, the newest first (statutes: most laws); 0 = all."""
    today: date = field(default_factory=date.today)

    def settings(self) -> dict[str, Any]:
        """As config.yaml shows it."""
        statutes = [STATUTE] if self.statutes else []
        return {
            "fields": [act.name for act in self.acts],
            "kinds": [*statutes, *(kind.name for kind in self.kinds)],
            "since": self.since.isoformat() if self.since else None,
            "limit": self.limit,
            "day": self.today.isoformat(),
        }


@dataclass
class Fetched:
    """What a run found; the texts lie in the store."""

    statutes: list[Statute] = field(default_factory=list)
    decisions: list[tuple[Kind, Row]] = field(default_factory=list)
    """(kind, row of the list) of each decision whose text is there."""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """(what, why it is not there)."""


class Fetcher:
    """One run over the API and the store."""

    def __init__(self, api: LawApi, store: RawStore, wanted: Wanted) -> None:
        """Nothing is asked yet."""
        self.api, self.store, self.wanted = api, store, wanted
        self.found = Fetched()
        self.failures = 0

    def run(self) -> Fetched:
        """Fetch everything that is wanted.

        Raises:
            ServiceError: the API refuses or is down; what was fetched is kept.
        """
        if self.wanted.statutes:
            with bar("law.go.kr: 법령") as shown:
                self.statutes(shown)
        for kind in self.wanted.kinds:
            with bar(f"law.go.kr: {kind.title}") as shown:
                self.decisions(kind, shown)
        self.store.finish_round()
        return self.found

    def statutes(self, shown: Bar) -> None:
        """Each act with its decree and rule, in the version in force today."""
        for act in self.wanted.acts:
            rows = list(self.rows("eflaw", {"query": act.name, "sort": "efdes"}))
            versions = versions_in_force(rows, act, self.wanted.today)
            if not versions:
                self.skip(act.name, "law.go.kr lists no law of that name")
            for row in versions:
                if 0 < self.wanted.limit <= len(self.found.statutes):
                    return
                self.statute(row)
                shown.advance()

    def statute(self, row: Row) -> None:
        """One version of a law, pinned by its MST and its day: by ID another one may come."""
        name, mst = (one_line(row.get(key)) for key in ("법령명한글", "법령일련번호"))
        day = one_line(row.get("시행일자"))
        state = f"{mst} {day} {one_line(row.get('공포일자'))}"
        answer = self.body("eflaw", f"{mst} {day}", state, name, {"MST": mst, "efYd": day})
        if not answer:
            return
        try:
            statute = statute_from_json(answer, mst)
        except StatuteError as error:
            self.skip(f"{name} (MST {mst})", error.message)
            return
        if statute.law != law_of(row) or f"{statute.in_force:%Y%m%d}" != day:
            self.store.forget_body("eflaw", f"{mst} {day}")
            came = f"{statute.law} in force from {statute.in_force}"
            self.skip(f"{name} (MST {mst})", f"the API answered with another text: {came}")
            return
        self.found.statutes.append(statute)

    def decisions(self, kind: Kind, shown: Bar) -> None:
        """The decisions of one kind that name one of the acts, newest first, each once."""
        met: set[str] = set()
        without_text = 0
        lists = [
            self.rows(kind.target, self.list_parameters(kind, act)) for act in self.wanted.acts
        ]
        for row in interleaved(lists):
            if not kind.id(row) or kind.id(row) in met or self.too_old(kind, row):
                continue
            met.add(kind.id(row))
            if one_line(row.get("데이터출처명")) == TAX_SERVICE:
                without_text += 1
                continue
            if self.decision(kind, row):
                self.found.decisions.append((kind, row))
                shown.advance()
            if 0 < self.wanted.limit <= sum(each == kind for each, _ in self.found.decisions):
                break
        if without_text:
            why = f"listed from {TAX_SERVICE}; the API holds no text of them"
            self.skip(f"{kind.title} {without_text:,}건", why)

    def list_parameters(self, kind: Kind, act: Act) -> dict[str, str]:
        """The list of a kind for one act: its name anywhere in the text, newest first."""
        parameters = {"query": act.name, "search": "2", "sort": "ddes"}
        if kind.since and self.wanted.since:
            parameters[kind.since] = period(self.wanted.since, self.wanted.today)
        return parameters

    def too_old(self, kind: Kind, row: Row) -> bool:
        """Whether a row is from before the wanted time (not every list takes a period)."""
        since = self.wanted.since
        return since is not None and kind.day(row) < since.isoformat()

    def decision(self, kind: Kind, row: Row) -> bool:
        """Have the text of one decision in the store; False where there is none."""
        if not kind.has_body:
            return True
        name = f"{kind.title} {kind.id(row)}"
        answer = self.body(kind.target, kind.id(row), state_of(row), name, {"ID": kind.id(row)})
        if answer and not kind.answers(row, body_of(answer)):
            self.store.forget_body(kind.target, kind.id(row))
            self.skip(name, "the API answered with another document")
            return False
        return bool(answer)

    def body(
        self, target: str, id: str, state: str, name: str, parameters: Mapping[str, str]
    ) -> Row | None:
        """A document from the store, or else from the API; None (and noted) where it has none."""
        answer = self.store.body(target, id, state)
        if answer is None:
            try:
                answer = self.api.body(target, **parameters)
            except NotFoundError:
                answer = {}
            except UnusableError as error:
                self.failures += 1
                if self.failures >= MOST_FAILURES:
                    raise
                self.skip(name, error.message)
                return None
            self.failures = 0
            self.store.keep_body(target, id, state, answer)
        if not answer:
            self.skip(name, "listed, but the API holds no text of it")
        return answer or None

    def rows(self, target: str, parameters: dict[str, str]) -> Iterator[Row]:
        """The rows of a list, page by page until as many have come as it says there are."""
        listing = "&".join(f"{key}={value}" for key, value in sorted(parameters.items()))
        seen, page, former = 0, 1, None
        while True:
            rows, total = rows_of(self.page(target, listing, page, parameters))
            if rows == former:
                rows = []  # some lists do not turn their pages
            yield from rows
            seen += len(rows)
            if not rows or (total is not None and seen >= total):
                break
            page, former = page + 1, rows
        if total is not None and seen < total:
            self.skip(f"{target} {listing}", f"{total:,} rows were promised, {seen:,} came")

    def page(self, target: str, listing: str, page: int, parameters: dict[str, str]) -> Row:
        """One page of a list, from the store where this round already has it."""
        key = f"{target}?{listing}"
        answer = self.store.page(key, page)
        if answer is None:
            answer = self.api.search(target, **parameters, display=ROWS, page=str(page))
            if not any(isinstance(each, dict) for each in answer.values()):
                raise ServiceError(
                    f"law.go.kr gave no list for {key}: found the fields {', '.join(answer)}."
                )
            self.store.keep_page(key, page, answer)
        return answer

    def skip(self, what: str, why: str) -> None:
        """Note what was not had, and why."""
        self.found.skipped.append((what, why))


def versions_in_force(rows: Iterable[Row], act: Act, today: date) -> list[Row]:
    """Of the rows of a list, for the act, its decree and its rule the version in force.

    Where none is in force yet, the next one; of two from the same day, the one promulgated last.
    """
    best: dict[str, tuple[tuple[bool, str, str, str], Row]] = {}
    for row in rows:
        law = find_law(one_line(row.get("법령명한글")))
        day = iso_date(row.get("시행일자"))
        if law is None or law.former or law.act != act.name or not day:
            continue
        now = day <= today.isoformat()
        order = day if now else "".join(chr(255 - ord(each)) for each in day)
        promulgated = iso_date(row.get("공포일자"))
        rank = (now, order, promulgated, one_line(row.get("법령일련번호")))
        if law.name not in best or rank > best[law.name][0]:
            best[law.name] = rank, row
    return [row for _, (_, row) in sorted(best.items())]


def law_of(row: Row) -> str:
    """The name of the law of a row, as our records have it."""
    law = find_law(one_line(row.get("법령명한글"))) or Law(one_line(row.get("법령명한글")))
    return law.name


def interleaved(lists: Iterable[Iterator[Value]]) -> Iterator[Value]:
    """One of each list in turn until all are done."""
    waiting = deque(lists)
    while waiting:
        current = waiting.popleft()
        for value in islice(current, 1):
            yield value
            waiting.append(current)
