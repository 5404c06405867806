"""Registration with Ollama: a model folder in, a proven model of that name in Ollama.

The model is made under a name of its own, proven, and only then takes the wanted name; until then
a former model of that name is not touched.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from export.gguf_model import GgufModel
from modelfiles.edited import note_unproven, require_nothing_cut
from modelfiles.model_folder import ModelFolder, Quant, read_model_folder
from modelfiles.modelfile import Modelfile
from modelfiles.ollama_api import Ollama, chunks, full_name
from modelfiles.proof import prove_prompts
from modelfiles.registered import (
    Registered,
    entry_of,
    forget,
    only_registration,
    registered,
    remember,
)
from modelfiles.smoke import Answered, prove_answers
from modelfiles.token_proof import prove_gguf, vocabulary
from modelfiles.values import FILE, read_modelfile, write_modelfile
from taxqa.errors import InputError, ProofError, ServiceError
from taxqa.folders import require_space
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
class Plan:
    """What a registration will do, after all that can be looked at without changing anything."""

    model: ModelFolder
    name: str
    candidate: str
    """Name under which it is proven first."""
    modelfile: Modelfile
    quant: Quant
    path: Path
    """The GGUF."""
    server: str
    version: str
    """Of Ollama."""
    there: bool
    """Ollama has the file already; it is not sent."""
    needed: int
    """Bytes that Ollama's disk has to take."""
    replaces: bool
    """A model of that name is there and will be replaced."""
    tokens: bool
    """Token ids can be compared, and those of the GGUF are the trained ones."""


@dataclass(frozen=True)
class Registration:
    """A model that is in Ollama under its name, proven."""

    plan: Plan
    prompts: tuple[str, ...]
    """Kinds of conversation whose prompt on the server equals the trained one."""
    answers: tuple[Answered, ...]
    """What it answered in the smoke test."""


def register(
    folder: Path, name: str = "", *, quant: str = "", host: str = "", force: bool = False
) -> Registration:
    """Make the model of a model folder known to Ollama as `name`.

    Args:
        name: '' = the folder's own name for it.
        quant: type of the GGUF; '' = the one that export chose.
        host: as OLLAMA_HOST, which is the default.
        force: replace a model of that name though taxqa did not register it.

    Raises:
        InputError: a name that Ollama does not take or that is not taxqa's, or a folder that is no
            model.
        ServiceError: no server, or it refused.
        BusyError: another process is registering.
        NoSpaceError: the server's disk would not hold the model.
        ProofError: the model in Ollama would not be the one that was trained.
    """
    model = read_model_folder(folder)
    candidate_name(name or model.report.name)
    if not (folder / FILE).is_file():
        write_modelfile(folder, model.report)
    with (
        Ollama(host) as server,
        only_registration(),
        prepared(server, model, name, quant=quant, force=force) as (plan, tokens),
    ):
        report = model.report
        send(server, plan)
        with removed_afterwards(server, plan.candidate):
            create(server, plan.candidate, plan.quant, plan.modelfile)
            proven = server.digest_of(plan.candidate) or ""
            note("Comparing the server's prompts with the trained ones …")
            prompts = prove_prompts(server, plan.candidate, report, tokens)
            note("Asking it …")
            ends = report.prompts.stops(report.eos)
            answers = prove_answers(server, plan.candidate, ends, plan.quant.golden)
            require_proven(server, plan.candidate, proven)
            entry = entry_for(server, plan, len(prompts), proven)
            remember(entry)
            server.copy(plan.candidate, plan.name)
            require_proven(server, plan.name, proven)
            forget(entry.server, entry.name, but=entry.digest)
    return Registration(plan, prompts, answers)


def plan_only(
    folder: Path, name: str = "", *, quant: str = "", host: str = "", force: bool = False
) -> Plan:
    """What `register` would do, everything checked that can be; nothing is changed anywhere."""
    model = read_model_folder(folder)
    with Ollama(host) as server, prepared(server, model, name, quant=quant, force=force) as (
        plan, _,
    ):  # fmt: skip
        return plan


@contextmanager
def prepared(
    server: Ollama, model: ModelFolder, name: str, *, quant: str, force: bool
) -> Iterator[tuple[Plan, GgufModel | None]]:
    """The plan of a registration, and the GGUF's vocabulary; arguments and errors as `register`."""
    name = name or model.report.name
    candidate = candidate_name(name)
    modelfile = read_modelfile(model, quant)
    require_nothing_cut(modelfile, model)
    note_unproven(modelfile, model)
    chosen, path = model.report.quant(quant), model.gguf(quant)
    version = version_of(server, model.path, name)
    replaces = may_replace(server, name, force)
    require_exported(path, chosen)
    there = server.has_blob(f"sha256:{chosen.sha256}")
    needed = ((0 if there else 1) + (2 if rewrites(version) else 0)) * chosen.bytes
    if server.local and (store := store_folder()):
        require_space(store, needed, f"Ollama {version}'s copy of {path.name}")
    proof = model.report.proof
    with vocabulary(path, proof) as tokens:
        if tokens and proof:
            note("Comparing the GGUF's token ids with the trained ones …")
            prove_gguf(tokens, path, model.report, proof)
        plan = Plan(
            model, name, candidate, modelfile, chosen, path, server.url, version, there, needed,
            replaces, tokens is not None,
        )  # fmt: skip
        yield plan, tokens


def may_replace(server: Ollama, name: str, force: bool) -> bool:
    """Whether a model of that name is there; InputError where it is not taxqa's to replace."""
    registered()  # a broken list is to be told now, not after the model was sent
    digest = server.digest_of(name)
    if digest is None:
        return False
    if not force and not entry_of(server.place, full_name(name).lower(), digest):
        raise InputError(
            f"Ollama has a model '{name}' that taxqa did not register, or that was changed since.",
            hint="Register under another name (--name NAME), or replace it with --force.",
        )
    return True


def require_proven(server: Ollama, name: str, digest: str) -> None:
    """ProofError unless `name` is the model of that digest: other programs create models too.

    The digest is that of the model's manifest, which names every part of it and is copied as it is
    (ollama/ollama: CopyModel in server/images.go, Digest in manifest/manifest.go).
    """
    if not digest or server.digest_of(name) != digest:
        raise ProofError(
            f"'{name}' is not the model that was proven any more: another program made or removed"
            " one of that name meanwhile.",
            hint="Register again.",
        )


def entry_for(server: Ollama, plan: Plan, cases: int, digest: str) -> Registered:
    """What is remembered of a model that has just been proven as the candidate."""
    report = plan.model.report
    return Registered(
        name=full_name(plan.name).lower(),
        server=server.place,
        digest=digest,
        sha256=plan.quant.sha256,
        quant=plan.quant.type,
        bytes=plan.quant.bytes,
        base_model=report.base_model.name,
        law_date=report.law_date,
        proof="token ids" if plan.tokens else "text",
        cases=cases,
        folder=str(plan.model.path.resolve()),
        ollama=plan.version,
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
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


def require_exported(path: Path, quant: Quant) -> None:
    """ProofError where the GGUF is not the file that export made."""
    hashed = hashlib.sha256()
    with bar(f"Hashing {path.name} (MB)", total=quant.bytes / 1e6) as progress:
        for chunk in chunks(path, lambda size: progress.advance(size / 1e6)):
            hashed.update(chunk)
    if (found := hashed.hexdigest()) != quant.sha256:
        raise ProofError(
            f"{path} is not the file that export made (SHA-256 {found[:16]}…, not"
            f" {quant.sha256[:16]}…).",
            hint="Export the model again.",
        )


def send(server: Ollama, plan: Plan) -> None:
    """Send the GGUF, unless Ollama has it."""
    if plan.there:
        note("Ollama has this file already; it is not sent again.")
        return
    total = plan.quant.bytes / 1e6
    with bar(f"Sending {plan.path.name} to Ollama (MB)", total=total) as progress:
        digest = f"sha256:{plan.quant.sha256}"
        server.push_blob(plan.path, digest, lambda size: progress.advance(size / 1e6))


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
