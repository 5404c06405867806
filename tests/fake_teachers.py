"""A loopback server that behaves as OpenAI, Anthropic and Ollama do, their errors included.

Real HTTP, on one asyncio thread, fast enough for a hundred requests at once. What it makes of a
question is up to `answer`; what goes wrong is up to `fault`. It counts what it would have billed.

`python tests/fake_teachers.py --latency 0.2` serves it until it is killed and prints its address.
"""

import argparse
import asyncio
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "sk-test-secret-7731"
MODELS = {
    "gpt-6-luna", "gpt-5.6-luna", "claude-haiku-5-5", "claude-sonnet-5-5", "gemma3:12b", "local",
}  # fmt: skip
Body = dict[str, Any]


@dataclass
class Fault:
    """Something in place of the right answer."""

    status: int = 200
    message: str = ""
    code: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    stop: str = ""
    """length, refusal, filtered: how the answer ends in place of 'end'."""
    text: str | None = None
    """An answer's text in place of the right one."""
    raw: str | None = None
    """The whole body in place of JSON."""
    drop: str = ""
    """'before' the request is read as one, 'after' it was answered and billed, or 'middle' of the
    body: the connection is cut."""
    seconds: float = 0.0
    """More latency; the body then comes in pieces."""
    expired: bool = False
    """In a batch: it is never processed."""


def echoed(question: str) -> str:
    """A right answer that depends on the question alone."""
    return json.dumps({"answer": f"{question}에 대한 답"}, ensure_ascii=False)


@dataclass
class FakeTeachers:
    """What the server does, and what it was asked."""

    latency: float = 0.0
    answer: Callable[[str], str] = echoed
    fault: Callable[[str, int], Fault | None] = lambda question, times: None
    """Given a question and how often it came before: what goes wrong."""
    most_at_once: int = 0
    """More requests in flight than this get 429 (0 = no bound)."""
    retry_after: str = "0.05"
    held: Callable[[], bool] = lambda: False
    """While it is true no answer is made: for who waits until so many are asked, or killed."""
    batch_polls: int = 0
    """How often a batch is asked for before it has ended."""
    lose_batch_answer: bool = False
    """The next batch is created, and the answer that would say so is lost."""
    meddle: Callable[[web.Request, web.StreamResponse], web.StreamResponse] = lambda _, right: right
    """Given a request and its right answer: what is sent in its place."""
    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    """Question -> how often it arrived, refused ones included."""
    billed: list[tuple[str, int, int]] = field(default_factory=list)
    """(question, input tokens, output tokens) of every answer that was made, heard or not."""
    in_flight: int = 0
    peak: int = 0
    bodies: list[Body] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, Body] = field(default_factory=dict)

    def stop_after(self, answers: int) -> None:
        """Hold back every answer after so many."""
        self.held = lambda: len(self.billed) >= answers

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    def application(self) -> web.Application:
        @web.middleware
        async def meddled(asked: web.Request, handler: Any) -> web.StreamResponse:
            return self.meddle(asked, await handler(asked))

        app = web.Application(client_max_size=1 << 28, middlewares=[meddled])
        app.router.add_post("/v1/responses", self.responses)
        app.router.add_post("/v1/chat/completions", self.chat_completions)
        app.router.add_post("/v1/files", self.upload)
        app.router.add_get("/v1/files/{id}/content", self.download)
        app.router.add_post("/v1/batches", self.create_batch)
        app.router.add_get("/v1/batches", self.list_batches)
        app.router.add_get("/v1/batches/{id}", self.get_batch)
        app.router.add_post("/v1/messages", self.messages)
        app.router.add_post("/v1/messages/batches", self.create_message_batch)
        app.router.add_get("/v1/messages/batches", self.list_message_batches)
        app.router.add_get("/v1/messages/batches/{id}", self.get_message_batch)
        app.router.add_get("/v1/messages/batches/{id}/results", self.message_batch_results)
        app.router.add_post("/api/chat", self.ollama_chat)
        return app

    # --- one exchange, whoever's words it is in

    async def exchange(
        self,
        request: web.Request,
        question: Callable[[Body], str],
        shaped: Callable[[Body, str, str], Body],
        error: Callable[[int, str, str], Body],
    ) -> web.StreamResponse:
        body = json.loads(await request.read())
        asked = question(body)
        times = self.asked[asked]
        self.asked[asked] += 1
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        refusal = self.refusal(request, body)
        if refusal:
            return web.json_response(error(*refusal), status=refusal[0])
        if self.most_at_once and self.in_flight >= self.most_at_once:
            headers = {"retry-after": self.retry_after} if self.retry_after else {}
            shown = error(429, "Rate limit reached for requests", "rate_limit_exceeded")
            return web.json_response(shown, status=429, headers=headers)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            return await self.answered(request, body, asked, times, shaped, error)
        finally:
            self.in_flight -= 1

    async def answered(
        self,
        request: web.Request,
        body: Body,
        asked: str,
        times: int,
        shaped: Callable[[Body, str, str], Body],
        error: Callable[[int, str, str], Body],
    ) -> web.StreamResponse:
        fault = self.fault(asked, times) or Fault()
        if self.latency or fault.seconds:
            await asyncio.sleep(self.latency + fault.seconds)
        while self.held():
            if request.transport is None:  # who asked is gone
                return web.Response()
            await asyncio.sleep(0.005)
        if fault.drop == "before":
            return self.cut(request)
        if fault.status >= 400:
            shown = error(fault.status, fault.message, fault.code)
            return web.json_response(shown, status=fault.status, headers=fault.headers)
        if fault.raw is not None:
            return web.Response(text=fault.raw)
        answer = self.made(body, asked, fault, shaped)
        if fault.drop == "after":
            return self.cut(request)
        text = json.dumps(answer, ensure_ascii=False).encode()
        if not (fault.seconds or fault.drop == "middle"):
            return web.Response(body=text, content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = len(text)
        await response.prepare(request)
        await response.write(text[: len(text) // 2])
        if fault.drop == "middle":
            return self.cut(request)
        await asyncio.sleep(0.01)
        await response.write(text[len(text) // 2 :])
        return response

    def made(
        self, body: Body, asked: str, fault: Fault, shaped: Callable[[Body, str, str], Body]
    ) -> Body:
        text = self.answer(asked) if fault.text is None else fault.text
        if fault.stop == "length":
            text = text[: len(text) // 2]
        shown = shaped(body, text, fault.stop or "end")
        self.billed.append((asked, tokens(json.dumps(body)), tokens(text)))
        return shown

    def cut(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    def refusal(self, request: web.Request, body: Body) -> tuple[int, str, str] | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        given = given or request.headers.get("x-api-key", "")
        model = str(body.get("model", ""))
        if not request.path.startswith("/api/") and given != KEY and model != "local":
            shown = f"{given[:7]}***{given[-4:]}"
            return 401, f"Incorrect API key provided: {shown} ({given}).", "invalid_api_key"
        if model not in MODELS:
            return 404, f"The model `{model}` does not exist", "model_not_found"
        return None

    # --- OpenAI

    async def responses(self, request: web.Request) -> web.StreamResponse:
        return await self.exchange(request, lambda body: str(body["input"]), response, failure)

    async def chat_completions(self, request: web.Request) -> web.StreamResponse:
        if not json.loads(await request.read())["messages"]:
            shown = failure(400, "Invalid 'messages': empty array.", "empty_array")
            return web.json_response(shown, status=400)
        return await self.exchange(
            request, lambda body: str(body["messages"][-1]["content"]), completion, failure
        )

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        content = form["file"]
        assert isinstance(content, web.FileField)
        id = f"file-{len(self.files)}"
        self.files[id] = content.file.read()
        return web.json_response(
            {"id": id, "object": "file", "bytes": len(self.files[id]), "created_at": 0,
             "filename": content.filename, "purpose": "batch", "status": "processed"}
        )  # fmt: skip

    async def download(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["id"]])

    async def create_batch(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        assert body["completion_window"] == "24h"
        id = f"batch_{len(self.batches)}"
        self.batches[id] = {
            "id": id, "object": "batch", "endpoint": body["endpoint"], "completion_window": "24h",
            "input_file_id": body["input_file_id"], "metadata": body.get("metadata"),
            "status": "in_progress", "created_at": int(time.time()), "polls": 0,
        }  # fmt: skip
        if self.lose_batch_answer:
            self.lose_batch_answer = False
            return self.cut(request)
        return web.json_response(self.batches[id])

    async def list_batches(self, request: web.Request) -> web.Response:
        newest = list(reversed(self.batches.values()))
        return web.json_response({"object": "list", "data": newest, "has_more": False})

    async def get_batch(self, request: web.Request) -> web.Response:
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            return web.json_response(failure(404, "No such batch", "not_found"), status=404)
        if batch["status"] == "in_progress" and batch["polls"] >= self.batch_polls:
            self.finish_batch(batch)
        batch["polls"] += 1
        return web.json_response(batch)

    def finish_batch(self, batch: Body) -> None:
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        right, wrong, late = [], [], False
        for line in shuffled(lines):
            body = line["body"]
            asked = str(body.get("input") or body["messages"][-1]["content"])
            fault = self.fault(asked, self.asked[asked]) or Fault()
            self.asked[asked] += 1
            shown: Body = {"id": "batch_req", "custom_id": line["custom_id"], "error": None}
            if fault.expired:
                late = True
                error = {"code": "batch_expired", "message": "This request could not be executed"}
                wrong.append({**shown, "response": None, "error": error})
            elif fault.status >= 400:
                answer = failure(fault.status, fault.message, fault.code)
                wrong.append({**shown, "response": {"status_code": fault.status, "body": answer}})
            else:
                answer = self.made(body, asked, fault, response)
                right.append({**shown, "response": {"status_code": 200, "body": answer}})
        for name, found in (("output_file_id", right), ("error_file_id", wrong)):
            if found:
                batch[name] = f"file-{len(self.files)}"
                self.files[batch[name]] = "\n".join(map(json.dumps, found)).encode()
        batch["status"] = "expired" if late else "completed"

    # --- Anthropic

    async def messages(self, request: web.Request) -> web.StreamResponse:
        return await self.exchange(request, asked_of_message, message, anthropic_failure)

    async def create_message_batch(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        id = f"msgbatch_{len(self.batches)}"
        self.batches[id] = {
            "id": id, "type": "message_batch", "processing_status": "in_progress",
            "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "expires_at": "2100-01-01T00:00:00Z", "requests": body["requests"], "polls": 0,
        }  # fmt: skip
        if self.lose_batch_answer:
            self.lose_batch_answer = False
            return self.cut(request)
        return web.json_response(self.shown(self.batches[id]))

    async def list_message_batches(self, request: web.Request) -> web.Response:
        newest = [self.shown(batch) for batch in reversed(self.batches.values())]
        return web.json_response({"data": newest, "has_more": False, "first_id": None})

    async def get_message_batch(self, request: web.Request) -> web.Response:
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            shown = anthropic_failure(404, "batch not found", "not_found_error")
            return web.json_response(shown, status=404)
        if batch["polls"] >= self.batch_polls:
            batch["processing_status"] = "ended"
        batch["polls"] += 1
        return web.json_response(self.shown(batch))

    def shown(self, batch: Body) -> Body:
        ended = batch["processing_status"] == "ended"
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        counts["succeeded" if ended else "processing"] = len(batch["requests"])
        url = f"{self.url}/v1/messages/batches/{batch['id']}/results" if ended else None
        hidden = ("requests", "polls", "results")
        shown = {name: value for name, value in batch.items() if name not in hidden}
        return {**shown, "request_counts": counts, "results_url": url}

    async def message_batch_results(self, request: web.Request) -> web.Response:
        batch = self.batches[request.match_info["id"]]
        if "results" not in batch:
            batch["results"] = [self.result(each) for each in shuffled(batch["requests"])]
        return web.Response(text="\n".join(map(json.dumps, batch["results"])) + "\n")

    def result(self, each: Body) -> Body:
        asked = asked_of_message(each["params"])
        fault = self.fault(asked, self.asked[asked]) or Fault()
        self.asked[asked] += 1
        if fault.expired:
            result: Body = {"type": "expired"}
        elif fault.status >= 400:
            shown = anthropic_failure(fault.status, fault.message, fault.code)
            result = {"type": "errored", "error": shown}
        else:
            made = self.made(each["params"], asked, fault, message)
            result = {"type": "succeeded", "message": made}
        return {"custom_id": each["custom_id"], "result": result}

    # --- Ollama

    async def ollama_chat(self, request: web.Request) -> web.StreamResponse:
        return await self.exchange(
            request,
            lambda body: str(body["messages"][-1]["content"]),
            ollama_answer,
            lambda status, text, code: {"error": text},
        )


def tokens(text: str) -> int:
    """As many as a tokenizer might make: no more than the bytes."""
    return len(text.encode()) // 3 + 1


def shuffled(lines: list[Body]) -> list[Body]:
    return random.Random(1).sample(lines, len(lines))


def failure(status: int, text: str, code: str) -> Body:
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": text, "type": kind, "param": None, "code": code or None}}


def anthropic_failure(status: int, text: str, code: str) -> Body:
    return {"type": "error", "error": {"type": code or "api_error", "message": text}}


def usage(body: Body, text: str) -> tuple[int, int]:
    return tokens(json.dumps(body)), tokens(text)


def response(body: Body, text: str, stop: str) -> Body:
    read, written = usage(body, text)
    refused = stop == "refusal"
    part = (
        {"type": "refusal", "refusal": "I cannot help with that."}
        if refused
        else {"type": "output_text", "text": text, "annotations": []}
    )
    reason = {"length": "max_output_tokens", "filtered": "content_filter"}.get(stop)
    return {
        "id": "resp_1", "object": "response", "created_at": 0, "model": f"{body['model']}-2026",
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None, "error": None,
        "output": [
            {"id": "rs_1", "type": "reasoning", "summary": []},
            {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
             "content": [part]},
        ],
        "usage": {"input_tokens": read, "output_tokens": written, "total_tokens": read + written,
                  "input_tokens_details": {"cached_tokens": 0},
                  "output_tokens_details": {"reasoning_tokens": 0}},
    }  # fmt: skip


def completion(body: Body, text: str, stop: str) -> Body:
    read, written = usage(body, text)
    said: Body = {"role": "assistant", "content": text, "refusal": None}
    if stop == "refusal":
        said = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
    reason = {"length": "length", "filtered": "content_filter"}.get(stop, "stop")
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": body["model"],
        "choices": [{"index": 0, "message": said, "finish_reason": reason, "logprobs": None}],
        "usage": {"prompt_tokens": read, "completion_tokens": written,
                  "total_tokens": read + written},
    }  # fmt: skip


def asked_of_message(body: Body) -> str:
    return str(body["messages"][-1]["content"])


def message(body: Body, text: str, stop: str) -> Body:
    read, written = usage(body, text)
    reason = {"length": "max_tokens", "refusal": "refusal"}.get(stop, "end_turn")
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"],
        "content": [] if stop == "refusal" else [{"type": "text", "text": text}],
        "stop_reason": reason, "stop_sequence": None,
        "usage": {"input_tokens": read, "output_tokens": written},
    }  # fmt: skip


def ollama_answer(body: Body, text: str, stop: str) -> Body:
    read, written = usage(body, text)
    return {
        "model": body["model"], "created_at": "2026-11-20T00:00:00Z", "done": True,
        "message": {"role": "assistant", "content": text},
        "done_reason": "length" if stop == "length" else "stop",
        "prompt_eval_count": read, "eval_count": written, "eval_duration": 10**9,
    }  # fmt: skip


async def start(fake: FakeTeachers) -> web.AppRunner:
    runner = web.AppRunner(
        fake.application(), access_log=None, handle_signals=False, shutdown_timeout=0.1
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=512)
    await site.start()
    host, port = runner.addresses[0][:2]
    fake.url = f"http://{host}:{port}"
    return runner


async def finish(runner: web.AppRunner) -> None:
    await runner.cleanup()
    slow = asyncio.all_tasks() - {asyncio.current_task()}
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


@contextmanager
def served(fake: FakeTeachers) -> Iterator[FakeTeachers]:
    """The server, in a thread with a loop of its own, while the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(start(fake), loop).result()
    try:
        yield fake
    finally:
        asyncio.run_coroutine_threadsafe(finish(runner), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def serve_for_ever(fake: FakeTeachers) -> None:
    await start(fake)
    sys.stdout.write(fake.url + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds before an answer")
    asyncio.run(serve_for_ever(FakeTeachers(latency=parser.parse_args().latency)))
