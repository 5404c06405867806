"""The process that converts: llama.cpp's converter with the adapter merged into each weight.

Run by export/convert.py with the converter on PYTHONPATH:
    python -m export.convert_process BASE ADAPTER METADATA.json OUT.gguf
"""

import functools
import json
import math
import sys
from pathlib import Path
from typing import Any

from export.convert import REFUSED
from export.lora import (
    F16_MOST,
    Adapter,
    merged_weight,
    plain_name,
    read_adapter,
    require_all_merged,
    require_numbers,
)
from taxqa.errors import TaxqaError

CHUNK = 1 << 21
"""Weights that are rounded at once."""


def main(base: Path, adapter_folder: Path, metadata: Path, out: Path) -> None:
    """Write OUT.gguf in f16."""
    import gguf
    import torch
    from conversion import ModelBase, ModelType, get_model_architecture, get_model_class

    settings = ModelBase.load_hparams(base, False)
    architecture = get_model_architecture(settings, ModelType.TEXT)
    model_class = get_model_class(architecture)
    merge_while_reading(model_class, read_adapter(adapter_folder))
    round_while_writing()
    with torch.inference_mode():
        model = model_class(base, gguf.LlamaFileType.MOSTLY_F16, out, metadata_override=metadata)
        # Gemma's class reads the 262,144 tokens twice, half a second each.
        model._create_vocab_sentencepiece = functools.cache(model._create_vocab_sentencepiece)
        add_own_keys(model, json.loads(metadata.read_text(encoding="utf-8")))
        model.write()


def add_own_keys(model: Any, metadata: dict[str, Any]) -> None:
    """Write the keys that the converter takes from no override: the licence's, and taxqa's."""
    for key, value in metadata.items():
        if key == "general.license" or key.startswith("taxqa."):
            model.gguf_writer.add_string(key, value)


def merge_while_reading(model_class: Any, adapter: Adapter) -> None:
    """Let the converter's class see each weight with its LoRA change added, if f16 holds it.

    The class is changed in place: the converter looks a subclass up in its own tables.
    """
    from conversion.base import LazyTorchTensor

    index_tensors = model_class.index_tensors

    def merged(name: str, weight: Any, pair: tuple[Any, Any] | None) -> Any:
        def merge(eager: Any) -> Any:
            if pair is not None:
                eager = merged_weight(eager, pair, adapter.scale)
            # Vectors, the norms among them, are written in 32 bits.
            return require_numbers(eager, name, F16_MOST if eager.dim() > 1 else math.inf)

        return LazyTorchTensor(meta=weight._meta, args=(weight,), func=merge)

    def index_merged(self: Any, *args: Any, **kwargs: Any) -> Any:
        tensors = index_tensors(self, *args, **kwargs)
        left = dict(adapter.pairs)
        for name, read in tensors.items():
            pair = left.pop(plain_name(name), None)
            tensors[name] = lambda name=name, read=read, pair=pair: merged(name, read(), pair)
        require_all_merged(left)
        return tensors

    model_class.index_tensors = index_merged


def round_while_writing() -> None:
    """Let the converter round to f16 some rows at a time, with torch: numpy's rounding of whole
    tensors takes several times as long, most of it for memory that is new to the process."""
    import gguf

    quantize = gguf.quants.quantize

    def quantize_rows(data: Any, kind: Any) -> Any:
        if kind != gguf.GGMLQuantizationType.F16 or not isinstance(data, gguf.LazyNumpyTensor):
            return quantize(data, kind)
        return f16_rows(data)

    gguf.quants.quantize = quantize_rows


def f16_rows(data: Any) -> Any:
    """A lazy tensor, rounded to f16 as it is written; the bits are numpy's."""
    import gguf
    import numpy
    import torch

    def rounded(start: int) -> Any:
        rows = gguf.LazyNumpyTensor.to_eager(data)[start : start + step]
        return torch.from_numpy(numpy.ascontiguousarray(rows)).half().numpy()

    step = max(1, CHUNK // math.prod(data.shape[1:]))
    chunks = [lambda start=start: rounded(start) for start in range(0, data.shape[0], step)]
    return gguf.LazyChunkedTensor(chunks, data.shape, numpy.float16)


if __name__ == "__main__":
    try:
        main(*(Path(argument) for argument in sys.argv[1:5]))
    except TaxqaError as error:
        sys.stdout.write(f"\n{json.dumps({'message': error.message, 'hint': error.hint})}\n")
        sys.exit(REFUSED)
