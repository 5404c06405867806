"""A loopback server that behaves as Ollama does, errors and silent traps included.

What it does was read from Ollama's source and seen on real servers (versions 0.24 to 0.34.1):
blobs and their digests, errors inside a stream of status 200, parameters that are accepted at
create and fail at chat, a TEMPLATE that is passed over, autodetected and fallback templates, the
rewriting of a GGUF by versions 0.30.0 to 0.34.0, and silent cuts of long prompts. The model behind
it is a fixed text whose tokens are its letters, or, with `runs`, the GGUF itself in llama.cpp.

Where it stands in github.com/ollama/ollama:
- what is rendered, _debug_render_only, errors in streams, refusals, names in any case:
  server/routes.go (GenerateHandler, ChatHandler, handleNativeChat, streamResponse, CopyHandler,
  CreateBlobHandler, getExistingName)
- which of Go and Jinja renders a chat: shouldUseGoTemplate in server/routes.go,
  shouldPreferChatTemplate and chatTemplateHasThinkingSupport in server/images.go
- older turns that are dropped: chatPrompt in server/prompt.go, truncateNativeChatMessages in
  server/routes.go; a prompt that is cut or refused: llm/llama_server.go
- system messages joined, neighbours of one role merged, the bare question without TEMPLATE:
  collate, Execute and DefaultTemplate in template/template.go
- creating: server/create.go; SYSTEM is a layer of its own: ApplyModelfileLayers in
  create/manifest.go (setSystem in server/create.go before)
- the digest of a model is that of its manifest, which a copy takes over byte by byte:
  manifest/manifest.go, CopyModel in server/images.go
- numbers among the parameters: Options.FromMap in api/types.go
"""

import hashlib
import json
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from go_template import GoTemplateError, Message, render

NAME = re.compile(r"(?:[A-Za-z0-9_][\w-]{0,79}/)?[A-Za-z0-9_][\w.-]{0,79}:[A-Za-z0-9_][\w.-]{0,79}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
REWRITING = ((0, 30, 0), (0, 34, 0))
NATIVE = (0, 30, 0)
"""From here on llama-server renders chats by the GGUF's Jinja where TEMPLATE does not."""
NATIVE_MARKS = (("tools",), ("tool_call",), ("<think>", "</think>"))
"""Where a GGUF's own chat template has one of these, an explicit TEMPLATE is passed over."""
WHOLE = ("num_ctx", "num_predict", "top_k", "seed")
CHATML = (
    "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"
    "<|im_start|>assistant\n"
)
GEMMA3_INSTRUCT = (
    "{{- range $i, $_ := .Messages }}\n"
    "{{- $last := eq (len (slice $.Messages $i)) 1 }}\n"
    '{{- if eq .Role "user" }}<start_of_turn>user\n{{ .Content }}<end_of_turn>\n'
    '{{ else if eq .Role "assistant" }}<start_of_turn>model\n{{ .Content }}<end_of_turn>\n{{ end }}'
    "{{- if $last }}<start_of_turn>model\n\n{{ end }}\n"
    "{{- end }}"
)
"""What Ollama takes for Gemma's own Jinja: one line end more than training saw."""


@dataclass
class FakeModel:
    """A model in the fake's store."""

    digest: str
    """Of the GGUF as stored."""
    chat_template: str
    """The Jinja inside the GGUF; '' = none."""
    template: str = ""
    system: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    license: list[str] = field(default_factory=list)
    native: bool = True
    """Made by a server that renders by Jinja too."""

    def described(self, name: str, store: Path) -> dict[str, Any]:
        """An entry of /api/tags; the digest changes with anything in the model."""
        blob = store / self.digest.replace(":", "-")
        return {
            "name": name,
            "model": name,
            "size": blob.stat().st_size if blob.is_file() else 0,
            "digest": hashlib.sha256(repr(self).encode()).hexdigest(),
        }

    def once(self, question: str) -> str:
        """What the model is given by /api/generate: the bare question without a Go template.

        That one is asked here even where a chat is rendered by Jinja.
        """
        template = self.template or self.detected
        if not template:
            return question
        return by_go(template, self.with_system([{"role": "user", "content": question}]))

    @property
    def detected(self) -> str:
        """The Go template that is put in place of a Jinja that Ollama knows."""
        return GEMMA3_INSTRUCT if "<start_of_turn>" in self.chat_template else ""

    def with_system(self, messages: list[dict[str, str]]) -> list[dict[str, str]]:
        """The conversation with SYSTEM before it, unless it brings a system message."""
        if self.system and (not messages or messages[0]["role"] != "system"):
            return [{"role": "system", "content": self.system}, *messages]
        return messages

    def prompt(self, messages: list[dict[str, str]]) -> str:
        """What the model is given by /api/chat, by the way Ollama would choose."""
        messages = self.with_system(messages)
        able = any(all(mark in self.chat_template for mark in marks) for marks in NATIVE_MARKS)
        if self.native and able and ".Tools" not in self.template:
            return by_jinja(self.chat_template, messages)
        if template := self.template or self.detected:
            return by_go(template, messages)
        if not self.native:
            return "".join(one["content"] for one in messages if one["role"] != "system")
        if self.chat_template:
            return by_jinja(self.chat_template, messages)
        return by_go(CHATML, messages)

    def fitting(self, messages: list[dict[str, str]], num_ctx: int) -> list[dict[str, str]]:
        """The conversation without its first turns, so that it fits; system messages stay, and the
        last message in any case."""
        messages = self.with_system(messages)
        for first in range(len(messages)):
            system = [one for one in messages[:first] if one["role"] == "system"]
            kept = [*system, *messages[first:]]
            if len(self.prompt(kept)) <= num_ctx:
                break
        return kept


class Refusal(Exception):
    """An answer with an error and its status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class FakeOllama:
    """The state of the fake, and what a test may plant in it."""

    store: Path
    """An empty folder for blobs."""
    version: str = "0.34.1"
    reply: str = " 10%입니다.<eos>"
    """What every model writes; where no stop string is found in it, it runs on."""
    fail_create: str = ""
    """An error in the middle of creating, sent with status 200."""
    knows_render: bool = True
    """False: older than _debug_render_only."""
    breaks: Literal["", "ends", "drops", "garbage"] = ""
    """How a stream breaks: it ends too soon, the connection goes away, or something that is no
    Ollama answers."""
    runs: bool = False
    """Answer with the GGUF, by llama.cpp, in place of `reply`; only where it has weights."""
    replies: dict[str, str] = field(default_factory=dict)
    """Question -> what is written to it in place of `reply`."""
    url: str = ""
    models: dict[str, FakeModel] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    """Every request, as 'POST /api/chat'."""

    def number(self) -> tuple[int, ...]:
        """The version as numbers."""
        return tuple(int(part) for part in self.version.split("."))

    def model(self, name: str) -> FakeModel:
        """A model by name, which is not case-sensitive."""
        found = self.models.get(with_tag(name).lower())
        if not found or with_tag(name).endswith(":local"):
            raise Refusal(404, f"model '{name}' not found")
        return found

    def blob(self, digest: str) -> Path:
        """Where a blob lies or would lie."""
        if not DIGEST.fullmatch(digest):
            raise Refusal(400, "invalid digest format")
        return self.store / digest.replace(":", "-")

    def put_blob(self, digest: str, data: bytes) -> int:
        """Take a blob; the status."""
        path = self.blob(digest)
        if path.exists():
            return 200
        found = "sha256:" + hashlib.sha256(data).hexdigest()
        if found != digest:
            raise Refusal(400, f'digest mismatch, expected "{digest}", got "{found}"')
        path.write_bytes(data)
        return 201

    def create(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The lines of a create: refusals before the first line, errors among the later ones."""
        name = with_tag(str(body.get("model", "")))
        if not NAME.fullmatch(name):
            raise Refusal(400, "invalid model name")
        if body.get("adapters") and self.number() >= (0, 34, 1):
            raise Refusal(400, "LoRA adapters are no longer supported")
        if body.get("quantize") and self.number() >= (0, 34, 1):
            raise Refusal(400, "create-time quantization is only supported for safetensors imports")
        for path, digest in (body.get("files") or {}).items():
            if Path(path).is_absolute() or ".." in path or any(bad in path for bad in "\\:"):
                raise Refusal(400, f"file path must be relative: {path}")
            self.blob(digest)
        return self.creating(name, body)

    def creating(self, name: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The lines of a create that was not refused at once."""
        if not body.get("files") and not body.get("from"):
            yield {"error": "neither 'from' or 'files' was specified"}
            return
        yield {"status": "parsing GGUF"}
        if self.breaks == "ends":
            return
        digest = next(iter(body["files"].values()))
        path = self.blob(digest)
        if not path.exists():
            yield {"error": f"open {path}: no such file or directory"}
            return
        if path.read_bytes()[:4] != b"GGUF":
            yield {"error": "supplied file was not in GGUF format"}
            return
        if self.fail_create:
            yield {"error": self.fail_create}
            return
        if REWRITING[0] <= self.number() <= REWRITING[1]:
            yield {"status": "validating GGUF model"}
            digest = self.rewritten(path)
        model = FakeModel(
            digest,
            chat_template_of(path),
            body.get("template", ""),
            body.get("system", ""),
            dict(body.get("parameters") or {}),
            as_list(body.get("license")),
            self.number() >= NATIVE,
        )
        if not model.template and "<start_of_turn>" in model.chat_template:
            yield {"status": "using autodetected template gemma3-instruct"}
        yield {"status": f"creating new layer {digest}"}
        yield {"status": "writing manifest"}
        self.models[name.lower()] = model
        yield {"status": "success"}

    def rewritten(self, path: Path) -> str:
        """The same tensors in another file, as versions 0.30.0 to 0.34.0 store them."""
        data = path.read_bytes() + b"\0" * 32
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.blob(digest).write_bytes(data)
        return digest

    def chat(self, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The lines of an answer."""
        name = str(body.get("model", ""))
        model = self.model(name)
        options = {**model.parameters, **(body.get("options") or {})}
        for key in WHOLE:
            # JSON knows one kind of numbers: 2048.0 is as good as 2048.
            if key in options and type(options[key]) not in (int, float):
                raise Refusal(500, f'option "{key}" must be of type integer')
        num_ctx = options.get("num_ctx", 4096)
        truncate = body.get("truncate") is not False
        messages = body.get("messages") or [{"role": "user", "content": body.get("prompt", "")}]
        try:
            if "prompt" in body:
                prompt = model.once(body["prompt"])
            else:
                kept = model.fitting(messages, num_ctx) if truncate else messages
                prompt = model.prompt(kept)
        except GoTemplateError as error:
            raise Refusal(500, f"template: {error}") from None
        if body.get("_debug_render_only") and self.knows_render:
            return iter([{"model": name, "_debug_info": {"rendered_template": prompt}}])
        if len(prompt) > num_ctx - truncate:
            if not truncate or body.get("shift") is False:
                raise Refusal(400, self.too_long(len(prompt), num_ctx, truncate))
            prompt = shifted(prompt, num_ctx, options.get("num_keep", 4))
        reply = self.replies.get(messages[-1]["content"], self.reply)
        if self.runs:
            reply = self.written(model, prompt, options)
        lines = self.answering(name, prompt, reply, options)
        return as_generated(lines) if "prompt" in body else lines

    def too_long(self, tokens: int, num_ctx: int, truncate: bool) -> str:
        """The error for a prompt that is not to be cut; llama-server's comes as JSON of its own."""
        if self.number() < NATIVE:
            return "the input length exceeds the context length"
        if truncate:
            return (
                "the prompt is longer than the context length currently available to the model;"
                " shorten the prompt, adjust the context length in settings, or use a model with a"
                " longer context length"
            )
        said = (
            f"request ({tokens} tokens) exceeds the available context size ({num_ctx} tokens), try"
            " increasing it"
        )
        return json.dumps({"error": {"code": 400, "message": said, "n_ctx": num_ctx}})

    def written(self, model: FakeModel, prompt: str, options: dict[str, Any]) -> str:
        """What the stored GGUF writes after a prompt, greedily, with its end where it comes."""
        from export.gguf_model import GgufModel

        loaded = GgufModel(self.blob(model.digest), context=512)
        try:
            answer = loaded.answer(loaded.tokens(prompt), options.get("num_predict", 128))
        finally:
            loaded.close()
        ends = options.get("stop") or [""]
        return f" {answer.text}" + str(ends[0]) * answer.stopped

    def answering(
        self, name: str, prompt: str, reply: str, options: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """The reply up to the first stop string, or cut where none comes."""
        ends = [reply.find(stop) for stop in options.get("stop") or []]
        found = [end for end in ends if end >= 0]
        limit = options.get("num_predict", -1)
        text = reply[: min(found)] if found else reply * 50
        reason = "stop" if found else "length"
        if 0 <= limit < len(text):
            text, reason = text[:limit], "length"
        for start in range(0, len(text), 4):
            content = text[start : start + 4]
            yield {"model": name, "message": {"role": "assistant", "content": content}}
        yield {
            "model": name,
            "message": {"role": "assistant", "content": ""},
            "done": True,
            "done_reason": reason,
            "prompt_eval_count": len(prompt),
            "eval_count": len(text),
            "eval_duration": 20_000_000 * max(1, len(text)),
        }

    def show(self, name: str) -> dict[str, Any]:
        """What /api/show tells."""
        model = self.model(name)
        blob = self.store / model.digest.replace(":", "-")
        return {
            "modelfile": f'# Modelfile generated by "ollama show"\nFROM {blob}\n',
            "template": model.template,
            "system": model.system,
            "license": "\n".join(model.license),
            "parameters": "\n".join(f"{key} {value}" for key, value in model.parameters.items()),
        }

    def copy(self, source: str, destination: str) -> None:
        """A second name for a model."""
        if not NAME.fullmatch(with_tag(source)):
            raise Refusal(400, f'source "{source}" is invalid')
        if not NAME.fullmatch(with_tag(destination)):
            raise Refusal(400, f'destination "{destination}" is invalid')
        if with_tag(source).lower() not in self.models:
            raise Refusal(404, f'model "{source}" not found')
        self.models[with_tag(destination).lower()] = self.models[with_tag(source).lower()]

    def delete(self, name: str) -> None:
        """Remove a name."""
        self.model(name)
        del self.models[with_tag(name).lower()]


def with_tag(name: str) -> str:
    """The name with ':latest' where it has no tag."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def as_list(value: Any) -> list[str]:
    """A licence, which may come as text or as a list."""
    return [value] if isinstance(value, str) else list(value or [])


def shifted(prompt: str, num_ctx: int, keep: int) -> str:
    """A prompt that is too long, as it is cut: its first letters, and what fits from its end.

    completionPromptForRequest and contextShiftPromptLimit in llm/llama_server.go.
    """
    keep = min(keep, num_ctx - 1)
    limit = num_ctx - max((num_ctx - keep) // 2, 1)
    return prompt[:keep] + prompt[len(prompt) - limit + keep :]


def as_generated(lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The lines of a chat as /api/generate has them."""
    for line in lines:
        yield {"response": line.pop("message")["content"], **line}


def by_go(template: str, messages: list[dict[str, str]]) -> str:
    """The prompt by a Go template: system messages joined, neighbours of one role merged."""
    if ".Messages" not in template:
        raise GoTemplateError("the fake does not know templates of the old kind, without .Messages")
    merged: list[Message] = []
    for message in messages:
        if merged and merged[-1]["Role"] == message["role"]:
            merged[-1]["Content"] += "\n\n" + message["content"]
        else:
            merged.append(Message(message["role"], message["content"]))
    system = [message["content"] for message in messages if message["role"] == "system"]
    data = {"System": "\n\n".join(system), "Messages": merged, "Tools": None, "Response": ""}
    return render(template, data | {"Think": False, "IsThinkSet": False})


def by_jinja(template: str, messages: list[dict[str, str]]) -> str:
    """The prompt by the template inside the GGUF; the one leading BOS is stripped."""
    import jinja2

    environment = jinja2.Environment(autoescape=False)  # a prompt is no HTML
    text = environment.from_string(template).render(messages=messages, bos_token="<bos>")
    return text.removeprefix("<bos>")


def chat_template_of(path: Path) -> str:
    """`tokenizer.chat_template` of a GGUF file."""
    from gguf import GGUFReader

    found = GGUFReader(path).fields.get("tokenizer.chat_template")
    return str(found.contents()) if found else ""


class Handler(BaseHTTPRequestHandler):
    """The HTTP side."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

    def __init__(self, fake: FakeOllama, *args: Any) -> None:
        self.fake = fake
        super().__init__(*args)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""

    def handle_any(self) -> None:
        """Answer one request."""
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.fake.calls.append(f"{self.command} {self.path}")
        try:
            self.route(data)
        except Refusal as refusal:
            self.send(refusal.status, {"error": str(refusal)})

    do_GET = do_POST = do_HEAD = do_DELETE = handle_any

    def route(self, data: bytes) -> None:
        """Call what the path names."""
        fake = self.fake
        if self.path.startswith("/api/blobs/"):
            digest = self.path.removeprefix("/api/blobs/")
            if self.command == "HEAD":
                self.send(200 if fake.blob(digest).exists() else 404, None)
            else:
                self.send(fake.put_blob(digest, data), None)
            return
        if self.command == "GET":
            names = [model.described(name, fake.store) for name, model in fake.models.items()]
            self.send(
                200, {"/api/version": {"version": fake.version}}.get(self.path, {"models": names})
            )
            return
        if not data:
            raise Refusal(400, "missing request body")
        body = json.loads(data)
        if self.path == "/api/create":
            self.send_lines(fake.create(body), stream=body.get("stream", True))
        elif self.path in ("/api/chat", "/api/generate"):
            lines = fake.chat(body)
            self.send_lines(lines, stream=body.get("stream", True))
        elif self.path == "/api/show":
            self.send(200, fake.show(str(body.get("model"))))
        elif self.path == "/api/copy":
            fake.copy(body["source"], body["destination"])
            self.send(200, None)
        elif self.path == "/api/delete":
            fake.delete(str(body.get("model")))
            self.send(200, None)
        else:
            raise Refusal(404, "page not found")

    def send(self, status: int, value: Any) -> None:
        """One whole answer."""
        data = b"" if value is None else json.dumps(value, ensure_ascii=False).encode()
        if self.fake.breaks == "garbage":
            status, data = (status if status < 400 else 502), b"<html>proxy</html>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def send_lines(self, lines: Iterator[dict[str, Any]], *, stream: bool) -> None:
        """An answer line by line, or its last line where no stream is wanted."""
        first = next(lines)
        if "error" in first:
            # Only before the first status does an error still have a status of its own.
            raise Refusal(400, first["error"])
        if not stream:
            last = [first, *lines][-1]
            self.send(500 if "error" in last else 200, last)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in chain([first], lines):
            data = json.dumps(line, ensure_ascii=False).encode() + b"\n"
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            if self.fake.breaks == "drops":
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")


@contextmanager
def fake_ollama(**planted: Any) -> Iterator[FakeOllama]:
    """A running fake on a free loopback port; `planted` are fields of FakeOllama."""
    with tempfile.TemporaryDirectory() as store:
        fake = FakeOllama(Path(store), **planted)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, fake))
        server.daemon_threads = True
        fake.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
