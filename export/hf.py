"""Base weights and adapter to one merged Hugging Face folder, for vLLM, MLX and others.

Each file of weights is copied and the adapted tensors are overwritten in it, one at a time: names,
shapes and types stay those of the base, and memory holds one tensor.
"""

import json
import shutil
import struct
from pathlib import Path
from typing import Any

from export.convert import TOKENIZER_FILES, WEIGHT_FILES
from export.lora import (
    Adapter,
    merged_weight,
    plain_name,
    read_adapter,
    require_all_merged,
    require_numbers,
)
from export.run import read_run
from taxqa.errors import InputError
from taxqa.folders import new_folder, refuse_existing, require_space
from taxqa.progress import note

HF_STAGE = "merged"
LONGEST_HEADER = 100_000_000
"""Bytes; safetensors itself refuses a longer one."""


def export_hf(run: Path, out: Path, *, force: bool = False) -> int:
    """Make the folder `out` with the merged model; returns how many tensors were merged.

    Raises:
        InputError: not a run folder, or its base model is gone.
        NoSpaceError: the disk would not hold the weights.
        ProofError: the adapter does not fit the base.
    """
    trained = read_run(run)
    refuse_existing(out, HF_STAGE, force)
    weights = sum(path.stat().st_size for path in trained.base.glob("*.safetensors"))
    require_space(out, int(1.05 * weights), "The merged model")
    with new_folder(out, stage=HF_STAGE, inputs={"run": run}, force=force) as draft:
        note(f"Merging {weights / 1e9:.1f} GB of weights …")
        merged = merge_to_hf(trained.base, trained.adapter, trained.adapter, draft.path)
        draft.counts["merged_tensors"] = merged
    return merged


def merge_to_hf(base: Path, adapter_folder: Path, tokenizer: Path, out: Path) -> int:
    """Write the merged model in the base's own 16 bits into the folder `out`.

    Args:
        base: Hugging Face folder with the original weights in safetensors.
        adapter_folder: PEFT folder.
        tokenizer: folder whose tokenizer files carry the trained chat template.
        out: an empty folder.

    Returns:
        How many tensors were merged.

    Raises:
        InputError: a file of weights is no safetensors file.
        ProofError: a weight of the adapter has no place in the base, or another shape, or the
            merge gives no numbers.
    """
    adapter = read_adapter(adapter_folder)
    for pattern in ("config.json", "generation_config.json", *WEIGHT_FILES, *TOKENIZER_FILES):
        for path in base.glob(pattern):
            shutil.copyfile(path, out / path.name)
    # The trained ones win, but transformers 5 saves no tokenizer.model: that stays the base's.
    for name in (*TOKENIZER_FILES, "chat_template.jinja"):
        if (tokenizer / name).is_file():
            shutil.copyfile(tokenizer / name, out / name)
    left = dict(adapter.pairs)
    for path in sorted(out.glob("*.safetensors")):
        overwrite_merged(path, adapter, left)
    require_all_merged(left)
    return len(adapter.pairs)


def overwrite_merged(path: Path, adapter: Adapter, left: dict[str, Any]) -> None:
    """Merge into a copied file of weights what is adapted in it, and take it from `left`."""
    from safetensors import safe_open

    header, start = read_header(path)
    with safe_open(path, framework="pt") as reader, path.open("r+b") as writer:
        for name, entry in header.items():
            pair = left.pop(plain_name(name), None) if name != "__metadata__" else None
            if pair is None:
                continue
            # A copy of its own: the reader maps the very bytes that are written.
            merged = merged_weight(reader.get_tensor(name).clone(), pair, adapter.scale)
            require_numbers(merged, name)
            writer.seek(start + entry["data_offsets"][0])
            writer.write(raw_bytes(merged))


def read_header(path: Path) -> tuple[dict[str, Any], int]:
    """(the header, where the data starts) of a safetensors file.

    The format: 8 bytes length, little-endian, then the header as JSON, then the tensors.

    Raises:
        InputError: not such a file.
    """
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > LONGEST_HEADER:
                raise ValueError("the header is too long")
            header = json.loads(file.read(length))
    except (struct.error, ValueError) as error:
        raise InputError(f"{path.name} is no safetensors file: {error}.") from None
    return header, 8 + length


def raw_bytes(tensor: Any) -> bytes:
    """A tensor's bytes as safetensors has them: row by row, little-endian."""
    import torch

    data: bytes = tensor.contiguous().view(torch.uint8).numpy().tobytes()
    return data
