"""Documents to the passages that a language model is asked about."""

from collections.abc import Iterable, Iterator

from datagen.article_passages import article_passages
from datagen.decision_passages import decision_passages
from datagen.passage import Passage, pieces
from taxqa.records import Document

LETTERS = 1500
"""Of a passage at most, unless one sentence or one table is longer."""


def passages_of(documents: Iterable[Document], letters: int = LETTERS) -> Iterator[Passage]:
    """The passages of documents, in their order."""
    for document in documents:
        if document.kind == "statute":
            yield from article_passages(document, letters)
        elif document.kind == "guide":
            yield from guide_passages(document, letters)
        else:
            yield from decision_passages(document, letters)


def guide_passages(document: Document, letters: int) -> Iterator[Passage]:
    """A free text, cut where it is long; it has no citation of its own."""
    for number, text in enumerate(pieces(document.text, letters), start=1):
        yield Passage(document, number, "", text, lead="" if number == 1 else document.title)
