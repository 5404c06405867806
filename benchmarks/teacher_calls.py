"""How fast teachers are asked: `python -m benchmarks.teacher_calls`.

A server on this machine, in a process of its own, answers each request after 200 ms; 1,000 requests
are sent, at most 100 at once, so that 500 a second is the bound. Side by side: the bare HTTP
clients, the SDKs alone on either transport, and ours with everything on (store, budget, checks).
Prints requests a second, the median of the rounds, which are run in turn so that a busy machine
slows all of them alike, and the share of what bare aiohttp manages.

Peers (distilabel, bespokelabs-curator, synthetic-data-kit) take part in each round where
`--peer NAME=PYTHON` names a Python that has one; each wants an environment of its own. What each of
them does is in benchmarks/peer_calls.py.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path

from benchmarks.peer_calls import PASSAGE, PEERS, SYSTEM
from datagen.teachers.opening import open_teacher
from datagen.teachers.prices import load_prices
from datagen.teachers.request import Reply, Request
from datagen.teachers.run import outcomes
from datagen.teachers.store import ReplyStore

SERVER = Path(__file__).resolve().parent.parent / "tests" / "fake_teachers.py"
KEY = "sk-test-secret-7731"
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
Ask = Callable[[Request], Awaitable[object]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=100)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds before an answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    options = parser.parse_args()
    os.environ["OPENAI_API_KEY"] = os.environ["ANTHROPIC_API_KEY"] = KEY
    with server(options.latency) as url:
        ways = {
            **ways_to_ask(url, options.requests, options.at_once),
            **peers(options.peer, url, options.requests, options.at_once),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, way in ways.items():
                rates[name].append(options.requests / way())
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, median in medians.items():
        print(f"{name:44} {median:5.0f} requests/s  {median / medians['raw aiohttp']:4.0%}")


def ways_to_ask(url: str, count: int, at_once: int) -> dict[str, Callable[[], float]]:
    """Name -> a way to ask `count` requests; each gives its seconds."""
    ways = {
        "raw aiohttp": lambda: asyncio.run(raw_aiohttp(url, count, at_once)),
        "raw httpx2": lambda: asyncio.run(raw_httpx2(url, count, at_once)),
        "openai SDK, its default transport": lambda: asyncio.run(
            openai_sdk(url, count, at_once, aiohttp=False)
        ),
        "openai SDK, its aiohttp transport": lambda: asyncio.run(
            openai_sdk(url, count, at_once, aiohttp=True)
        ),
        "ours, openai, in the pipeline": lambda: ours(
            "openai", "gpt-6-luna", f"{url}/v1", count, at_once
        ),
        "ours, anthropic, in the pipeline": lambda: ours(
            "anthropic", "claude-haiku-5-5", url, count, at_once
        ),
        "ours, openai-compatible, in the pipeline": lambda: ours(
            "openai-compatible", "local", f"{url}/v1", count, at_once
        ),
    }
    return {name: partial(timed, way) for name, way in ways.items()}


def peers(given: list[str], url: str, count: int, at_once: int) -> dict[str, Callable[[], float]]:
    """Name and version -> a peer that asks `count` requests, where a Python for it is given."""
    pythons = dict(each.split("=", 1) for each in given)
    unknown = sorted(set(pythons) - set(PEERS))
    if unknown:
        raise SystemExit(f"--peer {unknown[0]}: expected one of {', '.join(PEERS)}.")
    found = {}
    for name, python in pythons.items():
        show = f"from importlib.metadata import version; print(version('{name}'))"
        version = subprocess.run([python, "-c", show], capture_output=True, text=True)
        if version.returncode:
            raise SystemExit(f"{python} has no {name}: {version.stderr.strip()[-200:]}")
        script = Path(__file__).with_name("peer_calls.py")
        program = [Path(python).absolute(), script, name, url, str(count), str(at_once)]
        found[f"{name} {version.stdout.strip()}"] = partial(peer_seconds, program)
    return found


def peer_seconds(program: list[str | Path]) -> float:
    """The seconds of a peer's run by its own clock, so without its imports."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(program, capture_output=True, text=True, cwd=folder)
    found = re.search(r"^seconds ([\d.]+)", done.stdout, re.M)
    if not found:
        raise SystemExit(f"{program[2]} failed:\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")
    return float(found[1])


def requests(count: int) -> Iterator[Request]:
    """Requests of the size of real ones: about 1,000 letters of Korean."""
    for number in range(count):
        yield Request(SYSTEM, f"{PASSAGE} {number}", SCHEMA, max_tokens=500)


def openai_body(request: Request) -> dict[str, object]:
    """A request in the words of the Responses API."""
    schema = {"type": "json_schema", "name": "reply", "schema": SCHEMA, "strict": True}
    return {
        "model": "gpt-6-luna",
        "instructions": request.system,
        "input": request.user,
        "text": {"format": schema},
        "max_output_tokens": request.max_tokens,
    }


async def all_asked(ask: Ask, count: int, at_once: int) -> None:
    """Every request asked, `at_once` of them at a time."""
    source = requests(count)

    async def work() -> None:
        for request in source:
            await ask(request)

    await asyncio.gather(*(work() for _ in range(at_once)))


async def raw_aiohttp(url: str, count: int, at_once: int) -> None:
    """Nothing but HTTP, by aiohttp."""
    import aiohttp

    headers = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(
        headers=headers, connector=aiohttp.TCPConnector(limit=at_once)
    ) as session:

        async def ask(request: Request) -> object:
            async with session.post(f"{url}/v1/responses", json=openai_body(request)) as response:
                return json.loads(await response.read())

        await all_asked(ask, count, at_once)


async def raw_httpx2(url: str, count: int, at_once: int) -> None:
    """Nothing but HTTP, by httpx2."""
    import httpx2

    limits = httpx2.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx2.AsyncClient(headers=headers, limits=limits, timeout=600) as client:

        async def ask(request: Request) -> object:
            response = await client.post(f"{url}/v1/responses", json=openai_body(request))
            return response.json()

        await all_asked(ask, count, at_once)


async def openai_sdk(url: str, count: int, at_once: int, *, aiohttp: bool) -> None:
    """The OpenAI SDK as its users call it, without store or checks."""
    import openai

    transport = openai.DefaultAioHttpClient() if aiohttp else None
    async with openai.AsyncOpenAI(
        api_key=KEY, base_url=f"{url}/v1", http_client=transport
    ) as client:
        await all_asked(
            lambda request: client.responses.create(**openai_body(request)),  # type: ignore[call-overload]
            count,
            at_once,
        )


def ours(name: str, model: str, url: str, count: int, at_once: int) -> None:
    """Our teacher with everything on: ledger, budget, store, checks."""
    teacher = open_teacher(name, model, url)
    priced = {"openai-compatible": "openai:gpt-6-luna"}.get(name, teacher.name)
    with (
        tempfile.TemporaryDirectory() as folder,
        ReplyStore.opened(Path(folder) / "replies.db") as store,
    ):
        kept = 0
        for outcome in outcomes(
            requests(count),
            teacher,
            store,
            price=load_prices().price(priced),
            problem=without_answer,
            budget=Decimal(100),
            concurrency=at_once,
        ):
            kept += outcome.kept
        assert (kept, store.spending().replies) == (count, count)


def without_answer(request: Request, reply: Reply) -> str | None:
    """A check as a caller has it: the answer is there and speaks of the question."""
    answer = json.loads(reply.text)["answer"]
    return None if request.user in answer else "quote-not-found: the passage"


def timed(act: Callable[[], None]) -> float:
    """Seconds that one call takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


@contextmanager
def server(latency: float) -> Iterator[str]:
    """The address of a server that runs during the block."""
    process = subprocess.Popen(
        [sys.executable, SERVER, "--latency", str(latency)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
