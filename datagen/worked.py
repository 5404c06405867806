"""The `worked` teacher: examples that are computed or quoted, without a language model.

Its answers come from the calculators of taxlaw, from the guide that ships, and word for word from
the articles, judgments and rulings of a corpus.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from datagen.article_examples import article_examples
from datagen.decision_examples import decision_examples
from datagen.example import records_of
from datagen.gift_examples import gift_examples
from datagen.guide import guide_entries
from datagen.guide_examples import guide_examples
from datagen.income_examples import income_examples
from taxqa.records import Document, Record


def worked_records(documents: Sequence[Document], *, seed: int) -> Iterator[Record]:
    """All records that this teacher has, the same for the same documents and seed.

    Guides of a corpus give none: to ask about a free text takes a language model.
    """
    return records_of(
        chain(
            gift_examples(seed),
            income_examples(seed),
            guide_examples(guide_entries()),
            article_examples(documents, seed),
            decision_examples(documents, seed),
        )
    )
