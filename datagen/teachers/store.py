"""Every reply of every teacher, in one SQLite file: committed before it is used.

A request is noted with the most it can cost before it is sent, and the note is taken back, in the
same transaction that keeps the reply, once the cost is known. So the ledger holds at any moment,
after a kill as well: what was spent, and what may have been spent on requests whose reply never
came.

Commits are grouped: whatever waits is written in one transaction, by a thread of its own. WAL with
synchronous=FULL (and fullfsync, which only macOS knows) survives a loss of power too; as the
commits are grouped it costs a few milliseconds for many replies.
"""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from datagen.teachers.prices import usd
from datagen.teachers.request import Reply
from taxqa.folders import only_writer
from taxqa.stores import StoreErrors

SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    teacher TEXT, key TEXT, attempt INTEGER, text TEXT, stop TEXT, model TEXT,
    input_tokens INTEGER, output_tokens INTEGER, pico INTEGER, seconds REAL, made REAL,
    PRIMARY KEY (teacher, key, attempt)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent (
    id INTEGER PRIMARY KEY, teacher TEXT, key TEXT, pico INTEGER, made REAL);
CREATE TABLE IF NOT EXISTS batches (
    id TEXT PRIMARY KEY, teacher TEXT, remote TEXT, state TEXT, requests INTEGER, pico INTEGER,
    made REAL);
CREATE TABLE IF NOT EXISTS batch_requests (
    batch TEXT, place INTEGER, key TEXT, attempt INTEGER, PRIMARY KEY (batch, place)) WITHOUT ROWID;
"""
"""pico: cost in 10^-12 USD; of `sent` and of an open batch, the most it can come to."""
Statement = tuple[str, tuple[Any, ...]]
KEEP = "INSERT OR IGNORE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
NOTE = "INSERT INTO sent VALUES (?, ?, ?, ?, ?)"
TAKE_BACK = "DELETE FROM sent WHERE id = ?"
ERRORS = StoreErrors(
    name="store of replies",
    kept="the replies before are kept",
    again="run the same command again",
    otherwise="Move it away only if its replies may be asked, and paid, again.",
)
BUSY_SECONDS = 60.0
"""That another program (a backup, a viewer of the file) may hold it while replies come in."""
OPEN_BATCHES = "state IN ('creating', 'open')"


@dataclass(frozen=True)
class Spending:
    """What a store has cost so far, over all runs."""

    replies: int
    input_tokens: int
    output_tokens: int
    usd: Decimal
    """Of the replies that are here."""
    uncertain: Decimal
    """USD at most for requests that were sent and whose reply never came (killed, cut off, or
    still with a batch); whether they were billed, only the provider knows."""
    seconds: float = 0.0
    """That the replies took, together."""


class ReplyStore:
    """The replies in one file, and what they cost."""

    def __init__(self, path: Path) -> None:
        """Open the file; use `opened`, which also keeps others out."""
        self.path = path
        # Two connections: a reader on the writer's own would see what is not committed yet.
        self.writer = connect(path)
        self.writer.executescript(SCHEMA)
        self.reader = connect(path)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="replies")
        self.waiting: deque[tuple[list[Statement], Future[None]]] = deque()
        last = self.reader.execute("SELECT max(id) FROM sent").fetchone()[0]
        self.next_id = (last or 0) + 1
        self.committed = self.pico_spent()
        """Pico-USD spent, or noted as what may be spent, over all runs."""

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Self]:
        """The store at `path`, made where there is none.

        Raises:
            BusyError: another process uses it.
            InputError: the file is damaged or no such store.
            NoSpaceError: the disk is full.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        with only_writer(path), ERRORS.named(path):
            store = cls(path)
            try:
                yield store
            finally:
                store.close()

    def close(self) -> None:
        """Write what still waits and let go of the file."""
        self.thread.submit(self.flush).result()
        self.thread.shutdown()
        self.reader.close()
        self.writer.close()

    def pico_spent(self) -> int:
        """Pico-USD in the ledger: replies, requests without one, and open batches."""
        return int(
            self.reader.execute(
                "SELECT (SELECT coalesce(sum(pico), 0) FROM replies)"
                " + (SELECT coalesce(sum(pico), 0) FROM sent)"
                f" + (SELECT coalesce(sum(pico), 0) FROM batches WHERE {OPEN_BATCHES})"
            ).fetchone()[0]
        )

    def spending(self, teacher: str = "") -> Spending:
        """What was spent over all runs, on one teacher or ('') on all."""
        mine, one = "(? = '' OR teacher = ?)", (teacher, teacher)
        found = self.reader.execute(
            "SELECT count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),"
            f" coalesce(sum(pico), 0), coalesce(sum(seconds), 0) FROM replies WHERE {mine}",
            one,
        ).fetchone()
        open_pico = self.reader.execute(
            f"SELECT (SELECT coalesce(sum(pico), 0) FROM sent WHERE {mine})"
            f" + (SELECT coalesce(sum(pico), 0) FROM batches WHERE {OPEN_BATCHES} AND {mine})",
            one + one,
        ).fetchone()[0]
        return Spending(found[0], found[1], found[2], usd(found[3]), usd(open_pico), found[4])

    def replies(self, teacher: str, key: str) -> list[Reply]:
        """The replies to a request so far, in the order of its attempts."""
        rows = self.reader.execute(
            "SELECT text, stop, model, input_tokens, output_tokens FROM replies"
            " WHERE teacher = ? AND key = ? ORDER BY attempt",
            (teacher, key),
        )
        return [Reply(*row) for row in rows]

    async def note(self, teacher: str, key: str, pico: int) -> int:
        """Note a request that is about to be sent with the most it can cost; its id.

        The ledger counts it from this call on; it is on the disk when the call returns.
        """
        id, self.next_id = self.next_id, self.next_id + 1
        self.committed += pico
        await self.write([(NOTE, (id, teacher, key, pico, time.time()))])
        return id

    async def take_back(self, id: int, pico: int) -> None:
        """Take a note back: the request was not billed."""
        self.committed -= pico
        await self.write([(TAKE_BACK, (id,))])

    async def keep(
        self,
        teacher: str,
        key: str,
        attempt: int,
        reply: Reply,
        *,
        pico: int,
        seconds: float,
        noted: tuple[int, int] | None = None,
    ) -> None:
        """Keep a reply; it may be used when this returns.

        Args:
            pico: what it cost.
            noted: (id, pico) of the note about its request.
        """
        statements = [kept(teacher, key, attempt, reply, pico, seconds)]
        if noted:
            statements.append((TAKE_BACK, (noted[0],)))
        await self.write(statements)
        self.committed += pico - (noted[1] if noted else 0)

    async def write(self, statements: list[Statement]) -> None:
        """Run statements in one transaction with whatever else waits; done = on the disk.

        Raises:
            NoSpaceError, InputError: as `opened`.
        """
        done: Future[None] = Future()
        self.waiting.append((statements, done))
        self.thread.submit(self.flush)
        # Shielded: what was handed over is written even where the one who waits is cancelled.
        await asyncio.shield(asyncio.wrap_future(done))

    def flush(self) -> None:
        """Commit what waits, in the thread of the writer."""
        group = [self.waiting.popleft() for _ in range(len(self.waiting))]
        if group:
            self.commit(group)

    def commit(self, group: list[tuple[list[Statement], Future[None]]]) -> None:
        """Run all in one transaction; where that fails each in its own, as one may be to blame."""
        try:
            with ERRORS.named(self.path), self.writer:
                self.writer.execute("BEGIN IMMEDIATE")
                for statements, _ in group:
                    for sql, values in statements:
                        self.writer.execute(sql, values)
        except BaseException as error:
            if len(group) == 1:
                group[0][1].set_exception(error)
                return
            for each in group:
                self.commit([each])
            return
        for _, done in group:
            done.set_result(None)

    def keys_in_batches(self, teacher: str) -> set[str]:
        """Keys of the requests that lie with a batch whose results have not been fetched."""
        rows = self.reader.execute(
            "SELECT key FROM batch_requests JOIN batches ON batches.id = batch"
            f" WHERE teacher = ? AND {OPEN_BATCHES}",
            (teacher,),
        )
        return {row[0] for row in rows}


def kept(
    teacher: str, key: str, attempt: int, reply: Reply, pico: int, seconds: float
) -> Statement:
    """The statement that keeps a reply."""
    counts = (reply.input_tokens, reply.output_tokens, pico, seconds, time.time())
    return KEEP, (teacher, key, attempt, reply.text, reply.stop, reply.model, *counts)


def connect(path: Path) -> sqlite3.Connection:
    """A connection for one thread at a time, with commits as the module's text says."""
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA fullfsync=ON")
    return db
