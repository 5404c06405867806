"""Registration with Ollama: a model folder in, a proven model of that name in Ollama.

The model is made under a name of its own, proven, and only then takes the wanted name; until then
a former model of that name is not touched.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modelfiles.model_folder import Quant, read_model_folder
from modelfiles.modelfile import Modelfile
from modelfiles.ollama_api import Ollama
from modelfiles.proof import prove_answer, prove_prompts
from modelfiles.values import FILE, read_modelfile
from taxqa.errors import InputError, ProofError, ServiceError
from taxqa.folders import digest, require_space
from taxqa.progress import bar, note

NAME = re.compile(
    r"(?:[A-Za-z0-9_][A-Za-z0-9_-]{0,79}/)?"
    r"(?P<model>[A-Za-z0-9_][A-Za-z0-9_.-]{0,79})"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}))?"
)
CANDIDATE_TAG = "taxqa-candidate"
RESERVED_TAGS = ("local", "cloud")
REWRITING = ((0, 30, 0), (0, 34, 0))
"""First and last version that write a second copy of an imported GGUF."""
STORE_FOLDERS = ("~/.ollama/models", "/usr/share/ollama/.ollama/models")


@dataclass(frozen=True)
class Registration:
    """A model that is in Ollama under its name, proven."""

    name: str
    quant: str
    digest: str
    """SHA-256 of the GGUF that was registered."""
    server: str
    version: str
    prompts: tuple[str, ...]
    """Kinds of conversation whose prompt on the server equals the trained one."""
    answer: str
    """What it answered to the smoke question."""
    replaced: bool
    """A former model had this name."""


def register(folder: Path, name: str = "", *, quant: str = "", host: str = "") -> Registration:
    """Make the model of a model folder known to Ollama as `name`.

    Args:
        name: '' = the folder's own name for it.
        quant: type of the GGUF; '' = the one that export chose.
        host: as OLLAMA_HOST, which is the default.

    Raises:
        InputError: a name that Ollama does not take, or a folder that is no model.
        ServiceError: no server, or it refused.
        NoSpaceError: the server's disk would not hold the model.
        ProofError: the model in Ollama would not be the one that was trained.
    """
    model = read_model_folder(folder)
    name = name or model.report.name
    candidate = candidate_name(name)
    modelfile = read_modelfile(model, quant)
    chosen, path = model.report.quant(quant), model.gguf(quant)
    with Ollama(host) as server:
        version = version_of(server, folder, name)
        replaced = server.has(name)
        send(server, path, chosen, version)
        with removed_afterwards(server, candidate):
            create(server, candidate, chosen, modelfile)
            note("Comparing the server's prompts with the trained ones …")
            prompts = prove_prompts(server, candidate, model.report)
            note("Asking it a question …")
            ends = model.report.prompts.stops(model.report.eos)
            answer = prove_answer(server, candidate, ends)
            server.copy(candidate, name)
        return Registration(
            name, chosen.type, chosen.sha256, server.url, version, prompts, answer, replaced
        )


def candidate_name(name: str) -> str:
    """The name under which a model is proven before it becomes `name`.

    Raises:
        InputError: Ollama would not take `name`, or lose it.
    """
    matched = NAME.fullmatch(name)
    if not matched:
        raise InputError(
            f"Ollama does not take '{name}' as a model's name.",
            hint="Latin letters, digits, '_', '-' and '.', at most 80, optionally with"
            " NAMESPACE/ before and :TAG after it, e.g. taxqa-gemma3:2026.",
        )
    tag = (matched["tag"] or "").lower()
    if tag in RESERVED_TAGS or tag.endswith("-cloud") or tag == CANDIDATE_TAG:
        raise InputError(
            f"The tag ':{tag}' has a meaning of its own; a model registered so is not found again.",
            hint="Choose another tag, e.g. :v1, or none.",
        )
    return f"{name[: matched.end('model')]}:{CANDIDATE_TAG}"


def version_of(server: Ollama, folder: Path, name: str) -> str:
    """Version of the server.

    Raises:
        ServiceError: it does not answer; the message says what to type.
    """
    try:
        return server.version()
    except ServiceError as error:
        raise ServiceError(
            error.message,
            hint=f"{error.hint}\nThen run `taxqa register --model {folder}` again; by hand, without"
            f" the proof: ollama create {name} -f {folder / FILE}",
        ) from None


def send(server: Ollama, path: Path, quant: Quant, version: str) -> None:
    """Hash the GGUF, compare it with what export wrote down, and send it unless it is there.

    Raises:
        ProofError: the file is not the one that was exported.
        NoSpaceError: the server's disk would not hold it.
    """
    note(f"Hashing {path.name} ({quant.bytes / 1e9:.2f} GB) …")
    if (found := digest(path)) != quant.sha256:
        raise ProofError(
            f"{path} is not the file that export made (SHA-256 {found[:16]}…, not"
            f" {quant.sha256[:16]}…).",
            hint="Export the model again.",
        )
    there = server.has_blob(f"sha256:{quant.sha256}")
    copies = (0 if there else 1) + (2 if rewrites(version) else 0)
    if server.local and (store := store_folder()):
        require_space(store, copies * quant.bytes, f"Ollama {version}'s copy of {path.name}")
    if there:
        note("Ollama has this file already; it is not sent again.")
        return
    with bar(f"Sending {path.name} to Ollama (MB)", total=quant.bytes / 1e6) as progress:
        server.push_blob(path, f"sha256:{quant.sha256}", lambda size: progress.advance(size / 1e6))


def rewrites(version: str) -> bool:
    """True for versions that write a changed copy of an imported GGUF beside it."""
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if not found:
        return False
    number = (int(found[1]), int(found[2]), int(found[3]))
    return REWRITING[0] <= number <= REWRITING[1]


def store_folder() -> Path | None:
    """Where a server on this machine keeps its models; None where that is not known."""
    named = os.environ.get("OLLAMA_MODELS", "")
    places = [Path(named)] if named else [Path(place).expanduser() for place in STORE_FOLDERS]
    return next((place for place in places if place.is_dir()), None)


def create(server: Ollama, name: str, quant: Quant, modelfile: Modelfile) -> None:
    """Make the model of a blob that is there; what the server does goes to stderr."""
    files = {Path(quant.file).name: f"sha256:{quant.sha256}"}
    for status in server.create(name, files, modelfile.create_fields()):
        note(f"Ollama: {status}")


@contextmanager
def removed_afterwards(server: Ollama, name: str) -> Iterator[None]:
    """Remove the model `name` at the end of the block, however it ends."""
    try:
        yield
    finally:
        try:
            server.delete(name)
        except ServiceError as error:
            # What ended the block is what the user has to read; this is a note beside it.
            note(f"'{name}' may be left in Ollama ({error.message}); remove it: ollama rm {name}")
