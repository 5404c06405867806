"""Language models as teachers of one dataset: who is asked what, what it may cost, what came back.

The answers lie in a store of their own, which outlives every dataset made from them. What comes
back is put in the order of the plan, whatever the order in which it came: a run that was killed
and started again ends in the same dataset.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from datagen.asking.plan import plan
from datagen.asking.prompts import Ask
from datagen.asking.replies import Unusable, candidates, problem_of
from datagen.config import GenerateConfig, own_form
from datagen.corpus import Corpus
from datagen.guide import guide_documents, guide_entries
from datagen.passages import passages_of
from datagen.teachers.batch import collect_batches, submit_batches
from datagen.teachers.estimate import Estimate, estimate
from datagen.teachers.live import live
from datagen.teachers.opening import default_concurrency, open_teacher
from datagen.teachers.outcome import Outcome
from datagen.teachers.prices import PriceTable, load_prices
from datagen.teachers.request import Teacher
from datagen.teachers.run import outcomes
from datagen.teachers.store import ReplyStore
from taxlaw.acts import find_act
from taxlaw.articles import ArticleIndex
from taxlaw.citations import find_citations
from taxqa.errors import InputError
from taxqa.records import Document, Record

ANSWERS = "answers.sqlite3"
"""The store of answers, beside the dataset."""
IN_BATCH = "in-batch"


@dataclass(frozen=True)
class Lesson:
    """What one language model is asked, in the order of the plan."""

    teacher: str
    """As the config names it: 'openai:gpt-6-luna'."""
    asks: tuple[tuple[int, Ask], ...]
    """(place in the plan, ask)."""


@dataclass
class Taught:
    """What came of the lessons."""

    items: list[Record | Unusable] = field(default_factory=list)
    """In the order of the plan."""
    details: list[dict[str, Any]] = field(default_factory=list)
    """For the manifest: each teacher with its requests, tokens and cost."""
    waiting: int = 0
    """Requests that lie with a batch whose results are not there yet."""


def lessons_of(material: Corpus, config: GenerateConfig) -> list[Lesson]:
    """What each language model of a config is asked about a corpus and the guide that ships.

    Raises:
        InputError: there is nothing to ask about.
    """
    documents = wanted_documents(material.documents, config.acts)
    asks = plan(
        passages_of(documents, config.passage_letters),
        askers=config.types,
        sources=config.sources,
        questions=config.questions_per_passage,
        limit=config.max_passages,
        seed=config.seed,
    )
    if not asks:
        raise InputError(
            "No passage of the corpus and the guide fits the config's sources and acts.",
            hint="Widen them, or collect more: taxqa collect --help",
        )
    dealt = list(enumerate(asks))
    count = len(config.models)
    return [
        Lesson(teacher, tuple(dealt[turn::count])) for turn, teacher in enumerate(config.models)
    ]


def wanted_documents(documents: Iterable[Document], acts: tuple[str, ...]) -> list[Document]:
    """The guide that ships and the documents, those alone that are about `acts` if there are any."""
    known = {document.id for document in (found := list(documents))}
    guides = [each for each in guide_documents(guide_entries()) if each.id not in known]
    return [each for each in (*guides, *found) if not acts or is_about(each, acts)]


def is_about(document: Document, acts: tuple[str, ...]) -> bool:
    """Whether a document is an article of one of these acts, or names one."""
    if document.kind == "statute":
        act = find_act(document.law)
        return act is not None and act.name in acts
    return any(each.citation.act in acts for each in find_citations(document.text))


def estimates(
    lessons: Iterable[Lesson], config: GenerateConfig, file: Path | None, answers: Path
) -> list[Estimate]:
    """What each lesson will take, less what the store has already; nothing is sent or made.

    Args:
        file: the config's file, which may hold keys in the user's own form.
        answers: the store; it need not be there.
    """
    with schooled(config, file, answers, make=False) as school:
        return [school.estimate(lesson) for lesson in lessons]


@dataclass
class School:
    """What all lessons share: the store of answers and the table of prices."""

    config: GenerateConfig
    file: Path | None
    store: ReplyStore
    table: PriceTable

    def open(self, lesson: Lesson) -> Teacher:
        """The teacher of a lesson; InputError where the model is retired or has no price."""
        name, _, model = lesson.teacher.partition(":")
        teacher = open_teacher(name, model, self.config.base_url, config=self.file)
        self.table.check(teacher.name)
        return teacher
