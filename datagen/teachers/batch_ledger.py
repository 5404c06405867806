"""What the store knows of batches: noted before they are created, until their results are kept."""

import time
from dataclasses import dataclass

from datagen.teachers.request import Reply
from datagen.teachers.store import OPEN_BATCHES, ReplyStore, Statement, kept

CREATING = "creating"
"""About to be created, or created without our having heard of it."""
OPEN = "open"
DONE = "done"
VOID = "void"
"""Never came to be."""


@dataclass(frozen=True)
class Batch:
    """A batch in the store."""

    id: str
    """Ours: in the provider's metadata where it takes some, and in each request's custom_id."""
    remote: str
    """The provider's; '' where we have not heard of it."""
    state: str
    requests: int
    made: float
    """time.time() when it was noted."""

    def custom_id(self, place: int) -> str:
        """What the provider knows a request by."""
        return f"{self.id}-{place}"

    def place(self, custom_id: str) -> int | None:
        """The place of a request by its custom_id; None for one of another batch."""
        id, _, place = custom_id.rpartition("-")
        return int(place) if id == self.id and place.isdecimal() else None


def open_batches(store: ReplyStore, teacher: str) -> list[Batch]:
    """The batches whose results are not here yet, the oldest first."""
    rows = store.reader.execute(
        "SELECT id, remote, state, requests, made FROM batches"
        f" WHERE teacher = ? AND {OPEN_BATCHES} ORDER BY made, id",
        (teacher,),
    )
    return [Batch(*row) for row in rows]


def known_remotes(store: ReplyStore) -> set[str]:
    """The providers' ids of all batches that the store has heard of."""
    return {row[0] for row in store.reader.execute("SELECT remote FROM batches")}


async def note_batch(
    store: ReplyStore, teacher: str, id: str, asked: list[tuple[str, int]], pico: int
) -> Batch:
    """Note a batch that is about to be created.

    Args:
        asked: (key, attempt) of each request, by its place.
        pico: the most it can cost.
    """
    batch = Batch(id, "", CREATING, len(asked), time.time())
    values = (id, teacher, "", CREATING, len(asked), pico, batch.made)
    statements: list[Statement] = [("INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?)", values)]
    statements += [
        ("INSERT INTO batch_requests VALUES (?, ?, ?, ?)", (id, place, key, attempt))
        for place, (key, attempt) in enumerate(asked)
    ]
    await write(store, statements)
    return batch


async def set_batch(store: ReplyStore, batch: Batch, state: str, remote: str = "") -> Batch:
    """Note what became of a batch."""
    remote = remote or batch.remote
    sql = "UPDATE batches SET state = ?, remote = ? WHERE id = ?"
    await write(store, [(sql, (state, remote, batch.id))])
    return Batch(batch.id, remote, state, batch.requests, batch.made)


def asked_of(store: ReplyStore, batch: Batch) -> dict[int, tuple[str, int]]:
    """Place -> (key, attempt) of the requests of a batch."""
    rows = store.reader.execute(
        "SELECT place, key, attempt FROM batch_requests WHERE batch = ?", (batch.id,)
    )
    return {place: (key, attempt) for place, key, attempt in rows}


async def keep_replies(
    store: ReplyStore, teacher: str, replies: list[tuple[str, int, Reply, int]]
) -> None:
    """Keep (key, attempt, reply, pico); one that is here already stays as it is."""
    await write(store, [kept(teacher, *reply, 0.0) for reply in replies])


async def write(store: ReplyStore, statements: list[Statement]) -> None:
    """Write, and take the ledger's sum anew."""
    await store.write(statements)
    store.committed = store.pico_spent()
