"""Server-sent events: the form of RunPod's log stream."""

import json
from collections.abc import Iterable, Iterator


def log_lines(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(id, line of the log) of each whole event; one that breaks off is left out.

    The id is the event's time. Of `data: {"source": …, "line": …, "ts": …}` the line is taken; an
    event that is no such thing (a comment that keeps the connection open) gives none.
    """
    event_id = ""
    data: list[str] = []
    for line in lines:
        if not line:
            if (text := text_of("\n".join(data))) is not None:
                yield event_id, text
            data = []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            event_id = value
        elif name == "data":
            data.append(value)


def text_of(data: str) -> str | None:
    """The log line in an event's data; None where there is none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    text = found.get("line") if isinstance(found, dict) else None
    return text if isinstance(text, str) else None
