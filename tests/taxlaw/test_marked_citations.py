"""Real judgments and rulings: a hundred citations marked by hand, and how many resolve."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from taxlaw.acts import BY_NAME
from taxlaw.articles import ArticleIndex
from taxlaw.citations import find_citations

MARKED = Path(__file__).with_name("marked_citations.json")
"""[file, line, field, offset, whose text or '', citation or null where none may be given]."""

FILES = (
    "judgments/tax_judgments.jsonl",
    "rulings/nts_documents.jsonl",
    "rulings/nts_search_rows.jsonl",
    "rulings/상속세및증여세법_기본통칙.jsonl",
)
PLAIN_PATTERN_FINDS = 445
"""Citations that a plain regular expression for the direct forms finds in the same files."""


@pytest.fixture(scope="module")
def rows(shared: Path) -> dict[str, list[dict[str, object]]]:
    folder = shared / "lawdata"
    return {
        name: [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]
        for name in FILES
    }


def texts(rows: dict[str, list[dict[str, object]]]) -> Iterator[str]:
    for lines in rows.values():
        for line in lines:
            yield from (value for value in line.values() if isinstance(value, str))


def test_no_citation_marked_by_hand_is_read_wrongly(
    rows: dict[str, list[dict[str, object]]],
) -> None:
    marked = json.loads(MARKED.read_text(encoding="utf-8"))
    assert sum(expected is not None for *_, expected in marked) == 100
    for name, line, field, offset, own, expected in marked:
        text = str(rows[name][line][field])
        at = [m for m in find_citations(text, own or None) if m.start <= offset < m.end]
        found = [str(mention.citation) for mention in at]
        assert found == ([expected] if expected else []), (name, line, field, offset)


def test_more_citations_are_found_than_a_plain_pattern_finds_and_nearly_all_resolve(
    rows: dict[str, list[dict[str, object]]],
) -> None:
    index = ArticleIndex.default()
    statuses = Counter(
        index.resolve(mention.citation).status
        for text in texts(rows)
        for mention in find_citations(text)
        if mention.citation.act in BY_NAME
    )
    current = statuses.total() - statuses["former"]
    assert statuses.total() > PLAIN_PATTERN_FINDS
    assert statuses["exists"] >= 0.99 * current
    assert statuses["no_article"] == 0
