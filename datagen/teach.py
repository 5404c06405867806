"""Language models as teachers of one dataset: who is asked what, and what came back.

The answers lie in a store of their own, which outlives every dataset made from them. What comes
back is put in the order of the plan, whatever the order in which it came: a run that was killed
and started again ends in the same dataset.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from datagen.asking.lessons import Lesson, LessonRequest
from datagen.asking.replies import Unusable, candidates, problem_of
from datagen.asking.taught import Taught
from datagen.config import GenerateConfig
from datagen.teachers.batch import collect_batches, submit_batches
from datagen.teachers.estimate import Estimate, estimate
from datagen.teachers.live import live
from datagen.teachers.opening import default_concurrency, open_teacher
from datagen.teachers.outcome import IN_BATCH
from datagen.teachers.prices import PriceTable, load_prices
from datagen.teachers.request import Reply, Teacher
from datagen.teachers.run import outcomes
from datagen.teachers.store import ReplyStore
from taxlaw.articles import ArticleIndex
from taxqa.errors import ServiceError
from taxqa.records import Record

ANSWERS = "answers.sqlite3"
"""The store of answers, beside the dataset."""
Confirm = Callable[[list[Estimate]], None]
"""Is told what a run will take before anything is sent; raises where it is not wanted."""


class InBatchError(ServiceError):
    """Requests lie with a provider's batch API; the dataset can be made when they are back."""

    def __init__(self, waiting: int) -> None:
        """Say how many requests are waited for."""
        super().__init__(
            f"{waiting:,} requests lie with the batch API; their results come within 24 hours.",
            hint="Run the same command again to pick them up; nothing is paid twice.",
        )
        self.waiting = waiting


@dataclass(frozen=True)
class School:
    """What all lessons of a run share."""

    config: GenerateConfig
    store: ReplyStore
    table: PriceTable


def expected(self, lesson: Lesson) -> Estimate:
    """What a lesson will take, less what the store has."""
    return expected(lesson, self.config, self.table, self.store)


def expected(
    lesson: Lesson, config: GenerateConfig, table: PriceTable, store: ReplyStore | None
) -> Estimate:
    """What a lesson will take; nothing is sent."""
    at_once = concurrency(lesson, config)
    return estimate(lesson.requests, table, lesson.teacher, concurrency=at_once, answered=store)


def concurrency(lesson: Lesson, config: GenerateConfig) -> int:
    """Requests in flight at most."""
    return config.concurrency or default_concurrency(lesson.provider)


def estimates(lessons: Sequence[Lesson], config: GenerateConfig, answers: Path) -> list[Estimate]:
    """What each lesson will take, less what the store has; nothing is sent, nothing is made.

    Raises:
        InputError: a model that is retired or whose price is not known.
    """
    table = load_prices()
    with ExitStack() as opened:
        store = opened.enter_context(ReplyStore.opened(answers)) if answers.is_file() else None
        return [expected(lesson, config, table, store) for lesson in lessons]


def teach(
    lessons: Sequence[Lesson],
    config: GenerateConfig,
    index: ArticleIndex,
    answers: Path,
    *,
    keys: Path | None = None,
    confirm: Confirm | None = None,
) -> Taught:
    """Ask what the store does not know yet, and read all replies.

    Args:
        answers: the store of answers; made where it is not there.
        keys: the user's config.yaml; None = the usual place, or the environment alone.
        confirm: is called once before anything is sent.

    Raises:
        InputError: no key, a model that is retired or has no price.
        InBatchError: requests were handed to a batch API, or still lie there.
        ServiceError: a provider refuses, or cannot be reached. What was answered is kept.
    """
    with ReplyStore.opened(answers) as store:
        school = School(config, store, load_prices())
        if confirm:
            confirm([expected(each, config, school.table, store) for each in lessons])
        # All are opened before the first is asked: a missing key is told before money is spent.
        opened = [(lesson, opened_teacher(lesson, config, keys)) for lesson in lessons]
        replies: dict[int, tuple[LessonRequest, Reply]] = {}
        taught, waiting = Taught(), 0
        for lesson, teacher in opened:
            left = taught_lesson(lesson, teacher, school, replies)
            waiting += left.pop(IN_BATCH, 0)
            taught.teachers.append(summary(lesson, left, replies, school))
    if waiting:
        raise InBatchError(waiting)
    taught.items = list(read_all(replies, index))
    return taught


def opened_teacher(lesson: Lesson, config: GenerateConfig, keys: Path | None) -> Teacher:
    """The teacher of a lesson; nothing is sent."""
    name, _, model = lesson.teacher.partition(":")
    return open_teacher(name, model, config.base_url, config=keys)


def taught_lesson(
    lesson: Lesson,
    teacher: Teacher,
    school: School,
    replies: dict[int, tuple[LessonRequest, Reply]],
) -> Counter[str]:
    """Ask one lesson and put its replies into `replies` by their place; why others are missing."""
    config, store = school.config, school.store
    price = school.table.price(teacher.name, batch=config.batch)
    common: dict[str, Any] = {
        "price": price, "problem": problem_of, "budget": config.budget,
        "attempts": config.attempts,
    }  # fmt: skip
    if config.batch:
        collect_batches(teacher, store, price)
        submit_batches(lesson.requests, teacher, store, **common)
    missing: Counter[str] = Counter()
    with live(f"Asking {teacher.name}", total=len(lesson.asks)) as shown:
        for outcome in outcomes(
            lesson.requests, teacher, store, **common,
            concurrency=concurrency(lesson, config), send=not config.batch,
            progress=shown.update,
        ):  # fmt: skip
            request = cast(LessonRequest, outcome.request)
            if outcome.reply and outcome.kept:
                replies[request.place] = (request, outcome.reply)
            else:
                missing[(outcome.reason or "").partition(":")[0]] += 1
    return missing


def summary(
    lesson: Lesson,
    missing: Counter[str],
    replies: dict[int, tuple[LessonRequest, Reply]],
    school: School,
) -> dict[str, Any]:
    """A teacher in the manifest; the cost is that of its answers in the store, over all runs."""
    mine = [replies[place][1] for place, _ in lesson.asks if place in replies]
    spent = school.store.spending(lesson.teacher)
    return {
        "teacher": lesson.teacher,
        "requests": len(lesson.asks),
        "answered": len(mine),
        "not_answered": dict(missing.most_common()),
        "input_tokens": sum(reply.input_tokens for reply in mine),
        "output_tokens": sum(reply.output_tokens for reply in mine),
        "usd": float(spent.usd),
        "usd_uncertain": float(spent.uncertain),
        "krw": school.table.krw(spent.usd + spent.uncertain),
    }


def read_all(
    replies: dict[int, tuple[LessonRequest, Reply]], index: ArticleIndex
) -> Iterator[Record | Unusable]:
    """The items of all replies in the order of the plan."""
    for place in sorted(replies):
        request, reply = replies[place]
        yield from candidates(request.ask, reply, request.teacher, index)
