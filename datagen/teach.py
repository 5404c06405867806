"""Language models as teachers of one dataset: who is asked what, and what came back.

The answers lie in a store of their own, which outlives every dataset made from them. What comes
back is put in the order of the plan, whatever the order in which it came: a run that was killed
and started again ends in the same dataset.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

from datagen.asking.lessons import Lesson, LessonRequest
from datagen.asking.replies import candidates, problem_of
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

ANSWERS = "answers.sqlite3"
"""The store of answers, beside the dataset."""
Replies = dict[int, tuple[LessonRequest, Reply]]
"""Place in the plan -> what was asked and what came back."""
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


def estimates(lessons: Sequence[Lesson], config: GenerateConfig, answers: Path) -> list[Estimate]:
    """What each lesson will take, less what the store has; nothing is sent, nothing is made.

    Raises:
        InputError: a model that is retired or whose price is not known.
    """
    table = load_prices()
    with ExitStack() as opened:
        store = opened.enter_context(ReplyStore.opened(answers)) if answers.is_file() else None
        return [expected(lesson, config, table, store) for lesson in lessons]


def expected(
    lesson: Lesson, config: GenerateConfig, table: PriceTable, store: ReplyStore | None
) -> Estimate:
    """What a lesson will take, less what the store has."""
    return estimate(
        lesson.requests,
        table,
        lesson.teacher,
        concurrency=at_once(lesson, config),
        store=store,
        problem=problem_of,
    )


def at_once(lesson: Lesson, config: GenerateConfig) -> int:
    """Requests in flight at most."""
    return config.concurrency or default_concurrency(lesson.provider)


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
    # All are opened before the first is asked: a missing key is told before money is spent.
    teachers = [opened_teacher(lesson, config, keys) for lesson in lessons]
    table, replies, waiting = load_prices(), Replies(), 0
    taught = Taught()
    with ReplyStore.opened(answers) as store:
        if confirm:
            confirm([expected(lesson, config, table, store) for lesson in lessons])
        for lesson, teacher in zip(lessons, teachers, strict=True):
            missing = ask(lesson, teacher, store, table, config, replies)
            waiting += missing.pop(IN_BATCH, 0)
            taught.teachers.append(summary(lesson, missing, replies, store, table))
    if waiting:
        raise InBatchError(waiting)
    for place in sorted(replies):
        request, reply = replies[place]
        taught.items += candidates(request.ask, reply, request.teacher, index)
    return taught


def opened_teacher(lesson: Lesson, config: GenerateConfig, keys: Path | None) -> Teacher:
    """The teacher of a lesson; nothing is sent."""
    name, _, model = lesson.teacher.partition(":")
    return open_teacher(name, model, config.base_url, config=keys)


def ask(
    lesson: Lesson,
    teacher: Teacher,
    store: ReplyStore,
    table: PriceTable,
    config: GenerateConfig,
    replies: Replies,
) -> Counter[str]:
    """Put the replies to a lesson into `replies`, and count why others are missing.

    They are only gathered here: while one is read, none is on its way.
    """
    price = table.price(teacher.name, batch=config.batch)
    asking: dict[str, Any] = {
        "price": price,
        "problem": problem_of,
        "budget": config.budget,
        "attempts": config.attempts,
    }
    if config.batch or store.keys_in_batches(teacher.name):
        # Also where this run asks live: what lies with a batch is not asked again.
        collect_batches(teacher, store, price=table.price(teacher.name, batch=True))
    if config.batch:
        submit_batches(lesson.requests, teacher, store, **asking)
    asking |= {"concurrency": at_once(lesson, config), "send": not config.batch}
    missing: Counter[str] = Counter()
    with live(f"Asking {teacher.name}", len(lesson.asks), table=table) as shown:
        for outcome in outcomes(lesson.requests, teacher, store, **asking, progress=shown.update):
            request = cast(LessonRequest, outcome.request)
            if outcome.kept and outcome.reply:
                replies[request.place] = (request, outcome.reply)
            else:
                missing[(outcome.reason or "").partition(":")[0]] += 1
    return missing


def summary(
    lesson: Lesson,
    missing: Counter[str],
    replies: Replies,
    store: ReplyStore,
    table: PriceTable,
) -> dict[str, Any]:
    """A teacher in the manifest; the cost is that of its answers in the store, over all runs."""
    mine = [replies[place][1] for place, _ in lesson.asks if place in replies]
    spent = store.spending(lesson.teacher)
    return {
        "teacher": lesson.teacher,
        "requests": len(lesson.asks),
        "answered": len(mine),
        "not_answered": dict(missing.most_common()),
        "input_tokens": sum(reply.input_tokens for reply in mine),
        "output_tokens": sum(reply.output_tokens for reply in mine),
        "usd": float(spent.usd),
        "usd_uncertain": float(spent.uncertain),
        "krw": table.krw(spent.usd + spent.uncertain),
    }
