"""Model folders for tests: what `taxqa export` leaves, with a GGUF that holds only metadata."""

import hashlib
import json
from pathlib import Path
from typing import Any

from finetune.prompts import prompt_form

LICENSE_TEXT = "Gemma is provided under and subject to the Gemma Terms of Use."


def write_gguf(path: Path, chat_template: str) -> None:
    """A GGUF without tensors; '' = without a chat template."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "gemma3")
    writer.add_block_count(1)
    if chat_template:
        writer.add_chat_template(chat_template)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def make_model_folder(folder: Path, *, chat_template: str | None = None, **report: Any) -> Path:
    """A whole model folder at `folder`.

    Args:
        chat_template: the Jinja inside the GGUF; None = the trained form's.
        report: keys of export.json that differ from the usual.
    """
    folder.mkdir(parents=True)
    values: dict[str, Any] = {
        "name": folder.name,
        "base_model": {
            "name": "google/gemma-3-270m",
            "license_name": "Gemma Terms of Use",
            "license_text": LICENSE_TEXT,
        },
        "form": "qa",
        "eos": "<eos>",
        "bos": "<bos>",
        "max_length": 2048,
        "chosen": "q8_0",
        "law_date": "2026-01-01",
    } | report
    form = prompt_form(values["form"])
    jinja = (
        form.chat_template(values["eos"], bool(values["bos"]))
        if chat_template is None
        else chat_template
    )
    quants = []
    for quant in ("q8_0", "q4_k_m"):
        path = folder / f"{folder.name}-{quant}.gguf"
        write_gguf(path, jinja + " " * (quant == "q4_k_m"))
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        quants.append(
            {
                "type": quant,
                "file": path.name,
                "bytes": len(data),
                "sha256": digest,
                "same_answers": 1,
            }
        )
    values = {"quants": quants} | values
    (folder / "export.json").write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    manifest = {"stage": "model", "version": "0.1.0", "made": "2026-11-20T00:00:00Z"}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
