"""Model folders for tests: what `taxqa export` leaves, with a GGUF that holds no weights."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from finetune.prompts import prompt_form
from finetune.proof_cases import trained_proof

LICENSE_TEXT = "Gemma is provided under and subject to the Gemma Terms of Use."


def write_gguf(path: Path, chat_template: str, tokenizer: Path | None = None) -> None:
    """A GGUF without tensors.

    Args:
        chat_template: '' = none.
        tokenizer: folder of a tiny tokenizer whose vocabulary it gets; None = it has none.
    """
    from gguf import GGUFWriter

    byte_bpe = tokenizer is not None and (tokenizer / "vocab.json").is_file()
    writer = GGUFWriter(path, "llama" if byte_bpe else "gemma3")
    writer.add_block_count(1)
    if tokenizer:
        from tiny_models import write_byte_bpe_vocabulary, write_vocabulary

        if byte_bpe:
            write_byte_bpe_vocabulary(tokenizer, writer, "phi-2")
        else:
            write_vocabulary(tokenizer, writer)
    if chat_template:
        writer.add_chat_template(chat_template)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


@cache
def loaded(tokenizer: Path) -> Any:
    """A tiny tokenizer in transformers, as training has it."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tokenizer)


def make_model_folder(
    folder: Path, *, chat_template: str | None = None, tokenizer: Path | None = None, **report: Any
) -> Path:
    """A whole model folder at `folder`.

    Args:
        chat_template: the Jinja inside the GGUF; None = the trained form's.
        tokenizer: of training and of the GGUF; None = as folders were before there were token ids
            in export.json.
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
        "system": "",
        "max_length": 2048,
        "chosen": "q8_0",
        "law_date": "2026-01-01",
    } | report
    form = prompt_form(values["form"])
    jinja = (
        form.chat_template(values["eos"], bool(values["bos"]), values["system"])
        if chat_template is None
        else chat_template
    )
    if tokenizer:
        proof = trained_proof(loaded(tokenizer), form, values["system"], values["max_length"])
        values = {"proof": proof} | values
    golden = values.pop("golden", [])
    quants = []
    for quant in ("q8_0", "q4_k_m"):
        path = folder / f"{folder.name}-{quant}.gguf"
        write_gguf(path, jinja + "{# #}" * (quant == "q4_k_m" and bool(jinja)), tokenizer)
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        quants.append(
            {
                "type": quant,
                "file": path.name,
                "bytes": len(data),
                "sha256": digest,
                "same_answers": 1,
                "golden": golden,
            }
        )
    values = {"quants": quants} | values
    (folder / "export.json").write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    manifest = {"stage": "model", "version": "0.1.0", "made": "2026-11-20T00:00:00Z"}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
