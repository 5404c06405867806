"""What each language model of a run is asked about a corpus."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from datagen.asking.plan import plan
from datagen.asking.prompts import Ask
from datagen.config import GenerateConfig
from datagen.corpus import Corpus
from datagen.guide import guide_documents, guide_entries
from datagen.passages import passages_of
from datagen.teachers.access import load_user_config
from datagen.teachers.opening import model_of, provider_of
from datagen.teachers.request import Request
from taxlaw.acts import find_act
from taxlaw.citations import find_citations
from taxqa.errors import InputError
from taxqa.records import Document


@dataclass(frozen=True)
class LessonRequest(Request):
    """A request with what its reply will be read with."""

    ask: Ask
    place: int
    """In the plan, from 0."""
    teacher: str


@dataclass(frozen=True)
class Lesson:
    """What one language model is asked."""

    teacher: str
    """Provider and model: 'openai:gpt-6-luna'."""
    asks: tuple[tuple[int, Ask], ...]
    """(place in the plan, ask), in the order of the plan."""

    @property
    def provider(self) -> str:
        """'openai' of 'openai:gpt-6-luna'."""
        return self.teacher.partition(":")[0]

    @cached_property
    def requests(self) -> list[LessonRequest]:
        """What the teacher is sent."""
        found = []
        for place, ask in self.asks:
            sent = ask.request
            found.append(
                LessonRequest(
                    sent.system, sent.user, sent.schema, sent.max_tokens, ask, place, self.teacher
                )
            )
        return found


def lessons_of(
    material: Corpus, config: GenerateConfig, *, keys: Path | None = None
) -> list[Lesson]:
    """The passages of a corpus and of the guide that ships, dealt to the language models in turn.

    Args:
        keys: the user's config.yaml, which may name the models.

    Raises:
        InputError: a teacher has no model, or there is nothing to ask about.
    """
    teachers = [full_name(each, keys) for each in config.models]
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
            "No passage of the corpus and the guide fits the sources and acts of the config.",
            hint="Widen them, or collect more: taxqa collect --help",
        )
    dealt = tuple(enumerate(asks))
    return [Lesson(name, dealt[turn :: len(teachers)]) for turn, name in enumerate(teachers)]


def full_name(teacher: str, keys: Path | None) -> str:
    """'openai:gpt-6-luna' of 'openai', where the user's config names the model."""
    name, _, model = teacher.partition(":")
    provider = provider_of(name)
    return f"{provider}:{model or model_of(provider, load_user_config(keys))}"


def wanted_documents(documents: Iterable[Document], acts: tuple[str, ...]) -> list[Document]:
    """The guide that ships and the documents; where `acts` are named, those about them."""
    found = list(documents)
    known = {document.id for document in found}
    guides = [each for each in guide_documents(guide_entries()) if each.id not in known]
    return [each for each in (*guides, *found) if not acts or is_about(each, acts)]


def is_about(document: Document, acts: tuple[str, ...]) -> bool:
    """Whether a document is an article of one of these acts, or names one."""
    if document.kind == "statute":
        act = find_act(document.law)
        return act is not None and act.name in acts
    return any(each.citation.act in acts for each in find_citations(document.text))
