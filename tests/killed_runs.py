"""Starts runs that can be killed: imports once, then forks a run for each line it reads.

A line is JSON: {url, store, count, concurrency, slow}; the answer is the process's id. When a run
ends its exit status is printed. Kept apart from pytest's process, whose threads a fork would not
take.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from asking import questions, run
from fake_teachers import KEY

from datagen.teachers.opening import open_teacher
from datagen.teachers.outcome import Outcome
from datagen.teachers.request import Reply, Request


def wrong_topic(request: Request, reply: Reply) -> str | None:
    """Deterministic in the reply."""
    return "off-topic: it says so" if "다른 이야기" in reply.text else None


def one_run(url: str, store: str, count: int, concurrency: int, slow: float) -> None:
    def after(outcome: Outcome) -> Outcome:
        if slow:
            sys.stderr.write("An outcome came about.\n")
            sys.stderr.flush()
            time.sleep(slow)
        return outcome

    teacher = open_teacher("openai", "gpt-6-luna", url)
    found = run(
        questions(count), teacher, Path(store), after, concurrency=concurrency, problem=wrong_topic
    )
    outcomes = {each.request.user: [each.reason, each.reply and each.reply.text] for each in found}
    Path(store).with_suffix(".json").write_text(json.dumps(outcomes), encoding="utf-8")


def main() -> None:
    os.environ["OPENAI_API_KEY"] = KEY
    # All that a run imports late is imported here.
    import anthropic  # noqa: F401
    import openai.resources.responses  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            code = 1
            try:
                one_run(**json.loads(line))
                code = 0
            except KeyboardInterrupt:
                code = 130
            finally:
                sys.stderr.flush()
                os._exit(code)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
