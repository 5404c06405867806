"""The day whose law a dataset states."""

from collections.abc import Iterable
from datetime import date

from taxlaw.rates import LAW_AS_OF
from taxqa.records import Document, Record


def law_date(records: Iterable[Record], documents: Iterable[Document]) -> date | None:
    """The newest day among those whose law the records state; None where no record states law.

    A record on an article states the law of the day from which the article's text is in force.
    One on no document of the corpus is computed or comes from the guide that ships, and states
    that of LAW_AS_OF. Judgments, rulings and the user's own guides state no day's law.
    """
    known = {document.id: document for document in documents}
    days = set()
    for record in records:
        document = known.get(record.document)
        if document is None:
            days.add(LAW_AS_OF)
        elif document.kind == "statute" and document.in_force:
            days.add(date.fromisoformat(document.in_force))
    return max(days, default=None)
