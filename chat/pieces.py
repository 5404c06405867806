"""A stream of tokens on its way to a reader: counted, decoded, ended at a stop string."""

import codecs
import time
from collections.abc import Iterable, Iterator, Sequence


class Counted:
    """Tokens counted and timed while they pass, and cut at a limit."""

    def __init__(self, tokens: Iterable[int], limit: int) -> None:
        """At most `limit` tokens of `tokens` pass."""
        self.tokens = iter(tokens)
        self.limit = limit
        self.count = 0
        self.cut = False
        self.started = 0.0
        self.seconds = 0.0

    def __iter__(self) -> Iterator[int]:
        """The tokens; the clock starts at the first, when the prompt has been read."""
        for token in self.tokens:
            now = time.monotonic()
            self.started = self.started or now
            self.seconds = now - self.started
            self.count += 1
            yield token
            if self.count >= self.limit:
                self.cut = True
                return


def decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    """Text of bytes that may end in the middle of a letter; broken ones show as U+FFFD."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for piece in pieces:
        if text := decoder.decode(piece):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def until_stop(pieces: Iterable[str], stops: Sequence[str]) -> Iterator[str]:
    """Text up to the first stop string, which may be spread over several pieces.

    What may be the beginning of one is held back until it is known.
    """
    held = ""
    for piece in pieces:
        held += piece
        ends = [end for stop in stops if (end := held.find(stop)) >= 0]
        if ends:
            if min(ends):
                yield held[: min(ends)]
            return
        keep = max((overlap(held, stop) for stop in stops), default=0)
        if len(held) > keep:
            yield held[: len(held) - keep]
            held = held[len(held) - keep :]
    if held:
        yield held


def overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that is a beginning of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
